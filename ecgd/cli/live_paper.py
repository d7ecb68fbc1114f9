"""The traces of the bedside view: millimetre paper with label and calibration mark at each lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any, Final

from ecgd.cli.live_monitor import Monitor
from ecgd.cli.live_text import Line, Segment
from ecgd.cli.live_trace import (
    ASCII,
    BRAILLE,
    calibration_mv,
    cell_codes,
    grid_masks,
    trace_masks,
)
from ecgd.cli.words import clean, signed_mv

Json = dict[str, Any]

HEAD_ROWS: Final = 5
"""Lines above the traces; one more is below them."""

GONE_S: Final = 10.0
"""Figures and traces older than this are not shown at all."""

_LABEL_CELLS: Final = 6
_GAP_CELLS: Final = 3
_ROWS_IN_ONE_COLUMN: Final = 4
_LEADS: Final = 6


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the page shows beside the patient. ``prompt`` takes the place of the keys."""

    clock: str
    now_s: float
    prompt: str = ""
    ascii_only: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """How the traces share the screen."""

    across: int
    rows_each: int
    trace_cells: int

    @property
    def height_dots(self) -> int:
        return 4 * self.rows_each

    @property
    def width_dots(self) -> int:
        return 2 * self.trace_cells


def lay_out(width: int, height: int, lead_count: int = _LEADS) -> Layout:
    """Return the layout: one column of traces where there is room, else two."""
    rows = height - HEAD_ROWS - 1
    across = 1 if rows >= lead_count * _ROWS_IN_ONE_COLUMN or lead_count == 1 else 2
    down = -(-lead_count // across)
    return Layout(across, max(1, rows // down), max(1, width // across - _LABEL_CELLS - 1))


def traces(
    monitor: Monitor, around: Surroundings, leads: Sequence[str], layout: Layout
) -> list[Line]:
    blocks = [_trace(monitor, around, lead, layout) for lead in leads]
    down = -(-len(blocks) // layout.across)
    columns = [blocks[start : start + down] for start in range(0, len(blocks), down)]
    stacked = [[line for block in column for line in block] for column in columns]
    lines = [
        tuple(segment for column in stacked if row < len(column) for segment in column[row])
        for row in range(down * layout.rows_each)
    ]
    said = monitor.banner(around.now_s)
    if said:
        lines[len(lines) // 2] = _banner(
            said, layout.across * (layout.trace_cells + _LABEL_CELLS + 1)
        )
    return lines


def _banner(said: str, width: int) -> Line:
    text = f"  {said}  "
    return ((" " * max(0, (width - len(text)) // 2), ""), (text, "banner"))


def _trace(monitor: Monitor, around: Surroundings, lead: str, layout: Layout) -> list[Line]:
    """Return one lead: label and calibration mark at the left, the trace beside them."""
    age_s = monitor.data_age_s(around.now_s)
    drawn = monitor.frozen is not None or (age_s is not None and age_s <= GONE_S)
    trace = (
        trace_masks(
            monitor.shown,
            lead,
            monitor.scale(lead),
            width_dots=layout.width_dots,
            height_dots=layout.height_dots,
            gap_dots=2 * _GAP_CELLS,
        )
        if drawn
        else [0] * layout.width_dots
    )
    style = "stale" if monitor.is_stale(around.now_s) or monitor.frozen else "trace"
    return [
        (
            *_label(monitor, around, lead, row, layout),
            *_cells(
                cell_codes(trace, row, layout.rows_each),
                _grid_codes(layout, row),
                style,
                ascii_only=around.ascii_only,
            ),
            (" ", ""),
        )
        for row in range(layout.rows_each)
    ]


@cache
def _grid_codes(layout: Layout, row: int) -> tuple[int, ...]:
    masks = grid_masks(width_dots=layout.width_dots, height_dots=layout.height_dots)
    return tuple(cell_codes(masks, row, layout.rows_each))


def _cells(
    trace: list[int], grid: tuple[int, ...], style: str, *, ascii_only: bool
) -> list[Segment]:
    if ascii_only:
        return [("".join(ASCII[code] for code in trace), style)]
    segments: list[Segment] = []
    for is_trace, run in groupby(zip(trace, grid, strict=True), key=_is_trace):
        if is_trace:
            segments.append(("".join([BRAILLE[code] for code, _ in run]), style))
        else:
            segments.append(("".join([BRAILLE[paper] for _, paper in run]), "grid"))
    return segments


def _is_trace(cell: tuple[int, int]) -> bool:
    return cell[0] != 0


def _label(
    monitor: Monitor, around: Surroundings, lead: str, row: int, layout: Layout
) -> tuple[Segment, ...]:
    """Return the label's cells in one row: the name, the lead's ST, and the mark at the right."""
    text, style = "", ""
    if row == 0:
        text, style = clean(lead), "label"
    elif row == 1:
        text, style = _lead_st(monitor, lead, around.now_s), "dim"
    mark = _mark(monitor, row, layout, ascii_only=around.ascii_only)
    return ((text.ljust(_LABEL_CELLS - 1)[: _LABEL_CELLS - 1], style), (mark, "scale"))


def _mark(monitor: Monitor, row: int, layout: Layout, *, ascii_only: bool) -> str:
    mm_per_mv = monitor.gain.mm_per_mv
    dots = round(calibration_mv(mm_per_mv, layout.height_dots) * mm_per_mv)
    first = (layout.height_dots - dots) // 2
    column = (1 << (first + dots)) - (1 << first)
    code = cell_codes([0, column], row, layout.rows_each)[0]
    return ASCII[code] if ascii_only else BRAILLE[code]


def _lead_st(monitor: Monitor, lead: str, now_s: float) -> str:
    age_s = monitor.assessment_age_s(now_s)
    st = monitor.assessment["st"] if monitor.assessment else None
    if st is None or age_s is None or age_s > GONE_S or not monitor.connected:
        return ""
    found = [each for each in st["leads"] if each["lead"] == lead and each["measurable"]]
    return signed_mv(found[0]["level_mv"]) if found else ""
