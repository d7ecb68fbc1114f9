"""Between one patient's source and session: hands on what comes, asks the device who it is."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable

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
from ecgd.service.logs import log_event
from ecgd.service.session import PatientSession
from ecgd.sources.source import open_source
from ecgd.store.writer import StoreWriter

_log = logging.getLogger(__name__)

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
    ) -> None:
        self._session = session
        self._store = store
        self._submit = submit
        self._source = open_source(session.patient.source, clock=time.monotonic, rng=rng)
        self._asked_s = 0.0
        self._recorded: str | None = None

    async def run(self) -> None:
        """Take what comes until the source has ended for good."""
        await self._source.run(self._take)

    def ask_if_needed(self, now_s: float) -> None:
        """Ask a silent stranger who it is."""
        if self._session.needs_device and now_s - self._asked_s >= ASK_AGAIN_S:
            self._ask(now_s)

    def _ask(self, now_s: float) -> None:
        self._asked_s = now_s
        self._source.send(encode_command(Command.HELLO) + encode_command(Command.START))

    def _take(self, received: Received) -> None:
        patient_id = self._session.patient.id
        events = self._session.receive(received)
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
                self._store.ensure_device(patient_id, event.device)
                log_event(
                    _log,
                    "device",
                    f"{self._session.name}: device {event.device.device_id}, "
                    f"{event.device.fs_hz:g} Hz, leads {', '.join(event.device.leads)}",
                    patient=patient_id,
                    device=event.device.device_id,
                )
            case DeviceReset():
                self._recorded = None
                log_event(
                    _log,
                    "device_reset",
                    f"{self._session.name}: {event.reason}",
                    level=logging.WARNING,
                    patient=patient_id,
                )
            case FaultSeen():
                _log.debug("%s: %s", patient_id, event.fault)
            case ReplySeen():
                _log.debug("%s: %s", patient_id, event.reply)

    def _record(self, patient_id: str, placed: SamplesPlaced) -> None:
        stream = f"{placed.origin}/{placed.device}"
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
