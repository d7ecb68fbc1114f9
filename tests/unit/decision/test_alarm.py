"""The alarm machine, story by story."""

from __future__ import annotations

import pytest
from alarm_ward import (
    ANOMALY,
    ASYSTOLE,
    BATTERY,
    ELECTRODE,
    EMPTY_BATTERY,
    FAINT_ISCHAEMIA,
    GRAVE_ANOMALY,
    HEART,
    ISCHAEMIA,
    LINK,
    MI_RISK,
    STEMI,
    Ward,
)

from ecgd.config.hold_off import HoldOffSettings
from ecgd.config.settings import AlarmSettings
from ecgd.decision.alarm import UPDATE_INTERVAL_S, heart_in_doubt, shift
from ecgd.model.alarm import Alarm, AlarmState, ChangeKind, Observation, Priority
from ecgd.model.finding import EventType, Severity, Territory

STEMI_EVENT = EventType.STEMI_DETECTED
RAISED, ESCALATED = ChangeKind.RAISED, ChangeKind.ESCALATED


def stemi_of(ward: Ward) -> Alarm:
    alarm = ward.alarm_of(STEMI_EVENT)
    assert alarm is not None
    return alarm


def alarmed() -> Ward:
    """Return a ward with an unacknowledged STEMI alarm."""
    ward = Ward()
    ward.see(STEMI, seconds=21)
    assert stemi_of(ward).state is AlarmState.ACTIVE
    return ward


def test_evidence_is_pending_until_the_hold_off_has_passed() -> None:
    ward = Ward()
    ward.see(STEMI, seconds=20)
    assert stemi_of(ward).state is AlarmState.PENDING
    assert not ward.annunciation().sounding
    assert not ward.changes
    ward.see(STEMI)
    assert ward.told() == [(STEMI_EVENT, RAISED)]
    alarm = stemi_of(ward)
    assert (alarm.alert_id, alarm.raised_s, alarm.since_s) == ("alert-1", 1021.0, 1001.0)
    assert ward.annunciation().sounding


def test_single_windows_without_evidence_are_tolerated() -> None:
    ward = Ward()
    for _ in range(5):
        ward.see(STEMI, seconds=4)
        ward.see()
    ward.see(STEMI)
    assert ward.told() == [(STEMI_EVENT, RAISED)]


def test_flicker_never_alarms() -> None:
    ward = Ward()
    for _ in range(200):
        ward.see(STEMI)
        ward.see()
    assert ward.told() == []


def test_an_old_single_window_does_not_shorten_the_hold_off() -> None:
    ward = Ward()
    ward.see(STEMI)
    ward.see(seconds=9)
    ward.see(STEMI, seconds=20)
    assert ward.told() == []
    ward.see(STEMI)
    assert ward.told() == [(STEMI_EVENT, RAISED)]


def test_without_hold_off_the_first_window_alarms() -> None:
    zero = HoldOffSettings(**dict.fromkeys(HoldOffSettings.__dataclass_fields__, 0.0))
    ward = Ward(AlarmSettings(hold_off=zero))
    ward.see(STEMI)
    assert ward.told() == [(STEMI_EVENT, RAISED)]


def test_asystole_has_no_hold_off() -> None:
    ward = Ward()
    ward.see(ASYSTOLE)
    assert ward.told() == [(EventType.ASYSTOLE, RAISED)]


def test_unacknowledged_alarm_latches_and_stays_visible_in_silence() -> None:
    ward = alarmed()
    ward.see(seconds=20)
    assert stemi_of(ward).state is AlarmState.ACTIVE
    ward.see()
    assert stemi_of(ward).state is AlarmState.LATCHED
    shown = ward.annunciation()
    assert (shown.sounding, shown.priority, shown.light) == (False, None, Priority.HIGH)
    assert [alarm.event_type for alarm in shown.alarms] == [STEMI_EVENT]
    ward.see(seconds=3600)
    assert stemi_of(ward).state is AlarmState.LATCHED
    ward.acknowledge()
    assert ward.book.alarms == ()
    assert ward.told()[-2:] == [
        (STEMI_EVENT, ChangeKind.ACKNOWLEDGED),
        (STEMI_EVENT, ChangeKind.CLEARED),
    ]
    assert ward.changes[-1].alarm.acknowledged_by == "nurse"


def test_acknowledged_alarm_clears_after_as_long_without_evidence() -> None:
    ward = alarmed()
    ward.acknowledge()
    ward.see(seconds=20)
    assert stemi_of(ward).state is AlarmState.ACKNOWLEDGED
    ward.see()
    assert ward.told()[-1] == (STEMI_EVENT, ChangeKind.CLEARED)
    assert ward.book.alarms == ()
    ward.see(seconds=200)
    assert ward.book.tracks == (), "a cleared alarm is forgotten"


def test_an_alarm_without_hold_off_does_not_flutter() -> None:
    ward = Ward()
    for _ in range(10):
        ward.see(ASYSTOLE)
        ward.see(seconds=5)
    assert ward.told() == [(EventType.ASYSTOLE, RAISED)]


