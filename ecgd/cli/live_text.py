"""Styled text for a terminal: how wide it is, cut to a width, in plain ASCII."""

from __future__ import annotations

import unicodedata
from typing import Final

from ecgd.cli.live_trace import BRAILLE
from ecgd.cli.words import MINUS

Segment = tuple[str, str]
"""Text and the name of its style."""

Line = tuple[Segment, ...]

_PLAIN: Final = str.maketrans(
    {
        MINUS: "-",
        "\N{BLACK CIRCLE}": "*",
        "\N{WHITE CIRCLE}": "o",
        "\N{MIDDLE DOT}": "-",
        "\N{NO-BREAK SPACE}": " ",
    }
)


def cell_width(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    return len(text) if is_narrow(text) else sum(char_width(char) for char in text)


def is_narrow(text: str) -> bool:
    """Tell whether every character surely takes one cell, as a trace's do: found out quickly."""
    return text.isascii() or (min(text) >= BRAILLE[0] and max(text) <= BRAILLE[255])


def char_width(char: str) -> int:
    """Return 0 for what combines, 2 for wide characters, else 1."""
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def fitted(line: Line, width: int) -> Line:
    """Cut a line at ``width`` cells."""
    kept_segments: list[Segment] = []
    room = width
    for text, style in line:
        taken = cell_width(text)
        kept = text if taken <= room else _cut(text, room)
        if kept:
            kept_segments.append((kept, style))
        room -= taken
        if room <= 0:
            break
    return tuple(kept_segments)


def _cut(text: str, width: int) -> str:
    kept, room = "", width
    for char in text:
        room -= char_width(char)
        if room < 0:
            break
        kept += char
    return kept


def plain(text: str) -> str:
    """Return a text in ASCII, for terminals that know no more."""
    return text.translate(_PLAIN).encode("ascii", "replace").decode()
