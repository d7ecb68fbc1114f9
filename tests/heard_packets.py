"""What a host hears of a ``block`` device: packets, faults, and the samples joined."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TypeVar

import numpy as np

from ecgd.model.signal import CountArray
from ecgd.protocol import BlockDecoder, Fault, Packet, SamplesPacket
from ecgd.protocol.seal_guard import SealGuard

P = TypeVar("P")


class Heard:
    """Decodes a device's bytes as they come; everything is kept."""

    def __init__(self, data: bytes = b"", guard: SealGuard | None = None) -> None:
        self.decoder = BlockDecoder(guard)
        self.packets: list[Packet] = []
        self.faults: list[Fault] = []
        self.feed(data)

    def feed(self, data: bytes) -> None:
        """Take what the line brought."""
        self._sort(self.decoder.feed(data))

    def cut(self) -> None:
        """The line was cut: nothing more comes of a packet that has begun."""
        self._sort(self.decoder.reset())

    def of(self, kind: type[P]) -> list[P]:
        """Return the packets of one kind."""
        return [packet for packet in self.packets if isinstance(packet, kind)]

    def last(self, kind: type[P]) -> P:
        """Return the newest packet of one kind."""
        return self.of(kind)[-1]

    def sequences(self) -> list[int]:
        """Return the sequence numbers in the order of the line."""
        return [packet.sequence for packet in self.packets]

    def samples(self) -> tuple[int, CountArray]:
        """Return the first counter and all counts, of shape (lead, sample); fail at a gap."""
        packets = self.of(SamplesPacket)
        counter = packets[0].counter
        for before, after in itertools.pairwise(packets):
            follows = (before.counter + before.counts.shape[1]) % 65536
            assert after.counter == follows, f"{before.counter} is followed by {after.counter}"
        return counter, np.concatenate([packet.counts for packet in packets], axis=1)

    def _sort(self, events: Iterable[Packet | Fault]) -> None:
        for event in events:
            if isinstance(event, Fault):
                self.faults.append(event)
            else:
                self.packets.append(event)
