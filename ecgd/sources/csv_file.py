"""Reads a table: one sample a row, one lead a column, in any of the dialects that are about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.errors import RecordingError
from ecgd.model.signal import FloatArray, IntArray
from ecgd.sources.lead_names import read_lead, usual_name, uv_per_unit
from ecgd.sources.raw_signal import RawSignal, check_missing, name_some, spread
from ecgd.sources.table_cells import Cut, Rows, read_rows
from ecgd.sources.table_layout import Column, Layout, find_layout
from ecgd.sources.table_text import Block, find_encoding, read_blocks
from ecgd.sources.table_times import (
    Grid,
    find_grid,
    seconds_of_numbers,
    seconds_of_texts,
    time_rank,
)

_HEAD_LINES: Final = 400


@dataclass(frozen=True, slots=True)
class _Choice:
    """Which columns are read: the leads under these names, and the time if there is one."""

    leads: tuple[Column, ...]
    names: tuple[str, ...]
    time: Column | None
    notes: tuple[str, ...]


def read_csv(
    path: Path, fs_hz: float | None, leads: Sequence[str] | None, unit: str | None
) -> RawSignal:
    """Read a table with or without a header. Raises RecordingError that names the line.

    What the file does not tell (names, rate, unit) may be given; what contradicts it is refused.
    """
    blocks = read_blocks(path, find_encoding(path))
    first = next(blocks, None)
    if first is None:
        raise RecordingError(f"{path}: is empty", "Give a table with a row for every sample.")
    layout = find_layout(path, first.lines[:_HEAD_LINES], leads)
    choice = _choose(path, layout, leads, unit)
    cut = _cut(layout, choice)
    values, times, texts, lines = _read_all(path, _rows_of(first, blocks, layout), cut, choice)
    scales, note = _scales(choice, layout, values, unit)
    with np.errstate(over="ignore"):
        # What no voltage can be becomes infinite, and so an invalid sample.
        values *= scales[:, None]
    grid = _grid(path, layout, choice, (times, texts, lines), fs_hz)
    check_missing(path, grid.missing, values.shape[1], grid.fs_hz)
    notes = (*choice.notes, *note, *_notes(grid, choice))
    return RawSignal(
        spread(values, grid.index),
        choice.names,
        grid.fs_hz,
        layout.preamble.highpass_hz,
        layout.preamble.lowpass_hz,
        notes,
    )


def _choose(path: Path, layout: Layout, leads: Sequence[str] | None, unit: str | None) -> _Choice:
    if not layout.has_header:
        return _choose_unnamed(path, layout, leads)
    time = _time_column(layout)
    others = [c for c in layout.columns if c is not time and c.index not in layout.texts]
    usable = [c for c in others if c.index not in layout.times and _is_voltage(c, unit)]
    named = [c for c in usable if read_lead(c.name) is not None]
    if leads is None:
        chosen, names = named, [usual_name(column.name) for column in named]
    else:
        chosen, names = _wanted(path, named, usable, leads), list(leads)
    if not chosen:
        headings = name_some([_heading(c) for c in layout.columns if c is not time and c.name])
        raise RecordingError(
            f"{path}: none of its columns is a lead in volts ({headings or 'no names'})",
            "Name them in order with --leads; where a unit is not known, give --unit.",
        )
    left_out = [_heading(c) for c in layout.columns if c not in chosen and c is not time]
    left_out = [heading for heading in left_out if heading]
    notes = (f"left out: {name_some(left_out)}",) if left_out else ()
    return _Choice(tuple(chosen), tuple(names), time, notes)


def _choose_unnamed(path: Path, layout: Layout, leads: Sequence[str] | None) -> _Choice:
    count, lead = layout.width, layout.preamble.lead
    names = tuple(leads or ((usual_name(lead),) if lead else ()))
    if not names:
        raise RecordingError(
            f"{path}: has no line of headings: the names of its {count} columns are not known",
            "Name the leads with --leads I,II (a column of times may stand before them), "
            "and give --fs where there are no times.",
        )
    columns = layout.columns
    # A separator at the end of every line makes a column more that holds nothing.
    while len(columns) > len(names) and columns[-1].index in layout.texts | layout.empty:
        columns = columns[:-1]
    if len(columns) == len(names):
        return _Choice(columns, names, None, ())
    if len(columns) == len(names) + 1:
        return _Choice(columns[1:], names, columns[0], ())
    raise RecordingError(
        f"{path}: has {len(columns)} columns for {len(names)} lead name(s) ({','.join(names)})",
        "Name every lead with --leads, in order; only a column of times may stand before them.",
    )


def _time_column(layout: Layout) -> Column | None:
    ranked = [(time_rank(c.name), c.index, c) for c in layout.columns]
    found = [(rank, index, c) for rank, index, c in ranked if rank is not None]
    found = [each for each in found if each[1] not in layout.texts]
    if found:
        return min(found)[2]
    # One that holds times in words of digits needs no name.
    return next((c for c in layout.columns if c.index in layout.times), None)


def _is_voltage(column: Column, unit: str | None) -> bool:
    return unit is not None or column.unit is None or uv_per_unit(column.unit) is not None


def _wanted(
    path: Path, named: list[Column], usable: list[Column], leads: Sequence[str]
) -> list[Column]:
    by_name = {usual_name(column.name): column for column in reversed(usable)}
    if all(lead in by_name for lead in leads):
        return [by_name[lead] for lead in leads]
    for columns in (named, usable):
        if len(columns) == len(leads):
            return columns
    headings = name_some([column.name or "?" for column in usable])
    raise RecordingError(
        f"{path}: has the columns {headings}, not {','.join(leads)}",
        "Choose among them with --leads, or name every one of them.",
    )


def _heading(column: Column) -> str:
    return f"{column.name} [{column.unit}]" if column.unit else column.name


def _cut(layout: Layout, choice: _Choice) -> Cut:
    numbers = [column.index for column in choice.leads]
    time = choice.time
    if time is None or time.index in layout.times:
        text = None if time is None else time.index
        return Cut(layout.separator, layout.width, tuple(numbers), text)
    return Cut(layout.separator, layout.width, (*numbers, time.index))


def _rows_of(first: Block, others: Iterator[Block], layout: Layout) -> Iterator[Block]:
    start = layout.first_line - first.first_line
    yield replace(first, first_line=layout.first_line, lines=first.lines[start:])
    yield from others


def _read_all(
    path: Path, blocks: Iterator[Block], cut: Cut, choice: _Choice
) -> tuple[FloatArray, FloatArray, list[str], IntArray]:
    """Return leads (lead, sample), times as numbers or as texts, and every row's line."""
    parts: list[Rows] = [read_rows(path, block, cut) for block in blocks]
    count = sum(part.lines.size for part in parts)
    if count == 0:
        raise RecordingError(f"{path}: has no samples", "Give a recording that is not empty.")
    columns = np.empty((len(cut.number_columns), count))
    lines = np.empty(count, dtype=np.int64)
    texts: list[str] = []
    start = 0
    while parts:
        part = parts.pop(0)
        stop = start + part.lines.size
        columns[:, start:stop] = part.numbers.T
        lines[start:stop] = part.lines
        texts += part.texts
        start = stop
    leads = len(choice.leads)
    if choice.time is not None:
        # A spreadsheet leaves empty rows behind: one without even a time is none.
        told = np.isfinite(columns).any(axis=0)
        if texts:
            told |= np.array([text not in ("", "nan") for text in texts])
        if not told.all():
            texts = [texts[row] for row in np.flatnonzero(told)] if texts else []
            columns, lines = columns[:, told], lines[told]
    times = columns[leads] if len(columns) > leads else np.empty(0)
    return columns[:leads], times, texts, lines


