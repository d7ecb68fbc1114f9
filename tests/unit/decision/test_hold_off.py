"""How long evidence has lasted."""

from __future__ import annotations

import pytest

from ecgd.config.hold_off import HoldOffSettings
from ecgd.decision.hold_off import (
    CLEAR_MIN_S,
    GONE_SHARE,
    LASTING_SHARE,
    STALE_S,
    Judgement,
    clear_s,
    hold_off_s,
    lasting_s,
)
from ecgd.model.finding import EventType


def windows(pattern: str, hop_s: float = 1.0) -> tuple[Judgement, ...]:
    """Return a judgement for every x (evidence) and . (none); a blank is an unjudged window."""
    marks = enumerate(pattern)
    return tuple(Judgement(n * hop_s, int(mark == "x")) for n, mark in marks if mark != " ")


def lasted(pattern: str) -> float | None:
    return lasting_s(windows(pattern), lambda judgement: judgement.severity > 0, LASTING_SHARE)


@pytest.mark.parametrize(
    ("pattern", "seconds"),
    [
        ("", None),
        (".", None),
        ("xxx.", None),
        ("x", 0.0),
        ("xxxxx", 4.0),
        ("xxx.xx", 5.0),  # one of six differs
        ("xx.xx.xx.xx", 4.0),  # from the left on, one of three differs: too many
        ("x..........xxxxx", 4.0),  # an old single window does not count
        ("xxxx    xxxx", 11.0),  # what could not be judged says nothing
        ("xxxx" + " " * 11 + "xxxx", 3.0),  # but a long hole ends the stretch
    ],
)
def test_lasting(pattern: str, seconds: float | None) -> None:
    assert lasted(pattern) == seconds


def test_absence_forgives_a_stray_window_only_in_a_long_stretch() -> None:
    def absent(pattern: str) -> float | None:
        return lasting_s(windows(pattern), lambda judgement: not judgement.severity, GONE_SHARE)

    assert absent("xx" + "." * 5 + "x" + "." * 10) == 9.0
    assert absent("xx" + "." * 100 + "x" + "." * 50) == 150.0


@pytest.mark.parametrize(
    ("event_type", "seconds"),
    [
        (EventType.STEMI_DETECTED, 20.0),
        (EventType.ACUTE_MI_RISK, 60.0),
        (EventType.CARDIAC_ISCHEMIA, 180.0),
        (EventType.CARDIAC_ANOMALY, 60.0),
        (EventType.ASYSTOLE, 0.0),
        (EventType.EXTREME_BRADYCARDIA, 5.0),
        (EventType.EXTREME_TACHYCARDIA, 5.0),
        (EventType.ELECTRODE_OFF, 5.0),
        (EventType.LINK_LOST, 10.0),
        (EventType.DEVICE_FOREIGN, 10.0),
        (EventType.DEVICE_CHANGED, 5.0),
        (EventType.ROSTER_FAULT, 0.0),
        (EventType.MODEL_DEMOTED, 0.0),
        (EventType.SIGNAL_UNUSABLE, 30.0),
        (EventType.BATTERY_LOW, 60.0),
        (EventType.BATTERY_CRITICAL, 60.0),
        (EventType.CHECK_PATIENT, 0.0),
    ],
)
def test_default_hold_offs(event_type: EventType, seconds: float) -> None:
    assert hold_off_s(event_type, HoldOffSettings()) == seconds
    assert clear_s(event_type, HoldOffSettings()) == max(seconds, CLEAR_MIN_S)


@pytest.mark.parametrize("event_type", EventType)
def test_every_kind_has_a_hold_off(event_type: EventType) -> None:
    assert 0.0 <= hold_off_s(event_type, HoldOffSettings()) <= 1800.0
    assert STALE_S >= 2 * 5.0, "two of the longest hops fit between two judgements"
