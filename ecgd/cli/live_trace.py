"""A trace in dots: least and most of every dot's width, drawn in braille or in ASCII."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Json = dict[str, Any]
Span = tuple[float, float]

PAPER_MM_PER_S: Final = 25.0
"""One dot is one millimetre of paper: 40 ms wide at 25 mm/s, and 0.1 mV high at 10 mm/mV."""

KEPT_DOTS: Final = 1200
GRID_MM: Final = 5

_BLANK: Final = "\N{BRAILLE PATTERN BLANK}"
_LEFT: Final = (0x40, 0x04, 0x02, 0x01)
_RIGHT: Final = (0x80, 0x20, 0x10, 0x08)
"""Dots of a cell's left and right column, from the bottom."""


def _braille(left: int, right: int) -> str:
    dots = sum(dot for place, dot in enumerate(_LEFT) if left >> place & 1)
    dots += sum(dot for place, dot in enumerate(_RIGHT) if right >> place & 1)
    return chr(ord(_BLANK) + dots)


def _ascii(left: int, right: int) -> str:
    both = left | right
    if both == 0:
        return " "
    if both.bit_count() > 2 or both & 0b1001 == 0b1001:
        return "|"
    return "." if both & 0b0001 else "'" if both & 0b1000 else "-"


BRAILLE: Final = tuple(_braille(code & 15, code >> 4) for code in range(256))
ASCII: Final = tuple(_ascii(code & 15, code >> 4) for code in range(256))
"""The character of two columns of four dots: left in the low nibble, bit 0 at the bottom."""


@dataclass(slots=True)
class Sweep:
    """The newest dots of every lead, by number: dot ``n`` holds what was measured in its 40 ms.

    ``newest`` is -1 while there is none. Dots that were lost, or not valid, are missing.
    """

    mm_per_s: float = PAPER_MM_PER_S
    newest: int = -1
    origin: int | None = None
    spans: dict[str, dict[int, Span]] = field(default_factory=dict)

    def take(self, samples: Json) -> None:
        """Take a block of the stream."""
        if samples["origin"] != self.origin:
            self.clear()
            self.origin = samples["origin"]
        dots_per_sample = self.mm_per_s / samples["fs_hz"]
        start_index = samples["start_index"]
        for lead, row in samples["mv"].items():
            spans = self.spans.setdefault(lead, {})
            for place, value_mv in enumerate(row, start_index):
                if value_mv is None:
                    continue
                dot = int(place * dots_per_sample)
                span = spans.get(dot)
                if span is None:
                    spans[dot] = (value_mv, value_mv)
                elif value_mv < span[0]:
                    spans[dot] = (value_mv, span[1])
                elif value_mv > span[1]:
                    spans[dot] = (span[0], value_mv)
            self.newest = max(self.newest, int((start_index + len(row) - 1) * dots_per_sample))
        self._forget()

    def clear(self) -> None:
        """Forget every dot."""
        self.newest = -1
        self.spans.clear()

    def copy(self) -> Sweep:
        """Return a copy that stays as it is."""
        spans = {lead: dict(dots) for lead, dots in self.spans.items()}
        return Sweep(self.mm_per_s, self.newest, self.origin, spans)

    def extent(self, lead: str, dot_count: int) -> Span | None:
        """Return least and most of a lead in its newest dots; None where there is nothing."""
        dots = self.spans.get(lead, {})
        seen = [span for dot, span in dots.items() if dot > self.newest - dot_count]
        if not seen:
            return None
        return min(span[0] for span in seen), max(span[1] for span in seen)

    def _forget(self) -> None:
        oldest = self.newest - KEPT_DOTS
        for dots in self.spans.values():
            if len(dots) > 2 * KEPT_DOTS:
                for dot in [dot for dot in dots if dot <= oldest]:
                    del dots[dot]


@dataclass(frozen=True, slots=True)
class Scale:
    """How millivolts become dots: ``centre_mv`` lies in the middle of the trace."""

    mm_per_mv: float
    centre_mv: float


def trace_masks(
    sweep: Sweep, lead: str, scale: Scale, *, width_dots: int, height_dots: int, gap_dots: int
) -> list[int]:
    """Return for every dot across the screen which dots of its height are drawn, bit 0 lowest.

    The trace sweeps: a dot stands where its number leaves it, and ``gap_dots`` ahead of the
    newest are empty. Neighbours are joined, so that a steep wave is one line.
    """
    masks = [0] * width_dots
    dots = sweep.spans.get(lead, {})
    top, gain = height_dots - 1, scale.mm_per_mv
    bottom = height_dots / 2 - scale.centre_mv * gain
    before: tuple[int, int] | None = None
    for dot in range(sweep.newest - width_dots + 1 + gap_dots, sweep.newest + 1):
        span = dots.get(dot)
        if span is None:
            before = None
            continue
        # What is beyond the paper lies at its edge. This runs thousands of times a second.
        low, high = int(span[0] * gain + bottom), int(span[1] * gain + bottom)
        low = 0 if low < 0 else top if low > top else low
        high = 0 if high < 0 else top if high > top else high
        first, last = low, high
        if before is not None:
            if first > before[1] + 1:
                first = before[1] + 1
            elif last < before[0] - 1:
                last = before[0] - 1
        masks[dot % width_dots] = (1 << (last + 1)) - (1 << first)
        before = (low, high)
    return masks


def grid_masks(*, width_dots: int, height_dots: int) -> list[int]:
    """Return the paper's grid as dots: one at each corner of 5 mm."""
    middle = height_dots // 2
    column = sum(1 << dot for dot in range(height_dots) if (dot - middle) % GRID_MM == 0)
    return [column if dot % GRID_MM == 0 else 0 for dot in range(width_dots)]


def calibration_mv(mm_per_mv: float, height_dots: int) -> float:
    """Return the longest calibration mark that fits: 1 mV where it does."""
    fitting = [mark for mark in (1.0, 0.5, 0.2, 0.1) if mark * mm_per_mv <= height_dots]
    return fitting[0] if fitting else 0.1


def cell_codes(masks: Sequence[int], row: int, row_count: int) -> list[int]:
    """Return one row of cells (0 at the top) as codes for ``BRAILLE`` and ``ASCII``."""
    shift = 4 * (row_count - 1 - row)
    return [
        (left >> shift & 15) | (right >> shift & 15) << 4
        for left, right in zip(masks[::2], masks[1::2], strict=True)
    ]
