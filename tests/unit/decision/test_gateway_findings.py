"""Technical findings of the gateway itself."""

from __future__ import annotations

import pytest

from ecgd.decision.gateway_findings import GatewayState, TargetTrouble, gateway_findings
from ecgd.decision.technical_table import MUTED_LONGEST_S, TECHNICAL, muted_longest_s
from ecgd.model.finding import EventType, Severity

PHONE = TargetTrouble("phone", "no answer within 5.0 s")
GRAVE = TargetTrouble("phone", "no answer within 5.0 s", Severity.CRITICAL)


def found(state: GatewayState, *standing: EventType) -> list[tuple[EventType, Severity]]:
    findings = gateway_findings(state, frozenset(standing))
    return [(finding.event_type, finding.severity) for finding in findings]


def test_all_is_well() -> None:
    assert found(GatewayState()) == []
    well = GatewayState(temperature_c=60.0, disk_free_mb=9e3, clock_synchronised=True)
    assert found(well) == []


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (GatewayState(database_fault="full"), (EventType.DATABASE_FAULT, Severity.MEDIUM)),
        (GatewayState(lost_alarms="damaged"), (EventType.DATABASE_FAULT, Severity.HIGH)),
        (GatewayState(roster_fault="damaged"), (EventType.ROSTER_FAULT, Severity.MEDIUM)),
        (GatewayState(sound_fault="dead"), (EventType.SOUND_FAULT, Severity.MEDIUM)),
        (
            GatewayState(fault_light_trouble="not there"),
            (EventType.FAULT_LIGHT_MISSING, Severity.LOW),
        ),
        (GatewayState(answers_trouble="home: away"), (EventType.ANSWERS_FAILING, Severity.LOW)),
        (GatewayState(failing=(PHONE,)), (EventType.DELIVERY_FAILING, Severity.MEDIUM)),
        (GatewayState(failing=(GRAVE,)), (EventType.DELIVERY_FAILING, Severity.HIGH)),
        (GatewayState(lost=(GRAVE,)), (EventType.DELIVERY_FAILING, Severity.HIGH)),
        (GatewayState(unproven=(PHONE,)), (EventType.DELIVERY_UNPROVEN, Severity.MEDIUM)),
        (GatewayState(overflowed=2), (EventType.ALARM_OVERFLOW, Severity.HIGH)),
        (GatewayState(unanswered=("a",)), (EventType.NOBODY_ANSWERED, Severity.HIGH)),
        (GatewayState(model_troubles=("cnn",)), (EventType.MODEL_DEMOTED, Severity.LOW)),
        (
            GatewayState(power_problems=("undervoltage", "processor throttled")),
            (EventType.GATEWAY_POWER, Severity.MEDIUM),
        ),
        (
            GatewayState(clock_synchronised=False),
            (EventType.CLOCK_UNSYNCHRONISED, Severity.LOW),
        ),
        (GatewayState(clock_step_s=-3600.0), (EventType.CLOCK_STEPPED, Severity.LOW)),
    ],
)
def test_each_fault_has_its_finding(
    state: GatewayState, expected: tuple[EventType, Severity]
) -> None:
    assert found(state) == [expected]


@pytest.mark.parametrize(("celsius", "stands"), [(75.0, True), (74.9, False)])
def test_heat_ends_below_another_limit_than_it_begins_at(celsius: float, stands: bool) -> None:
    hot = (EventType.GATEWAY_HOT, Severity.LOW)
    assert found(GatewayState(temperature_c=80.0)) == [hot]
    assert found(GatewayState(temperature_c=celsius)) == []
    assert (found(GatewayState(temperature_c=celsius), EventType.GATEWAY_HOT) == [hot]) == stands


@pytest.mark.parametrize(("free_mb", "stands"), [(599.0, True), (600.0, False)])
def test_room_has_to_be_made_before_a_full_disk_is_forgotten(free_mb: float, stands: bool) -> None:
    full = (EventType.STORAGE_NEARLY_FULL, Severity.LOW)
    assert found(GatewayState(disk_free_mb=499.0)) == [full]
    assert found(GatewayState(disk_free_mb=free_mb)) == []
    again = found(GatewayState(disk_free_mb=free_mb), EventType.STORAGE_NEARLY_FULL)
    assert (again == [full]) == stands


def test_every_target_that_fails_is_named_and_a_loss_needs_no_hold_off() -> None:
    ward = TargetTrouble("ward", "HTTP 410", Severity.LOW)
    (finding,) = gateway_findings(GatewayState(failing=(PHONE, ward)))
    assert finding.evidence == ("phone: no answer within 5.0 s", "ward: HTTP 410")
    assert finding.lasted_s == 0.0
    (lost,) = gateway_findings(GatewayState(lost=(GRAVE,), failing=(ward,)))
    assert lost.lasted_s == TECHNICAL[EventType.DELIVERY_FAILING].hold_s


@pytest.mark.parametrize("kind", TECHNICAL)
def test_missing_data_cannot_be_muted_for_ever(kind: EventType) -> None:
    longest_s = MUTED_LONGEST_S if TECHNICAL[kind].blinds else 86_400.0
    assert muted_longest_s(kind, 86_400.0) == longest_s
    assert muted_longest_s(kind, 60.0) == 60.0
    assert muted_longest_s(EventType.STEMI_DETECTED, 86_400.0) == 86_400.0


def test_what_fails_already_is_not_unproven_beside_it() -> None:
    away = TargetTrouble("mama", "not proven for 31 min: HTTP 401")
    both = GatewayState(failing=(PHONE,), unproven=(PHONE, away))
    kinds = {each.event_type: each.evidence for each in gateway_findings(both)}
    assert kinds[EventType.DELIVERY_UNPROVEN] == ("mama: not proven for 31 min: HTTP 401",)
    alone = gateway_findings(GatewayState(failing=(PHONE,), unproven=(PHONE,)))
    assert [each.event_type for each in alone] == [EventType.DELIVERY_FAILING]
