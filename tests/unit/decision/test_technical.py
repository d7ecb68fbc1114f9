"""Technical findings and the battery's charge."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ecgd.config.settings import AlarmSettings
from ecgd.decision.technical import (
    TECHNICAL_SEVERITY,
    TechnicalState,
    battery_percent,
    technical_finding,
    technical_findings,
)
from ecgd.model.finding import ChannelFinding, Domain, EventType, PlacementFinding, Severity

SETTINGS = AlarmSettings()


def kinds(state: TechnicalState) -> list[EventType]:
    return [finding.event_type for finding in technical_findings(state, SETTINGS)]


def test_all_is_well() -> None:
    state = TechnicalState(electrodes_off=frozenset(), battery_percent=100.0)
    assert kinds(state) == []
    assert kinds(TechnicalState()) == [], "not reported is no fault"


def test_each_fault_has_its_finding() -> None:
    state = TechnicalState(
        electrodes_off=frozenset({"RA", "LA"}),
        signal_reasons=("lead I saturated", "lead II noisy"),
        link_lost_reason="no bytes for 12 s",
    )
    findings = {f.event_type: f.evidence for f in technical_findings(state, SETTINGS)}
    assert findings == {
        EventType.ELECTRODE_OFF: (
            "left-arm electrode off (LA)",
            "right-arm electrode off (RA)",
        ),
        EventType.SIGNAL_UNUSABLE: ("lead I saturated", "lead II noisy"),
        EventType.LINK_LOST: ("link lost: no bytes for 12 s",),
    }
    assert kinds(TechnicalState(link_lost_reason="")) == [EventType.LINK_LOST]


def test_exchanged_electrodes_and_channels_at_fault_are_told() -> None:
    swapped = PlacementFinding(("LA", "RA"), "LA and RA", "lead I")
    state = TechnicalState(placement=swapped, channels=ChannelFinding(("II",), "II is inverted"))
    findings = technical_findings(state, SETTINGS)
    assert [(f.event_type, f.evidence) for f in findings] == [
        (EventType.ELECTRODE_SWAPPED, ("LA and RA", "lead I"))
    ], "a break that does not last is no fault yet"
    lasting = ChannelFinding(("II",), "II is inverted", lasting=True)
    (fault,) = technical_findings(TechnicalState(channels=lasting), SETTINGS)
    assert (fault.event_type, fault.evidence) == (EventType.CHANNEL_FAULT, ("II is inverted",))


@pytest.mark.parametrize(
    ("unjudged_s", "in_doubt", "expected"),
    [
        (10.0, True, []),
        (10.1, True, [EventType.CHECK_PATIENT]),
        (9999.0, False, []),
    ],
)
def test_check_the_patient(unjudged_s: float, in_doubt: bool, expected: list[EventType]) -> None:
    state = TechnicalState(unjudged_s=unjudged_s, heart_in_doubt=in_doubt)
    assert kinds(state) == expected


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        (None, []),
        (20.0, []),
        (19.9, [EventType.BATTERY_LOW]),
        (10.0, [EventType.BATTERY_LOW]),
        (9.9, [EventType.BATTERY_CRITICAL]),
        (0.0, [EventType.BATTERY_CRITICAL]),
    ],
)
def test_battery_events(percent: float | None, expected: list[EventType]) -> None:
    assert kinds(TechnicalState(battery_percent=percent)) == expected


@pytest.mark.parametrize(
    ("battery_mv", "percent"),
    [(None, None), (4200, 100.0), (5000, 100.0), (3300, 0.0), (0, 0.0), (3750, 50.0)],
)
def test_battery_percent(battery_mv: int | None, percent: float | None) -> None:
    assert battery_percent(battery_mv, SETTINGS) == percent


def test_an_impossible_curve_divides_by_nothing() -> None:
    flat = replace(SETTINGS, battery_full_mv=3300, battery_empty_mv=3300)
    assert battery_percent(3200, flat) == 0.0
    assert battery_percent(3400, flat) == 100.0


@pytest.mark.parametrize("event_type", TECHNICAL_SEVERITY)
def test_every_technical_kind_can_be_told(event_type: EventType) -> None:
    finding = technical_finding(event_type, "why")
    assert finding.domain is Domain.TECHNICAL
    assert finding.severity == TECHNICAL_SEVERITY[event_type]
    assert finding.evidence == ("why",)


def test_where_the_patient_is_in_danger_or_alarms_are_lost_it_is_high() -> None:
    high = {kind for kind, severity in TECHNICAL_SEVERITY.items() if severity is Severity.HIGH}
    assert high == {
        EventType.CHECK_PATIENT,
        EventType.ALARM_OVERFLOW,
        EventType.NOBODY_ANSWERED,
    }


def test_what_nobody_judges_is_told_unless_the_cause_is_told_already() -> None:
    unwatched = TechnicalState(unwatched_s=10.1, unwatched_reason="too few beats")
    (finding,) = technical_findings(unwatched, SETTINGS)
    assert finding.event_type is EventType.SIGNAL_UNUSABLE
    assert finding.evidence == ("nothing judged for 10 s: too few beats",)
    assert kinds(TechnicalState(unwatched_s=10.0)) == []
    off = replace(unwatched, electrodes_off=frozenset({"LA"}))
    assert kinds(off) == [EventType.ELECTRODE_OFF]
