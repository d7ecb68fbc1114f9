"""How a table is laid out: its separator, where its rows begin, what its columns are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ecgd.errors import RecordingError
from ecgd.sources.lead_names import read_lead, split_unit, uv_per_unit
from ecgd.sources.table_cells import COMMENT, is_comment, is_time, read_cell, split_line

_SEPARATORS: Final = (",", ";", "\t")
_ENTRY: Final = re.compile(r'^\W*(?P<key>[^:=,;\t"]+)"?\s*[:=,;\t]\s*"?(?P<value>[^"]*?)[";,\s]*$')
_RATE_KEYS: Final = re.compile(
    r"(?:sampl(?:e|ing)[ _]?(?:rate|freq\w*)|fs|freq(?:uency)?|messrate|abtast(?:rate|frequenz))"
    r"(?:\W*hz\W*)?",
    re.IGNORECASE,
)
_RATE: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s*(k?)(?:hz|hertz|sps|samples.*|1/s)?", re.IGNORECASE)
_OWN: Final = re.compile(r"^# ecgd \S+ ")
"""How a table begins that ecgctl has exported; facts follow, as in fs_hz=250."""

_FACT: Final = re.compile(r"(\w+_hz)=(\d+(?:\.\d+)?(?:e-?\d+)?)(?=\s|$)")
_LEAD_KEYS: Final = ("lead", "leads", "ableitung")
_UNIT_KEYS: Final = ("unit", "units", "einheit")
_UNIT_WORDS: Final = re.compile(
    r"|sec(onds?)?|s|ms|us|samples?|#|index|[hms:.]{4,}|date|-", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column and what its heading says; the name is empty without one."""

    index: int
    name: str = ""
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Preamble:
    """What lines before the table say about all of it."""

    fs_hz: float | None = None
    lead: str | None = None
    unit: str | None = None
    highpass_hz: float | None = None
    lowpass_hz: float | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """A table's form. ``first_line`` is that of the first row, counted from 1.

    ``times`` are the columns that hold dates or clock times, ``texts`` those that hold other words,
    ``empty`` those that hold nothing in the first rows.
    """

    separator: str
    width: int
    first_line: int
    columns: tuple[Column, ...]
    has_header: bool
    preamble: Preamble
    times: frozenset[int]
    texts: frozenset[int]
    empty: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """The head of a file, cut at one separator. ``lead_is_said``: by a line of its own."""

    separator: str
    width: int
    first: int
    share: float
    rows: list[tuple[int, list[str]]]
    numeric: frozenset[int]
    times: frozenset[int]
    texts: frozenset[int]
    lead_is_said: bool

    @property
    def before(self) -> list[tuple[int, list[str]]]:
        """The lines before the first row that may be headings: line number and cells."""
        early = self.rows[: self.first]
        return [row for row in early if _entry_of(self.separator.join(row[1])) is None]

    @property
    def heading(self) -> int | None:
        """Which of ``before`` holds the headings: the last that names most; None without one."""
        fitting = [
            n
            for n, (_, cells) in enumerate(self.before)
            if _is_heading(cells, self.width) and (_names_in(cells) or not self.lead_is_said)
        ]
        return max(fitting, key=lambda n: (_names_in(self.before[n][1]), n), default=None)


def find_layout(path: Path, head: Sequence[str], leads: Sequence[str] | None) -> Layout:
    """Find the layout of a table from its first lines. Raises RecordingError."""
    preamble = _preamble(head)
    expected = 1 if preamble.lead else len(leads or ())
    cut = [_attempt(head, each, lead_is_said=bool(preamble.lead)) for each in _SEPARATORS]
    attempts = [attempt for attempt in cut if attempt is not None]
    if not attempts:
        raise RecordingError(
            f"{path}: holds no table of numbers",
            "A table has one sample a line and one lead a column, with , ; or tabs between.",
        )
    best = max(attempts, key=lambda attempt: _worth(attempt, expected))
    columns, first_line = _columns(path, best, head)
    return Layout(
        separator=best.separator,
        width=best.width,
        first_line=first_line,
        columns=columns or tuple(Column(index) for index in range(best.width)),
        has_header=columns is not None,
        preamble=preamble,
        times=best.times,
        texts=best.texts,
        empty=frozenset(range(best.width)) - best.numeric - best.times - best.texts,
    )


