"""Contacts, duty and the record of an escalation."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from ecgd.config.people import ContactSettings, EscalationSettings
from ecgd.decision import escalation as course
from ecgd.decision.duty import LocalTime, hours_problem, is_on_duty, is_quiet
from ecgd.decision.escalation import Escalation, Phase, StepEvent, Turn
from ecgd.decision.escalation_plan import plan
from ecgd.decision.escalation_record import escalation_from_dict, escalation_to_dict
from ecgd.model.finding import EventType, Severity

PACE = EscalationSettings()
SATURDAY_3H = LocalTime(5, 180)
BERTA = ContactSettings(id="berta", channels=("push", "call"), least_severity="LOW")
CARL = ContactSettings(id="carl", order=2, channels=("carl",), patients=("anna",))
DORA = ContactSettings(id="dora", channels=("dora",), hours="08:00-18:00")


def channels(*contacts: ContactSettings, severity: Severity = Severity.HIGH) -> list[str]:
    usable = frozenset({"push", "call", "carl", "dora"})
    return [step.channel for step in plan(contacts, "anna", severity, SATURDAY_3H, usable)]


def begun(*contacts: ContactSettings) -> Escalation:
    steps = plan(contacts, "anna", Severity.HIGH, SATURDAY_3H, frozenset({"push", "call", "carl"}))
    kind = EventType.ASYSTOLE
    return course.begin(
        "a1", "anna", kind, Severity.HIGH, simulated=False, steps=steps, now_s=100.0
    )


def due(standing: Escalation, now_s: float) -> tuple[Escalation, list[str]]:
    stepped, sent = course.advance(standing, now_s, PACE, lambda: standing.steps)
    return stepped, [step.channel for step in sent]


@pytest.mark.parametrize(
    ("hours", "days", "at", "holds"),
    [
        ("", (), "2026-11-21T03:00", True),
        ("08:00-18:00", (), "2026-11-21T08:00", True),
        ("08:00-18:00", (), "2026-11-21T18:00", False),
        ("22:00-06:00", ("fri",), "2026-11-21T03:00", True),
        ("22:00-06:00", ("sat",), "2026-11-21T03:00", False),
        ("22:00-06:00", ("sat",), "2026-11-21T23:00", True),
        ("", ("sun",), "2026-11-21T03:00", False),
    ],
)
def test_duty(hours: str, days: tuple[str, ...], at: str, holds: bool) -> None:
    contact = ContactSettings(id="x", hours=hours, days=days, quiet_hours=hours)
    then = datetime.fromisoformat(at)
    local = LocalTime(then.weekday(), then.hour * 60 + then.minute)
    assert is_on_duty(contact, local) == holds
    if hours and not days:
        assert is_quiet(contact, local) == holds


@pytest.mark.parametrize("hours", ["8-18", "08:00-24:00", "08:00-08:00", "08:00"])
def test_hours_that_are_none_are_told(hours: str) -> None:
    assert hours_problem(hours)


def test_who_is_told_in_which_order() -> None:
    assert channels(CARL, BERTA) == ["push", "call", "carl"]
    assert channels(DORA, CARL) == ["carl", "dora"], "off duty comes last, but comes"
    assert channels(BERTA, CARL, DORA, severity=Severity.MEDIUM) == ["push", "call"]
    asleep = ContactSettings(
        id="e", channels=("push",), quiet_hours="22:00-07:00", least_severity="LOW"
    )
    assert channels(asleep) == ["push"]
    assert not channels(asleep, severity=Severity.MEDIUM)
    elsewhere = ContactSettings(id="f", channels=("push",), patients=("bob",))
    assert not channels(elsewhere)


def test_channels_and_contacts_follow_one_another() -> None:
    standing, sent = due(begun(BERTA, CARL), 100.0)
    assert sent == ["push"]
    standing, sent = due(standing, 159.0)
    assert sent == []
    standing, sent = due(standing, 160.0)
    assert sent == ["call"]
    standing, sent = due(standing, 220.0)
    assert sent == ["carl"]
    standing, sent = due(standing, 399.0)
    assert standing.phase is Phase.CALLING
    standing, sent = due(standing, 400.0)
    assert standing.phase is Phase.UNANSWERED
    assert standing.is_unanswered


def test_what_cannot_be_brought_goes_to_the_next_at_once() -> None:
    standing, _ = due(begun(BERTA, CARL), 100.0)
    standing = course.befall(standing, "push", StepEvent.UNDELIVERABLE)
    standing, sent = due(standing, 100.0)
    assert sent == ["call"]
    standing = course.befall(standing, "call", StepEvent.UNDELIVERABLE)
    standing, sent = due(standing, 100.0)
    assert sent == ["carl"]
    standing = course.befall(standing, "carl", StepEvent.UNDELIVERABLE)
    assert due(standing, 100.0)[0].phase is Phase.UNANSWERED
    assert standing.told == ()


def test_an_answer_ends_it_and_names_whom_to_tell() -> None:
    standing, _ = due(begun(BERTA, CARL), 100.0)
    standing = course.befall(standing, "push", StepEvent.DELIVERED)
    answered = course.answer(standing, "ntfy:berta", 110.0)
    assert (answered.phase, answered.answered_by) == (Phase.ANSWERED, "ntfy:berta")
    assert answered.told == ("push",)
    assert due(answered, 9999.0)[1] == []
    assert course.answer(answered, "other", 120.0) is answered


def test_a_lighter_alert_asks_for_no_answer() -> None:
    steps = plan((BERTA,), "anna", Severity.LOW, SATURDAY_3H, frozenset({"push", "call"}))
    standing = course.begin(
        "a", "anna", EventType.BATTERY_LOW, Severity.LOW, simulated=False, steps=steps, now_s=0.0
    )
    standing, sent = due(standing, 0.0)
    assert sent == ["push"]
    assert due(standing, 9999.0)[1] == [], "the call is for when the push fails"
    standing = course.befall(standing, "push", StepEvent.DELIVERED)
    assert due(standing, 1.0)[0].phase is Phase.TOLD


def test_the_table_is_whole() -> None:
    assert all(set(course.TABLE[phase]) == set(Turn) for phase in Phase)
    assert all(set(course.STEPS[state]) == set(StepEvent) for state in course.StepState)


def test_record_and_back() -> None:
    standing, _ = due(begun(BERTA, CARL), 100.0)
    standing = course.befall(standing, "push", StepEvent.DELIVERED)
    record = json.loads(json.dumps(escalation_to_dict(standing)))
    assert escalation_from_dict(record, 0.0, 1000.0) == standing
    moved = escalation_from_dict(record, 5000.0, 300.0)
    assert moved.steps[0].at_s == 300.0, "nothing lies in the future"


@pytest.mark.parametrize(
    "damage", [{"steps": 3}, {"phase": "lost"}, {"since_s": None}, {"known": {"push": "x"}}]
)
def test_damaged_records_are_refused(damage: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"no escalation|Phase|float"):
        escalation_from_dict(escalation_to_dict(begun(BERTA)) | damage, 0.0, 0.0)


def test_an_alarm_that_comes_and_goes_reaches_the_last_contact() -> None:
    standing, _ = due(begun(BERTA, CARL), 100.0)
    again = course.begin(
        "a2",
        "anna",
        EventType.ASYSTOLE,
        Severity.HIGH,
        simulated=False,
        steps=begun(BERTA, CARL).steps,
        now_s=210.0,
        earlier=standing,
    )
    again, sent = due(again, 210.0)
    assert sent == ["push"]
    _, sent = due(again, 220.0)
    assert "carl" in sent
