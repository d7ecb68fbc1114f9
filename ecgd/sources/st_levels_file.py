"""Reads a table of ST levels: one beat a row, one limb lead a column."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.errors import RecordingError
from ecgd.model.leads import DERIVATION, LIMB_LEADS
from ecgd.model.signal import BoolArray, FloatArray
from ecgd.sources.lead_names import read_lead, split_unit, uv_per_unit
from ecgd.sources.table_cells import is_comment, read_cell, split_line
from ecgd.sources.table_text import find_encoding, read_blocks

LARGEST_MV: Final = 5.0
"""No heart's ST is larger: such figures are in another unit."""

TOLERANCE_MV: Final = 0.03
"""Leads that were each measured by themselves differ by so much from what the others say."""

_TIMES: Final = frozenset(("time", "t", "zeit", "timestamp", "elapsed time"))
_SECONDS: Final = {None: 1.0, "s": 1.0, "sec": 1.0, "ms": 0.001}
_SHAPE: Final = "The first line names the columns: time_s,I,II,III,aVR,aVL,aVF; levels are in mV."


@dataclass(frozen=True, slots=True, eq=False)
class StLevelsTable:
    """ST levels of beats, oldest first.

    ``times_s`` is (beat,), ``pair_mv`` (beat, 2): leads I and II, not a number where they cannot
    be known. ``leads`` are the columns that were there; ``notes`` what has to be said.
    """

    times_s: FloatArray
    pair_mv: FloatArray
    leads: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Header:
    separator: str
    width: int
    time_column: int
    second_s: float
    leads: tuple[tuple[str, int, float], ...]


def read_st_levels(path: Path) -> StLevelsTable:
    """Read a table of ST levels. Raises RecordingError that names the line.

    Leads that are missing, in the table or in a row, follow from any two that are there.
    """
    header: _Header | None = None
    times: list[float] = []
    rows: list[list[float]] = []
    lines: list[int] = []
    for number, line in _lines(path):
        if header is None:
            header = _header(path, number, line)
            continue
        row = _row(path, number, line, header)
        if row is None:
            continue
        if times and row[0] < times[-1]:
            raise RecordingError(
                f"{path}, line {number}: {row[0]:g} s comes after {times[-1]:g} s",
                "Put the beats in order of time, one row a beat.",
            )
        times.append(row[0])
        rows.append(row[1:])
        lines.append(number)
    if header is None:
        raise RecordingError(f"{path}: is empty", _SHAPE)
    if not rows:
        raise RecordingError(f"{path}: has no beats", "Give a row for every beat.")
    return _table(path, header, times, np.array(rows), lines)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    for block in read_blocks(path, find_encoding(path)):
        for offset, line in enumerate(block.lines):
            if not is_comment(line):
                yield block.first_line + offset, line


def _header(path: Path, number: int, line: str) -> _Header:
    separator = max(",;\t", key=line.count)
    names = split_line(line, separator)
    time: tuple[int, float] | None = None
    leads: dict[str, tuple[int, float]] = {}
    for column, heading in enumerate(names):
        name, unit = split_unit(heading)
        lead = read_lead(name)
        if lead in LIMB_LEADS:
            if lead in leads:
                raise RecordingError(f"{path}, line {number}: two columns are {lead}", _SHAPE)
            leads[lead] = (column, (uv_per_unit(unit or "mV") or 1000.0) / 1000.0)
        elif name.lower() in _TIMES and time is None:
            time = (column, _SECONDS.get(unit.lower() if unit else None, 1.0))
    if time is None:
        raise RecordingError(f"{path}, line {number}: no column is called time_s", _SHAPE)
    if len(leads) < 2:
        found = ", ".join(leads) or "none"
        raise RecordingError(
            f"{path}, line {number}: a vector needs two limb leads, found: {found}", _SHAPE
        )
    chosen = tuple((lead, *leads[lead]) for lead in LIMB_LEADS if lead in leads)
    return _Header(separator, len(names), *time, chosen)