def test_latched_alarm_that_returns_is_a_new_occurrence() -> None:
    ward = alarmed()
    ward.see(seconds=21)
    ward.see(STEMI, seconds=10)
    assert stemi_of(ward).state is AlarmState.LATCHED
    ward.see(STEMI, seconds=11)
    assert stemi_of(ward).state is AlarmState.ACTIVE
    assert stemi_of(ward).alert_id == "alert-2"
    assert ward.annunciation().sounding


def test_acknowledge_survives_updates() -> None:
    ward = alarmed()
    ward.acknowledge("alert-1", "Dr Jones")
    ward.see(STEMI, seconds=300)
    alarm = stemi_of(ward)
    assert alarm.state is AlarmState.ACKNOWLEDGED
    assert (alarm.acknowledged_by, alarm.alert_id) == ("Dr Jones", "alert-1")
    assert not ward.annunciation().sounding
    assert ward.annunciation().light is Priority.HIGH
    assert ward.told(RAISED) == [(STEMI_EVENT, RAISED)]


def test_updates_are_told_at_most_every_interval_and_carry_the_newest_evidence() -> None:
    ward = alarmed()
    ward.changes.clear()
    ward.see(STEMI, seconds=100)
    assert len(ward.told(ChangeKind.UPDATED)) == 100 / UPDATE_INTERVAL_S
    moved = Observation(
        HEART,
        ward.now_s + 1,
        True,
        (
            type(STEMI)(
                STEMI_EVENT, Severity.CRITICAL, HEART, ("now lateral",), Territory.HIGH_LATERAL, 0.9
            ),
        ),
    )
    ward.take(moved)
    alarm = stemi_of(ward)
    assert (alarm.evidence, alarm.territory) == (("now lateral",), Territory.HIGH_LATERAL)
    assert (alarm.confidence, alarm.evidence_s) == (0.9, moved.now_s)


def test_escalation_is_a_new_occurrence() -> None:
    ward = Ward()
    ward.see(ANOMALY, seconds=61)
    ward.acknowledge()
    ward.see(GRAVE_ANOMALY, seconds=60)
    assert not ward.annunciation().sounding, "the graver evidence has a hold-off of its own"
    ward.see(GRAVE_ANOMALY)
    alarm = ward.alarm_of(EventType.CARDIAC_ANOMALY)
    assert alarm is not None
    assert ward.told()[-1] == (EventType.CARDIAC_ANOMALY, ESCALATED)
    assert (alarm.severity, alarm.alert_id) == (Severity.CRITICAL, "alert-2")
    assert (alarm.state, alarm.acknowledged_by) == (AlarmState.ACTIVE, None)
    assert ward.annunciation().sounding
    ward.see(ANOMALY, seconds=300)
    assert len(ward.told(RAISED, ESCALATED)) == 2, "milder evidence keeps the alarm as it was"


def test_a_verdict_between_two_kinds_is_not_lost_between_their_hold_offs() -> None:
    ward = Ward()
    for _ in range(40):
        ward.see(STEMI)
        ward.see(MI_RISK)
    assert ward.told() == [(EventType.ACUTE_MI_RISK, RAISED)]


def test_the_milder_kind_is_not_raised_beside_the_graver() -> None:
    ward = Ward()
    ward.see(STEMI, seconds=600)
    assert ward.told() == [(STEMI_EVENT, RAISED)]
    ward.acknowledge()
    ward.see(ISCHAEMIA, seconds=60)
    assert ward.told()[1:] == [
        (STEMI_EVENT, ChangeKind.ACKNOWLEDGED),
        (STEMI_EVENT, ChangeKind.CLEARED),
        (EventType.CARDIAC_ISCHEMIA, RAISED),
    ]


def test_graver_kind_sounds_over_an_acknowledged_milder_one() -> None:
    ward = Ward()
    ward.see(ISCHAEMIA, seconds=181)
    ward.acknowledge()
    ward.see(STEMI, seconds=21)
    assert ward.told()[-1] == (STEMI_EVENT, RAISED)
    assert ward.annunciation().priority is Priority.HIGH


def test_ischaemia_of_two_severities_is_raised_at_the_one_that_lasted() -> None:
    ward = Ward()
    for _ in range(60):
        ward.see(FAINT_ISCHAEMIA, seconds=2)
        ward.see(ISCHAEMIA)
    ward.see(FAINT_ISCHAEMIA)
    alarm = ward.alarm_of(EventType.CARDIAC_ISCHEMIA)
    assert alarm is not None
    assert (alarm.state, alarm.severity) == (AlarmState.ACTIVE, Severity.LOW)


def test_unjudged_time_neither_raises_nor_clears() -> None:
    ward = alarmed()
    ward.see(seconds=3600, judged=False)
    assert stemi_of(ward).state is AlarmState.ACTIVE
    assert ward.annunciation().sounding
    fresh = Ward()
    fresh.see(STEMI, seconds=1000, judged=False)
    assert fresh.book.alarms == ()


