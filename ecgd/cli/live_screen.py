"""The terminal as a screen: only what changed is written, and everything is put back at the end."""

from __future__ import annotations

import os
import signal
import sys
import termios
import tty
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from ecgd.cli.live_text import Line, char_width, is_narrow

Cell = tuple[str, str]
"""A character, with what combines with it, and the name of its style."""

_COLOURS: Final = {
    "title": "1;37;44",
    "trace": "92",
    "stale": "2",
    "grid": "2;34",
    "label": "1;96",
    "scale": "96",
    "critical": "1;97;41",
    "medium": "1;30;43",
    "low": "30;46",
    "good": "32",
    "warn": "1;33",
    "banner": "1;7;31",
    "frozen": "1;30;46",
    "prompt": "1;30;47",
    "bold": "1",
    "dim": "2",
}
_PLAIN: Final = {
    "title": "1;7",
    "stale": "2",
    "grid": "2",
    "label": "1",
    "critical": "1;7",
    "medium": "1;7",
    "low": "7",
    "warn": "1",
    "banner": "1;7",
    "frozen": "7",
    "prompt": "7",
    "bold": "1",
    "dim": "2",
}
"""Without colour: weight and reversal alone."""

_ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[2J"
_LEAVE: Final = "\x1b[0m\x1b[?25h\x1b[?1049l"
_BEGIN: Final = "\x1b[?2026h"
_END: Final = "\x1b[0m\x1b[?2026l"
"""Terminals that know it show what lies between the two at once; others ignore them."""

_MERGE_CELLS: Final = 6
"""Changes that lie closer than this are written in one piece."""


class Painter:
    """Turns pages into what has to be written: the cells that differ from the page before."""

    def __init__(self, *, colour: bool) -> None:
        self._codes = _COLOURS if colour else _PLAIN
        self._before: list[list[Cell]] = []
        self._size = (0, 0)

    def paint(self, lines: Sequence[Line], width: int, height: int) -> str:
        """Return the output that makes the screen show ``lines``; "" where nothing changed."""
        page = [_cells(line, width) for line in lines]
        out: list[str] = []
        if self._size != (width, height):
            out.append("\x1b[0m\x1b[2J")
            self._size = (width, height)
            self._before = [[(" ", "")] * width for _ in range(height)]
        for row, (before, cells) in enumerate(zip(self._before, page, strict=True)):
            if before != cells:
                out += self._row(row, before, cells)
        self._before = page
        return f"{_BEGIN}{''.join(out)}{_END}" if out else ""

    def forget(self) -> None:
        """Paint everything next time: the terminal was somebody else's for a while."""
        self._size = (0, 0)

    def _row(self, row: int, before: list[Cell], cells: list[Cell]) -> Iterator[str]:
        for start, stop in _spans(before, cells):
            yield f"\x1b[{row + 1};{start + 1}H"
            style = None
            for char, name in cells[start:stop]:
                if name != style:
                    style = name
                    code = self._codes.get(name, "")
                    yield f"\x1b[0;{code}m" if code else "\x1b[0m"
                yield char


def _spans(before: list[Cell], cells: list[Cell]) -> list[tuple[int, int]]:
    """Return where two rows differ, close differences joined."""
    spans: list[tuple[int, int]] = []
    for place, (old, new) in enumerate(zip(before, cells, strict=True)):
        if old == new:
            continue
        if spans and place - spans[-1][1] < _MERGE_CELLS:
            spans[-1] = (spans[-1][0], place + 1)
        else:
            spans.append((place, place + 1))
    return spans


def _cells(line: Line, width: int) -> list[Cell]:
    """Return a line as exactly ``width`` cells; a wide character leaves an empty one behind it."""
    cells: list[Cell] = []
    for text, style in line:
        if is_narrow(text):
            cells += [(char, style) for char in text]
            continue
        for char in text:
            taken = char_width(char)
            if taken == 0 and cells:
                cells[-1] = (cells[-1][0] + char, cells[-1][1])
            cells += [(char, style), ("", style)][:taken]
    del cells[width:]
    return cells + [(" ", "")] * (width - len(cells))


class Screen:
    """A terminal that was taken over; ``write`` is all or nothing to whoever looks."""

    def __init__(self, painter: Painter) -> None:
        self._painter = painter
        self._out = sys.stdout

    def show(self, lines: Iterable[Line], width: int, height: int) -> None:
        """Show a page."""
        out = self._painter.paint(tuple(lines), width, height)
        if out:
            self._out.write(out)
            self._out.flush()

    def size(self) -> tuple[int, int]:
        """Return columns and rows as they are now."""
        size = os.get_terminal_size(self._out.fileno())
        return size.columns, size.lines


class EndedError(Exception):
    """A signal asks the program to end."""


@contextmanager
def taken_over(painter: Painter) -> Iterator[Screen]:
    """Take the terminal over, and give it back whatever happens, stopped by Ctrl-Z too.

    SIGTERM and SIGHUP raise EndedError inside.
    """
    stdin = sys.stdin.fileno()
    before = termios.tcgetattr(stdin)

    def enter() -> None:
        tty.setcbreak(stdin)
        sys.stdout.write(_ENTER)
        sys.stdout.flush()
        painter.forget()

    def leave() -> None:
        sys.stdout.write(_LEAVE)
        sys.stdout.flush()
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)

    def end(*_: object) -> None:
        raise EndedError

    def pause(*_: object) -> None:
        leave()
        os.kill(os.getpid(), signal.SIGSTOP)
        enter()

    handlers: list[tuple[int, Any]] = [
        (signal.SIGTERM, end),
        (signal.SIGHUP, end),
        (signal.SIGTSTP, pause),
    ]
    old = [(number, signal.signal(number, handler)) for number, handler in handlers]
    try:
        enter()
        yield Screen(painter)
    finally:
        try:
            leave()
        finally:
            for number, handler in old:
                signal.signal(number, handler)