def _row(path: Path, number: int, line: str, header: _Header) -> list[float] | None:
    """Return time and levels; None for a row that holds nothing."""
    cells = split_line(line, header.separator)
    if not any(cells):
        return None
    if len(cells) != header.width:
        raise RecordingError(
            f"{path}, line {number}: has {len(cells)} cells where the heading has {header.width}",
            "Correct the line, or remove it.",
        )
    time_s = _figure(path, number, cells[header.time_column]) * header.second_s
    if math.isnan(time_s):
        raise RecordingError(f"{path}, line {number}: has no time", "Give each beat's time in s.")
    levels = [_figure(path, number, cells[at]) * scale for _, at, scale in header.leads]
    return [time_s, *levels]


def _figure(path: Path, number: int, cell: str) -> float:
    figure = read_cell(cell)
    if figure is None:
        raise RecordingError(
            f"{path}, line {number}: {cell[:40]!r} is no number",
            "Correct the cell; a level that was not measured is empty, or says NaN.",
        )
    return figure


def _table(
    path: Path, header: _Header, times: Sequence[float], rows: FloatArray, lines: Sequence[int]
) -> StLevelsTable:
    leads = tuple(lead for lead, _, _ in header.leads)
    weights = np.array([DERIVATION[lead] for lead in leads])
    wild = _wild(path, rows, lines)
    rows = np.where(wild, np.nan, rows)
    pair_mv = np.full((len(rows), 2), np.nan)
    measured = np.isfinite(rows)
    for pattern in np.unique(measured, axis=0):
        if pattern.sum() >= 2:
            same = (measured == pattern).all(axis=1)
            pair_mv[same] = rows[same][:, pattern] @ np.linalg.pinv(weights[pattern]).T
    if np.isnan(pair_mv).all():
        raise RecordingError(
            f"{path}: no beat has two measured leads", "A level that was measured is a number."
        )
    beyond = f"{int(wild.sum())} levels beyond {LARGEST_MV:g} mV count as not measured"
    notes = (
        *_missing_note(leads, pair_mv),
        *((beyond,) if wild.any() else ()),
        *_contradiction(weights, rows, pair_mv, lines),
    )
    return StLevelsTable(np.array(times), pair_mv, leads, notes)


def _wild(path: Path, rows: FloatArray, lines: Sequence[int]) -> BoolArray:
    """Tell which levels no heart has. Raises RecordingError where that is the usual level."""
    wild: BoolArray = np.abs(rows) > LARGEST_MV
    if 2 * wild.sum() > np.isfinite(rows).sum():
        first = int(np.flatnonzero(wild.any(axis=1))[0])
        raise RecordingError(
            f"{path}, line {lines[first]}: ST of {np.nanmax(np.abs(rows[first])):g} mV is not a "
            "heart's, nor are most others",
            "Levels are in mV; name another unit in the heading, as in I [µV].",
        )
    return wild


def _missing_note(leads: tuple[str, ...], pair_mv: FloatArray) -> Iterator[str]:
    derived = [lead for lead in LIMB_LEADS if lead not in leads]
    if derived:
        yield f"{', '.join(derived)} derived from the other leads"
    unknown = int(np.isnan(pair_mv).any(axis=1).sum())
    if unknown:
        yield f"{unknown} of {len(pair_mv)} beats have fewer than two measured leads: passed over"


def _contradiction(
    weights: FloatArray, rows: FloatArray, pair_mv: FloatArray, lines: Sequence[int]
) -> Iterator[str]:
    """Say where the leads break I + III = II and the identities that follow from it."""
    away_mv = np.abs(rows - pair_mv @ weights.T)
    worst_mv = np.where(np.isnan(away_mv), 0.0, away_mv).max(axis=1)
    wrong = np.flatnonzero(worst_mv > TOLERANCE_MV)
    if wrong.size:
        yield (
            f"the leads contradict each other (I + III = II and so on) in {wrong.size} of "
            f"{len(rows)} beats, by up to {worst_mv.max():.2f} mV, first in line "
            f"{lines[int(wrong[0])]}: a column may be wrong, inverted or of another beat"
        )