def _attempt(head: Sequence[str], separator: str, *, lead_is_said: bool) -> _Attempt | None:
    rows = [
        (number, split_line(line, separator))
        for number, line in enumerate(head, 1)
        if not is_comment(line)
    ]
    late = rows[len(rows) // 2 :]
    if not late:
        return None
    width = Counter(len(cells) for _, cells in late).most_common(1)[0][0]
    late = [row for row in late if len(row[1]) == width]
    kinds = [[_kind(cells[index]) for _, cells in late] for index in range(width)]
    columns = range(width)
    times = frozenset(i for i in columns if kinds[i].count("time") > len(late) / 2)
    numeric = frozenset(
        i
        for i in columns
        if kinds[i].count("number") > len(late) / 2
        or ("number" in kinds[i] and set(kinds[i]) <= {"number", "missing"})
    )
    texts = frozenset(i for i in columns if set(kinds[i]) != {"missing"}) - numeric - times
    fits = [_fits(cells, width, numeric, times) for _, cells in rows]
    if not numeric or not any(fits):
        return None
    share = sum(fits) / len(fits)
    first = fits.index(True)
    return _Attempt(separator, width, first, share, rows, numeric, times, texts, lead_is_said)


def _kind(cell: str) -> str:
    number = read_cell(cell)
    if number is None:
        return "time" if is_time(cell) else "word"
    return "number" if number == number else "missing"  # noqa: PLR0124 (not a number: itself not)


def _fits(cells: list[str], width: int, numeric: frozenset[int], times: frozenset[int]) -> bool:
    if len(cells) != width:
        return False
    kinds = [_kind(cells[index]) for index in sorted(numeric)]
    in_time = all(_kind(cells[index]) == "time" for index in times)
    is_told = bool(times) or "number" in kinds
    return in_time and is_told and "word" not in kinds and "time" not in kinds


def _worth(attempt: _Attempt, expected: int) -> tuple[float, int, bool, bool, int]:
    heading = attempt.heading
    leads = 0 if heading is None else _names_in(attempt.before[heading][1])
    return (
        round(attempt.share, 2),
        leads,
        attempt.width == expected,
        attempt.width - 1 == expected,
        attempt.width,
    )


def _columns(
    path: Path, found: _Attempt, head: Sequence[str]
) -> tuple[tuple[Column, ...] | None, int]:
    """Return the columns by their headings, None where there are none, and the first row's line."""
    first_line = found.rows[found.first][0]
    heading, before = found.heading, found.before
    if heading is None:
        for number, cells in before:
            if _names_in(cells):
                raise RecordingError(
                    f"{path}, line {number}: has {len(_trimmed(cells))} headings, "
                    f"the rows have {found.width} cells",
                    "Give every column one heading.",
                )
        names = _commented(head[: first_line - 1], found)
        return None if names is None else _named(names, found.width), first_line
    columns = _named(before[heading][1], found.width)
    behind = before[heading + 1 :]
    if behind and _are_units(behind[0][1]):
        units = [cell.strip("[]()") for cell in behind.pop(0)[1]]
        units += [""] * found.width
        columns = tuple(replace(c, unit=c.unit or units[c.index] or None) for c in columns)
    for number, cells in behind:
        if len(cells) != found.width or not all(_kind(cell) == "missing" for cell in cells):
            raise RecordingError(
                f"{path}, line {number}: is no row of numbers under the headings",
                "Correct the line, remove it, or begin it with #.",
            )
    return columns, behind[0][0] if behind else first_line


def _is_heading(cells: list[str], width: int) -> bool:
    return 0 < len(_trimmed(cells)) <= width and any(_kind(cell) == "word" for cell in cells)


def _names_in(cells: Sequence[str]) -> int:
    return sum(read_lead(split_unit(cell)[0]) is not None for cell in cells)


def _named(cells: Sequence[str], width: int) -> tuple[Column, ...]:
    padded = [*_trimmed(list(cells)), *[""] * width][:width]
    return tuple(Column(index, *split_unit(cell)) for index, cell in enumerate(padded))


def _commented(before: Sequence[str], found: _Attempt) -> list[str] | None:
    """Return the headings that the last comment before the rows gives, as numpy writes them."""
    comments = [line.strip().lstrip(COMMENT) for line in before if line.strip()]
    if not comments:
        return None
    cells = split_line(comments[-1].strip(), found.separator)
    leads = [cell for cell in cells if read_lead(split_unit(cell)[0]) is not None]
    return cells if len(cells) == found.width and leads else None


def _trimmed(cells: list[str]) -> list[str]:
    last = max((index for index, cell in enumerate(cells) if cell), default=-1)
    return cells[: last + 1]


def _are_units(cells: Sequence[str]) -> bool:
    bare = [cell.strip("[]()") for cell in cells]
    volts = [uv_per_unit(cell) is not None for cell in bare]
    others = [_UNIT_WORDS.fullmatch(cell) is not None for cell in bare]
    return any(volts) and all(a or b for a, b in zip(volts, others, strict=True))


def _entry_of(line: str) -> tuple[str, str] | None:
    """Return key and value of a line such as "Sample Rate,512 hertz"; None for any other."""
    found = _ENTRY.match(line.strip())
    if found is None:
        return None
    key, value = found["key"].strip().lower(), found["value"].strip()
    if _RATE_KEYS.fullmatch(key) and _RATE.fullmatch(value):
        return "rate", value
    if key in _LEAD_KEYS and read_lead(value):
        return "lead", value
    return ("unit", value) if key in _UNIT_KEYS and uv_per_unit(value) is not None else None


def _preamble(head: Sequence[str]) -> Preamble:
    entries = dict(entry for line in head if (entry := _entry_of(line)) is not None)
    facts = {name: float(hz) for name, hz in _FACT.findall(head[0])} if _is_own(head) else {}
    fs_hz = facts.get("fs_hz")
    if (rate := _RATE.fullmatch(entries.get("rate", ""))) is not None:
        fs_hz = float(rate[1].replace(",", ".")) * (1000.0 if rate[2] else 1.0)
    return Preamble(
        fs_hz,
        entries.get("lead"),
        entries.get("unit"),
        facts.get("highpass_hz"),
        facts.get("lowpass_hz"),
    )


def _is_own(head: Sequence[str]) -> bool:
    return bool(head) and _OWN.match(head[0]) is not None