def _scales(
    choice: _Choice, layout: Layout, values: FloatArray, unit: str | None
) -> tuple[FloatArray, tuple[str, ...]]:
    """Return µV per unit of every lead, and a note where nothing said the unit."""
    said = [unit or column.unit or layout.preamble.unit for column in choice.leads]
    silent = [row for row, each in enumerate(said) if each is None]
    known = all(np.all(_whole(values[row])) for row in silent)
    guess = "µV" if known else "mV"
    scales = np.array([uv_per_unit(each or guess) or 1.0 for each in said])
    note = f"no unit is given: taken as {guess}, as {'whole numbers' if known else 'fractions'} are"
    return scales, ((note,) if silent else ())


def _whole(values: FloatArray) -> bool:
    there = values[np.isfinite(values)]
    return bool(np.all(there == np.rint(there)))


def _grid(
    path: Path,
    layout: Layout,
    choice: _Choice,
    times: tuple[FloatArray, list[str], IntArray],
    fs_hz: float | None,
) -> Grid:
    numbers, texts, lines = times
    said_hz = layout.preamble.fs_hz
    if fs_hz is not None and said_hz is not None and abs(fs_hz - said_hz) > 1e-6:
        raise RecordingError(f"{path}: says {said_hz:g} Hz, not {fs_hz:g} Hz", "Leave out --fs.")
    fs_hz = fs_hz or said_hz
    if choice.time is None:
        if fs_hz is None:
            raise RecordingError(f"{path}: has no column of times", "Give --fs.")
        return Grid(fs_hz, np.arange(lines.size), follows_times=False)
    if texts:
        times_s = seconds_of_texts(path, texts, lines)
    else:
        unit = choice.time.unit or choice.time.name
        times_s = seconds_of_numbers(path, numbers, unit, lines, fs_hz)
    if lines.size < 2 and fs_hz is None:
        raise RecordingError(f"{path}: one row tells no sampling rate", "Give --fs.")
    return find_grid(path, times_s, lines, fs_hz)


def _notes(grid: Grid, choice: _Choice) -> Iterator[str]:
    if grid.missing:
        gaps = int(np.count_nonzero(np.diff(grid.index) > 1))
        yield f"{grid.missing} rows are missing in {gaps} gap(s): invalid samples"
    if choice.time is not None and not grid.follows_times and grid.index.size > 1:
        yield "its times are too coarse: rows are counted"
