"""Joining the book of an earlier run to the present one."""

from __future__ import annotations

from dataclasses import replace

from ecgd.config.hold_off import HoldOffSettings
from ecgd.config.settings import AlarmSettings
from ecgd.decision.alarm import AlarmBook, acknowledge, annunciate, observe, pause_audio
from ecgd.decision.alarm_book import PAUSE_MAX_S, merge, no_later
from ecgd.model.alarm import AlarmState, Observation, Priority
from ecgd.model.finding import Domain, EventType, Finding, Severity

SETTINGS = AlarmSettings(hold_off=HoldOffSettings(stemi_s=0.0, link_lost_s=0.0))
STEMI = Finding(EventType.STEMI_DETECTED, Severity.CRITICAL, Domain.HEART)
LINK_LOST = Finding(EventType.LINK_LOST, Severity.MEDIUM, Domain.TECHNICAL)


def book_of(name: str, *findings: Finding, at_s: float = 100.0) -> AlarmBook:
    book = AlarmBook()
    for finding in findings:
        seen = Observation(finding.domain, at_s, True, (finding,))
        book, _ = observe(book, seen, SETTINGS, lambda: name)
    return book


def ids(book: AlarmBook) -> dict[EventType, str | None]:
    return {a.event_type: a.alert_id for a in book.alarms if a.alert_id is not None}


def test_an_alarm_of_the_run_before_comes_back_beside_a_new_one() -> None:
    merged = merge(book_of("new", LINK_LOST), book_of("old", STEMI))
    assert ids(merged) == {EventType.STEMI_DETECTED: "old", EventType.LINK_LOST: "new"}
    assert annunciate(merged, 101.0).priority is Priority.HIGH


def test_what_was_raised_anew_meanwhile_stays() -> None:
    merged = merge(book_of("new", STEMI, at_s=200.0), book_of("old", STEMI))
    assert ids(merged) == {EventType.STEMI_DETECTED: "new"}
    assert dict(merged.judged_s)[Domain.HEART] == 200.0


def test_an_acknowledged_alarm_of_the_run_before_stays_acknowledged() -> None:
    answered, _ = acknowledge(book_of("old", STEMI), None, "Bert", 101.0)
    merged = merge(AlarmBook(), answered)
    assert AlarmState.ACKNOWLEDGED in {alarm.state for alarm in merged.alarms}
    assert annunciate(merged, 102.0).priority is None


def test_a_kind_that_is_only_suspected_now_does_not_hide_one_that_was_raised() -> None:
    slow = replace(SETTINGS, hold_off=HoldOffSettings(stemi_s=60.0))
    seen = Observation(Domain.HEART, 200.0, True, (STEMI,))
    pending, _ = observe(AlarmBook(), seen, slow, lambda: "new")
    assert ids(merge(pending, book_of("old", STEMI))) == {EventType.STEMI_DETECTED: "old"}


def test_times_of_the_future_come_back_and_a_pause_ends() -> None:
    book = pause_audio(book_of("old", STEMI, at_s=1e9), 1e9, SETTINGS)
    now = no_later(book, 500.0)
    assert max(track.alarm.evidence_s for track in now.tracks) == 500.0
    assert dict(now.judged_s) == {Domain.HEART: 500.0}
    assert now.audio_paused_until_s == 500.0 + PAUSE_MAX_S


def test_times_of_the_past_stay() -> None:
    book = book_of("old", STEMI, LINK_LOST)
    assert no_later(book, 500.0) == book


ANOMALY = Finding(EventType.CARDIAC_ANOMALY, Severity.MEDIUM, Domain.HEART)
GRAVE_ANOMALY = replace(ANOMALY, severity=Severity.HIGH)


def test_a_graver_unanswered_alarm_of_the_run_before_is_not_hidden_by_a_milder_one() -> None:
    settings = replace(SETTINGS, hold_off=HoldOffSettings(ensemble_s=0.0))

    def book(name: str, finding: Finding) -> AlarmBook:
        seen = Observation(Domain.HEART, 100.0, True, (finding,))
        return observe(AlarmBook(), seen, settings, lambda: name)[0]

    mild, grave = book("new", ANOMALY), book("old", GRAVE_ANOMALY)
    assert ids(merge(mild, grave)) == {EventType.CARDIAC_ANOMALY: "old"}
    answered, _ = acknowledge(grave, None, "Bert", 101.0)
    assert ids(merge(mild, answered)) == {EventType.CARDIAC_ANOMALY: "new"}


def test_the_pause_of_the_run_before_does_not_silence_what_was_raised_since() -> None:
    before = pause_audio(book_of("old", LINK_LOST), 100.0, SETTINGS)
    merged = merge(book_of("new", STEMI, at_s=105.0), before)
    assert annunciate(merged, 106.0).sounding
    quiet = merge(AlarmBook(), before)
    assert not annunciate(quiet, 106.0).sounding, "a pause of what it was meant for goes on"
