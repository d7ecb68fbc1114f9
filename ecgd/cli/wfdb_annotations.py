"""Remarks at samples as a WFDB annotation file in the MIT format (annot(5))."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

_NOTE: Final = 22
_SKIP: Final = 59
_AUX: Final = 63
_STEP_MAX: Final = 1023
_SKIP_MAX: Final = 2**31 - 1
_AUX_BYTES_MAX: Final = 255


def encode_notes(notes: Iterable[tuple[int, str]]) -> bytes:
    """Return a file of comments at samples; a text is cut at 255 bytes of UTF-8."""
    coded: list[bytes] = []
    before = 0
    for sample, text in sorted(notes):
        coded.append(_note(sample - before, text))
        before = sample
    return b"".join(coded) + _word(0, 0)


def _note(step: int, text: str) -> bytes:
    skip = b""
    while step > _STEP_MAX:
        part = min(step, _SKIP_MAX)
        # Two words, the higher one first, each little-endian.
        skip += _word(_SKIP, 0) + struct.pack("<HH", part >> 16, part & 0xFFFF)
        step -= part
    aux = text.encode()[:_AUX_BYTES_MAX].decode(errors="ignore").encode()
    padding = b"\0" * (len(aux) % 2)
    return skip + _word(_NOTE, step) + _word(_AUX, len(aux)) + aux + padding


def _word(code: int, low: int) -> bytes:
    return struct.pack("<H", code << 10 | low)
