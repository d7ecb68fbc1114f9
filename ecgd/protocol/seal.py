"""Sealed packets: a keyed tag in the CRC field (docs/protocol.md, "Sealed")."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ecgd.errors import ProtocolError
from ecgd.protocol.chaskey import BLOCK_SIZE, KEY_SIZE, Chaskey
from ecgd.protocol.frame import CRC_SIZE

TAG_SIZE: Final = CRC_SIZE

_HALF_BITS: Final = 16
_FINGERPRINT_DIGITS: Final = 8


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a device's life: the number of the run, and its sample counter (32 bits)."""

    boot: int
    counter: int = 0

    @property
    def context(self) -> bytes:
        """What the tag covers besides the packet."""
        return self.boot.to_bytes(2, "little") + (self.counter >> _HALF_BITS).to_bytes(2, "little")


class LinkKey:
    """The secret that a device and its gateway share; no repr, pickle or traceback shows it."""

    __slots__ = ("_mac", "fingerprint")

    def __init__(self, key: bytes) -> None:
        """Take a key of 16 bytes; raises ProtocolError for another length."""
        if len(key) != KEY_SIZE:
            raise ProtocolError(f"a key of {len(key)} bytes", f"A link key has {KEY_SIZE}.")
        self._mac = Chaskey(key)
        digest = hashlib.sha256(b"ecgd link key" + key).hexdigest()
        self.fingerprint = digest[:_FINGERPRINT_DIGITS]

    def __repr__(self) -> str:
        return f"LinkKey({self.fingerprint})"

    def __reduce__(self) -> str:
        raise TypeError("a key is not pickled")

    def seal(self, packet: bytes, where: Mark) -> bytes:
        """Return a packet with its tag XORed into its CRC."""
        (tag,) = self.tags(packet, (where,))
        crc = int.from_bytes(packet[-CRC_SIZE:], "little")
        return packet[:-CRC_SIZE] + (crc ^ tag).to_bytes(CRC_SIZE, "little")

    def tags(self, packet: bytes, places: Iterable[Mark]) -> tuple[int, ...]:
        """Return the tags (32 bits) that a packet would have at these places."""
        covered = packet[:-CRC_SIZE]
        whole = len(covered) // BLOCK_SIZE * BLOCK_SIZE
        state, rest = self._mac.absorb(covered[:whole]), covered[whole:]
        finished = (self._mac.finish(state, rest + place.context) for place in places)
        return tuple(int.from_bytes(tag[:TAG_SIZE], "little") for tag in finished)
