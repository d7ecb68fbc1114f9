"""The alarm machine over stored verdicts: alarms whose times can be reckoned by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgd.config.hold_off import HoldOffSettings
from ecgd.config.settings import AlarmSettings
from ecgd.decision import past_alarms
from ecgd.decision.alarm import AlarmBook, acknowledge, observe
from ecgd.decision.budget import REPLAYED
from ecgd.decision.past_alarms import PastAlarm, PastAnswer, PastMachine, families_of
from ecgd.decision.past_runs import Fan, Held, Run
from ecgd.decision.past_verdict import PastVerdict
from ecgd.model.alarm import ChangeKind, Observation
from ecgd.model.finding import Domain, EventType, Finding, Severity

SETTINGS = AlarmSettings()
STEMI, ISCHEMIA = EventType.STEMI_DETECTED, EventType.CARDIAC_ISCHEMIA
NOTHING = PastVerdict(True, (), frozenset())
BLIND = PastVerdict(False, (), frozenset())
RISEN = PastVerdict(
    True, (Finding(STEMI, Severity.CRITICAL, Domain.HEART),), frozenset({EventType.PAUSE})
)
LOW = PastVerdict(True, (Finding(ISCHEMIA, Severity.MEDIUM, Domain.HEART),), frozenset())
ST_UNSEEN = PastVerdict(True, (), frozenset({STEMI, ISCHEMIA, EventType.ACUTE_MI_RISK}))


def replay(
    runs: Iterable[Run[PastVerdict]],
    alarms: AlarmSettings,
    answers: Sequence[PastAnswer] = (),
) -> list[PastAlarm]:
    """Return what the machine of each family tells, in order of time."""
    found: list[PastAlarm] = []
    for family in families_of(REPLAYED):
        mine = sorted(each for each in answers if each.event_type in family)
        machine = PastMachine(family, alarms, 1.0, mine)
        for run in runs:
            machine.take(Run(run.begin_s, run.windows, _part(run.verdict, family)))
        machine.finish()
        found += machine.told
    return sorted(found, key=lambda alarm: (alarm.raised_s, alarm.event_type.value))


def _part(verdict: PastVerdict, family: frozenset[EventType]) -> PastVerdict:
    mine = tuple(each for each in verdict.findings if each.event_type in family)
    return PastVerdict(verdict.judged, mine, verdict.unjudged & family)


def told(*runs: tuple[float, int, PastVerdict], **more: Any) -> list[tuple[str, float, float]]:
    alarms = replay([Run(*run) for run in runs], SETTINGS, **more)
    return [(each.event_type.value, each.raised_s, each.ended_s) for each in alarms]


def test_evidence_for_the_hold_off_is_told_once_and_ends_after_as_long_again() -> None:
    """20 s of hold-off: from the window at 100 on at 120; gone from 160 on, so at 180."""
    assert told((0, 100, NOTHING), (100, 60, RISEN), (160, 100, NOTHING)) == [
        (STEMI.value, 120.0, 180.0)
    ]


def test_evidence_shorter_than_the_hold_off_is_not_told() -> None:
    assert told((0, 100, NOTHING), (100, 15, RISEN), (115, 600, NOTHING)) == []


def test_a_shorter_hold_off_tells_it() -> None:
    quick = replace(SETTINGS, hold_off=HoldOffSettings(stemi_s=10.0))
    runs = [Run(0, 100, NOTHING), Run(100, 15, RISEN), Run(115, 600, NOTHING)]
    assert [each.raised_s for each in replay(runs, quick)] == [110.0]


def test_what_cannot_be_judged_neither_raises_nor_clears() -> None:
    found = told((0, 30, RISEN), (30, 3600, BLIND), (3630, 60, NOTHING))
    assert found == [(STEMI.value, 20.0, 3650.0)]


def test_a_kind_that_could_not_be_seen_does_not_clear() -> None:
    found = told((0, 30, RISEN), (30, 3600, ST_UNSEEN), (3630, 60, NOTHING))
    assert found == [(STEMI.value, 20.0, 3650.0)]


def test_evidence_before_a_gap_does_not_count_after_it() -> None:
    assert told((0, 15, RISEN), (3600, 15, RISEN)) == []


def test_an_acknowledged_alarm_is_told_again_while_it_goes_on() -> None:
    """Acknowledged at 50, reminded every 600 s."""
    answers = [PastAnswer(50.0, STEMI)]
    alarms = replay([Run(0, 2000, RISEN)], SETTINGS, answers)
    assert [(each.raised_s, each.reminds) for each in alarms] == [(20.0, False), (650.0, True)]


def test_somebody_elses_answer_changes_nothing() -> None:
    alarms = replay([Run(0, 2000, RISEN)], SETTINGS, [PastAnswer(50.0, ISCHEMIA)])
    assert [each.raised_s for each in alarms] == [20.0]


def test_runs_join_like_verdicts_and_hold_them_no_longer_than_allowed() -> None:
    found: list[Run[PastVerdict]] = []
    steady: list[Run[PastVerdict]] = []
    fan = Fan(1.0, (found.append, steady.append))
    held = Held(1.0, 6.0, fan.take)
    for at_s, verdict in ((0, RISEN), (5, RISEN), (7, NOTHING), (12, NOTHING), (100, NOTHING)):
        held.add(at_s, (verdict, LOW))
    held.finish()
    fan.finish()
    assert found == [Run(0, 7, RISEN), Run(7, 11, NOTHING), Run(100, 1, NOTHING)]
    assert steady == [Run(0, 18, LOW), Run(100, 1, LOW)]


def test_kinds_that_imply_each_other_are_a_family() -> None:
    families = families_of(REPLAYED)
    assert frozenset({STEMI, ISCHEMIA, EventType.ACUTE_MI_RISK}) in families
    assert frozenset({EventType.ASYSTOLE, EventType.PAUSE}) in families
    assert sum(map(len, families)) == len(REPLAYED)


def stepped(
    runs: Iterable[Run[PastVerdict]], alarms: AlarmSettings, answers: Sequence[PastAnswer]
) -> list[tuple[EventType, Severity, float]]:
    """Return what the alarm machine itself tells, window by window, of all kinds together."""
    book, ids, left = AlarmBook(), count(1), sorted(answers)
    found = []
    for run in runs:
        for window in range(run.windows):
            now_s = run.begin_s + window
            while left and left[0].at_s <= now_s:
                kind = left.pop(0).event_type
                for track in book.tracks:
                    if track.alarm.event_type is kind and track.alarm.alert_id is not None:
                        book, _ = acknowledge(book, track.alarm.alert_id, "Ann", now_s)
            verdict = run.verdict
            seen = Observation(
                Domain.HEART, now_s, verdict.judged, verdict.findings, verdict.unjudged
            )
            book, changes = observe(book, seen, alarms, lambda: f"{next(ids)}")
            found += [
                (change.alarm.event_type, change.alarm.severity, now_s)
                for change in changes
                if change.kind in (ChangeKind.RAISED, ChangeKind.ESCALATED)
            ]
    return sorted(found, key=lambda each: (each[2], each[0].value))


def evidence(*found: tuple[EventType, Severity], lasted_s: float = 0.0) -> PastVerdict:
    findings = (Finding(*each, Domain.HEART, lasted_s=lasted_s) for each in found)
    return PastVerdict(True, tuple(findings), frozenset())


FAST = EventType.EXTREME_TACHYCARDIA
VERDICTS = st.sampled_from(
    (
        *(NOTHING, BLIND, RISEN, LOW, ST_UNSEEN),
        evidence((ISCHEMIA, Severity.LOW)),
        evidence((EventType.ACUTE_MI_RISK, Severity.HIGH), (FAST, Severity.HIGH)),
        evidence((FAST, Severity.HIGH), lasted_s=4.0),
        evidence((EventType.ASYSTOLE, Severity.CRITICAL)),
        evidence((EventType.PAUSE, Severity.MEDIUM), (ISCHEMIA, Severity.MEDIUM)),
        PastVerdict(True, (), frozenset({EventType.PAUSE, FAST})),
    )
)
LENGTHS = st.one_of(st.integers(1, 4), st.integers(1, 150))
RUNS = st.lists(st.tuples(VERDICTS, LENGTHS, st.sampled_from((0, 0, 0, 5, 30))), max_size=25)
KINDS = (STEMI, ISCHEMIA, FAST, EventType.PAUSE)
ANSWERS = st.lists(st.tuples(st.integers(0, 900), st.sampled_from(KINDS)), max_size=5)


@settings(max_examples=30, deadline=None)
@given(RUNS, ANSWERS, st.sampled_from((37, 8192)))
def test_asking_the_machine_only_where_it_matters_changes_nothing(
    drawn: list[tuple[PastVerdict, int, int]], answered: list[tuple[int, EventType]], at_once: int
) -> None:
    runs, at_s = [], 0.0
    for verdict, windows, gap_s in drawn:
        runs.append(Run(at_s, windows, verdict))
        at_s += windows + gap_s
    brief = replace(
        SETTINGS,
        hold_off=HoldOffSettings(stemi_s=8.0, high_mi_risk_s=12.0, moderate_s=20.0),
        reminder_s=90.0,
    )
    answers = [PastAnswer(float(second), kind) for second, kind in answered]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(past_alarms, "WINDOWS_AT_ONCE", at_once)
        quick = replay(runs, brief, answers)
    found = [(each.event_type, each.severity, each.raised_s) for each in quick]
    assert found == stepped(runs, brief, answers)
