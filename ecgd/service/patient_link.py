"""Between one patient's source and session: hands on what comes, asks the device who it is."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from pathlib import Path

from ecgd.errors import RecordingError, SourceError
from ecgd.model.device import DeviceInfo
from ecgd.model.link import LinkClosed, LinkOpened, LinkState, Received
from ecgd.model.signal import Window
from ecgd.pipeline.intake import (
    DeviceReset,
    DeviceSeen,
    FaultSeen,
    IntakeEvent,
    ReplySeen,
    SamplesPlaced,
    StatusSeen,
    WindowReady,
)
from ecgd.protocol import Command, encode_command
from ecgd.service.live import LiveHub
from ecgd.service.logs import log_event
from ecgd.service.session import PatientSession
from ecgd.sources.key_file import load_link_key
from ecgd.sources.radio import Radio
from ecgd.sources.replay import ByteLogSource
from ecgd.sources.source import Source, open_source
from ecgd.store.writer import StoreWriter

_log = logging.getLogger(__name__)

OPEN_AGAIN_S = 15.0
"""A source that cannot be opened is tried again after this."""

ASK_AGAIN_S = 2.0
"""A device that has not said who it is gets asked again after this."""


class PatientLink:
    """Runs one patient's source in the loop; ``submit`` takes each window that is complete."""

    def __init__(
        self,
        session: PatientSession,
        store: StoreWriter,
        submit: Callable[[str, Window], None],
        rng: random.Random,
        live: LiveHub,
        *,
        met: Callable[[PatientSession], None],
        radio: Radio | None = None,
        heard: Callable[[str, Received], None] | None = None,
    ) -> None:
        self._session = session
        self._store = store
        self._submit = submit
        self._rng = rng
        self._met = met
        self._radio = radio
        self._heard = heard
        self._source: Source | None = None
        self._failure = ""
        self._asked_s = 0.0
        self._recorded: tuple[int, DeviceInfo] | None = None
        self._live = live
        live.attach(session.patient, lambda: self._ask(time.monotonic()))

    async def run(self) -> None:
        """Take what comes until the source has ended for good.

        A recording that cannot be read is this patient's trouble alone: the link says why, and it
        is tried again, for a file may be mended or a disk mounted.
        """
        while True:
            try:
                await self._run_once()
            except (SourceError, RecordingError) as error:
                self._fail(str(error))
                await asyncio.sleep(OPEN_AGAIN_S)
            else:
                return

    async def _run_once(self) -> None:
        await self._secure()
        # In a thread: a recording is read from a disk that may be slow.
        url = self._session.patient.source
        self._source = await asyncio.to_thread(
            open_source, url, clock=time.monotonic, rng=self._rng, radio=self._radio
        )
        if isinstance(self._source, ByteLogSource) and self._source.device is not None:
            self._session.read_as(self._source.device)
        self._failure = ""
        try:
            await self._source.run(self._take)
        finally:
            self._source = None

    async def _secure(self) -> None:
        """Read the device's key, where it has one; without it nothing is taken."""
        key_file = self._session.patient.device.key_file
        key = await asyncio.to_thread(load_link_key, Path(key_file)) if key_file else None
        self._session.secure(key)

    def _fail(self, reason: str) -> None:
        """Tell a failure once, however often it is tried again."""
        if reason != self._failure:
            self._failure = reason
            self._take(LinkClosed(time.monotonic(), reason, OPEN_AGAIN_S))

    def ask_if_needed(self, now_s: float) -> None:
        """Ask a silent stranger who it is."""
        if self._session.needs_device and now_s - self._asked_s >= ASK_AGAIN_S:
            self._ask(now_s)

    def _ask(self, now_s: float) -> None:
        if not self._session.intake.takes_commands:
            return
        self._asked_s = now_s
        asking = encode_command(Command.HELLO) + encode_command(Command.START)
        if self._source is not None and self._source.send(asking):
            self._live.note_sent(self._session.patient.id, asking)

    def _take(self, received: Received) -> None:
        patient_id = self._session.patient.id
        if self._heard is not None:
            self._heard(patient_id, received)
        events = self._session.receive(received)
        self._live.note_received(patient_id, received, events)
        if isinstance(received, LinkOpened):
            log_event(_log, "link_open", f"{self._session.name}: link open", patient=patient_id)
            self._ask(received.arrived_s)
        elif isinstance(received, LinkClosed):
            self._close(received)
        for event in events:
            self._handle(patient_id, event)

    def _close(self, closed: LinkClosed) -> None:
        patient_id = self._session.patient.id
        self._store.close_recording(patient_id, "link lost")
        self._recorded = None
        log_event(
            _log,
            "link_closed",
            f"{self._session.name}: {closed.reason}",
            level=logging.WARNING,
            patient=patient_id,
            retry_s=closed.retry_s,
        )

    def _handle(self, patient_id: str, event: IntakeEvent) -> None:
        match event:
            case WindowReady():
                self._submit(patient_id, event.window)
            case SamplesPlaced():
                self._record(patient_id, event)
            case StatusSeen():
                self._store_status(patient_id, event)
            case DeviceSeen():
                if self._session.foreign_device is None:
                    self._store.ensure_device(patient_id, event.device)
                log_event(
                    _log,
                    "device",
                    f"{self._session.name}: device {event.device.device_id}, "
                    f"{event.device.fs_hz:g} Hz, leads {', '.join(event.device.leads)}",
                    patient=patient_id,
                    device=event.device.device_id,
                )
                self._met(self._session)
            case DeviceReset():
                self._recorded = None
                log_event(
                    _log,
                    "device_reset",
                    f"{self._session.name}: {event.reason}",
                    level=logging.WARNING,
                    patient=patient_id,
                )
            case FaultSeen() if event.fault.discarded == 0:
                name = self._session.name
                log_event(
                    _log,
                    "device_fault",
                    f"{name}: {event.fault.detail}",
                    level=logging.WARNING,
                    patient=patient_id,
                )
            case FaultSeen():
                _log.debug("%s: %s", patient_id, event.fault)
            case ReplySeen():
                _log.debug("%s: %s", patient_id, event.reply)

    def _record(self, patient_id: str, placed: SamplesPlaced) -> None:
        stream = (placed.origin, placed.device)
        if stream != self._recorded:
            self._store.open_recording(patient_id, placed.device)
            self._recorded = stream
        self._store.append_waveform(patient_id, placed.block)

    def _store_status(self, patient_id: str, seen: StatusSeen) -> None:
        status = self._session.status(seen.arrived_s, analysed=0, replaced=0)
        assessment = self._session.assessment
        self._store.store_device_status(
            patient_id,
            seen.status,
            connected=status.link_state is LinkState.UP,
            battery_percent=status.battery_percent,
            signal_quality=assessment.sqi if assessment else None,
        )
