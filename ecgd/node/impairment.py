"""What a bad radio does to bytes: pure, seeded, and usable without any process.

The same bytes with the same seed come out the same, however they are split.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

HELD_MAX: Final = 8192
"""Bytes that a stalled radio keeps; later ones are lost."""


@dataclass(frozen=True, slots=True)
class Impairment:
    """How bad a line is.

    ``packet_loss`` and ``byte_loss`` are probabilities, ``bit_errors`` one per bit. Every
    ``stall_every_s`` nothing comes out for ``stall_length_s``, and then all at once.
    ``garbage_at_start`` random bytes precede the first good one.
    """

    packet_loss: float = 0.0
    byte_loss: float = 0.0
    bit_errors: float = 0.0
    stall_every_s: float = math.inf
    stall_length_s: float = 0.0
    garbage_at_start: int = 0

    def stalled(self, time_s: float) -> bool:
        """Whether the line holds its bytes back ``time_s`` after its start."""
        if time_s < self.stall_every_s:
            return False
        return time_s % self.stall_every_s < self.stall_length_s


@dataclass(slots=True)
class ImpairmentCount:
    """What the line has done so far."""

    packets_lost: int = 0
    bytes_lost: int = 0
    bits_flipped: int = 0
    bytes_out: int = 0


class ImpairedLine:
    """One line, from what the device transmits to what the host gets."""

    def __init__(self, impairment: Impairment, seed: int) -> None:
        self._impairment = impairment
        self._packet_rng, self._byte_rng, self._bit_rng, garbage_rng = (
            np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(4)
        )
        self._held = bytearray(garbage_rng.bytes(impairment.garbage_at_start))
        self.count = ImpairmentCount()

    def keeps_packet(self) -> bool:
        """Draw whether the next whole packet gets through."""
        kept = float(self._packet_rng.random()) >= self._impairment.packet_loss
        self.count.packets_lost += not kept
        return kept

    def carry(self, data: bytes, time_s: float) -> bytes:
        """Take transmitted bytes and return those that arrive now; time is since the start."""
        self._held += self._damaged(data)
        if self._impairment.stalled(time_s):
            self.count.bytes_lost += max(0, len(self._held) - HELD_MAX)
            del self._held[HELD_MAX:]
            return b""
        arrived = bytes(self._held)
        self._held.clear()
        self.count.bytes_out += len(arrived)
        return arrived

    def _damaged(self, data: bytes) -> bytes:
        impairment = self._impairment
        octets = np.frombuffer(data, dtype=np.uint8)
        if impairment.bit_errors > 0 and octets.size:
            flips = self._bit_rng.random((octets.size, 8)) < impairment.bit_errors
            self.count.bits_flipped += int(flips.sum())
            octets = octets ^ np.packbits(flips, axis=1)[:, 0]
        if impairment.byte_loss > 0 and octets.size:
            kept = self._byte_rng.random(octets.size) >= impairment.byte_loss
            self.count.bytes_lost += int(octets.size - kept.sum())
            octets = octets[kept]
        return octets.tobytes()


def impair(packets: Iterable[bytes], impairment: Impairment, seed: int) -> bytes:
    """Return what arrives of ``packets``; stalls do not change bytes and so do not show."""
    line = ImpairedLine(impairment, seed)
    kept = (packet for packet in packets if line.keeps_packet())
    return b"".join((line.carry(b"", 0.0), *(line.carry(packet, 0.0) for packet in kept)))
