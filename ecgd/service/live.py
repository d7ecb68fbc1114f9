"""The live feed: takes what happens in the daemon to whoever looks on; nobody waits for them.

All in the loop's thread. Without a client it notes events only, which are rare.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final
from uuid import uuid4

from ecgd import __version__
from ecgd.config.settings import PatientSettings
from ecgd.decision.alarm import Changes
from ecgd.model.alarm import Alert, ChangeKind, DeliveryReport
from ecgd.model.assessment import Assessment
from ecgd.model.link import BytesReceived, LinkClosed, LinkOpened, LinkState, Received
from ecgd.model.live import EventKind, LiveEvent, LiveSamples, LiveState
from ecgd.model.status import DaemonStatus
from ecgd.pipeline.intake import DeviceReset, DeviceSeen, IntakeEvent, SamplesPlaced
from ecgd.service.live_blocks import Blocks
from ecgd.service.live_events import (
    Happening,
    alarm_happening,
    alert_happening,
    all_parts,
    audio_happening,
    delivery_happening,
    device_happening,
    link_happening,
    part_happening,
    reset_happening,
)
from ecgd.service.live_stream import ByteTap, ItemStream
from ecgd.service.logs import log_event
from ecgd.service.subject import Subject
from ecgd.sources.byte_log import SUFFIX, ByteLogHeader, Direction
from ecgd.sources.byte_log_device import device_notes
from ecgd.sources.url import BluetoothUrl, ReplayUrl, SerialUrl, SyntheticUrl, parse_source
from ecgd.web.stream_gateway import MAX_STREAMS, NoBytesError, TooManyStreamsError

_log = logging.getLogger(__name__)

LOOK_S: Final = 1.0
"""States are looked at, and told, this often."""

EVENTS_KEPT: Final = 500
"""So many events are kept for who comes later."""

INTRODUCE_AGAIN_S: Final = 2.5
"""A device that has just said who it is says it again only after two seconds."""

STOPPING: Final = "the daemon is stopping"


class LiveHub:
    """Implements ``ecgd.web.stream_gateway.LiveFeed``; the daemon calls the ``note_`` methods."""

    def __init__(self) -> None:
        self._run_id = uuid4().hex
        self._events: deque[LiveEvent] = deque(maxlen=EVENTS_KEPT)
        self._count = 0
        self._missed_count = 0
        self._ended: str | None = None
        self._event_streams: list[ItemStream] = []
        self._patient_streams: dict[str, list[ItemStream]] = {}
        self._taps: dict[str, list[ByteTap]] = {}
        self._blocks: dict[str, Blocks] = {}
        self._lines: dict[str, tuple[PatientSettings, Callable[[], None]]] = {}
        self._links: dict[str, tuple[LinkState, str]] = {}
        self._names: dict[str, str] = {}
        self._known: set[str] = set()
        self._looked = False
        self._healthy: dict[str, bool] = {}

    @property
    def run_id(self) -> str:
        """Another one in every run: numbers of events count within it."""
        return self._run_id

    @property
    def stream_count(self) -> int:
        """How many streams are open."""
        return sum(1 for _ in self._all_streams())

    @property
    def missed_count(self) -> int:
        """How many items slow clients have missed, all together."""
        return self._missed_count

    def _note_missed(self) -> None:
        self._missed_count += 1

    def watch_events(self, patient_id: str | None, since_start: bool) -> ItemStream:
        """Return a stream of events; raises TooManyStreamsError."""
        self._check_room()
        stream = ItemStream(
            lambda: self._event_streams.remove(stream), patient_id, self._note_missed
        )
        if since_start:
            for event in self._events:
                if patient_id in (None, event.patient_id):
                    stream.put(event)
        self._event_streams.append(stream)
        self._end_if_over(stream)
        return stream

    def watch_patient(self, patient_id: str) -> ItemStream:
        """Return a stream of everything about one patient; raises TooManyStreamsError."""
        self._check_room()
        stream = ItemStream(lambda: self._leave(patient_id, stream), patient_id, self._note_missed)
        self._patient_streams.setdefault(patient_id, []).append(stream)
        self._end_if_over(stream)
        return stream

    def record_bytes(self, patient_id: str) -> ByteTap:
        """Return a stream of a line's bytes; raises TooManyStreamsError and NoBytesError."""
        self._check_room()
        if patient_id not in self._lines:
            raise NoBytesError(patient_id)
        patient, introduce = self._lines[patient_id]
        tap = ByteTap(lambda: self._leave_line(patient_id, tap), _header(patient))
        self._taps.setdefault(patient_id, []).append(tap)
        self._end_if_over(tap)
        introduce()
        loop = asyncio.get_running_loop()
        loop.call_later(INTRODUCE_AGAIN_S, lambda: tap.ended or introduce())
        return tap

    def attach(self, patient: PatientSettings, introduce: Callable[[], None]) -> None:
        """Take a patient's line; ``introduce`` asks the device who it is.

        A recording begins with the answer: without it the counts have no scale.
        """
        self._lines[patient.id] = (patient, introduce)

    async def run(self, status: Callable[[], DaemonStatus]) -> None:
        """Look at links, patients and parts once a second, until cancelled."""
        while True:
            self.look(status())
            await asyncio.sleep(LOOK_S)

    def look(self, status: DaemonStatus) -> None:
        """Tell what changed since the last look, and every stream how its patient stands."""
        mono_s = time.monotonic()
        self._look_at_patients(status)
        for patient in status.patients:
            self._note_link(patient.patient_id, patient.link_state, patient.link_reason)
            if streams := self._patient_streams.get(patient.patient_id):
                bare = replace(patient, assessment=None)
                state = LiveState(mono_s, bare, status.audio_paused_s, status.sounding)
                for stream in streams:
                    stream.put(state)
        for part in all_parts(status):
            if self._healthy.get(part.part, True) != part.healthy:
                self._tell(None, part_happening(part))
            self._healthy[part.part] = part.healthy

    def end(self) -> None:
        """End every stream: the daemon stops."""
        self._ended = STOPPING
        for stream in self._all_streams():
            stream.end(STOPPING)

    def note_received(
        self, patient_id: str, received: Received, events: tuple[IntakeEvent, ...]
    ) -> None:
        """Take what a source delivered and what followed from it."""
        if isinstance(received, BytesReceived):
            self._pass_on(patient_id, received.data, Direction.FROM_DEVICE, received.arrived_s)
        elif isinstance(received, LinkOpened):
            self._note_link(patient_id, LinkState.UP, "")
        elif isinstance(received, LinkClosed):
            state = LinkState.ENDED if received.retry_s is None else LinkState.LOST
            self._note_link(patient_id, state, received.reason)
        for event in events:
            if isinstance(event, SamplesPlaced):
                self._note_samples(patient_id, event)
            elif isinstance(event, DeviceSeen):
                self._tell(patient_id, device_happening(event.device))
            elif isinstance(event, DeviceReset):
                self._tell(patient_id, reset_happening(event.reason))

    def note_sent(self, patient_id: str, data: bytes) -> None:
        """Take bytes that went to a device."""
        self._pass_on(patient_id, data, Direction.TO_DEVICE, time.monotonic())

    def note_assessment(self, patient_id: str, assessment: Assessment) -> None:
        """Take the analysis' answer to a window."""
        for stream in self._patient_streams.get(patient_id, ()):
            stream.put(assessment)

    def note_changes(self, subject: Subject, changes: Changes) -> None:
        """Take what changed in the alarms of a patient, or of the gateway."""
        for change in changes:
            if change.kind is not ChangeKind.UPDATED and change.alarm.alert_id is not None:
                self._names.setdefault(subject.patient_id, subject.name)
                event = self._event(subject.patient_id, alarm_happening(change))
                self._send(replace(event, alarm=change.alarm))

    def note_alert(self, alert: Alert) -> None:
        """Take an alert that goes out."""
        self._tell(alert.patient_id, alert_happening(alert))

    def note_delivery(self, report: DeliveryReport) -> None:
        """Take the report of one attempt at one target."""
        self._tell(None, delivery_happening(report))

    def note_audio_pause(self, pause_s: float, by: str) -> None:
        """Take that somebody silenced the buzzer."""
        self._tell(None, audio_happening(pause_s, by))

    def _look_at_patients(self, status: DaemonStatus) -> None:
        now = {patient.patient_id: patient.name for patient in status.patients}
        for gone in self._known - now.keys():
            self._tell(gone, Happening(EventKind.PATIENT, "archived", "is not watched any more"))
            self._forget(gone)
        self._names |= now
        for new in now.keys() - self._known if self._looked else ():
            self._tell(new, Happening(EventKind.PATIENT, "added", "is watched now"))
        self._known = set(now)
        self._looked = True

    def _forget(self, patient_id: str) -> None:
        self._links.pop(patient_id, None)
        self._lines.pop(patient_id, None)
        streams = (*self._patient_streams.get(patient_id, ()), *self._taps.get(patient_id, ()))
        for stream in streams:
            stream.end(f"{self._names.get(patient_id, patient_id)} is not watched any more")

    def _note_link(self, patient_id: str, state: LinkState, reason: str) -> None:
        if self._links.get(patient_id) != (state, reason):
            self._links[patient_id] = (state, reason)
            self._tell(patient_id, link_happening(state, reason))

    def _note_samples(self, patient_id: str, placed: SamplesPlaced) -> None:
        if self._patient_streams.get(patient_id):
            if patient_id not in self._blocks:
                self._blocks[patient_id] = Blocks(partial(self._publish, patient_id))
            self._blocks[patient_id].add(placed)

    def _publish(self, patient_id: str, samples: LiveSamples) -> None:
        for stream in self._patient_streams.get(patient_id, ()):
            stream.put(samples)

    def _pass_on(self, patient_id: str, data: bytes, direction: Direction, now_s: float) -> None:
        for tap in self._taps.get(patient_id, ()):
            was_cut = tap.is_cut
            tap.write(data, direction, now_s)
            if tap.is_cut and not was_cut:
                message = "a recording of the line was cut: its client took the bytes too slowly"
                self._tell(patient_id, Happening(EventKind.STREAM, "cut", message))
                log_event(_log, "recording_cut", message, level=logging.WARNING, patient=patient_id)

    def _tell(self, patient_id: str | None, happening: Happening) -> None:
        self._send(self._event(patient_id, happening))

    def _event(self, patient_id: str | None, happening: Happening) -> LiveEvent:
        self._count += 1
        return LiveEvent(
            number=self._count,
            kind=happening.kind,
            change=happening.change,
            mono_s=time.monotonic(),
            unix_s=time.time(),
            patient_id=patient_id,
            patient_name=self._names.get(patient_id, patient_id) if patient_id else "",
            message=happening.message,
            severity=happening.severity,
            facts=happening.facts,
        )

    def _send(self, event: LiveEvent) -> None:
        self._events.append(event)
        for stream in self._event_streams:
            if stream.patient_id in (None, event.patient_id):
                stream.put(event)
        # A sound that is paused concerns everybody who looks at a patient.
        if event.patient_id is None and event.kind is EventKind.AUDIO:
            streams = [each for many in self._patient_streams.values() for each in many]
        else:
            streams = self._patient_streams.get(event.patient_id or "", [])
        for stream in streams:
            stream.put(event)

    def _check_room(self) -> None:
        if self.stream_count >= MAX_STREAMS:
            raise TooManyStreamsError

    def _all_streams(self) -> Iterator[ItemStream | ByteTap]:
        yield from self._event_streams
        for streams in self._patient_streams.values():
            yield from streams
        for taps in self._taps.values():
            yield from taps

    def _end_if_over(self, stream: ItemStream | ByteTap) -> None:
        if self._ended is not None:
            stream.end(self._ended)

    def _leave(self, patient_id: str, stream: ItemStream) -> None:
        streams = self._patient_streams[patient_id]
        streams.remove(stream)
        if not streams:
            del self._patient_streams[patient_id]
            if blocks := self._blocks.pop(patient_id, None):
                blocks.close()

    def _leave_line(self, patient_id: str, tap: ByteTap) -> None:
        taps = self._taps[patient_id]
        taps.remove(tap)
        if not taps:
            del self._taps[patient_id]


def _header(patient: PatientSettings) -> ByteLogHeader:
    """Return what a recording says of itself; nobody's name: recordings are passed on."""
    url = parse_source(patient.source)
    recorded = isinstance(url, ReplayUrl) and not url.path.lower().endswith(SUFFIX)
    if recorded or isinstance(url, SyntheticUrl):
        raise NoBytesError(patient.id)
    began = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    notes = {"recorded_by": f"ecgd {__version__}", "began": began, "source": patient.source}
    notes |= device_notes(patient.device)
    baud = url.baud if isinstance(url, BluetoothUrl | SerialUrl) else ByteLogHeader().baud
    return ByteLogHeader(baud, notes)
