"""One event, one line."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ecgd.cli.tail_lines import EventLines

Json = dict[str, Any]


def _event(**changed: Any) -> Json:
    event: Json = {
        "type": "event",
        "number": 1,
        "kind": "link",
        "change": "closed",
        "time_unix_s": time.time(),
        "patient_id": "anna",
        "patient_name": "Anna",
        "severity": None,
        "message": "link lost: gone",
    }
    return event | changed


def test_a_line_has_time_patient_and_what_happened() -> None:
    (line,) = EventLines(colour=False).lines(_event())
    at = time.strftime("%H:%M")
    assert line.startswith(at)
    assert line.endswith("Anna              link lost: gone")


def test_another_day_is_named_once() -> None:
    lines = EventLines(colour=False)
    yesterday = time.time() - 86_400
    assert len(lines.lines(_event(time_unix_s=yesterday))) == 2
    assert len(lines.lines(_event(time_unix_s=yesterday))) == 1
    assert len(lines.lines(_event())) == 2


@pytest.mark.parametrize("change", ["raised", "escalated"])
def test_an_alarm_that_is_raised_is_told_by_its_alert_alone(change: str) -> None:
    lines = EventLines(colour=False)
    assert lines.lines(_event(type="alarm", kind="alarm", change=change)) == []
    alert = _event(kind="alert", change="sent", severity="CRITICAL", message="STEMI_DETECTED: ST")
    assert "CRITICAL STEMI_DETECTED: ST" in lines.lines(alert)[0]


def test_the_gateway_has_a_name_and_a_strangers_text_moves_nothing() -> None:
    (line,) = EventLines(colour=False).lines(
        _event(patient_id=None, patient_name="", message="\x1b[2Jgone\n")
    )
    assert "gateway" in line
    assert "\x1b" not in line
    assert "\n" not in line


def test_colour_tells_bad_from_good() -> None:
    lines = EventLines(colour=True)
    assert "\x1b[33m" in lines.lines(_event())[0]
    assert "\x1b[32m" in lines.lines(_event(change="opened"))[0]
    assert "\x1b[31m" in lines.lines(_event(kind="alert", severity="HIGH"))[0]


def test_missed_events_are_told_and_signs_of_life_are_not() -> None:
    lines = EventLines(colour=False)
    assert "7 events were missed" in lines.lines({"type": "missed", "count": 7})[0]
    assert lines.lines({"type": "alive"}) == []
    assert lines.lines({"type": "something newer"}) == []
