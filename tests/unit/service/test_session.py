"""One patient's session: link states, technical alarms, strangers."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from sample_daemon import sample_assessment

from ecgd.config.settings import PatientSettings, Settings
from ecgd.model.alarm import AlarmState, ChangeKind, Observation
from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.model.finding import Domain, EnsembleScore, EventType, Finding, Outcome, Severity
from ecgd.model.link import BytesReceived, LinkClosed, LinkOpened, LinkState
from ecgd.model.rhythm import UNKNOWN
from ecgd.protocol import BlockEncoder
from ecgd.service.session import PatientSession

DEVICE = DeviceInfo("node-1", 250.0, ("I", "II"), counts_per_mv=400.0)
FINE = replace(sample_assessment(), outcome=Outcome.NORMAL, findings=(), unjudged=frozenset())


class Bench:
    """A session with a device that can be let speak second by second."""

    def __init__(self, *, device_id: str = "", analysed: bool = False) -> None:
        self.analysed = analysed
        ids = count()
        patient = PatientSettings(id="anna", name="Anna", source="serial:///x", device_id=device_id)
        self.session = PatientSession(
            patient, Settings(), phase_s=0.0, new_alert_id=lambda: f"a{next(ids)}", now_s=0.0
        )
        self.encoder = BlockEncoder()
        self.now_s = 0.0
        self.raised: list[tuple[float, EventType]] = []

    def open(self) -> None:
        self.session.receive(LinkOpened(self.now_s))
        self.session.receive(BytesReceived(self.encoder.hello(DEVICE), self.now_s))

    def second(self, status: DeviceStatus | None = None, *, samples: bool = True) -> int:
        windows = 0
        for _ in range(10):
            self.now_s += 0.1
            if samples:
                packet = self.encoder.samples(np.zeros((2, 25), dtype=np.int32))
                windows += len(self.session.receive(BytesReceived(packet, self.now_s))) > 1
        if status is not None:
            self.session.receive(BytesReceived(self.encoder.status(status), self.now_s))
        if self.analysed and samples:
            self.session.conclude(FINE, self.now_s)
        for change in self.session.watch(self.now_s):
            if change.kind is ChangeKind.RAISED:
                self.raised.append((self.now_s, change.alarm.event_type))
        return windows

    def state(self) -> LinkState:
        return self.session.status(self.now_s, analysed=0, replaced=0).link_state


def test_a_link_that_falls_silent_is_an_alarm_after_the_hold_off() -> None:
    bench = Bench()
    bench.open()
    for _ in range(5):
        bench.second()
    assert bench.state() is LinkState.UP
    for _ in range(20):
        bench.second(samples=False)
    assert bench.state() is LinkState.SILENT
    ((raised_s, event_type),) = bench.raised
    assert event_type is EventType.LINK_LOST
    assert 5.0 + 10.0 <= raised_s <= 5.0 + 15.0


def test_the_link_alarm_stays_visible_when_the_link_is_back() -> None:
    bench = Bench()
    bench.open()
    for _ in range(20):
        bench.second(samples=False)
    for _ in range(30):
        bench.second()
    assert bench.state() is LinkState.UP
    (alarm,) = (a for a in bench.session.alarms.book.alarms if a.alert_id is not None)
    assert alarm.state is AlarmState.LATCHED


def test_a_cut_link_says_why() -> None:
    bench = Bench()
    bench.open()
    bench.second()
    bench.session.receive(LinkClosed(bench.now_s, "cable pulled", retry_s=1.0))
    status = bench.session.status(bench.now_s + 3.0, analysed=0, replaced=0)
    assert status.link_state is LinkState.LOST
    assert status.link_reason == "cable pulled"
    assert status.link_age_s == pytest.approx(3.0)


def test_a_source_that_has_ended_is_not_tried_again() -> None:
    bench = Bench()
    bench.open()
    bench.session.receive(LinkClosed(1.0, "the recording has ended", retry_s=None))
    assert bench.state() is LinkState.ENDED


@pytest.mark.parametrize(
    ("battery_mv", "event_type"),
    [(3450, EventType.BATTERY_LOW), (3330, EventType.BATTERY_CRITICAL)],
)
def test_a_weak_battery_is_an_alarm(battery_mv: int, event_type: EventType) -> None:
    bench = Bench()
    bench.open()
    for _ in range(70):
        bench.second(DeviceStatus(battery_mv=battery_mv))
    assert event_type in {kind for _, kind in bench.raised}


def test_an_unreported_battery_is_no_alarm_and_no_figure() -> None:
    bench = Bench(analysed=True)
    bench.open()
    for _ in range(70):
        bench.second(DeviceStatus(battery_mv=None))
    assert bench.raised == []
    assert bench.session.status(bench.now_s, analysed=0, replaced=0).battery_percent is None


def test_an_electrode_that_is_off_is_an_alarm_after_five_seconds() -> None:
    bench = Bench()
    bench.open()
    for _ in range(10):
        bench.second(DeviceStatus(electrodes_off=frozenset({"LA"})))
    assert [kind for _, kind in bench.raised] == [EventType.ELECTRODE_OFF]
    assert bench.raised[0][0] == pytest.approx(6.0, abs=1.1)


def test_a_stranger_s_device_gives_no_window_and_is_named() -> None:
    bench = Bench(device_id="node-7")
    bench.open()
    assert sum(bench.second() for _ in range(15)) == 0
    assert [kind for _, kind in bench.raised] == [EventType.DEVICE_FOREIGN]
    (alarm,) = bench.session.alarms.book.alarms
    assert "node-1" in alarm.evidence[0]
    assert "node-7" in alarm.evidence[0]


def test_nothing_that_a_stranger_s_device_reports_is_used() -> None:
    bench = Bench(device_id="node-7")
    bench.open()
    for _ in range(70):
        bench.second(DeviceStatus(battery_mv=3330, electrodes_off=frozenset({"LA"})))
    assert [kind for _, kind in bench.raised] == [EventType.DEVICE_FOREIGN]
    status = bench.session.status(bench.now_s, analysed=0, replaced=0)
    assert status.device_status is None
    assert status.battery_percent is None


def test_a_device_that_measures_otherwise_than_before_is_used_and_an_alarm() -> None:
    bench = Bench(analysed=True)
    bench.open()
    bench.second()
    slower = replace(DEVICE, counts_per_mv=200.0)
    bench.session.receive(BytesReceived(bench.encoder.hello(slower), bench.now_s))
    windows = sum(bench.second() for _ in range(20))
    assert windows > 5
    assert [kind for _, kind in bench.raised] == [EventType.DEVICE_CHANGED]
    (alarm,) = bench.session.alarms.book.alarms
    assert alarm.evidence[0] == "scale 400 counts/mV -> 200 counts/mV"


def test_after_a_cut_the_device_is_asked_again_and_nothing_is_used_before_its_answer() -> None:
    bench = Bench()
    bench.open()
    for _ in range(8):
        bench.second()
    bench.session.receive(LinkClosed(bench.now_s, "out of reach", retry_s=1.0))
    bench.session.receive(LinkOpened(bench.now_s))
    before = bench.session.intake.statistics.samples
    stranger = BlockEncoder()
    for _ in range(30):
        packet = stranger.samples(np.full((2, 25), 999, dtype=np.int32))
        assert bench.session.receive(BytesReceived(packet, bench.now_s)) == ()
    assert bench.session.needs_device
    assert bench.session.intake.statistics.samples == before
    hello = stranger.hello(replace(DEVICE, device_id="node-9"))
    bench.session.receive(BytesReceived(hello, bench.now_s))
    assert bench.session.foreign_device == "node-9"
    assert not bench.session.needs_device


def test_a_device_that_does_not_answer_after_a_cut_is_still_watched() -> None:
    bench = Bench()
    bench.open()
    bench.second()
    bench.session.receive(LinkClosed(bench.now_s, "out of reach", retry_s=1.0))
    bench.session.receive(LinkOpened(bench.now_s))
    for _ in range(4):
        bench.second(DeviceStatus(uptime_s=100))
    waited = bench.session.intake.statistics.samples
    for _ in range(3):
        bench.second(DeviceStatus(uptime_s=100))
    assert waited == 10 * 25
    assert bench.session.intake.statistics.samples == 80 * 25
    assert bench.session.needs_device


@pytest.mark.parametrize("reported", [True, False])
def test_a_device_that_may_be_another_one_waits_for_its_hello(reported: bool) -> None:
    bench = Bench()
    bench.open()
    bench.second()
    bench.session.receive(LinkClosed(bench.now_s, "out of reach", retry_s=1.0))
    bench.session.receive(LinkOpened(bench.now_s))
    bench.encoder = BlockEncoder(boot=40)
    for _ in range(20):
        bench.second(DeviceStatus(uptime_s=1) if reported else None)
    assert bench.session.intake.statistics.samples == 10 * 25
    assert bench.session.needs_device
    status = bench.session.status(bench.now_s, analysed=0, replaced=0)
    assert status.link_reason.endswith("switch it off and on")

    hello = bench.encoder.hello(replace(DEVICE, device_id="node-9"))
    bench.session.receive(BytesReceived(hello, bench.now_s))
    assert bench.session.intake.device is not None
    assert bench.session.intake.device.device_id == "node-9"
    assert not bench.session.needs_device


def test_what_nobody_has_put_a_name_to_before_the_next_cut_is_nobodys() -> None:
    bench = Bench()
    bench.open()
    bench.second()
    for _ in range(2):
        bench.session.receive(LinkClosed(bench.now_s, "out of reach", retry_s=1.0))
        bench.session.receive(LinkOpened(bench.now_s))
        bench.second()
    bench.session.receive(BytesReceived(bench.encoder.hello(DEVICE), bench.now_s))
    assert bench.session.intake.statistics.samples == 20 * 25


def test_a_device_that_the_settings_name_anew_is_met_at_once() -> None:
    bench = Bench(device_id="node-7")
    bench.open()
    assert sum(bench.second() for _ in range(8)) == 0
    patient = replace(bench.session.patient, device_id="node-1")
    bench.session.renew(patient, simulated=False)
    assert bench.session.foreign_device is None
    assert bench.session.bond.standing.value == "bound"
    assert sum(bench.second() for _ in range(8)) > 0


def test_another_source_begins_the_link_anew_and_keeps_the_alarms() -> None:
    bench = Bench()
    bench.open()
    for _ in range(20):
        bench.second(samples=False)
    before = bench.session.alarms.book
    bench.session.renew(replace(bench.session.patient, source="serial:///y"), simulated=False)
    bench.session.relink(bench.now_s)
    assert bench.state() is LinkState.CONNECTING
    assert bench.session.needs_device is False
    assert bench.session.alarms.book == before
    assert bench.session.samples_age_s(bench.now_s) is None
    bench.encoder = BlockEncoder()
    bench.open()
    assert sum(bench.second() for _ in range(8)) > 0


def test_closing_all_alarms_leaves_nothing_that_waits() -> None:
    alarms = Bench().session.alarms
    finding = Finding(EventType.STEMI_DETECTED, Severity.CRITICAL, Domain.HEART)
    for second in range(30):
        alarms.observe(Observation(Domain.HEART, float(second), True, (finding,)))
    changes = alarms.close_all("nurse", 30.0)
    assert [change.kind for change in changes] == [ChangeKind.ACKNOWLEDGED, ChangeKind.CLEARED]
    assert changes[0].alarm.acknowledged_by == "nurse"
    assert {change.alarm.alert_id for change in changes} == {"a0"}
    assert alarms.book.alarms == ()
    assert not alarms.waiting(math.inf)


def test_a_device_that_was_not_asked_yet_is_asked() -> None:
    bench = Bench()
    bench.session.receive(LinkOpened(0.0))
    assert bench.session.needs_device
    bench.open()
    assert not bench.session.needs_device


def test_nothing_judged_is_never_well() -> None:
    bench = Bench()
    bench.open()
    bench.second()
    assert not bench.session.is_well(bench.now_s)


def test_one_finding_is_shown_once_while_it_is_pending() -> None:
    bench = Bench()
    bench.open()
    finding = Finding(EventType.STEMI_DETECTED, Severity.CRITICAL, Domain.HEART)
    alarms = bench.session.alarms
    for second in range(30):
        alarms.observe(Observation(Domain.HEART, float(second), True, (finding,)))
        shown = bench.session.status(float(second), analysed=0, replaced=0).alarms
        assert [alarm.event_type for alarm in shown] == [EventType.STEMI_DETECTED]
    assert shown[0].state is AlarmState.ACTIVE


def test_a_device_that_never_comes_is_an_alarm_and_one_that_comes_at_once_is_none() -> None:
    absent, present = Bench(), Bench(analysed=True)
    present.second(samples=False)
    present.open()
    for _ in range(20):
        absent.second(samples=False)
        present.second()
    ((raised_s, event_type),) = absent.raised
    assert event_type is EventType.LINK_LOST
    assert 15.0 <= raised_s <= 17.5
    assert present.session.status(present.now_s, analysed=0, replaced=0).alarms == ()


def test_samples_that_nobody_judges_are_an_alarm_whatever_the_reason() -> None:
    bench = Bench()
    bench.open()
    for _ in range(40):
        bench.second()
    ((raised_s, event_type),) = bench.raised
    assert event_type is EventType.SIGNAL_UNUSABLE
    assert 29.0 <= raised_s <= 32.0
    assert "no window of signal yet" in bench.session.alarms.book.alarms[0].evidence[0]


def test_a_signal_that_cannot_be_judged_for_a_reason_of_the_heart_is_one_too() -> None:
    """Too few beats, or ST alone: nothing that a person at the bed can mend, and yet unwatched."""
    bench = Bench(analysed=True)
    bench.open()
    for _ in range(5):
        bench.second()
    bench.analysed = False
    few = replace(
        FINE,
        outcome=Outcome.CANNOT_JUDGE,
        rhythm=replace(FINE.rhythm, label=UNKNOWN),
        cannot_judge=("too few beats",),
    )
    for _ in range(35):
        bench.second()
        bench.session.conclude(few, bench.now_s)
    assert [kind for _, kind in bench.raised] == [EventType.SIGNAL_UNUSABLE]
    assert "too few beats" in bench.session.alarms.book.alarms[0].evidence[0]


def test_a_link_that_has_just_come_back_has_its_time_before_it_counts_as_unwatched() -> None:
    bench = Bench(analysed=True)
    bench.open()
    bench.second()
    bench.session.receive(LinkClosed(bench.now_s, "out of reach", retry_s=1.0))
    bench.now_s += 3600.0
    bench.open()
    bench.analysed = False
    for _ in range(25):
        bench.second()
    assert EventType.SIGNAL_UNUSABLE not in [kind for _, kind in bench.raised]


def test_a_notable_score_is_told_once_it_has_lasted() -> None:
    session = Bench().session
    told = [
        second
        for second in range(300)
        if session.becomes_notable(EnsembleScore((("cnn", 0.7),), 0.7, 0.7, 0), float(second))
    ]
    assert told == [60]


def test_the_rules_answer_is_shown_beside_the_last_opinion_while_that_is_fresh() -> None:
    session = Bench().session
    scores = EnsembleScore((("cnn", 0.4),), 0.4, 0.4, 0)
    first = sample_assessment()
    fs_hz = first.fs_hz

    def shown(later_s: float, **more: object) -> tuple[EnsembleScore | None, float]:
        end_index = first.end_index + round(later_s * fs_hz)
        session.conclude(replace(first, end_index=end_index, **more), later_s)  # type: ignore[arg-type]
        assert session.assessment is not None
        return session.assessment.scores, session.assessment.scores_age_s

    assert shown(0.0) == (None, 0.0)
    assert shown(0.0, scores=scores) == (scores, 0.0)
    assert shown(1.0) == (scores, 1.0)
    assert shown(4.0) == (scores, 4.0)
    assert shown(7.0) == (None, 0.0)
    assert shown(8.0, scores=scores) == (scores, 0.0)
    assert shown(9.0, origin=first.origin + 1) == (None, 0.0)
    assert shown(10.0, outcome=Outcome.CANNOT_JUDGE) == (None, 0.0)
    assert shown(11.0) == (None, 0.0), "nothing is carried over what could not be judged"
