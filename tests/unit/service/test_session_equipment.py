"""Exchanged electrodes and channel faults on their way from an assessment to an alarm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sample_daemon import sample_assessment

from ecgd.config.settings import PatientSettings, Settings
from ecgd.model.alarm import AlarmState, ChangeKind
from ecgd.model.assessment import Assessment
from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.model.finding import (
    ChannelFinding,
    Domain,
    EventType,
    Finding,
    Outcome,
    PlacementFinding,
    Severity,
)
from ecgd.model.link import BytesReceived, LinkOpened
from ecgd.protocol import BlockEncoder
from ecgd.service.session import PatientSession

DEVICE = DeviceInfo("node-1", 250.0, ("I", "II"), counts_per_mv=400.0)
SWAPPED = PlacementFinding(("LA", "RA"), "LA and RA", "P points elsewhere")
FAULT = ChannelFinding(("II",), "channel II is inverted", ("II",))
FINE = replace(sample_assessment(), outcome=Outcome.NORMAL, findings=(), unjudged=frozenset())
BLIND = replace(
    FINE,
    outcome=Outcome.CANNOT_JUDGE,
    st=None,
    risk_level=None,
    placement=SWAPPED,
    cannot_judge=("ST: electrodes exchanged: LA and RA",),
    unjudged=frozenset({EventType.STEMI_DETECTED}),
)


class Bed:
    """A session whose device sends, and whose analysis answers what it is told to."""

    def __init__(self) -> None:
        patient = PatientSettings(id="anna", source="serial:///x")
        self.session = PatientSession(
            patient, Settings(), phase_s=0.0, new_alert_id=lambda: "a", now_s=0.0
        )
        self.encoder = BlockEncoder()
        self.now_s = 0.0
        self.session.receive(LinkOpened(0.0))
        self.session.receive(BytesReceived(self.encoder.hello(DEVICE), 0.0))

    def watch(self, assessment: Assessment, seconds: int) -> list[tuple[EventType, ChangeKind]]:
        told = []
        for _ in range(seconds):
            self.now_s += 1.0
            for _ in range(10):
                packet = self.encoder.samples(np.zeros((2, 25), dtype=np.int32))
                self.session.receive(BytesReceived(packet, self.now_s))
            changes = (
                *self.session.conclude(assessment, self.now_s),
                *self.session.watch(self.now_s),
            )
            told += [(change.alarm.event_type, change.kind) for change in changes]
        return told


def test_exchanged_electrodes_raise_a_technical_alarm_that_clears() -> None:
    bed = Bed()
    assert bed.watch(FINE, 5) == []
    assert (EventType.ELECTRODE_SWAPPED, ChangeKind.RAISED) in bed.watch(BLIND, 3)
    (alarm,) = (a for a in bed.session.alarms.book.alarms if a.alert_id is not None)
    assert (alarm.domain, alarm.severity) == (Domain.TECHNICAL, Severity.MEDIUM)
    assert alarm.evidence == (SWAPPED.exchanged, SWAPPED.evidence)
    bed.watch(FINE, 30)
    (alarm,) = (a for a in bed.session.alarms.book.alarms if a.alert_id is not None)
    assert alarm.state is AlarmState.LATCHED


def test_a_channel_fault_is_raised_once_it_lasts() -> None:
    bed = Bed()
    assert bed.watch(replace(FINE, channels=FAULT), 5) == []
    lasting = replace(FINE, channels=replace(FAULT, lasting=True))
    assert (EventType.CHANNEL_FAULT, ChangeKind.RAISED) in bed.watch(lasting, 3)


def test_the_rhythm_behind_exchanged_electrodes_needs_no_look_at_the_patient() -> None:
    bed = Bed()
    fast = Finding(EventType.EXTREME_TACHYCARDIA, Severity.HIGH, Domain.HEART)
    bed.watch(replace(FINE, findings=(fast,), outcome=Outcome.ANOMALY), 20)
    told = bed.watch(BLIND, 40)
    assert EventType.CHECK_PATIENT not in {event for event, _ in told}


def test_an_infarction_that_can_no_longer_be_seen_needs_one() -> None:
    bed = Bed()
    stemi = Finding(EventType.STEMI_DETECTED, Severity.CRITICAL, Domain.HEART)
    bed.watch(replace(FINE, findings=(stemi,), outcome=Outcome.ANOMALY), 40)
    told = bed.watch(BLIND, 20)
    assert (EventType.CHECK_PATIENT, ChangeKind.RAISED) in told


def test_an_electrode_is_not_on_again_because_the_link_is_lost() -> None:
    bed = Bed()

    def hear(electrodes_off: frozenset[str], seconds: int) -> AlarmState:
        status = DeviceStatus(battery_mv=4000, electrodes_off=electrodes_off)
        for _ in range(seconds):
            bed.session.receive(BytesReceived(bed.encoder.status(status), bed.now_s))
            bed.watch(FINE, 1)
        return state()

    def state() -> AlarmState:
        alarms = {each.event_type: each for each in bed.session.alarms.book.alarms}
        return alarms[EventType.ELECTRODE_OFF].state

    assert hear(frozenset({"LA"}), 10) is AlarmState.ACTIVE
    for _ in range(60):
        bed.now_s += 1.0
        bed.session.watch(bed.now_s)
    assert any(a.event_type is EventType.LINK_LOST for a in bed.session.alarms.book.alarms)
    assert state() is AlarmState.ACTIVE
    assert hear(frozenset(), 15) is AlarmState.LATCHED
