"""Plays samples or recorded bytes at their own pace, or as fast as they are taken."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from ecgd.model.device import DeviceStatus
from ecgd.model.link import (
    BytesReceived,
    LinkClosed,
    LinkOpened,
    Received,
    SamplesReceived,
)
from ecgd.model.signal import SampleBlock
from ecgd.sources.byte_log import ByteLogReader, Direction
from ecgd.sources.byte_log_device import DEVICE, device_from_notes
from ecgd.sources.stream import SampleStream, StreamBlock

BLOCK_S = 0.1
"""Length of the blocks that are delivered."""


class Pace:
    """Waits until recorded moments come round, against the monotonic clock: nothing adds up."""

    def __init__(self, clock: Callable[[], float], speed: float) -> None:
        self._clock = clock
        self._speed = speed
        self._began_s = clock()

    async def reach(self, recorded_s: float) -> None:
        """Wait for the moment ``recorded_s`` after the start; always lets others run."""
        if math.isinf(self._speed):
            await asyncio.sleep(0)
            return
        due_s = self._began_s + recorded_s / self._speed
        await asyncio.sleep(max(0.0, due_s - self._clock()))


class SampleSource:
    """A source of samples that need no decoding. Nobody listens at its other end."""

    def __init__(self, stream: SampleStream, *, speed: float, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._speed = speed
        self._clock = clock

    async def run(self, deliver: Callable[[Received], None]) -> None:
        """Deliver blocks of 100 ms, each when its last sample is due, until the stream ends."""
        deliver(LinkOpened(self._clock()))
        pace = Pace(self._clock, self._speed)
        fs_hz = self._stream.device.fs_hz
        blocks, position = 0, 0
        while True:
            blocks += 1
            block = self._stream.take(round(blocks * BLOCK_S * fs_hz) - position)
            if block is None:
                break
            position += block.counts.shape[1]
            await pace.reach(position / fs_hz)
            deliver(self._received(block))
        deliver(LinkClosed(self._clock(), "the recording has ended"))

    def send(self, data: bytes) -> bool:
        """Refuse: there is no device."""
        del data
        return False

    def _received(self, block: StreamBlock) -> SamplesReceived:
        samples = SampleBlock(block.start_index, block.counts, block.valid, self._clock())
        off = block.electrodes_off
        status = None if off is None else DeviceStatus(electrodes_off=off)
        return SamplesReceived(samples, self._stream.device, status)


class ByteLogSource:
    """Plays what a device once sent. Nobody listens at its other end.

    ``device`` is what the recording's notes say of it, None where they say nothing. Raises
    RecordingError where they are damaged.
    """

    def __init__(self, log: ByteLogReader, *, speed: float, clock: Callable[[], float]) -> None:
        self._log = log
        self._speed = speed
        self._clock = clock
        notes = log.header.notes
        self.device = device_from_notes(notes) if DEVICE in notes else None

    async def run(self, deliver: Callable[[Received], None]) -> None:
        """Deliver the device's bytes at their recorded times, until the log ends."""
        deliver(LinkOpened(self._clock()))
        pace = Pace(self._clock, self._speed)
        for logged in self._log:
            if logged.direction is Direction.FROM_DEVICE:
                await pace.reach(logged.time_s)
                deliver(BytesReceived(logged.data, self._clock()))
        torn = " (its tail is cut off or damaged)" if self._log.torn else ""
        deliver(LinkClosed(self._clock(), f"the recording has ended{torn}"))

    def send(self, data: bytes) -> bool:
        """Refuse: there is no device."""
        del data
        return False