def test_absence_before_a_long_hole_does_not_count_towards_clearing() -> None:
    ward = alarmed()
    ward.see(seconds=19)
    ward.see(seconds=60, judged=False)
    ward.see(seconds=3)
    assert stemi_of(ward).state is AlarmState.ACTIVE
    ward.see(seconds=18)
    assert stemi_of(ward).state is AlarmState.LATCHED


def test_equipment_never_clears_a_heart_alarm() -> None:
    ward = alarmed()
    ward.check(ELECTRODE, LINK, seconds=300)
    assert stemi_of(ward).state is AlarmState.ACTIVE
    assert {alarm.event_type for alarm in ward.annunciation().alarms} == {
        STEMI_EVENT,
        EventType.ELECTRODE_OFF,
        EventType.LINK_LOST,
    }
    assert ward.annunciation().alarms[0].event_type is STEMI_EVENT, "gravest first"


def test_a_kind_that_could_not_be_seen_does_not_clear() -> None:
    ward = alarmed()
    for _ in range(300):
        ward.now_s += 1
        ward.take(Observation(HEART, ward.now_s, True, (), frozenset({STEMI_EVENT})))
    assert stemi_of(ward).state is AlarmState.ACTIVE
    ward.now_s += 1
    ward.take(Observation(HEART, ward.now_s, True, (ASYSTOLE,), frozenset({EventType.ASYSTOLE})))
    assert ward.told()[-1] == (EventType.ASYSTOLE, RAISED), "but what is found counts"


def test_pending_lapses_when_its_evidence_is_stale() -> None:
    ward = Ward()
    ward.see(STEMI, seconds=19)
    ward.wait(10.0)
    assert stemi_of(ward).state is AlarmState.PENDING
    ward.wait(0.5)
    assert ward.book.alarms == ()
    ward.see(STEMI, seconds=2)
    assert ward.told() == [], "evidence from before the hole raises nothing"


def test_time_alone_raises_nothing() -> None:
    ward = Ward()
    ward.see(STEMI, seconds=15)
    for _ in range(100):
        ward.wait(1.0)
    assert ward.told() == []


def test_battery_critical_speaks_for_battery_low() -> None:
    ward = Ward()
    ward.check(EMPTY_BATTERY, seconds=200)
    assert ward.told() == [(EventType.BATTERY_CRITICAL, RAISED)]
    assert BATTERY.event_type is EventType.BATTERY_LOW
    low = Ward()
    low.check(BATTERY, seconds=61)
    low.check(EMPTY_BATTERY, seconds=61)
    assert low.told() == [(EventType.BATTERY_LOW, RAISED), (EventType.BATTERY_CRITICAL, RAISED)]


@pytest.mark.parametrize("delta_s", [-900.0, 1e6])
def test_shifting_the_clock_changes_nothing_else(delta_s: float) -> None:
    here, there = alarmed(), alarmed()
    for ward in (here, there):
        ward.acknowledge()
        ward.see(STEMI, ISCHAEMIA, seconds=5)
        ward.pause()
    there.book = shift(there.book, delta_s)
    there.now_s += delta_s
    for ward in (here, there):
        ward.changes.clear()
        ward.see(STEMI, seconds=700)
        ward.see(seconds=100)
    assert here.told(*ChangeKind) == there.told(*ChangeKind)
    assert shift(there.book, -delta_s) == here.book


def test_a_clock_that_goes_backwards_does_no_harm() -> None:
    ward = alarmed()
    ward.take(Observation(HEART, 5.0, True, ()))
    ward.take(Observation(HEART, 6.0, True, (STEMI,)))
    assert stemi_of(ward).state is AlarmState.ACTIVE
    assert stemi_of(ward).evidence_s == 1021.0


def test_the_heart_is_in_doubt_during_an_alarm_and_after_a_lethal_rhythm() -> None:
    ward = Ward()
    assert not heart_in_doubt(ward.book)
    ward.see(STEMI, seconds=15)
    assert not heart_in_doubt(ward.book), "suspected STEMI is no lethal rhythm"
    ward.see(STEMI, seconds=6)
    assert heart_in_doubt(ward.book)
    ward.acknowledge()
    assert heart_in_doubt(ward.book)
    ward.see(seconds=21)
    assert not heart_in_doubt(ward.book)
    tachycardia = type(STEMI)(EventType.EXTREME_TACHYCARDIA, Severity.HIGH, HEART)
    ward.see(tachycardia)
    ward.see(seconds=30, judged=False)
    assert heart_in_doubt(ward.book), "pending when the signal went"
    ward.see()
    assert not heart_in_doubt(ward.book)


def test_memory_is_bounded_even_if_the_clock_stands() -> None:
    ward = Ward()
    for _ in range(5000):
        ward.take(Observation(HEART, 1.0, True, (ISCHAEMIA,)))
    assert max(len(track.judgements) for track in ward.book.tracks) == 1
    ward.see(ISCHAEMIA, seconds=2000)
    assert max(len(track.judgements) for track in ward.book.tracks) <= 180 + 10 + 1
