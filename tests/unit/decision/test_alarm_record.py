"""The alarm book, stored and read back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alarm_ward import ASYSTOLE, ISCHAEMIA, LINK, STEMI, Ward

from ecgd.decision.alarm import AlarmBook
from ecgd.decision.alarm_record import VERSION, book_from_dict, book_to_dict
from ecgd.model.alarm import AlarmState, Priority


def busy_ward() -> Ward:
    """Return a ward with alarms in every state and a running pause."""
    ward = Ward()
    ward.see(ISCHAEMIA, seconds=181)
    ward.acknowledge(by="Dr Jones")
    ward.see(ASYSTOLE, ISCHAEMIA)
    ward.check(LINK, seconds=11)
    ward.see(STEMI, seconds=15)
    ward.pause()
    return ward


def stored(book: AlarmBook) -> Any:
    return json.loads(json.dumps(book_to_dict(book)))


def test_round_trip() -> None:
    ward = busy_ward()
    assert {alarm.state for alarm in ward.book.alarms} == {
        AlarmState.ACKNOWLEDGED,
        AlarmState.LATCHED,
        AlarmState.PENDING,
        AlarmState.ACTIVE,
    }
    assert ward.book.paused_priority is Priority.MEDIUM
    assert book_from_dict(stored(ward.book)) == ward.book
    assert book_from_dict(stored(AlarmBook())) == AlarmBook()


def test_the_story_goes_on_after_a_restart() -> None:
    ward = Ward()
    ward.see(STEMI, seconds=21)
    again = Ward(now_s=ward.now_s, book=book_from_dict(stored(ward.book)))
    assert again.annunciation().sounding
    again.see(seconds=21)
    assert [alarm.state for alarm in again.annunciation().alarms] == [AlarmState.LATCHED]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("event_type", "NEVER_HEARD_OF"),
        ("state", None),
        ("severity", "AWFUL"),
        ("since_s", "yesterday"),
        ("evidence_s", float("nan")),
        ("judgements", [[1.0]]),
        ("territory", "moon"),
    ],
)
def test_one_damaged_alarm_does_not_cost_the_others(key: str, value: Any) -> None:
    record = stored(busy_ward().book)
    whole = len(record["tracks"])
    record["tracks"][0][key] = value
    book = book_from_dict(record)
    assert len(book.tracks) == whole - 1
    assert len(book.unreadable) == 1
    assert book.unreadable[0].startswith("alarm 0: ")


def test_a_damaged_pause_is_over() -> None:
    ward = busy_ward()
    record = stored(ward.book)
    record["paused_priority"] = "loud"
    book = book_from_dict(record)
    assert book.audio_paused_until_s is None
    assert len(book.tracks) == len(ward.book.tracks)
    assert book.unreadable[0].startswith("audio pause: ")


def test_another_version_is_read_as_far_as_possible() -> None:
    ward = busy_ward()
    record = stored(ward.book) | {"version": VERSION + 1, "unheard_of": 1}
    book = book_from_dict(record)
    assert book.tracks == ward.book.tracks
    assert "version" in book.unreadable[0]


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"version": VERSION},
        {"version": VERSION, "tracks": None},
        {"version": VERSION, "tracks": [1, "x", None, {}]},
        {"version": VERSION, "tracks": [], "judged_s": [1]},
        {"version": VERSION, "tracks": [], "judged_s": {"liver": 1.0}},
    ],
)
def test_rubbish_is_told_and_does_no_harm(record: dict[str, Any]) -> None:
    book = book_from_dict(record)
    assert book.tracks == ()
    assert book.unreadable
