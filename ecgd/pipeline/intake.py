"""Intake: bytes or samples in, windows out. Decoder, timeline and ring of one patient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ecgd.config.settings import AnalysisSettings, DeviceSettings
from ecgd.dsp.derivation import complete_limb_leads, derivation_sources
from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.model.link import BytesReceived, LinkStatistics, SamplesReceived
from ecgd.model.signal import BoolArray, CountArray, FloatArray, SampleBlock, Window
from ecgd.pipeline.block_line import BlockLine
from ecgd.pipeline.bridge import BRIDGE_S, bridge_short_holes
from ecgd.pipeline.front_end import complete_front_end
from ecgd.pipeline.intake_event import (
    DeviceReset,
    DeviceSeen,
    FaultSeen,
    IntakeEvent,
    ReplySeen,
    SamplesPlaced,
    StatusSeen,
    WindowReady,
)
from ecgd.pipeline.line_event import DeviceDescribed, Line, LineEvent, SamplesDecoded
from ecgd.pipeline.ring import Ring
from ecgd.pipeline.six_lead_line import PROTOCOL as SIX_LEAD
from ecgd.pipeline.six_lead_line import SixLeadLine
from ecgd.protocol import DeviceClock, Mark, PlacementKind, SealGuard
from ecgd.protocol.seal_guard import Guard, RecordedGuard, Verdict

__all__ = [
    "DeviceReset",
    "DeviceSeen",
    "FaultSeen",
    "Intake",
    "IntakeEvent",
    "ReplySeen",
    "SamplesPlaced",
    "StatusSeen",
    "WindowReady",
]

RING_WINDOWS = 3
"""The ring holds so many windows."""


class Intake:
    """Turns what one source delivers into windows, one per hop.

    ``device`` says which protocol the source's bytes are in, and what the device cannot say of
    itself. ``phase_s`` shifts the hops, so that several patients do not ask for analysis at once.
    With a ``guard`` only what is sealed with its key is taken. Raises SourceError where a
    ``six-lead`` device has no scale.
    """

    def __init__(
        self,
        settings: AnalysisSettings,
        device: DeviceSettings = DeviceSettings(),  # noqa: B008 (a frozen value)
        *,
        phase_s: float = 0.0,
        guard: Guard | None = None,
    ) -> None:
        self._settings = settings
        self._guard = guard
        self._device_settings = device
        self._phase_s = phase_s
        is_six_lead = device.protocol == SIX_LEAD
        self._line: Line = SixLeadLine(device) if is_six_lead else BlockLine(guard)
        self._clock = DeviceClock()
        self._statistics = LinkStatistics()
        self._described: DeviceInfo | None = None
        self._device: DeviceInfo | None = None
        self._status: DeviceStatus | None = None
        self._ring: Ring | None = None
        self._origin = 0
        self._next_end = 0

    @property
    def device(self) -> DeviceInfo | None:
        """The device as it described itself, or as it is configured; None until either is known."""
        return self._device or self._line.configured_device

    @property
    def device_settings(self) -> DeviceSettings:
        """What it was told of the device: with that it can be made again."""
        return self._device_settings

    @property
    def takes_commands(self) -> bool:
        """Whether the device can be asked who it is, or for anything else."""
        return self._line.takes_commands

    @property
    def authenticated(self) -> bool | None:
        """Whether the device has proved since the line opened who it is; None: there is no key."""
        return self._line.authenticated

    @property
    def seal_trouble(self) -> str:
        """Why nothing that comes is authentic, with what to do; empty: all is well."""
        return self._line.seal_trouble

    @property
    def mark(self) -> Mark | None:
        """The place behind the newest sealed samples; None without a key, or before any."""
        return self._guard.mark if self._guard is not None else None

    @property
    def is_sealed(self) -> bool:
        """Whether nothing but sealed packets is taken."""
        return self._guard is not None

    def hear_seal(self, heard: Callable[[Verdict], None]) -> None:
        """Tell of every verdict on a sealed packet from now on."""
        if isinstance(self._guard, SealGuard):
            self._guard.heard = heard

    def judge_by(self, guard: RecordedGuard) -> None:
        """Take the verdicts on sealed packets from a record, where there were any."""
        if self._guard is not None and isinstance(self._line, BlockLine):
            self._guard = guard
            self._line.judge_by(guard)

    @property
    def awaits_hello(self) -> bool:
        """Whether the line was cut, and the device has not said again who it is."""
        return self._line.awaits_hello

    @property
    def origin(self) -> int:
        """Number of the present sample count."""
        return self._origin

    @property
    def statistics(self) -> LinkStatistics:
        """Every byte and sample accounted for."""
        decoded = self._line.statistics
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
            if received.device != self._described:
                self._adopt(received.device, events)
            if received.status is not None:
                self._take_status(StatusSeen(received.status, received.block.arrived_s), events)
            self._place(received.block, events)
        else:
            for event in self._line.receive(received.data, received.arrived_s):
                self._take(event, events)
        return tuple(events)

    def interrupt(self, now_s: float) -> tuple[IntakeEvent, ...]:
        """Close the account of half-received packets: the link was cut."""
        events: list[IntakeEvent] = []
        for event in self._line.interrupt(now_s):
            self._take(event, events)
        return tuple(events)

    def remainder(self, now_s: float) -> tuple[Window, ...]:
        """Return the window that ends with the newest sample, if no hop has cut it yet."""
        if self._ring is None or self._device is None:
            return ()
        hop = round(self._settings.hop_s * self._device.fs_hz)
        newest = self._ring.end_index
        whole = newest >= round(self._settings.window_s * self._device.fs_hz)
        return (self._window(newest, now_s),) if whole and newest > self._next_end - hop else ()

    def _take(self, event: LineEvent, events: list[IntakeEvent]) -> None:
        match event:
            case DeviceDescribed():
                self._adopt(event.device, events)
            case SamplesDecoded():
                self._take_samples(event, events)
            case StatusSeen():
                self._take_status(event, events)
            case _:
                events.append(event)

    def _take_status(self, seen: StatusSeen, events: list[IntakeEvent]) -> None:
        self._status = seen.status
        events.append(seen)

    def _adopt(self, described: DeviceInfo, events: list[IntakeEvent]) -> None:
        """Begin a new origin with another device, or the same with another scale."""
        anew = self._device is not None
        self._described = described
        self._device = complete_front_end(described, self._device_settings)
        if anew:
            self._restart("the device described itself anew", events)
        else:
            self._prepare()
        events.append(DeviceSeen(self._device, self._origin))

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

    def _take_samples(self, decoded: SamplesDecoded, events: list[IntakeEvent]) -> None:
        placement, arrived_s = decoded.placement, decoded.arrived_s
        if placement.kind is PlacementKind.REPEAT:
            repeats = self._statistics.repeats_dropped + 1
            self._statistics = replace(self._statistics, repeats_dropped=repeats)
            return
        if placement.kind is PlacementKind.RESET:
            self._restart(placement.reason or "the device counts its samples anew", events)
        start = placement.start_index
        self._clock.observe(start + int(decoded.counts.shape[1]), arrived_s)
        self._place(SampleBlock(start, decoded.counts, decoded.valid, arrived_s), events)

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
        bridged_mv, known = bridge_short_holes(scaled_mv, valid, round(BRIDGE_S * device.fs_hz))
        leads, signal_mv = complete_limb_leads(device.leads, bridged_mv)
        return Window(
            start_index=end_index - length,
            fs_hz=device.fs_hz,
            leads=leads,
            signal_mv=signal_mv,
            valid=known,
            arrived_s=arrived_s,
            device=device,
            electrodes_off=self._status.electrodes_off if self._status else None,
            saturated=_find_saturated(counts, valid, device, leads),
            origin=self._origin,
        )


def _find_saturated(
    counts: CountArray, valid: BoolArray, device: DeviceInfo, leads: tuple[str, ...]
) -> BoolArray:
    """Mark samples at the converter's limits; shape (lead, sample).

    A derived lead is marked where one that it is derived from is.
    """
    low, high = _converter_range(device)
    at_limit = ((counts <= low) | (counts >= high)) & valid
    sources = [device.leads.index(lead) for lead in derivation_sources(device.leads)]
    derived = at_limit[sources].any(axis=0)
    rows = [
        at_limit[device.leads.index(lead)] if lead in device.leads else derived for lead in leads
    ]
    saturated: BoolArray = np.stack(rows)
    return saturated


def _converter_range(device: DeviceInfo) -> tuple[int, int]:
    """Return the lowest and the highest count.

    A microcontroller's own converter counts from 0, with 0 mV near its middle; ``block`` is two's
    complement by definition.
    """
    half = 1 << (device.adc_bits - 1)
    counts_from_zero = device.protocol == SIX_LEAD and device.baseline_counts >= half // 2
    return (0, 2 * half - 1) if counts_from_zero else (-half, half - 1)
