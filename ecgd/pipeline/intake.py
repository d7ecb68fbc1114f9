"""Intake: bytes or samples in, windows out. Decoder, timeline and ring of one patient."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np

from ecgd.config.settings import AnalysisSettings
from ecgd.dsp.derivation import complete_limb_leads, derivation_sources
from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.model.link import BytesReceived, LinkStatistics, SamplesReceived
from ecgd.model.signal import BoolArray, CountArray, FloatArray, SampleBlock, Window
from ecgd.pipeline.ring import Ring
from ecgd.protocol import (
    BlockDecoder,
    DeviceClock,
    Fault,
    HelloPacket,
    Packet,
    PlacementKind,
    ReplyPacket,
    SamplesPacket,
    StatusPacket,
    Timeline,
)

WAITING_PACKETS = 50
"""Sample packets kept until the device has said its scale: 5 s at 100 ms a packet."""

RING_WINDOWS = 3
"""The ring holds so many windows."""


@dataclass(frozen=True, slots=True, eq=False)
class WindowReady:
    """A window to be analysed."""

    window: Window


@dataclass(frozen=True, slots=True, eq=False)
class SamplesPlaced:
    """Samples at their absolute indices, after a gap of ``gap_samples``."""

    block: SampleBlock
    device: DeviceInfo
    origin: int
    gap_samples: int


@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """The device has said who it is and how it measures."""

    device: DeviceInfo
    origin: int


@dataclass(frozen=True, slots=True)
class StatusSeen:
    """The device reported its status."""

    status: DeviceStatus
    arrived_s: float


@dataclass(frozen=True, slots=True)
class ReplySeen:
    """The device answered a command."""

    reply: ReplyPacket


@dataclass(frozen=True, slots=True)
class FaultSeen:
    """Bytes were discarded."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class DeviceReset:
    """The sample count began anew: indices of before mean nothing any more."""

    origin: int
    reason: str


IntakeEvent = (
    WindowReady | SamplesPlaced | DeviceSeen | StatusSeen | ReplySeen | FaultSeen | DeviceReset
)


