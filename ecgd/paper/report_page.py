"""The report's page: what was raised, the strip, ST lead by lead, and what else counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np

from ecgd.model.finding import Severity
from ecgd.paper.sheet import Box, Dot, Line, Measure, Shape, Sheet, Stamp, Words
from ecgd.paper.strip import (
    J_COLOUR,
    SHEET_PX,
    ST_COLOUR,
    Strip,
    draw_strip,
    height_px,
    row_count,
)

_EDGE_PX: Final = 24.0
_WIDE_PX: Final = SHEET_PX - 2.0 * _EDGE_PX
_TEXT_PX: Final = 25.0
_LINE_PX: Final = 35.0
_QUIET: Final = "#5a5a5a"
_RULE: Final = "#c8c8c8"
_FOUND: Final = "#fde3e0"
_STAMP_STEP_PX: Final = 900.0

_BANNERS: Final = {
    Severity.CRITICAL: "#b00d1e",
    Severity.HIGH: "#c8501a",
    Severity.MEDIUM: "#9a7400",
    Severity.LOW: "#2f5f8a",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it, one paragraph an entry."""

    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under headings; ``found`` are the numbers of those that decided."""

    headings: tuple[str, ...]
    shares: tuple[float, ...]
    rows: tuple[tuple[str, ...], ...]
    found: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportText:
    """Everything of a report that is words. ``test`` is empty unless nobody is ill."""

    severity: Severity
    grade: str
    title: str
    facts: tuple[str, ...]
    strip_notes: tuple[str, ...]
    captions: tuple[str, ...]
    table: Table
    sections: tuple[Section, ...]
    footer: tuple[str, ...]
    test: str = ""


def draw_report(text: ReportText, strip: Strip | None, measure: Measure) -> Sheet:
    """Return the whole report as one sheet, as wide as a phone's screen and as long as it takes.

    ``strip`` None: nothing was recorded there, which is said by ``strip_notes``.
    """
    page = _Page(measure)
    page.banner(text)
    page.lines(text.facts)
    page.gap(14.0)
    if strip is not None:
        page.strip(strip, text.captions)
    page.lines(text.strip_notes, size_px=21.0, colour=_QUIET)
    page.gap(14.0)
    page.heading("ST segment")
    page.table(text.table)
    for section in text.sections:
        if section.paragraphs:
            page.heading(section.heading)
            page.lines(section.paragraphs)
    page.gap(20.0)
    page.lines(text.footer, size_px=20.0, colour=_QUIET)
    page.gap(16.0)
    height = ceil(page.y_px)
    shapes = page.shapes + (list(_stamps(height)) if text.test else [])
    return Sheet(SHEET_PX, height, f"{text.grade}: {text.title}", tuple(shapes))


def draw_strip_alone(strip: Strip, captions: tuple[str, ...]) -> Sheet:
    """Return a sheet with a strip and nothing else."""
    words = f"ECG strip of {', '.join(strip.leads)}, {row_count(strip)} rows of 5 s"
    return Sheet(SHEET_PX, ceil(height_px(strip)), words, draw_strip(strip, captions, 0.0))


def _stamps(height_px: int) -> Iterator[Shape]:
    """Yield the word TEST, so often that no part of the sheet goes without."""
    count = max(1, round(height_px / _STAMP_STEP_PX))
    for number in range(count):
        y_px = (number + 0.5) * height_px / count + 80.0
        yield Stamp(SHEET_PX / 2.0, y_px, "TEST", 300.0)


class _Page:
    """Shapes below each other; ``y_px`` is where the next one begins."""

    def __init__(self, measure: Measure) -> None:
        self.shapes: list[Shape] = []
        self.y_px = 0.0
        self._measure = measure

    def gap(self, px: float) -> None:
        self.y_px += px

    def banner(self, text: ReportText) -> None:
        """Say first what it is, and if it is none."""
        colour = _BANNERS[text.severity]
        title = list(_wrapped(text.title, 40.0, _WIDE_PX, self._measure, bold=True))
        deep_px = 62.0 + 50.0 * len(title) + (44.0 if text.test else 0.0)
        self.shapes.append(Box(0.0, 0.0, SHEET_PX, deep_px, colour))
        self.shapes.append(Words(_EDGE_PX, 42.0, text.grade, 28.0, "#ffffff", bold=True))
        for number, line in enumerate(title):
            y_px = 90.0 + 50.0 * number
            self.shapes.append(Words(_EDGE_PX, y_px, line, 40.0, "#ffffff", bold=True))
        if text.test:
            y_px = deep_px - 20.0
            self.shapes.append(Words(_EDGE_PX, y_px, text.test, 26.0, "#ffffff", bold=True))
        self.y_px = deep_px + 10.0

    def lines(
        self, paragraphs: Iterable[str], *, size_px: float = _TEXT_PX, colour: str = "#111111"
    ) -> None:
        """Write paragraphs, each wrapped to the sheet."""
        step_px = size_px / _TEXT_PX * _LINE_PX
        for paragraph in paragraphs:
            for line in _wrapped(paragraph, size_px, _WIDE_PX, self._measure):
                self.y_px += step_px
                words = Words(_EDGE_PX, self.y_px - 0.25 * step_px, line, size_px, colour)
                self.shapes.append(words)
            self.y_px += 4.0

    def heading(self, words: str) -> None:
        self.y_px += 22.0
        rule = Box(_EDGE_PX, self.y_px, _WIDE_PX, 2.0, _RULE)
        self.y_px += 38.0
        self.shapes += [rule, Words(_EDGE_PX, self.y_px - 4.0, words, 28.0, bold=True)]
        self.y_px += 6.0

    def strip(self, strip: Strip, captions: tuple[str, ...]) -> None:
        """Draw the strip, and below it what its marks mean."""
        self.shapes += draw_strip(strip, captions, self.y_px)
        self.y_px += height_px(strip)
        if strip.beats:
            self._legend()

    def table(self, table: Table) -> None:
        """Write a table; the rows that decided stand on a ground of their own."""
        for number, row in enumerate((table.headings, *table.rows) if table.rows else ()):
            if number - 1 in table.found:
                self.shapes.append(Box(_EDGE_PX, self.y_px, _WIDE_PX, _LINE_PX + 6.0, _FOUND))
            x_px = _EDGE_PX + 8.0
            for share, cell in zip(table.shares, row, strict=True):
                y_px, bold = self.y_px + 29.0, number == 0 or number - 1 in table.found
                self.shapes.append(Words(x_px, y_px, cell, 23.0, bold=bold))
                x_px += share * _WIDE_PX
            self.y_px += _LINE_PX + 6.0
            self.shapes.append(Box(_EDGE_PX, self.y_px - 1.0, _WIDE_PX, 1.0, _RULE))
        self.gap(6.0)
        self.lines(table.notes, size_px=21.0, colour=_QUIET)

    def _legend(self) -> None:
        y_px = self.y_px + 14.0
        mark = np.array([[_EDGE_PX + 4.0, y_px - 11.0], [_EDGE_PX + 4.0, y_px + 11.0]])
        self.shapes += [
            Line(mark, J_COLOUR, 2.0),
            Words(_EDGE_PX + 18.0, y_px + 7.0, "J point", 21.0, _QUIET),
            Dot(_EDGE_PX + 130.0, y_px, 3.5, ST_COLOUR),
            Words(_EDGE_PX + 144.0, y_px + 7.0, "ST, 40 ms later", 21.0, _QUIET),
        ]
        self.y_px += 30.0


def _wrapped(
    text: str, size_px: float, wide_px: float, measure: Measure, *, bold: bool = False
) -> Iterator[str]:
    """Yield lines that fit; a word that alone is too long is cut into pieces."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if measure(longer, size_px, bold) <= wide_px:
            line = longer
            continue
        if line:
            yield line
        line = word
        while measure(line, size_px, bold) > wide_px and len(line) > 1:
            fits = max(1, int(len(line) * wide_px / measure(line, size_px, bold)))
            yield line[:fits]
            line = line[fits:]
    if line:
        yield line
