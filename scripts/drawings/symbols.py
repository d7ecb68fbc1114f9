"""Symbols of parts (IEC 60617, as far as makers read them) and boards with their pins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from drawings.sheet import GREY, INK, PALE, RED, Point, Sheet, Style

PIN_STEP: Final = 34.0
_SIDES: Final = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1)}


@dataclass(frozen=True, slots=True)
class Board:
    """A board on the sheet; ``pins`` give the place of each pin by its name."""

    x: float
    y: float
    width: float
    height: float
    pins: dict[str, Point]

    def __getitem__(self, pin: str) -> Point:
        return self.pins[pin]


@dataclass(frozen=True, slots=True)
class Row:
    """Pins along one side of a board, from left or top on, beginning ``start`` from its corner."""

    side: str
    names: Sequence[str]
    start: float = 40.0
    step: float = PIN_STEP


def draw_board(
    sheet: Sheet,
    place: tuple[float, float, float, float],
    title: Sequence[str],
    rows: Sequence[Row],
    *,
    fill: str = "#f4f7f9",
    title_y: float | None = None,
) -> Board:
    """Draw a board with its name in the middle and its pins along the sides.

    ``place``: x, y, width, height. A pin whose name begins with a blank is there and not used; an
    empty name leaves a space.
    """
    x, y, width, height = place
    sheet.box(x, y, width, height, fill=fill, line=2.5)
    pins: dict[str, Point] = {}
    for row in rows:
        for index, name in enumerate(row.names):
            if not name:
                continue
            along = row.start + index * row.step
            pins[name] = _draw_pin(sheet, place, row.side, along, name)
    top = title_y if title_y is not None else y + height / 2 - (len(title) - 1) * 11 + 6
    for index, line in enumerate(title):
        look = Style(18 if index == 0 else 14, INK if index == 0 else GREY, index == 0, "middle")
        sheet.text(x + width / 2, top + index * 22, line, look)
    return Board(x, y, width, height, pins)


def _draw_pin(
    sheet: Sheet, place: tuple[float, float, float, float], side: str, along: float, name: str
) -> Point:
    x, y, width, height = place
    across, down = _SIDES[side]
    px = x + along if down else x + (width if across > 0 else 0)
    py = y + along if across else y + (height if down > 0 else 0)
    used = not name.startswith(" ")
    sheet.box(
        px - 6, py - 6, 12, 12, fill="#f2c14e" if used else PALE, radius=2, line=1.5, edge=GREY
    )
    sheet.lift()
    style = Style(15, INK if used else GREY, used, "middle")
    if across:
        anchor = "start" if across < 0 else "end"
        sheet.text(px - across * 13, py + 5, name.strip(), Style(15, style.colour, used, anchor))
    else:
        sheet.text(px, py + (-13 if down > 0 else 23), name.strip(), style)
    return px, py


def resistor(sheet: Sheet, centre: Point, label: str, *, upright: bool = False) -> None:
    """Draw a resistor of 46 × 16 around ``centre``, its value beside it."""
    x, y = centre
    wide, high = (16, 46) if upright else (46, 16)
    sheet.box(x - wide / 2, y - high / 2, wide, high, radius=2)
    if upright:
        sheet.text(x + 15, y + 5, label, Style(14, bold=True))
    else:
        sheet.text(x, y - 14, label, Style(14, bold=True, anchor="middle"))


def capacitor(sheet: Sheet, centre: Point, label: str) -> None:
    """Draw an upright capacitor: plates 10 apart across a vertical wire."""
    x, y = centre
    sheet.box(x - 14, y - 5, 28, 10, edge="none", radius=0)
    sheet.line([(x - 14, y - 5), (x + 14, y - 5)], width=3)
    sheet.line([(x - 14, y + 5), (x + 14, y + 5)], width=3)
    sheet.text(x + 20, y + 5, label, Style(14, bold=True))


def ground(sheet: Sheet, place: Point) -> None:
    """Draw the sign of ground, hanging from ``place``."""
    x, y = place
    sheet.line([(x, y), (x, y + 8)], width=3)
    for row, half in enumerate((14, 9, 4)):
        sheet.line([(x - half, y + 8 + row * 6), (x + half, y + 8 + row * 6)], width=2.5)


def led(sheet: Sheet, centre: Point, colour: str, *, to_left: bool = False) -> None:
    """Draw a light-emitting diode whose current flows to the right, or ``to_left``."""
    x, y = centre
    way = -1 if to_left else 1
    sheet.box(x - 16, y - 16, 32, 32, edge="none", radius=0)
    sheet.path(
        f"M{x - 13 * way} {y - 14} L{x - 13 * way} {y + 14} L{x + 12 * way} {y} Z", fill=colour
    )
    sheet.line([(x + 13 * way, y - 14), (x + 13 * way, y + 14)], width=3)
    for shift in (0, 10):
        tip = (x - 8 + shift, y - 32)
        sheet.line([(x + 1 + shift, y - 18), tip], width=1.8)
        sheet.path(f"M{tip[0]} {tip[1]} l8 3 l-5 5 Z", fill=INK, line=1)


def transistor(sheet: Sheet, centre: Point) -> dict[str, Point]:
    """Draw an NPN transistor, base to the left; return its base, collector and emitter."""
    x, y = centre
    sheet.disc(x + 6, y, 30)
    sheet.line([(x - 8, y - 18), (x - 8, y + 18)], width=4)
    sheet.line([(x - 8, y - 8), (x + 14, y - 24), (x + 14, y - 44)], width=2.5)
    sheet.line([(x - 8, y + 8), (x + 14, y + 24), (x + 14, y + 44)], width=2.5)
    sheet.path(f"M{x + 12} {y + 23} l-11 -2 l6 -8 Z", fill=INK, line=1)
    return {"base": (x - 8, y), "collector": (x + 14, y - 44), "emitter": (x + 14, y + 44)}


def warning(sheet: Sheet, place: tuple[float, float, float, float], words: Sequence[str]) -> None:
    """Draw a box with a warning triangle; the first line is bold."""
    x, y, width, height = place
    sheet.box(x, y, width, height, fill="#fff4f2", edge=RED)
    cx, cy = x + 38, y + height / 2
    sheet.path(
        f"M{cx} {cy - 20} L{cx + 23} {cy + 19} L{cx - 23} {cy + 19} Z", fill="#ffd84d", line=2.5
    )
    sheet.text(cx, cy + 14, "!", Style(26, bold=True, anchor="middle"))
    top = y + height / 2 - (len(words) - 1) * 10.5 + 5
    for row, line in enumerate(words):
        sheet.text(x + 78, top + row * 21, line, Style(15, INK, row == 0))
