"""A daemon's state made of real model values, and a gateway that serves it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sample_bluetooth import FakeBluetooth
from sample_desks import (
    FakeBaselines,
    FakeConfig,
    FakeCoverage,
    FakeMarks,
    FakeNotes,
    FakeReports,
    FakeSt,
)
from sample_patients import FakePatientDesk
from sample_trials import FakeTrials, sample_proof

from ecgd.config.settings import PatientSettings
from ecgd.model.alarm import Alarm, AlarmState, Alert
from ecgd.model.assessment import Assessment, StageLatency
from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.model.finding import (
    Domain,
    EventType,
    LeadQuality,
    LeadSt,
    Outcome,
    RhythmFinding,
    RiskLevel,
    Severity,
    StFinding,
    Territory,
)
from ecgd.model.intervals import Intervals, Variability
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.link import LinkState, LinkStatistics
from ecgd.model.status import (
    DaemonStatus,
    Diagnostics,
    LatencySummary,
    MachineState,
    PartHealth,
    PatientFigures,
    PatientStatus,
    TargetHealth,
)
from ecgd.service.live import LiveHub
from ecgd.web.clock import Clock
from ecgd.web.gateway import AlertEntry, UnknownAlertError
from ecgd.web.server import serve

NOW_MONO_S = 1_000.0
NOW_UNIX_S = 1_700_000_000.0
BOOT_ID = "6d1c0c3e-boot"
CLOCK = Clock(lambda: NOW_MONO_S, lambda: NOW_UNIX_S, BOOT_ID)

ST_MV = {"I": -0.06, "II": 0.21, "III": 0.27, "aVL": -0.16, "aVF": 0.24, "aVR": -0.08}


def sample_assessment() -> Assessment:
    """An inferior STEMI, window from 40 s to 45 s."""
    leads = tuple(LeadSt(lead, True, ST_MV[lead], 0.01, None) for lead in LIMB_LEADS)
    return Assessment(
        start_index=10_000,
        end_index=11_250,
        fs_hz=250.0,
        arrived_s=NOW_MONO_S - 0.4,
        origin=0,
        outcome=Outcome.ANOMALY,
        risk_level=RiskLevel.CRITICAL_STEMI,
        rhythm=RhythmFinding("regular", 72.4, 0.829, 0.02, 0.84, 6),
        quality=(
            *(LeadQuality(lead, 0.93, True) for lead in LIMB_LEADS[:-1]),
            LeadQuality("aVR", 0.61, True, ("baseline wander",)),
        ),
        st=StFinding(
            leads,
            RiskLevel.CRITICAL_STEMI,
            elevated=("II", "III", "aVF"),
            depressed=("aVL", "I"),
            contiguous=(("II", "aVF"), ("aVF", "III")),
            reciprocal=("aVL",),
            territory=Territory.INFERIOR,
            evidence=("II +0.21 mV", "III +0.27 mV", "aVF +0.24 mV"),
        ),
        intervals=Intervals(829.0, 164.0, 92.0, 388.0, 426.0, 413.0, 414.0, 410.0, 71.0, 24),
        variability=Variability(
            299.0, 0.98, 352, 41.0, 28.0, 7.5, 19.8, 54.6, 900.0, 610.0, 240.0, 2.54
        ),
        latency=(StageLatency("preprocessing", 0.004), StageLatency("features", 0.002)),
    )


def sample_alarm() -> Alarm:
    return Alarm(
        event_type=EventType.STEMI_DETECTED,
        domain=Domain.HEART,
        state=AlarmState.ACTIVE,
        severity=Severity.CRITICAL,
        since_s=NOW_MONO_S - 32.0,
        evidence_s=NOW_MONO_S - 0.5,
        alert_id="a1b2c3",
        raised_s=NOW_MONO_S - 12.0,
        evidence=("III +0.27 mV", "aVF +0.24 mV"),
        territory=Territory.INFERIOR,
        confidence=0.95,
    )


def sample_patient(patient_id: str = "p1", name: str = "Ada Example") -> PatientStatus:
    return PatientStatus(
        patient_id=patient_id,
        name=name,
        source="serial:///dev/rfcomm0?baud=9600",
        link_state=LinkState.UP,
        link_age_s=0.3,
        link_reason="",
        link=LinkStatistics(
            bytes_in=96_000,
            bytes_accepted=95_900,
            bytes_discarded=100,
            packets=1_000,
            samples=25_000,
        ),
        device=DeviceInfo("node-01", 250.0, ("I", "II"), 200.0, firmware="1.0", protocol="block"),
        device_status=DeviceStatus(battery_mv=3_900, electrodes_off=frozenset(), uptime_s=100),
        device_status_age_s=0.8,
        battery_percent=66.7,
        assessment=sample_assessment(),
        assessment_age_s=0.4,
        alarms=(sample_alarm(),),
        windows_analysed=96,
        windows_replaced=1,
        device_age_s=99.0,
        coverage=FakeCoverage.HOUR,
    )


def waiting_patient() -> PatientStatus:
    """A patient whose device has never been heard of."""
    return replace(
        sample_patient("p2", "Bert Example"),
        link_state=LinkState.CONNECTING,
        link_reason="No such file or directory: /dev/rfcomm1",
        link=LinkStatistics(),
        device=None,
        device_age_s=None,
        device_status=None,
        device_status_age_s=None,
        battery_percent=None,
        assessment=None,
        assessment_age_s=None,
        alarms=(),
        windows_analysed=0,
        windows_replaced=0,
        coverage=None,
    )


def sample_status() -> DaemonStatus:
    return DaemonStatus(
        version="0.1.0",
        pid=4711,
        uptime_s=3_725.0,
        simulated=True,
        scoring="rules only: no model is installed",
        audio_paused_s=None,
        sounding="high",
        patients=(sample_patient(), waiting_patient()),
        parts=(
            PartHealth("database", True, "ecgd.sqlite3, 2.1 MB", 3.0),
            PartHealth("gpio", False, "no GPIO on this machine: set gpio.factory = 'none'", 60.0),
        ),
        targets=(TargetHealth("relatives", True, 0, 3, 1, 41.0, "200 OK"),),
        database_path="/var/lib/ecgd/ecgd.sqlite3",
        log_path="the journal",
        config_hash="c0ffee",
        models_hash="",
        proof=sample_proof(),
    )


def sample_diagnostics() -> Diagnostics:
    return Diagnostics(
        status=sample_status(),
        latency=(
            LatencySummary("preprocessing", 100.0, 96, 3.1, 4.2, 5.9, 7.0),
            LatencySummary("inference", 100.0, 0, float("nan"), float("nan"), float("nan"), 0.0),
            LatencySummary("alert", 200.0, 4, 90.0, 180.0, 260.0, 260.0),
        ),
        patients=(
            PatientFigures(
                "p1",
                (LatencySummary("preprocessing", 100.0, 96, 3.1, 4.2, 5.9, 7.0),),
                (("noise", 80), ("content", 20)),
                (("windows replaced", 1), ("gaps", 0)),
            ),
            PatientFigures("p2", (), (), (("windows replaced", 0), ("gaps", 0))),
        ),
        alarm_delay=LatencySummary(
            "first evidence to pins", float("nan"), 2, 20_100.0, 21_000.0, 21_000.0, 21_000.0
        ),
        machine=MachineState(
            model="Raspberry Pi 4 Model B Rev 1.4",
            power_problems=(),
            earlier_power_problems=("undervoltage",),
            temperature_c=48.3,
            disk_total_mb=31_000.0,
            disk_free_mb=25_400.0,
            clock_synchronised=True,
        ),
        machine_age_s=12.0,
        loop_late_count=2,
        loop_late_max_ms=31.0,
        queue_depths=(("store", 0), ("delivery", 1)),
        dropped=(("telemetry", 0),),
        store_commit=LatencySummary("commit", 50.0, 12, 2.0, 4.0, 6.0, 6.0),
        memory_mb=88.5,
        python="3.11.2",
        platform="Linux-6.1-aarch64",
    )


def sample_alert(alert_id: str = "a1b2c3") -> Alert:
    return Alert(
        alert_id=alert_id,
        patient_id="p1",
        patient_name="Ada Example",
        event_type=EventType.STEMI_DETECTED,
        severity=Severity.CRITICAL,
        occurred_unix_s=NOW_UNIX_S - 500.0,
        occurred_mono_s=NOW_MONO_S - 12.0,
        boot_id=BOOT_ID,
        clock_synchronised=True,
        simulated=True,
        description="ST elevation in II, III and aVF",
        recommended_action="Call 112 now",
        evidence=("III +0.27 mV",),
        territory=Territory.INFERIOR,
        not_visible=("anterior",),
        scores=(("cnn", 0.91),),
        st_risk=RiskLevel.CRITICAL_STEMI,
        st_mv=tuple(ST_MV.items()),
        heart_rate_bpm=72.4,
        quality=(("II", 0.93), ("III", float("nan"))),
    )


class FakeGateway:
    """Holds the sample state; acknowledging and pausing change it."""

    def __init__(self, status: DaemonStatus | None = None) -> None:
        self.current = status or sample_status()
        self.entries = [
            AlertEntry(sample_alert("a1b2c3"), AlarmState.ACTIVE),
            AlertEntry(sample_alert("d4e5f6"), AlarmState.CLEARED, "nurse", NOW_UNIX_S - 60.0),
        ]
        self.calls: list[tuple[object, ...]] = []
        self.bluetooth = FakeBluetooth()
        self.notes = FakeNotes(NOW_UNIX_S)
        self.marks = FakeMarks(("a1b2c3", "d4e5f6"), NOW_UNIX_S)
        self.trials = FakeTrials()
        self.reports = FakeReports(("a1b2c3", "d4e5f6"))
        self.baselines = FakeBaselines(NOW_UNIX_S)
        self.config = FakeConfig()
        self.coverage = FakeCoverage()
        self.st = FakeSt(sample_assessment())
        self.failure: Exception | None = None
        self.feed = LiveHub()
        for patient in self.patients():
            self.feed.attach(patient, lambda: None)
        self._patient_desk = FakePatientDesk(
            tuple(
                PatientSettings(id=p.patient_id, name=p.name, source=p.source)
                for p in self.current.patients
            )
        )

    def status(self) -> DaemonStatus:
        if self.failure is not None:
            raise self.failure
        return self.current

    def diagnostics(self) -> Diagnostics:
        return replace(sample_diagnostics(), status=self.current)

    @property
    def patient_desk(self) -> FakePatientDesk:
        return self._patient_desk

    def patients(self) -> tuple[PatientSettings, ...]:
        return tuple(
            PatientSettings(id=p.patient_id, name=p.name, source=p.source)
            for p in self.current.patients
        )

    async def list_alerts(
        self, limit: int, patient: str | None, unacknowledged: bool
    ) -> tuple[AlertEntry, ...]:
        self.calls.append(("list", limit, patient, unacknowledged))
        wanted = [
            entry
            for entry in self.entries
            if patient in (None, entry.alert.patient_id)
            and not (unacknowledged and entry.acknowledged_by)
        ]
        return tuple(wanted[:limit])

    async def acknowledge(
        self, alert_id: str | None, patient: str | None, by: str
    ) -> tuple[str, ...]:
        self.calls.append(("acknowledge", alert_id, patient, by))
        if alert_id is not None and alert_id not in [e.alert.alert_id for e in self.entries]:
            raise UnknownAlertError(alert_id)
        done = []
        for place, entry in enumerate(self.entries):
            named = alert_id in (None, entry.alert.alert_id)
            theirs = patient in (None, entry.alert.patient_id)
            if named and theirs and entry.acknowledged_by is None:
                self.entries[place] = replace(
                    entry,
                    state=AlarmState.ACKNOWLEDGED,
                    acknowledged_by=by,
                    acknowledged_unix_s=NOW_UNIX_S,
                )
                done.append(entry.alert.alert_id)
        return tuple(done)

    def pause_audio(self, by: str) -> float:
        self.calls.append(("pause", by))
        self.current = replace(self.current, audio_paused_s=120.0)
        return 120.0


@contextmanager
def serving(gateway: FakeGateway, socket_path: Path) -> Iterator[None]:
    """Serve ``gateway`` on a real socket from a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(serve(gateway, socket_path, CLOCK), loop).result(
            5
        )
        yield
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(5)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
