"""The cells of a table: how a line is split, and what is a number, a time or missing."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.errors import RecordingError
from ecgd.model.signal import FloatArray, IntArray
from ecgd.sources.table_text import Block

COMMENT: Final = "#"
_MISSING: Final = frozenset(
    ("", "nan", "na", "n/a", "#n/a", "null", "none", "nil", "-", "--", "inf", "-inf", "+inf")
)
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")
_TIME: Final = re.compile(
    r"(?:\d{4}-\d\d?-\d\d?|\d\d?[./]\d\d?[./]\d{4})?[T ]?"
    r"(?:\d+:\d\d(?::\d\d)?(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Some rows of a table: chosen columns as numbers, one as text, and each row's line.

    ``numbers`` has shape (row, column), not a number where a cell is missing.
    """

    numbers: FloatArray
    texts: list[str]
    lines: IntArray


@dataclass(frozen=True, slots=True)
class Cut:
    """How rows are cut: at ``separator`` into ``width`` cells, of which some are read."""

    separator: str
    width: int
    number_columns: tuple[int, ...]
    text_column: int | None = None


def is_comment(line: str) -> bool:
    """Whether a line is to be passed over."""
    bare = line.strip()
    return not bare or bare.startswith(COMMENT)


def split_line(line: str, separator: str) -> list[str]:
    """Return a line's cells without blanks and quotes around them."""
    if '"' in line:
        try:
            cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True))
        except (csv.Error, StopIteration):
            cells = line.split(separator)
    else:
        cells = line.split(separator)
    return [cell.strip(" \t'\u00a0") for cell in cells]


def read_cell(cell: str) -> float | None:
    """Return a number, not a number for a missing one, None for anything else.

    The decimal mark may be a comma: a comma that separates is not in a cell any more.
    """
    if _NUMBER.fullmatch(cell):
        number = float(cell.replace(",", "."))
        return number if math.isfinite(number) else math.nan
    return math.nan if cell.lower() in _MISSING else None


def is_time(cell: str) -> bool:
    """Whether a cell is a date or a clock time, in words of digits."""
    return any(mark in cell for mark in ":-/.") and bool(_TIME.fullmatch(cell))


def read_rows(path: Path, block: Block, cut: Cut) -> Rows:
    """Read a block of lines. Raises RecordingError with the line that cannot be read."""
    rows = _regular(block, cut)
    return _any(path, block, cut) if rows is None else rows


def _regular(block: Block, cut: Cut) -> Rows | None:
    """Read a block that is regular, at numpy's pace; None where it is not."""
    separator, text = cut.separator, _without_quotes(block, cut)
    if '"' in text or COMMENT in text:
        return None
    if {line.count(separator) for line in text[1:-1].split("\n")} != {cut.width - 1}:
        return None
    if separator != ",":
        text = text.replace(",", ".")
    for bare, filled in (
        (separator * 2, f"{separator}nan{separator}"),
        (separator * 2, f"{separator}nan{separator}"),
        (f"\n{separator}", f"\nnan{separator}"),
        (f"{separator}\n", f"{separator}nan\n"),
    ):
        text = text.replace(bare, filled)
    filled_lines = text[1:-1].split("\n")
    try:
        numbers = np.loadtxt(
            filled_lines,
            delimiter=separator,
            comments=None,
            usecols=cut.number_columns,
            ndmin=2,
        )
    except ValueError:
        return None
    if numbers.shape[0] != len(block.lines):
        return None
    numbers[~np.isfinite(numbers)] = np.nan
    texts: list[str] = []
    if cut.text_column is not None:
        at = cut.text_column
        texts = [line.split(separator, at + 1)[at].strip(" \t'") for line in filled_lines]
    index = np.arange(block.first_line, block.first_line + len(block.lines))
    return Rows(numbers, texts, index)


def _without_quotes(block: Block, cut: Cut) -> str:
    """Return a block between line ends, its cells without the quotes around them.

    Were there a separator between the quotes, the number of cells would not come out.
    """
    text = "\n".join(["", *block.lines, ""])
    if '"' in text:
        for edge in (cut.separator, "\n"):
            text = text.replace(f'"{edge}', edge).replace(f'{edge}"', edge)
    return text


def _any(path: Path, block: Block, cut: Cut) -> Rows:
    """Read a block cell by cell."""
    numbers, texts, index = [], [], []
    last = len(block.lines) - 1
    for offset, line in enumerate(block.lines):
        if is_comment(line):
            continue
        number = block.first_line + offset
        cells = split_line(line, cut.separator)
        while len(cells) > cut.width and not cells[-1]:
            cells.pop()
        if len(cells) < cut.width and offset == last and block.is_torn:
            break
        if len(cells) != cut.width:
            raise RecordingError(
                f"{path}, line {number}: has {len(cells)} cells where the others have {cut.width}",
                "Correct the line, or remove it; a comma inside a cell needs quotes around it.",
            )
        numbers.append([_number(path, number, cells[at]) for at in cut.number_columns])
        if cut.text_column is not None:
            texts.append(cells[cut.text_column])
        index.append(number)
    shape = (len(numbers), len(cut.number_columns))
    return Rows(np.array(numbers, dtype=np.float64).reshape(shape), texts, np.array(index, int))


def _number(path: Path, line: int, cell: str) -> float:
    number = read_cell(cell)
    if number is None:
        raise RecordingError(
            f"{path}, line {line}: {cell[:40]!r} is no number",
            "Correct the cell; one without a sample is empty, or says NaN.",
        )
    return number
