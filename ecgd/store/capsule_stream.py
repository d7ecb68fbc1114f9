"""The bytes of a capsule: ``ECGDCAPSULE 1``, frames of JSON lines, and a last one that seals them.

A frame is: kind (u8), length (u32), CRC-32 of kind, length and payload (u32), payload;
little-endian. Kind 1 holds deflated JSON lines, kind 2 the SHA-256 of every byte before it. What
has no seal is a beginning: its whole frames can be read, and it says that it is not complete.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ecgd.errors import CapsuleError

MAGIC: Final = b"ECGDCAPSULE 1\n"
_FRAME: Final = struct.Struct("<BII")
_LINES: Final = 1
_SEAL: Final = 2
PAYLOAD_BYTES_MAX: Final = 32 << 20
"""No frame says more, deflated or not: what claims to is damaged."""

Line = list[Any]


@dataclass(frozen=True, slots=True)
class Content:
    """What could be read. ``problem`` empty: all of it, as it was written."""

    lines: tuple[Line, ...]
    problem: str

    @property
    def is_complete(self) -> bool:
        return not self.problem


class StreamWriter:
    """Makes a stream piece by piece; each piece begins where the one before ended."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._begun = False

    def lines(self, lines: list[Line]) -> bytes:
        """Return the next piece: these lines as one frame."""
        text = "\n".join(json.dumps(line, separators=(",", ":")) for line in lines)
        piece = self._opening() + _frame(_LINES, zlib.compress(text.encode()))
        self._digest.update(piece)
        return piece

    def seal(self) -> bytes:
        """Return the last piece."""
        piece = self._opening()
        self._digest.update(piece)
        return piece + _frame(_SEAL, self._digest.digest())

    def _opening(self) -> bytes:
        begun, self._begun = self._begun, True
        return b"" if begun else MAGIC


def read_stream(data: bytes) -> Content:
    """Return every line before the first damage.

    Raises CapsuleError where the bytes do not even begin as a capsule.
    """
    if data[: len(MAGIC)] != MAGIC[: len(data)]:
        raise CapsuleError("these are not the bytes of a capsule", f"One begins {MAGIC!r}.")
    lines: list[Line] = []
    end = len(MAGIC)
    for kind, payload, start, end in _frames(data):
        if kind == _SEAL:
            whole = payload == hashlib.sha256(data[:start]).digest()
            problem = "" if whole else "its seal does not fit: it was changed or is damaged"
            return Content(tuple(lines), problem or ("" if end == len(data) else _BEHIND))
        try:
            lines += [_line(each) for each in _inflate(payload).splitlines()]
        except (zlib.error, ValueError) as error:
            return Content(tuple(lines), f"it is damaged at byte {start} ({error})")
    problem = _CUT if end >= len(data) else f"it is cut off or damaged at byte {end}"
    return Content(tuple(lines), problem)


_CUT = "it has no end: writing it was cut off"
_BEHIND = "there is something behind its end"


def _frames(data: bytes) -> Iterator[tuple[int, bytes, int, int]]:
    """Yield kind, payload, begin and end of each frame that is whole."""
    at = len(MAGIC)
    while at + _FRAME.size <= len(data):
        kind, length, crc = _FRAME.unpack_from(data, at)
        begin, end = at + _FRAME.size, at + _FRAME.size + length
        payload = data[begin:end]
        known = kind in (_LINES, _SEAL) and length <= PAYLOAD_BYTES_MAX
        if not known or len(payload) < length or _crc(kind, payload) != crc:
            return
        yield kind, payload, at, end
        at = end


def _frame(kind: int, payload: bytes) -> bytes:
    return _FRAME.pack(kind, len(payload), _crc(kind, payload)) + payload


def _crc(kind: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(struct.pack("<BI", kind, len(payload))))


def _inflate(payload: bytes) -> bytes:
    inflater = zlib.decompressobj()
    text = inflater.decompress(payload, PAYLOAD_BYTES_MAX)
    if not inflater.eof:
        raise ValueError("a frame is larger than any that is written")
    return text


def _line(text: bytes) -> Line:
    line = json.loads(text)
    if not isinstance(line, list) or not line or not isinstance(line[0], str):
        raise ValueError("a line has no kind")
    return line