class Intake:
    """Turns what one source delivers into windows, one per hop.

    ``phase_s`` shifts the hops, so that several patients do not ask for analysis at once.
    """

    def __init__(self, settings: AnalysisSettings, *, phase_s: float = 0.0) -> None:
        self._settings = settings
        self._phase_s = phase_s
        self._decoder = BlockDecoder()
        self._timeline = Timeline()
        self._clock = DeviceClock()
        self._waiting: deque[tuple[SamplesPacket, float]] = deque(maxlen=WAITING_PACKETS)
        self._statistics = LinkStatistics()
        self._device: DeviceInfo | None = None
        self._status: DeviceStatus | None = None
        self._ring: Ring | None = None
        self._origin = 0
        self._next_end = 0

    @property
    def device(self) -> DeviceInfo | None:
        """The device as it described itself; None until it did."""
        return self._device

    @property
    def origin(self) -> int:
        """Number of the present sample count."""
        return self._origin

    @property
    def statistics(self) -> LinkStatistics:
        """Every byte and sample accounted for."""
        decoded = self._decoder.statistics
        return replace(
            self._statistics,
            bytes_in=decoded.bytes_in,
            bytes_accepted=decoded.bytes_accepted,
            bytes_discarded=decoded.bytes_discarded,
            bytes_pending=decoded.bytes_pending,
            packets=decoded.packets,
            crc_errors=decoded.crc_errors,
            clock_ppm=self._clock.ppm,
        )

    def receive(self, received: BytesReceived | SamplesReceived) -> tuple[IntakeEvent, ...]:
        """Take what a source delivered and return what follows from it, in order."""
        events: list[IntakeEvent] = []
        if isinstance(received, SamplesReceived):
            if received.device != self._device:
                self._adopt(received.device, events)
            if received.status is not None:
                self._take_status(received.status, received.block.arrived_s, events)
            self._place(received.block, events)
        else:
            for packet in self._decoder.feed(received.data):
                self._take(packet, received.arrived_s, events)
        return tuple(events)

    def interrupt(self, now_s: float) -> tuple[IntakeEvent, ...]:
        """Close the account of half-received packets: the link was cut."""
        events: list[IntakeEvent] = []
        for packet in self._decoder.reset():
            self._take(packet, now_s, events)
        self._timeline.observe_cut()
        return tuple(events)

    def remainder(self, now_s: float) -> tuple[Window, ...]:
        """Return the window that ends with the newest sample, if no hop has cut it yet."""
        if self._ring is None or self._device is None:
            return ()
        hop = round(self._settings.hop_s * self._device.fs_hz)
        newest = self._ring.end_index
        whole = newest >= round(self._settings.window_s * self._device.fs_hz)
        return (self._window(newest, now_s),) if whole and newest > self._next_end - hop else ()

    def _take(self, packet: Packet | Fault, arrived_s: float, events: list[IntakeEvent]) -> None:
        match packet:
            case SamplesPacket():
                self._take_samples(packet, arrived_s, events)
            case HelloPacket():
                self._take_hello(packet, arrived_s, events)
            case StatusPacket():
                self._timeline.observe_status(packet, arrived_s)
                self._take_status(packet.status, arrived_s, events)
            case ReplyPacket():
                events.append(ReplySeen(packet))
            case Fault():
                events.append(FaultSeen(packet))
            case _:
                # A command is what the gateway sends; its echo says nothing.
                pass

    def _take_hello(self, packet: HelloPacket, arrived_s: float, events: list[IntakeEvent]) -> None:
        if packet.info != self._device:
            self._adopt(packet.info, events)
        self._timeline.observe_hello(packet)
        # One that still does not fit waits again: it must not be met twice in one round.
        for _ in range(len(self._waiting)):
            waiting, arrived_s = self._waiting.popleft()
            self._take_samples(waiting, arrived_s, events)

    def _take_status(
        self, status: DeviceStatus, arrived_s: float, events: list[IntakeEvent]
    ) -> None:
        self._status = status
        events.append(StatusSeen(status, arrived_s))

    def _adopt(self, device: DeviceInfo, events: list[IntakeEvent]) -> None:
        """Begin a new origin with another device, or the same with another scale."""
        anew = self._device is not None
        self._device = device
        self._timeline = Timeline(device.fs_hz)
        if anew:
            self._restart("the device described itself anew", events)
        else:
            self._prepare()
        events.append(DeviceSeen(device, self._origin))

    def _restart(self, reason: str, events: list[IntakeEvent]) -> None:
        self._origin += 1
        self._prepare()
        self._statistics = replace(self._statistics, resets=self._statistics.resets + 1)
        events.append(DeviceReset(self._origin, reason))

    def _prepare(self) -> None:
        """Begin at index 0 with an empty ring."""
        assert self._device is not None
        capacity = round(self._settings.window_s * self._device.fs_hz) * RING_WINDOWS
        self._ring = Ring(len(self._device.leads), capacity)
        self._clock = DeviceClock(self._device.fs_hz)
        self._next_end = self._first_end()

    def _first_end(self) -> int:
        assert self._device is not None
        return round((self._settings.window_s + self._phase_s) * self._device.fs_hz)

    def _take_samples(
        self, packet: SamplesPacket, arrived_s: float, events: list[IntakeEvent]
    ) -> None:
        device = self._device
        if device is None or packet.counts.shape[0] != len(device.leads):
            self._waiting.append((packet, arrived_s))
            return
        placement = self._timeline.place(packet, arrived_s)
        if placement.kind is PlacementKind.REPEAT:
            repeats = self._statistics.repeats_dropped + 1
            self._statistics = replace(self._statistics, repeats_dropped=repeats)
            return
        if placement.kind is PlacementKind.RESET:
            self._restart(placement.reason or "the device counts its samples anew", events)
        self._clock.observe(placement.start_index + packet.sample_count, arrived_s)
        # The device's own test wave is no heart: it is kept, and judged by nobody.
        valid = np.full(packet.sample_count, not packet.self_test, dtype=np.bool_)
        self._place(SampleBlock(placement.start_index, packet.counts, valid, arrived_s), events)

    def _place(self, block: SampleBlock, events: list[IntakeEvent]) -> None:
        assert self._ring is not None
        assert self._device is not None
        gap = self._ring.append(block)
        before = self._statistics
        self._statistics = replace(
            before,
            gaps=before.gaps + (gap > 0),
            samples=before.samples + int(block.counts.shape[1]),
            samples_lost=before.samples_lost + gap,
        )
        events.append(SamplesPlaced(block, self._device, self._origin, gap))
        self._cut_windows(block.arrived_s, events)

    def _cut_windows(self, arrived_s: float, events: list[IntakeEvent]) -> None:
        assert self._ring is not None
        assert self._device is not None
        hop = round(self._settings.hop_s * self._device.fs_hz)
        late = self._ring.end_index - self._next_end
        if late < 0:
            return
        # After a gap only the newest window has anything to say.
        oldest = self._ring.end_index - self._ring.capacity // RING_WINDOWS
        if self._next_end < oldest:
            self._next_end += -(-(oldest - self._next_end) // hop) * hop
        while self._next_end <= self._ring.end_index:
            events.append(WindowReady(self._window(self._next_end, arrived_s)))
            self._next_end += hop

    def _window(self, end_index: int, arrived_s: float) -> Window:
        assert self._ring is not None
        assert self._device is not None
        device = self._device
        length = round(self._settings.window_s * device.fs_hz)
        counts, valid = self._ring.view(end_index, length)
        scaled_mv: FloatArray = (counts.astype(np.float64) - device.baseline_counts) / (
            device.counts_per_mv
        )
        leads, signal_mv = complete_limb_leads(device.leads, scaled_mv)
        return Window(
            start_index=end_index - length,
            fs_hz=device.fs_hz,
            leads=leads,
            signal_mv=signal_mv,
            valid=valid.copy(),
            arrived_s=arrived_s,
            device=device,
            electrodes_off=self._status.electrodes_off if self._status else None,
            saturated=_find_saturated(counts, device, leads),
            origin=self._origin,
        )


def _find_saturated(counts: CountArray, device: DeviceInfo, leads: tuple[str, ...]) -> BoolArray:
    """Mark samples at the converter's limits; shape (lead, sample).

    A derived lead is marked where one that it is derived from is.
    """
    limit = 2 ** (device.adc_bits - 1)
    at_limit = (counts <= -limit) | (counts >= limit - 1)
    sources = [device.leads.index(lead) for lead in derivation_sources(device.leads)]
    derived = at_limit[sources].any(axis=0)
    rows = [
        at_limit[device.leads.index(lead)] if lead in device.leads else derived for lead in leads
    ]
    saturated: BoolArray = np.stack(rows)
    return saturated
