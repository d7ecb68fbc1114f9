"""An ECG strip as on paper: 25 mm/s, 10 mm/mV, all leads below each other, five seconds a row.

A phone is as wide as five seconds at a readable scale, so that longer strips go on below.
What is missing is shown as missing; nothing is drawn where nothing was measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np

from ecgd.model.signal import BoolArray, FloatArray
from ecgd.paper.sheet import Box, Dot, Grid, Line, Shape, Words

PX_PER_MM: Final = 8.0
PX_PER_S: Final = 25.0 * PX_PER_MM
PX_PER_MV: Final = 10.0 * PX_PER_MM
SHEET_PX: Final = 1080
ROW_S: Final = 5.0

LEFT_PX: Final = 10.0 * PX_PER_MM
"""Before the trace, in two strong squares: the lead's name and the calibration pulse."""

LEAST_MM: Final = 15.0
MOST_MM: Final = 35.0
"""A lead's share of the height: it holds name and pulse; what is beyond is cut off, and said."""

CAPTION_PX: Final = 58.0
"""Above each row: when it was, and a mark for every second."""

_MARGIN_MM: Final = 2.5
_MISSING_TOLD_S: Final = 0.4
_TRACE_PX: Final = 2.0

TRACE: Final = "#101418"
J_COLOUR: Final = "#1559c0"
ST_COLOUR: Final = "#d01818"
_MISSING: Final = "#dcdcdc"
_DECIDED: Final = "#7a1fa2"
_QUIET: Final = "#5a5a5a"


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """What is drawn. ``signal_mv`` (lead, sample) is NaN where nothing was measured.

    ``decided_index`` is the sample behind the last one that decided. ``beats`` holds each beat's
    J point and the sample at which its ST was measured.
    """

    leads: tuple[str, ...]
    signal_mv: FloatArray
    fs_hz: float
    decided_index: int
    beats: tuple[tuple[int, int], ...] = ()

    @property
    def sample_count(self) -> int:
        return int(self.signal_mv.shape[1])


@dataclass(frozen=True, slots=True)
class _Row:
    """Five seconds of all leads: samples ``start`` to ``stop``, drawn from ``top_px`` on."""

    strip: Strip
    start: int
    stop: int
    top_px: float
    heights_px: tuple[float, ...]

    @property
    def bottom_px(self) -> float:
        return self.top_px + CAPTION_PX + sum(self.heights_px)

    def x_px(self, index: float) -> float:
        return LEFT_PX + (index - self.start) / self.strip.fs_hz * PX_PER_S

    def middle_px(self, number: int) -> float:
        above = sum(self.heights_px[:number])
        return self.top_px + CAPTION_PX + above + self.heights_px[number] / 2.0


def row_count(strip: Strip) -> int:
    """Return how many rows of five seconds a strip takes."""
    return max(1, ceil(strip.sample_count / (ROW_S * strip.fs_hz) - 1e-6))


def draw_strip(strip: Strip, captions: tuple[str, ...], top_px: float) -> tuple[Shape, ...]:
    """Return the shapes of a strip that begins at ``top_px``; ``captions`` are one a row."""
    shapes: list[Shape] = []
    heights_px = _heights_px(strip)
    for number in range(row_count(strip)):
        start = round(number * ROW_S * strip.fs_hz)
        stop = min(round((number + 1) * ROW_S * strip.fs_hz), strip.sample_count)
        row = _Row(strip, start, stop, top_px, heights_px)
        shapes += _draw_row(row, captions[number] if number < len(captions) else "")
        top_px = row.bottom_px + 2.0 * PX_PER_MM
    return tuple(shapes)


def height_px(strip: Strip) -> float:
    """Return how high a strip is."""
    each_px = CAPTION_PX + sum(_heights_px(strip)) + 2.0 * PX_PER_MM
    return row_count(strip) * each_px


def _heights_px(strip: Strip) -> tuple[float, ...]:
    """Return each lead's share of a row: what its largest swing takes, in whole millimetres."""
    length = round(ROW_S * strip.fs_hz)
    heights = []
    for lead_mv in strip.signal_mv:
        rows = (lead_mv[at : at + length] for at in range(0, strip.sample_count, length))
        swing_mm = max((10.0 * _swing_mv(row_mv) for row_mv in rows), default=0.0)
        wanted_mm = ceil(swing_mm + 2.0 * _MARGIN_MM)
        heights.append(min(max(wanted_mm, LEAST_MM), MOST_MM) * PX_PER_MM)
    return tuple(heights)


def _swing_mv(lead_mv: FloatArray) -> float:
    seen = lead_mv[np.isfinite(lead_mv)]
    return float(np.ptp(seen)) if seen.size else 0.0


def _draw_row(row: _Row, caption: str) -> Iterator[Shape]:
    grid_top_px = row.top_px + CAPTION_PX
    grid_height_px = row.bottom_px - grid_top_px
    yield Words(PX_PER_MM, row.top_px + 26.0, caption, 24.0, bold=True)
    yield Grid(0.0, grid_top_px, SHEET_PX, grid_height_px, PX_PER_MM)
    yield from _gaps(row, grid_top_px, grid_height_px)
    yield from _seconds(row, grid_top_px)
    yield from _decision(row, grid_top_px)
    for number, lead in enumerate(row.strip.leads):
        yield from _lead(row, number, lead)


