"""What was over and comes back: the same, or something new."""

from __future__ import annotations

import pytest
from alarm_ward import ANOMALY, ELECTRODE, GRAVE_ANOMALY, LINK, STEMI, Ward

from ecgd.decision.alarm import RETURN_S
from ecgd.model.alarm import AlarmState, ChangeKind, Priority
from ecgd.model.finding import EventType

LINK_LOST, RAISED, RETURNED = EventType.LINK_LOST, ChangeKind.RAISED, ChangeKind.RETURNED


def ended() -> Ward:
    """Return a ward whose link was lost, and is back; nobody has answered."""
    ward = Ward()
    ward.check(LINK, seconds=11)
    ward.check(seconds=11)
    assert state_of(ward) is AlarmState.LATCHED
    return ward


def state_of(ward: Ward) -> AlarmState | None:
    alarm = ward.alarm_of(LINK_LOST)
    return None if alarm is None else alarm.state


def test_a_link_that_comes_and_goes_is_one_alarm_that_sounds_again() -> None:
    ward = ended()
    ward.check(seconds=30)
    ward.check(LINK, seconds=11)
    assert state_of(ward) is AlarmState.ACTIVE
    assert ward.annunciation().sounding
    assert ward.told(RAISED, RETURNED) == [(LINK_LOST, RAISED), (LINK_LOST, RETURNED)]


def test_an_answer_holds_while_the_link_comes_and_goes() -> None:
    ward = Ward()
    ward.check(LINK, seconds=11)
    ward.acknowledge()
    for _ in range(10):
        ward.check(seconds=15)
        ward.check(LINK, seconds=15)
        assert state_of(ward) is AlarmState.ACKNOWLEDGED
        assert not ward.annunciation().sounding
        assert ward.annunciation().light is Priority.MEDIUM
    assert ward.told(RAISED) == [(LINK_LOST, RAISED)]


def test_it_is_told_anew_when_it_is_time_to_remind_of_it() -> None:
    ward = Ward()
    for _ in range(120):
        ward.check(LINK, seconds=15)
        ward.check(seconds=15)
    raised = ward.told(RAISED)
    assert len(raised) == 6, "once in ten minutes and not 120 times"


@pytest.mark.parametrize("answered", [False, True])
def test_after_a_quiet_while_it_is_a_new_one(answered: bool) -> None:
    ward = ended()
    if answered:
        ward.acknowledge()
    ward.check(seconds=int(RETURN_S) + 1)
    ward.check(LINK, seconds=11)
    assert state_of(ward) is AlarmState.ACTIVE
    assert ward.told(RAISED) == [(LINK_LOST, RAISED)] * 2


def test_other_equipment_that_fails_meanwhile_is_new() -> None:
    ward = ended()
    ward.acknowledge()
    ward.check(ELECTRODE, LINK, seconds=11)
    assert (EventType.ELECTRODE_OFF, RAISED) in ward.told()
    assert ward.annunciation().sounding


def test_an_answered_heart_alarm_that_comes_back_is_always_new() -> None:
    ward = Ward()
    ward.see(STEMI, seconds=21)
    ward.acknowledge()
    ward.see(seconds=21)
    ward.see(STEMI, seconds=21)
    assert ward.told(RAISED) == [(STEMI.event_type, RAISED)] * 2
    assert ward.annunciation().sounding


def test_a_milder_return_does_not_take_the_place_of_what_nobody_has_answered() -> None:
    ward = Ward()
    ward.see(GRAVE_ANOMALY, seconds=61)
    ward.see(seconds=61)
    ward.see(ANOMALY, seconds=61)
    [shown] = ward.annunciation().alarms
    assert (shown.alert_id, shown.severity) == ("alert-1", GRAVE_ANOMALY.severity)
    assert shown.state is AlarmState.ACTIVE
    assert ward.annunciation().light is Priority.HIGH


def test_what_is_over_is_forgotten_in_the_end() -> None:
    ward = ended()
    ward.acknowledge()
    ward.check(seconds=int(RETURN_S) + 1)
    assert ward.book.tracks == ()
