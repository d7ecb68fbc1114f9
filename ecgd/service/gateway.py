"""The daemon as the control socket sees it."""

from __future__ import annotations

import asyncio
import os
import platform
import time
from dataclasses import replace
from pathlib import Path

from ecgd import __version__
from ecgd.config.settings import PatientSettings, Settings
from ecgd.decision.alarm import telling
from ecgd.model.alarm import AlarmState
from ecgd.model.status import DaemonStatus, Diagnostics, PartHealth, PatientFigures, PatientStatus
from ecgd.service.baseline_desk import BaselineDesk
from ecgd.service.bluetooth_pins import bluetooth_address
from ecgd.service.config_desk import ConfigDesk
from ecgd.service.coverage_desk import CoverageDesk
from ecgd.service.identity import is_clock_synchronised
from ecgd.service.live import LiveHub
from ecgd.service.mark_desk import MarkDesk
from ecgd.service.note_desk import NoteDesk
from ecgd.service.parts import Parts
from ecgd.service.patient_tags import tagged
from ecgd.service.picture_desk import PictureDesk
from ecgd.service.st_desk import StDesk
from ecgd.store.coverage_reader import CoverageReader
from ecgd.store.entries import StoredAlert
from ecgd.store.reader import StoreReader
from ecgd.store.st_reader import StReader
from ecgd.web.bluetooth_gateway import BluetoothDesk
from ecgd.web.gateway import AlertEntry, UnknownAlertError
from ecgd.web.patient_gateway import PatientDesk
from ecgd.web.trial_gateway import TrialGateway