def _gaps(row: _Row, top_px: float, height_px: float) -> Iterator[Shape]:
    """Yield a grey box over whatever is in no lead, to the end of the row."""
    seen = np.isfinite(row.strip.signal_mv[:, row.start : row.stop]).any(axis=0)
    for start, stop in stretches(np.array(~seen)):
        left_px, right_px = row.x_px(row.start + start), row.x_px(row.start + stop)
        yield Box(left_px, top_px, max(right_px - left_px, 2.0), height_px, _MISSING)
        lost_s = (stop - start) / row.strip.fs_hz
        if lost_s >= _MISSING_TOLD_S:
            middle_px = (left_px + right_px) / 2.0
            y_px = top_px + height_px / 2.0
            words = f"missing {lost_s:.1f} s" if lost_s >= 1.0 else "missing"
            yield Words(middle_px, y_px, words, 22.0, _QUIET, centred=True)


def _seconds(row: _Row, grid_top_px: float) -> Iterator[Shape]:
    """Yield a mark at each whole second from the decision."""
    strip = row.strip
    first = ceil((row.start - strip.decided_index) / strip.fs_hz)
    for second in range(first, first + round(ROW_S) + 1):
        x_px = row.x_px(strip.decided_index + second * strip.fs_hz)
        if x_px > SHEET_PX:
            return
        mark = np.array([[x_px, grid_top_px - 8.0], [x_px, grid_top_px]])
        yield Line(mark, _QUIET, 2.0)
        words = f"{second:+d} s" if second else "decision"
        # The last mark of a row would leave the sheet.
        at_px = min(x_px, SHEET_PX - 50.0)
        yield Words(at_px, grid_top_px - 12.0, words, 18.0, _QUIET, centred=True)


def _decision(row: _Row, grid_top_px: float) -> Iterator[Shape]:
    index = row.strip.decided_index
    if row.start <= index <= row.stop:
        x_px = row.x_px(index)
        line = np.array([[x_px, grid_top_px], [x_px, row.bottom_px]])
        yield Line(line, _DECIDED, 2.0)


def _lead(row: _Row, number: int, lead: str) -> Iterator[Shape]:
    strip, middle_px = row.strip, row.middle_px(number)
    half_px = row.heights_px[number] / 2.0
    yield from _pulse(middle_px + half_px - PX_PER_MM)
    yield Words(PX_PER_MM, middle_px - half_px + 26.0, lead, 25.0, bold=True)
    signal_mv = strip.signal_mv[number, row.start : row.stop]
    seen = np.isfinite(signal_mv)
    if not seen.any():
        yield Words(LEFT_PX + 24.0, middle_px, "no signal", 22.0, _QUIET)
        return
    level_mv = _level_mv(signal_mv[seen], 2.0 * half_px)
    y_px = middle_px - (signal_mv - level_mv) * PX_PER_MV
    cut = np.clip(y_px, middle_px - half_px, middle_px + half_px)
    x_px = LEFT_PX + np.arange(len(signal_mv)) / strip.fs_hz * PX_PER_S
    for start, stop in stretches(seen):
        points = np.column_stack((x_px[start:stop], cut[start:stop]))
        yield Line(points, TRACE, _TRACE_PX)
    if bool((np.abs(y_px[seen] - middle_px) > half_px + 0.5).any()):
        # On a ground of its own: it has to be read above the worst noise.
        yield Box(SHEET_PX - 300.0, middle_px + half_px - 28.0, 292.0, 27.0, "#ffffff")
        words = "leaves the paper: cut off"
        yield Words(SHEET_PX - 290.0, middle_px + half_px - 7.0, words, 20.0, ST_COLOUR)
    yield from _beats(row, x_px, cut)


def _level_mv(seen_mv: FloatArray, height_px: float) -> float:
    """Return what lies in the middle: of the swing where it fits, else of most samples."""
    if np.ptp(seen_mv) * PX_PER_MV <= height_px:
        return float(seen_mv.max() + seen_mv.min()) / 2.0
    return float(np.median(seen_mv))


def _pulse(low_px: float) -> Iterator[Shape]:
    """Yield 1 mV for 0.2 s: whoever prints or zooms the strip can still measure by it."""
    high_px = low_px - PX_PER_MV
    left_px, right_px = 2.0 * PX_PER_MM, 7.0 * PX_PER_MM
    steps = ((PX_PER_MM, low_px), (left_px, low_px), (left_px, high_px), (right_px, high_px))
    ends = ((right_px, low_px), (right_px + PX_PER_MM, low_px))
    yield Line(np.array((*steps, *ends)), TRACE, _TRACE_PX)


def _beats(row: _Row, x_px: FloatArray, y_px: FloatArray) -> Iterator[Shape]:
    """Yield a mark at each J point, and a dot where ST was measured."""
    for j_index, st_index in row.strip.beats:
        at = j_index - row.start
        if 0 <= at < len(y_px) and np.isfinite(y_px[at]):
            ends = ((x_px[at], y_px[at] - 11.0), (x_px[at], y_px[at] + 11.0))
            yield Line(np.array(ends), J_COLOUR, 2.0)
        at = st_index - row.start
        if 0 <= at < len(y_px) and np.isfinite(y_px[at]):
            yield Dot(float(x_px[at]), float(y_px[at]), 3.5, ST_COLOUR)


def stretches(wanted: BoolArray) -> tuple[tuple[int, int], ...]:
    """Return begin and end of every stretch of samples that is wanted."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], wanted.astype(np.int8), [0]))))
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple((int(start), int(stop)) for start, stop in pairs)
