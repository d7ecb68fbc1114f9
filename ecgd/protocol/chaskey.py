"""Chaskey-12, a message authentication code for small processors (docs/protocol.md, "Sealed").

Mouha, Mennink, Van Herrewege, Watanabe, Preneel, Verbauwhede: "Chaskey: an efficient MAC algorithm
for 32-bit microcontrollers", SAC 2014; with 12 rounds ISO/IEC 29192-6:2019.
"""

from __future__ import annotations

import struct
from typing import Final

KEY_SIZE: Final = 16
BLOCK_SIZE: Final = 16
ROUNDS: Final = 12

_WORDS: Final = struct.Struct("<4I")
_MASK: Final = 0xFFFFFFFF
_REDUCTION: Final = 0x87
"""x^128 + x^7 + x^2 + x + 1"""

State = tuple[int, int, int, int]


class Chaskey:
    """One key, made ready. Raises ValueError for a key that has not 16 bytes."""

    __slots__ = ("_key", "_padded", "_whole")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_SIZE:
            raise ValueError(f"a key of {len(key)} bytes")
        number = int.from_bytes(key, "little")
        self._key: State = _WORDS.unpack(key)
        self._whole = _words(_double(number))
        self._padded = _words(_double(_double(number)))

    def absorb(self, blocks: bytes) -> State:
        """Return the state behind whole blocks; more of the message must follow."""
        return _absorb(self._key, blocks)

    def finish(self, state: State, rest: bytes) -> bytes:
        """Return the tag of 16 bytes of a message of which ``rest`` was not absorbed yet."""
        last_at = max(len(rest) - 1, 0) // BLOCK_SIZE * BLOCK_SIZE
        subkey, block = self._whole, rest[last_at:]
        if len(block) < BLOCK_SIZE:
            subkey, block = self._padded, (block + b"\x01").ljust(BLOCK_SIZE, b"\0")
        state = _xor(_absorb(state, rest[:last_at]), subkey)
        return _WORDS.pack(*_xor(_absorb(state, block), subkey))

    def tag(self, message: bytes) -> bytes:
        """Return the tag of 16 bytes of a message."""
        return self.finish(self._key, message)


def _absorb(state: State, blocks: bytes) -> State:
    for at in range(0, len(blocks), BLOCK_SIZE):
        state = _permute(_xor(state, _WORDS.unpack_from(blocks, at)))
    return state


def _double(number: int) -> int:
    """Multiply by x in GF(2^128)."""
    doubled = number << 1
    return doubled ^ (1 << 128 | _REDUCTION) if doubled >> 128 else doubled


def _words(number: int) -> State:
    return _WORDS.unpack(number.to_bytes(KEY_SIZE, "little"))


def _xor(a: State, b: State) -> State:
    return a[0] ^ b[0], a[1] ^ b[1], a[2] ^ b[2], a[3] ^ b[3]


def _permute(state: State) -> State:
    v0, v1, v2, v3 = state
    for _ in range(ROUNDS):
        v0 = v0 + v1 & _MASK
        v1 = (v1 << 5 & _MASK | v1 >> 27) ^ v0
        v0 = v0 << 16 & _MASK | v0 >> 16
        v2 = v2 + v3 & _MASK
        v3 = (v3 << 8 & _MASK | v3 >> 24) ^ v2
        v0 = v0 + v3 & _MASK
        v3 = (v3 << 13 & _MASK | v3 >> 19) ^ v0
        v2 = v2 + v1 & _MASK
        v1 = (v1 << 7 & _MASK | v1 >> 25) ^ v2
        v2 = v2 << 16 & _MASK | v2 >> 16
    return v0, v1, v2, v3