class DaemonGateway:
    """Implements ``ecgd.web.gateway.Gateway`` over the running parts."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._reader = StoreReader(parts.places.database_path)
        self._notes = NoteDesk(parts.store, self._reader, lambda: tuple(parts.sessions))
        self._marks = MarkDesk(parts.store, self._reader)
        self._pictures = PictureDesk(
            parts.places.database_path,
            parts.settings,
            lambda: parts.fan_out.circumstances.config_hash,
            parts.drawing,
        )
        reader = CoverageReader(parts.places.database_path)
        self._coverage = CoverageDesk(reader, parts.coverage)
        self._st = StDesk(StReader(parts.places.database_path), parts.sessions)
        self._baselines = BaselineDesk(parts.worker, parts.store, parts.sessions)
        self._config = ConfigDesk(parts.places.config_path, parts.settings, self._in_force)

    @property
    def feed(self) -> LiveHub:
        """What happens, as it happens."""
        return self._parts.live

    @property
    def bluetooth(self) -> BluetoothDesk:
        """The radio: finding, pairing and forgetting devices."""
        return self._parts.bluetooth_desk

    @property
    def notes(self) -> NoteDesk:
        """Remarks about patients."""
        return self._notes

    @property
    def marks(self) -> MarkDesk:
        """What people say of alerts."""
        return self._marks

    @property
    def reports(self) -> PictureDesk:
        """Alerts as clinicians see them."""
        return self._pictures

    @property
    def trials(self) -> TrialGateway:
        """Tests of the alarms."""
        return self._parts.trials

    @property
    def baselines(self) -> BaselineDesk:
        """What is usual for the patients."""
        return self._baselines

    @property
    def coverage(self) -> CoverageDesk:
        """What could have been seen."""
        return self._coverage

    @property
    def st(self) -> StDesk:
        """ST and its episodes."""
        return self._st

    @property
    def config(self) -> ConfigDesk:
        """The settings that are in force."""
        return self._config

    def status(self) -> DaemonStatus:
        """Return a snapshot."""
        parts = self._parts
        now_s = time.monotonic()
        circumstances = parts.circumstances
        return DaemonStatus(
            version=__version__,
            pid=os.getpid(),
            uptime_s=now_s - parts.started_s,
            simulated=circumstances.simulated,
            scoring=parts.opinions.scoring,
            audio_paused_s=parts.sounding.audio_paused_s,
            sounding=parts.sounding.priority if parts.sounding.sounding else None,
            patients=tuple(self._patient(patient_id, now_s) for patient_id in parts.sessions),
            parts=self._healths(),
            targets=tuple(
                each.health() for each in (*parts.targets.values(), *parts.listeners.values())
            ),
            database_path=str(parts.places.database_path),
            log_path=parts.settings.daemon.log_file,
            config_hash=circumstances.config_hash,
            models_hash=parts.models.models_hash,
            networks=parts.opinions.states,
            gateway_alarms=telling(parts.gateway_alarms.book),
            proof=parts.proof(),
        )

    def diagnostics(self) -> Diagnostics:
        """Return the figures for whoever looks for a fault."""
        parts = self._parts
        statistics = parts.store.statistics
        return Diagnostics(
            status=self.status(),
            latency=parts.latency.summaries(),
            patients=tuple(self._figures(patient_id) for patient_id in parts.sessions),
            alarm_delay=parts.latency.alarm_delay(),
            machine=parts.machine.state,
            machine_age_s=parts.machine.age_s,
            loop_late_count=parts.loop_watch.late_count,
            loop_late_max_ms=parts.loop_watch.late_max_s * 1e3,
            queue_depths=(
                ("analysis", parts.worker.waiting_count()),
                ("store alerts", statistics.waiting_alerts),
                ("store urgent", statistics.waiting_urgent),
                ("store telemetry", statistics.waiting_telemetry),
                ("log", parts.logs.depth),
            ),
            dropped=(
                ("windows", sum(parts.worker.counts(each)[1] for each in parts.sessions)),
                ("scores", parts.opinions.missed_count),
                ("telemetry", statistics.dropped_telemetry),
                ("deliveries", parts.overflowed),
                ("log records", parts.logs.dropped),
                ("items of live streams", parts.live.missed_count),
            ),
            store_commit=statistics.commit,
            memory_mb=_resident_mb(),
            python=platform.python_version(),
            platform=platform.platform(),
            upkeep=statistics.upkeep(),
        )

    def patients(self) -> tuple[PatientSettings, ...]:
        """Return the patients who are watched."""
        return self._parts.settings.patients

    @property
    def patient_desk(self) -> PatientDesk:
        """Who is watched, and by which device."""
        return self._parts.patient_desk

    async def list_alerts(
        self, limit: int, patient: str | None, unacknowledged: bool
    ) -> tuple[AlertEntry, ...]:
        """Return the newest alerts first. Raises StoreError when they cannot be read."""

        def read() -> tuple[StoredAlert, ...]:
            return self._reader.alerts(
                patient_id=patient, unacknowledged=unacknowledged, limit=limit
            )

        stored = await asyncio.to_thread(read)
        return tuple(self._entry(each) for each in stored)

    async def acknowledge(
        self, alert_id: str | None, patient: str | None, by: str
    ) -> tuple[str, ...]:
        """Acknowledge; raises UnknownAlertError for an id that no standing alarm has."""
        if alert_id is not None and alert_id not in self._standing():
            raise UnknownAlertError(alert_id)
        return self._parts.acknowledge(alert_id, patient, by)

    def pause_audio(self, by: str) -> float:
        """Silence the buzzer; return after how many seconds it comes back."""
        return self._parts.pause_audio(by)

    def _patient(self, patient_id: str, now_s: float) -> PatientStatus:
        analysed, replaced = self._parts.worker.counts(patient_id)
        session = self._parts.sessions[patient_id]
        status = session.status(now_s, analysed=analysed, replaced=replaced)
        coverage = self._parts.coverage.ledger.last_hour(patient_id, now_s)
        address = bluetooth_address(session.patient.source)
        bluetooth = self._parts.radio.link(address) if address else None
        called = self._parts.fan_out.tag_of(patient_id).called()
        return replace(status, coverage=coverage, bluetooth=bluetooth, called=called)

    def _figures(self, patient_id: str) -> PatientFigures:
        session = self._parts.sessions[patient_id]
        link = session.intake.statistics
        return PatientFigures(
            patient_id=patient_id,
            latency=self._parts.latency.of_patient(patient_id),
            discarded_bytes=tuple(session.discarded_bytes.items()),
            dropped=(
                ("windows replaced", self._parts.worker.counts(patient_id)[1]),
                ("repeated packets", link.repeats_dropped),
                ("samples lost", link.samples_lost),
                ("gaps", link.gaps),
            ),
        )

    def _healths(self) -> tuple[PartHealth, ...]:
        parts = self._parts
        synchronised = is_clock_synchronised()
        clock = "synchronised" if synchronised else "not synchronised: times may be wrong"
        return (
            parts.store.health,
            parts.annunciator.health(),
            parts.opinions.health(),
            PartHealth("clock", synchronised, clock),
            parts.roster_health(),
            parts.logs.health(),
            parts.machine.health(),
            *_radio_health(parts),
            *filter(None, (parts.proof_health(), parts.people_health())),
            *filter(None, (parts.replies_health(), parts.whereabouts(), parts.setup())),
            *filter(None, (parts.sign_of_life(), parts.fault_light(), parts.quiet_hours.health())),
            *filter(None, (parts.reports_health(),)),
        )

    def _in_force(self) -> Settings:
        watched = tuple(session.patient for session in self._parts.sessions.values())
        return replace(self._parts.settings, patients=watched)

    def _standing(self) -> dict[str, AlarmState]:
        """Return the state of every alarm that has an alert, by the alert's id."""
        return {
            alarm.alert_id: alarm.state
            for subject in self._parts.subjects()
            for alarm in subject.alarms.book.alarms
            if alarm.alert_id is not None
        }

    def _entry(self, stored: StoredAlert) -> AlertEntry:
        state = self._standing().get(stored.alert.alert_id, AlarmState.CLEARED)
        answered = stored.acknowledged_by, stored.acknowledged_unix_s
        alert = tagged(stored.alert, self._parts.fan_out.tag_of(stored.alert.patient_id))
        return AlertEntry(alert, state, *answered, stored.marks)


def _radio_health(parts: Parts) -> tuple[PartHealth, ...]:
    """Say how the Bluetooth adapter is, where a patient's device needs it."""
    if not any(bluetooth_address(each.patient.source) for each in parts.sessions.values()):
        return ()
    adapter = parts.radio.adapter()
    detail = adapter.trouble or f"{adapter.name}, {adapter.address}"
    return (PartHealth("bluetooth", not adapter.trouble, detail),)


def _resident_mb() -> float:
    """Return the resident memory of this process in MB; NaN never: 0 where it is unknown."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
