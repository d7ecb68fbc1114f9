"""The ``block`` protocol: packets to placed samples."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from ecgd.model.device import DeviceInfo
from ecgd.pipeline.intake_event import FaultSeen, ReplySeen, StatusSeen
from ecgd.pipeline.line_event import DeviceDescribed, LineEvent, SamplesDecoded
from ecgd.pipeline.seal_watch import SealWatch
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
from ecgd.protocol.seal_guard import Guard, RecordedGuard

WAITING_PACKETS: Final = 50
"""Packets kept until the device has said who it is: 5 s at 100 ms a packet."""

UNNAMED: Final = "the device does not say who it is since the line was cut: switch it off and on"


class BlockLine:
    """One line of a ``block`` device, which says itself what its counts mean.

    After a cut another device may be there, so samples and statuses wait until it has been said
    again who it is. One that does not say so while they find room is taken for the one before, if
    its statuses tell of the same run, and asked on. With a ``guard`` only sealed packets count.
    """

    def __init__(self, guard: Guard | None = None) -> None:
        self._decoder = BlockDecoder(guard)
        self._seal_watch = SealWatch(has_key=guard is not None)
        self._timeline = Timeline()
        self._waiting: deque[tuple[SamplesPacket | StatusPacket, float]] = deque(
            maxlen=WAITING_PACKETS
        )
        self._described: DeviceInfo | None = None
        self._boot: int | None = None
        self._confirmed = True
        self._greeted = True

    def judge_by(self, guard: RecordedGuard) -> None:
        """Take the verdicts on sealed packets from a record."""
        self._decoder.judge_by(guard)

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
        return not self._greeted

    @property
    def authenticated(self) -> bool | None:
        """Whether the device has proved since the line opened who it is; None: there is no key."""
        return self._seal_watch.authenticated

    @property
    def seal_trouble(self) -> str:
        """Why what comes is not taken, with what to do; empty: it is, or nothing comes."""
        is_held = len(self._waiting) >= WAITING_PACKETS
        return self._seal_watch.trouble or (UNNAMED if is_held else "")

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
        self._seal_watch.begin_anew()
        # Nobody will say any more whose these were.
        self._waiting.clear()
        self._confirmed = self._greeted = self._described is None

    def _take_all(self, packets: Iterable[Packet | Fault], arrived_s: float) -> Iterator[LineEvent]:
        for packet in packets:
            yield from self._take(packet, arrived_s)

    def _take(self, packet: Packet | Fault, arrived_s: float) -> Iterator[LineEvent]:
        self._seal_watch.note(packet)
        match packet:
            case SamplesPacket():
                yield from self._take_samples(packet, arrived_s)
            case HelloPacket():
                yield from self._take_hello(packet)
            case StatusPacket():
                yield from self._take_status(packet, arrived_s)
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
        self._greeted, self._boot = True, packet.boot
        self._timeline.observe_hello(packet)
        yield from self._take_waiting()

    def _take_waiting(self) -> Iterator[LineEvent]:
        self._confirmed = True
        # One that still does not fit waits again: it must not be met twice in one round.
        for _ in range(len(self._waiting)):
            packet, arrived_s = self._waiting.popleft()
            if isinstance(packet, SamplesPacket):
                yield from self._take_samples(packet, arrived_s)
            else:
                yield from self._take_status(packet, arrived_s)

    def _take_status(self, packet: StatusPacket, arrived_s: float) -> Iterator[LineEvent]:
        if self._has_to_wait(packet, arrived_s):
            return
        yield from self._take_waiting_of_before()
        self._boot = packet.boot
        self._timeline.observe_status(packet, arrived_s)
        yield StatusSeen(packet.status, arrived_s)

    def _take_samples(self, packet: SamplesPacket, arrived_s: float) -> Iterator[LineEvent]:
        device = self._described
        if device is None or packet.counts.shape[0] != len(device.leads):
            self._keep(packet, arrived_s)
            return
        if self._has_to_wait(packet, arrived_s):
            return
        yield from self._take_waiting_of_before()
        placement = self._timeline.place(packet, arrived_s)
        # The device's own test wave is no heart: it is kept, and judged by nobody.
        valid = np.full(packet.sample_count, not packet.self_test, dtype=np.bool_)
        yield SamplesDecoded(placement, packet.counts, valid, arrived_s)

    def _has_to_wait(self, packet: SamplesPacket | StatusPacket, arrived_s: float) -> bool:
        """Keep a packet back for which it is not known whose it is."""
        if self._confirmed:
            return False
        if len(self._waiting) >= WAITING_PACKETS and self._is_run_of_before():
            return False
        self._keep(packet, arrived_s)
        return True

    def _is_run_of_before(self) -> bool:
        """Whether every status that waits is of the run of before, and there is one."""
        statuses = (packet for packet, _ in self._waiting if isinstance(packet, StatusPacket))
        return {status.boot for status in statuses} == {self._boot}

    def _take_waiting_of_before(self) -> Iterator[LineEvent]:
        if not self._confirmed:
            yield from self._take_waiting()

    def _keep(self, packet: SamplesPacket | StatusPacket, arrived_s: float) -> None:
        self._waiting.append((packet, arrived_s))
