"""What people do with alarms: pause the sound, acknowledge, and be reminded."""

from __future__ import annotations

import pytest
from alarm_ward import (
    ASYSTOLE,
    ELECTRODE,
    FAINT_ISCHAEMIA,
    HEART,
    ISCHAEMIA,
    LINK,
    STEMI,
    Ward,
)

from ecgd.config.settings import AlarmSettings
from ecgd.decision.technical_table import MUTED_LONGEST_S
from ecgd.model.alarm import Alarm, AlarmState, ChangeKind, Priority
from ecgd.model.finding import EventType, Finding, Severity

STEMI_EVENT = EventType.STEMI_DETECTED
FIBRILLATION = Finding(EventType.ATRIAL_FIBRILLATION, Severity.MEDIUM, HEART)
ECTOPY = Finding(EventType.FREQUENT_ECTOPY, Severity.LOW, HEART)
RAISED = ChangeKind.RAISED


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


def test_audio_pause_ends_by_itself() -> None:
    ward = alarmed()
    ward.pause()
    paused = ward.annunciation()
    assert (paused.sounding, paused.priority) == (False, Priority.HIGH)
    assert paused.audio_paused_s == 120.0
    ward.wait(119.0)
    assert not ward.annunciation().sounding
    ward.wait(1.0)
    assert ward.annunciation().sounding
    assert ward.annunciation().audio_paused_s is None


def test_a_graver_alarm_breaks_the_pause() -> None:
    ward = Ward()
    ward.check(ELECTRODE, seconds=6)
    ward.pause()
    ward.check(ELECTRODE, LINK, seconds=11)
    assert not ward.annunciation().sounding, "the same priority does not"
    ward.see(ASYSTOLE)
    assert ward.annunciation().sounding


def test_a_further_high_alarm_breaks_the_pause_of_a_high_one() -> None:
    ward = alarmed()
    ward.pause()
    ward.see(STEMI, seconds=30)
    assert not ward.annunciation().sounding
    ward.see(STEMI, ASYSTOLE)
    assert ward.annunciation().sounding


def test_acknowledged_alarm_that_persists_is_raised_again() -> None:
    ward = alarmed()
    ward.acknowledge()
    ward.see(STEMI, seconds=599)
    assert ward.told(RAISED) == [(STEMI_EVENT, RAISED)]
    ward.see(STEMI)
    assert ward.told(RAISED) == [(STEMI_EVENT, RAISED)] * 2
    alarm = stemi_of(ward)
    assert (alarm.alert_id, alarm.state, alarm.since_s) == ("alert-2", AlarmState.ACTIVE, 1001.0)
    assert ward.annunciation().sounding


def test_no_reminder_from_stale_data() -> None:
    ward = alarmed()
    ward.acknowledge()
    ward.see(seconds=2000, judged=False)
    assert ward.told(RAISED) == [(STEMI_EVENT, RAISED)]
    assert stemi_of(ward).state is AlarmState.ACKNOWLEDGED
    ward.see(STEMI)
    assert ward.told(RAISED) == [(STEMI_EVENT, RAISED)] * 2


def test_acknowledging_one_leaves_the_others() -> None:
    ward = alarmed()
    ward.check(LINK, seconds=11)
    ward.acknowledge("alert-2")
    states = {alarm.event_type: alarm.state for alarm in ward.annunciation().alarms}
    assert states == {
        STEMI_EVENT: AlarmState.ACTIVE,
        EventType.LINK_LOST: AlarmState.ACKNOWLEDGED,
    }
    before = ward.book
    ward.acknowledge("unknown")
    assert ward.book == before


def test_a_pending_alarm_cannot_be_acknowledged() -> None:
    ward = Ward()
    ward.see(STEMI, seconds=5)
    ward.acknowledge()
    assert ward.told() == []
    ward.see(STEMI, seconds=16)
    assert ward.annunciation().sounding


def test_a_new_occurrence_names_the_one_whose_place_it_takes() -> None:
    ward = alarmed()
    ward.acknowledge()
    ward.see(STEMI, seconds=600)
    raised = [change for change in ward.changes if change.kind is RAISED]
    assert [change.supersedes for change in raised] == [None, "alert-1"]
    ward.acknowledge()
    ward.see(seconds=30)
    ward.see(STEMI, seconds=21)
    assert ward.changes[-1].alarm.alert_id == "alert-3"
    assert ward.changes[-1].supersedes is None, "it was cleared: nothing stands in its place"


def test_missing_data_is_told_again_however_long_reminders_are_put_off() -> None:
    ward = Ward(AlarmSettings(reminder_s=86_400.0))
    ward.check(LINK, seconds=11)
    ward.see(STEMI, seconds=21)
    ward.acknowledge()
    for _ in range(int(MUTED_LONGEST_S)):
        ward.see(STEMI)
        ward.check(LINK)
    assert ward.told(RAISED).count((EventType.LINK_LOST, RAISED)) == 2
    assert ward.told(RAISED).count((STEMI_EVENT, RAISED)) == 1, "it follows the setting"


@pytest.mark.parametrize("finding", [FAINT_ISCHAEMIA, FIBRILLATION, ECTOPY])
def test_a_chronic_finding_is_told_once(finding: Finding) -> None:
    ward = Ward()
    ward.see(finding, seconds=200)
    ward.acknowledge()
    ward.see(finding, seconds=3600)
    assert ward.told(RAISED) == [(finding.event_type, RAISED)]
    alarm = ward.alarm_of(finding.event_type)
    assert alarm is not None
    assert alarm.state is AlarmState.ACKNOWLEDGED
    ward.see(seconds=200)
    ward.see(finding, seconds=200)
    assert ward.told(RAISED) == [(finding.event_type, RAISED)] * 2, "a new episode is new"


def test_ischaemia_that_persists_is_told_again() -> None:
    ward = Ward()
    ward.see(ISCHAEMIA, seconds=200)
    ward.acknowledge()
    ward.see(ISCHAEMIA, seconds=700)
    assert len(ward.told(RAISED)) == 2
