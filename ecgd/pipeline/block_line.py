"""The ``block`` protocol: packets to placed samples."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np

from ecgd.model.device import DeviceInfo
from ecgd.pipeline.intake_event import FaultSeen, ReplySeen, StatusSeen
from ecgd.pipeline.line_event import DeviceDescribed, LineEvent, SamplesDecoded
from ecgd.protocol import (
    BlockDecoder,
    DecoderStatistics,
    Fault,
    HelloPacket,
    Packet,
    ReplyPacket,
    SamplesPacket,
    StatusPacket,
    Timeline,
)

WAITING_PACKETS = 50
"""Sample packets kept until the device has said its scale: 5 s at 100 ms a packet."""


class BlockLine:
    """One line of a ``block`` device, which says itself what its counts mean.

    After a cut another device may be there, so samples wait until it has been said again who it
    is; one that does not say so while they find room is taken for the one before.
    """

    def __init__(self) -> None:
        self._decoder = BlockDecoder()
        self._timeline = Timeline()
        self._waiting: deque[tuple[SamplesPacket, float]] = deque(maxlen=WAITING_PACKETS)
        self._described: DeviceInfo | None = None
        self._confirmed = True

    @property
    def statistics(self) -> DecoderStatistics:
        """Every byte accounted for."""
        return self._decoder.statistics

    @property
    def takes_commands(self) -> bool:
        """A device can be asked who it is."""
        return True

    @property
    def awaits_hello(self) -> bool:
        """Whether the line was cut, and the device has not said again who it is."""
        return not self._confirmed

    @property
    def configured_device(self) -> DeviceInfo | None:
        """Nothing is known of the device before its hello."""
        return None

    def receive(self, data: bytes, arrived_s: float) -> Iterator[LineEvent]:
        """Take bytes as they come and yield what they complete, in order."""
        yield from self._take_all(self._decoder.feed(data), arrived_s)

    def interrupt(self, now_s: float) -> Iterator[LineEvent]:
        """Close the account of half-received packets: the line was cut."""
        yield from self._take_all(self._decoder.reset(), now_s)
        self._timeline.observe_cut()
        self._confirmed = self._described is None

    def _take_all(self, packets: Iterable[Packet | Fault], arrived_s: float) -> Iterator[LineEvent]:
        for packet in packets:
            yield from self._take(packet, arrived_s)

    def _take(self, packet: Packet | Fault, arrived_s: float) -> Iterator[LineEvent]:
        match packet:
            case SamplesPacket():
                yield from self._take_samples(packet, arrived_s)
            case HelloPacket():
                yield from self._take_hello(packet)
            case StatusPacket():
                self._timeline.observe_status(packet, arrived_s)
                yield StatusSeen(packet.status, arrived_s)
            case ReplyPacket():
                yield ReplySeen(packet)
            case Fault():
                yield FaultSeen(packet)
            case _:
                # A command is what the gateway sends; its echo says nothing.
                pass

    def _take_hello(self, packet: HelloPacket) -> Iterator[LineEvent]:
        if packet.info != self._described:
            self._described = packet.info
            self._timeline = Timeline(packet.info.fs_hz)
            yield DeviceDescribed(packet.info)
        self._timeline.observe_hello(packet)
        yield from self._take_waiting()

    def _take_waiting(self) -> Iterator[LineEvent]:
        self._confirmed = True
        # One that still does not fit waits again: it must not be met twice in one round.
        for _ in range(len(self._waiting)):
            yield from self._take_samples(*self._waiting.popleft())

    def _take_samples(self, packet: SamplesPacket, arrived_s: float) -> Iterator[LineEvent]:
        device = self._described
        if device is None or packet.counts.shape[0] != len(device.leads):
            self._waiting.append((packet, arrived_s))
            return
        if not self._confirmed:
            if len(self._waiting) < WAITING_PACKETS:
                self._waiting.append((packet, arrived_s))
                return
            yield from self._take_waiting()
        placement = self._timeline.place(packet, arrived_s)
        # The device's own test wave is no heart: it is kept, and judged by nobody.
        valid = np.full(packet.sample_count, not packet.self_test, dtype=np.bool_)
        yield SamplesDecoded(placement, packet.counts, valid, arrived_s)
