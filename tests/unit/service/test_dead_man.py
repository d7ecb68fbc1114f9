"""Who counts as watched, and when a sign of life may be given."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ecgd.config.fleet import HeartbeatSettings
from ecgd.model.alarm import Alarm, AlarmState
from ecgd.model.finding import Domain, EventType, Outcome, Severity
from ecgd.service.dead_man import NOBODY, DeadMan, why_withheld
from ecgd.service.session import PatientSession

LOST = Alarm(
    EventType.LINK_LOST, Domain.TECHNICAL, AlarmState.ACTIVE, Severity.MEDIUM, 0.0, 0.0, "a1"
)


def patient(
    *alarms: Alarm,
    reason: str | None = None,
    outcome: Outcome = Outcome.NORMAL,
    simulated: bool = False,
) -> PatientSession:
    """Return a session as far as a sign of life looks at it."""
    session = SimpleNamespace(
        patient=SimpleNamespace(id="anna"),
        simulated=simulated,
        assessment=SimpleNamespace(outcome=outcome),
        alarms=SimpleNamespace(book=SimpleNamespace(alarms=alarms)),
        why_unwatched=lambda now_s: reason,
    )
    return cast(PatientSession, session)


def test_everybody_watched_is_a_sign_of_life() -> None:
    assert why_withheld([patient(), patient(outcome=Outcome.ANOMALY)], 0.0) is None


@pytest.mark.parametrize("outcome", [Outcome.NORMAL, Outcome.CANNOT_JUDGE])
def test_one_who_is_not_watched_and_of_whom_nothing_is_told_withholds_it(outcome: Outcome) -> None:
    reason = "no connection" if outcome is Outcome.NORMAL else None
    said = why_withheld([patient(), patient(reason=reason, outcome=outcome)], 0.0)
    assert said is not None
    assert said.startswith("anna is not watched")


@pytest.mark.parametrize(
    ("alarm", "told"),
    [
        (LOST, True),
        (replace(LOST, state=AlarmState.ACKNOWLEDGED), True),
        (replace(LOST, state=AlarmState.PENDING), False),
        (replace(LOST, state=AlarmState.LATCHED), False),
        (replace(LOST, domain=Domain.HEART, event_type=EventType.ASYSTOLE), False),
        (replace(LOST, event_type=EventType.BATTERY_LOW), False),
    ],
)
def test_technical_alarm_that_stands_speaks_for_a_patient(alarm: Alarm, told: bool) -> None:
    assert (why_withheld([patient(alarm, reason="no connection")], 0.0) is None) == told


def test_simulated_patients_prove_nothing() -> None:
    assert why_withheld([], 0.0) == NOBODY
    assert why_withheld([patient(simulated=True)], 0.0) == NOBODY
    assert why_withheld([patient(simulated=True, reason="x"), patient()], 0.0) is None


def test_health_says_why_and_for_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions: dict[str, Any] = {"anna": patient(reason="no connection")}
    dead_man = DeadMan(HeartbeatSettings(url="http://127.0.0.1:9/s3cret"), sessions)
    dead_man.look(0.0)
    health = dead_man.health()
    assert health.healthy, "not for so long yet that the other end would call somebody"
    assert "anna is not watched (no connection)" in health.detail
    assert "s3cret" not in health.detail
    sessions.clear()
    dead_man.look(0.0)
    assert dead_man.health().healthy
    assert NOBODY in dead_man.health().detail
    sessions["anna"] = patient(reason="no connection")
    dead_man.look(0.0)
    monkeypatch.setattr("ecgd.service.dead_man.time.monotonic", lambda: 1e9)
    assert not dead_man.health().healthy


def test_without_an_address_there_is_none() -> None:
    assert not DeadMan(HeartbeatSettings(), {}).is_configured
    assert DeadMan(HeartbeatSettings(url_file="f"), {}).is_configured
