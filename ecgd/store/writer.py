"""The one writer of the database: a thread of its own, fed by bounded queues.

Every method returns at once with a future. The future resolves when the change is on the disk
(committed with synchronous=FULL), and fails when it was refused, rejected or dropped. While the
disk is at fault, futures stay open and the change waits in memory, up to the stated limits.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from ecgd.config.settings import StoreSettings
from ecgd.errors import StoreError
from ecgd.model.alarm import UNKNOWN_BOOT, Alert, DeliveryReport, OutboxItem
from ecgd.model.alert_mark import AlertMark, Verdict
from ecgd.model.assessment import Assessment
from ecgd.model.coverage import CoverageSum
from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.model.signal import SampleBlock
from ecgd.model.st_episode import StEpisode
from ecgd.model.status import PartHealth
from ecgd.store.alarms import (
    AcknowledgeAlert,
    ClearAlert,
    CorrectAlertTimes,
    RecordDelivery,
    SaveAlarmBook,
    SaveBaseline,
    StoreAlert,
)
from ecgd.store.alert_marks import MarkAlert
from ecgd.store.capsules import StoreCapsulePart
from ecgd.store.commit import Clocks, Committer
from ecgd.store.coverage import AddCoverage
from ecgd.store.escalations import SaveEscalation
from ecgd.store.evolutions import SaveEvolution
from ecgd.store.figures import StoreDeviceStatus, StoreHealthEvent, StoreHeartbeat, StoreNote
from ecgd.store.operations import (
    ArchiveUser,
    CloseRecording,
    EnsureDevice,
    EnsureUser,
    OpenRecording,
    Operation,
)
from ecgd.store.packing import Packer, Preprocess
from ecgd.store.queues import AppendBlock, Flush, Inbox, Work
from ecgd.store.results import Thinner
from ecgd.store.retention import Retention
from ecgd.store.rows import to_json
from ecgd.store.st_episodes import InterruptStEpisodes, StoreStEpisode
from ecgd.store.staging import Staging
from ecgd.store.streams import StampedBlock, Stream
from ecgd.store.worker import StoreStatistics, Worker

RECORDING_S = 600.0
"""A recording goes on in a new row after this; its pieces are then packed into one."""

GATHER_S = 2.5
"""Finished pieces and rows wait this long for company, so that the card is written less often."""


class StoreWriter:
    """Writes one database. Methods may be called from any thread and never wait for the disk."""

    def __init__(
        self,
        path: Path,
        settings: StoreSettings,
        *,
        boot_id: str,
        preprocess: Preprocess | None = None,
        clock: Callable[[], float] = time.monotonic,
        unix_clock: Callable[[], float] = time.time,
        recording_s: float = RECORDING_S,
        gather_s: float = GATHER_S,
    ) -> None:
        self._clocks = Clocks(clock, unix_clock)
        self._boot_id = boot_id
        self._thinner = Thinner(settings.segment_s)
        self._streams: dict[str, Stream] = {}
        self._inbox = Inbox()
        self._worker = Worker(
            self._inbox,
            Committer(path, self._clocks, self._live_keys),
            Staging(settings.segment_s, recording_s),
            Packer(settings.around_alert_s, preprocess),
            Retention(settings, self._clocks),
            clocks=self._clocks,
            gather_s=gather_s,
        )

    def start(self) -> None:
        """Open the database and start the thread.

        A damaged file is put aside and replaced; a disk at fault is tried again for ever, and
        ``health`` says so. Raises StoreError only when the schema is newer than this program.
        """
        self._worker.start()

    def close(self, timeout_s: float = 5.0) -> bool:
        """Finish all recordings, commit everything and end the thread.

        Returns whether everything is on the disk; what is not has a future that says so.
        """
        for patient_id in tuple(self._streams):
            self.close_recording(patient_id, "stopped")
        return self._worker.close(timeout_s)

    @property
    def finished(self) -> Future[None]:
        """Resolves when the thread has ended; holds its exception if it ended unexpectedly."""
        return self._worker.finished

    @property
    def health(self) -> PartHealth:
        """How the database is, and what waits in memory because of it."""
        return self._worker.health()

    @property
    def statistics(self) -> StoreStatistics:
        """Queue depths, losses and commit latency."""
        return self._worker.statistics()

    def ensure_user(
        self, patient_id: str, name: str = "", sex: str = "unknown", birth_year: int = 0
    ) -> Future[int]:
        """Make a patient known; gives ``users.id``."""
        now_s = self._clocks.unix()
        return self._urgent(EnsureUser(patient_id, name or patient_id, sex, birth_year, now_s))

    def archive_user(self, patient_id: str, archived: bool) -> Future[int]:
        """Mark a patient as one of the past, or take the mark away; 0: there is no such patient."""
        return self._urgent(ArchiveUser(patient_id, archived, self._clocks.unix()))

    def ensure_device(self, patient_id: str, device: DeviceInfo) -> Future[int]:
        """Make a patient's device known; gives ``devices.id``."""
        return self._urgent(EnsureDevice(patient_id, device, self._clocks.unix()))

    def open_recording(self, patient_id: str, device: DeviceInfo) -> Future[int]:
        """Begin a recording; gives ``recordings.id``. One that is open is closed first.

        Call it when a device connects, describes itself anew, or counts its samples anew.
        """
        if patient_id in self._streams:
            self.close_recording(patient_id, "replaced")
        stream = Stream(
            key=uuid.uuid4().hex,
            patient_id=patient_id,
            device=device,
            boot_id=self._boot_id,
            opened_unix_s=self._clocks.unix(),
            opened_mono_s=self._clocks.mono(),
        )
        self._streams[patient_id] = stream
        return self._urgent(OpenRecording(stream))

    def close_recording(self, patient_id: str, reason: str = "closed") -> Future[int]:
        """Finish a patient's recording; 0: none was open."""
        stream = self._streams.pop(patient_id, None)
        if stream is None:
            return _settled(0)
        return self._telemetry(CloseRecording(stream, reason, self._clocks.unix()))

    def append_waveform(self, patient_id: str, block: SampleBlock) -> Future[int]:
        """Add samples to the open recording; resolves when the last of them is on the disk.

        The wall time of a sample follows from ``arrived_s``, which belongs to its block's end.
        """
        stream = self._streams.get(patient_id)
        if stream is None:
            return _settled(
                StoreError(f"No recording of {patient_id} is open", "Call open_recording first")
            )
        leads, samples = block.counts.shape
        if leads != len(stream.device.leads) or block.valid.shape != (samples,):
            return _settled(
                StoreError(
                    f"A block of {leads} lead(s) does not fit the device's {stream.device.leads}",
                    "Open another recording when the device changes",
                )
            )
        begun_s = block.arrived_s - samples / stream.device.fs_hz
        stamped = StampedBlock(block, self._unix_of(begun_s))
        return self._telemetry(AppendBlock(stream, stamped))

    def store_assessment(self, patient_id: str, assessment: Assessment) -> tuple[Future[int], ...]:
        """Store the answers to one window, one future a row; often none (see ``results``)."""
        at_s = self._unix_of(assessment.arrived_s)
        stream = self._streams.get(patient_id)
        rows = self._thinner.results(patient_id, stream, assessment, at_s)
        return tuple(self._telemetry(row) for row in rows)

    def store_heartbeat(
        self, patient_id: str, at_unix_s: float, bpm: float | None, anomaly_type: str | None = None
    ) -> Future[int]:
        """Store one beat, or one second; ``anomaly_type`` None: nothing of note."""
        return self._telemetry(StoreHeartbeat(patient_id, at_unix_s, bpm, anomaly_type))

    def store_device_status(
        self,
        patient_id: str,
        status: DeviceStatus,
        *,
        connected: bool,
        battery_percent: float | None = None,
        signal_quality: float | None = None,
    ) -> Future[int]:
        """Store what a device says about itself; ``signal_quality`` from 0 to 1."""
        return self._telemetry(
            StoreDeviceStatus(
                patient_id, self._clocks.unix(), status, battery_percent, signal_quality, connected
            )
        )

    def store_alert(self, alert: Alert, items: tuple[OutboxItem, ...] = ()) -> Future[int]:
        """Store an occurrence and its outbox items in one transaction; gives ``alerts.id``."""
        return self._urgent(StoreAlert(alert, items, self._streams.get(alert.patient_id)))

    def acknowledge_alert(self, alert_id: str, by: str) -> Future[int]:
        """Note who has seen an alert; 0: unknown or acknowledged before."""
        return self._urgent(AcknowledgeAlert(alert_id, by, self._clocks.unix()))

    def mark_alert(self, alert_id: str, verdict: Verdict, by: str, note: str = "") -> Future[int]:
        """Keep what a person says of an alert; 0: no alert has this id."""
        return self._urgent(MarkAlert(alert_id, AlertMark(verdict, by, self._clocks.unix(), note)))

    def clear_alert(self, alert_id: str) -> Future[int]:
        """Note that the evidence of an alert is gone; 0: unknown or cleared before."""
        return self._urgent(ClearAlert(alert_id, self._clocks.unix()))

    def reopen_alert(self, alert_id: str) -> Future[int]:
        """Note that the evidence of an alert is there again; 0: unknown or never cleared."""
        return self._urgent(ClearAlert(alert_id, None))

    def correct_alert_times(self, offset_s: float) -> Future[int]:
        """Date this boot's alerts anew that a wrong clock has dated; gives how many those were.

        ``offset_s``: wall clock minus monotonic clock, now that it is right.
        """
        if self._boot_id == UNKNOWN_BOOT:
            return _settled(0)
        now_s = self._clocks.unix()
        return self._urgent(CorrectAlertTimes(self._boot_id, offset_s, now_s))

    def record_delivery(
        self, report: DeliveryReport, next_unix_s: float | None = None
    ) -> Future[int]:
        """Note one attempt; ``next_unix_s``: not tried again before. 0: not pending any more."""
        wait_s = report.retry_after_s or 0.0
        next_s = report.attempted_unix_s + wait_s if next_unix_s is None else next_unix_s
        return self._urgent(RecordDelivery(report, next_s))

    def save_alarm_book(self, patient_id: str, book: Mapping[str, Any]) -> Future[int]:
        """Keep a patient's alarms for a restart; of several that wait, only the newest is kept."""
        return self._urgent(SaveAlarmBook(patient_id, to_json(book), self._clocks.unix()))

    def save_escalation(
        self,
        alert_id: str,
        record: Mapping[str, Any],
        items: tuple[OutboxItem, ...] = (),
        *,
        is_open: bool,
        withdrawn: tuple[str, ...] = (),
        why: str = "",
    ) -> Future[int]:
        """Keep how an escalation stands, and put what goes out by it into the outbox."""
        now_s = self._clocks.unix()
        text = to_json(record)
        return self._urgent(SaveEscalation(alert_id, is_open, text, items, withdrawn, why, now_s))

    def save_baseline(self, patient_id: str, record: Mapping[str, Any]) -> Future[int]:
        """Keep what is usual for a patient; of several that wait, only the newest is kept."""
        return self._urgent(SaveBaseline(patient_id, to_json(record), self._clocks.unix()))

    def save_evolution(self, patient_id: str, record: Mapping[str, Any]) -> Future[int]:
        """Keep how a patient's ST has gone; of several that wait, only the newest is kept."""
        return self._urgent(SaveEvolution(patient_id, to_json(record), self._clocks.unix()))

    def add_coverage(self, patient_id: str, added: CoverageSum) -> Future[int]:
        """Add a part of an hour to the account of what could have been seen."""
        return self._urgent(AddCoverage(patient_id, added, self._clocks.unix()))

    def store_st_episode(self, patient_id: str, episode: StEpisode, unix_s: float) -> Future[int]:
        """Keep an ST episode as it stands; ``unix_s`` is the wall time of its time 0."""
        return self._urgent(StoreStEpisode(patient_id, episode, unix_s))

    def interrupt_st_episodes(self, patient_id: str) -> Future[int]:
        """Note that nobody saw the end of a patient's ST episodes."""
        return self._urgent(InterruptStEpisodes(patient_id))

    def store_capsule_part(
        self, capsule_id: str, alert_ids: tuple[str, ...], part: int, data: bytes, *, is_last: bool
    ) -> Future[int]:
        """Keep one piece of a capsule, and which alerts it tells of."""
        now_s = self._clocks.unix()
        piece = StoreCapsulePart(capsule_id, alert_ids, part, is_last, data, now_s)
        return self._telemetry(piece)

    def store_health_event(
        self,
        patient_id: str,
        event_type: str,
        message: str,
        details: Mapping[str, Any] | None = None,
    ) -> Future[int]:
        """Keep something of note that is no alert."""
        event = StoreHealthEvent(
            patient_id, self._clocks.unix(), event_type, message, to_json(details or {})
        )
        return self._urgent(event)

    def store_note(self, patient_id: str, author: str, text: str) -> Future[int]:
        """Keep a person's remark."""
        return self._urgent(StoreNote(patient_id, self._clocks.unix(), author, text))

    def flush(self) -> Future[int]:
        """Commit everything that was handed over before, unfinished pieces included."""
        return self._telemetry(Flush())

    def replace_damaged(self, reason: str) -> None:
        """Put the database aside and begin a new one: a full check elsewhere found damage."""
        self._worker.replace_damaged(reason)

    def _urgent(self, operation: Operation) -> Future[int]:
        return self._inbox.put_urgent(operation, self._clocks.mono())

    def _telemetry(self, work: Work) -> Future[int]:
        return self._inbox.put_telemetry(work, self._clocks.mono())

    def _unix_of(self, mono_s: float) -> float:
        return self._clocks.unix() + mono_s - self._clocks.mono()

    def _live_keys(self) -> set[str]:
        return {stream.key for stream in tuple(self._streams.values())}


def _settled(result: int | StoreError) -> Future[int]:
    future: Future[int] = Future()
    if isinstance(result, StoreError):
        future.set_exception(result)
    else:
        future.set_result(result)
    return future
