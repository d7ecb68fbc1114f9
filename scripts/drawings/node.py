"""What both variants of the worn device share: Arduino, HC-05, battery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from drawings.electrodes import draw_snap
from drawings.sheet import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    TEAL,
    YELLOW,
    Point,
    Sheet,
    Style,
)
from drawings.symbols import (
    Board,
    Row,
    capacitor,
    draw_board,
    ground,
    led,
    resistor,
    warning,
)

WIDTH, HEIGHT = 1240.0, 950.0
RAIL_Y: Final = 780.0
HC05_VCC_X: Final = 1100.0
ELECTRODE_COLOURS = {"RA": RED, "LA": YELLOW, "LL": GREEN, "RL": BLACK}
"""Of the wires: IEC."""


def begin(title: str, description: str) -> Sheet:
    """Return a sheet with its title and the words that hold for every drawing of the device."""
    sheet = Sheet(WIDTH, HEIGHT, title, description)
    sheet.text(
        30,
        74,
        "All ground signs are one wire. A dot joins wires; without one they only cross. "
        "Every board’s ground is joined to them.",
        Style(15, GREY),
    )
    return sheet


def draw_arduino(sheet: Sheet, left: Row, led_pin: str, title_y: float = 552) -> Board:
    """Draw the Arduino; ``led_pin`` is that of an external LED, empty: the board's own."""
    right = [*([led_pin] if led_pin else []), "D0", "D1"]
    arduino = draw_board(
        sheet,
        (720, 110, 180, 510),
        ("Arduino", "Uno or Nano"),
        (
            left,
            Row("right", right, 40 if led_pin else 120, 80),
            Row("bottom", ("A2", "GND", "5V"), 36, 54),
        ),
        fill="#e6f3f5",
        title_y=title_y,
    )
    sheet.box(785, 94, 50, 30, fill="#c9d1d8", radius=3)
    sheet.text(846, 100, "USB: only off the body", Style(14, RED, True))
    if led_pin:
        x, y = arduino[led_pin]
        sheet.wire([(x, y), (1040, y)], TEAL)
        resistor(sheet, (965, y), "1 kΩ")
        led(sheet, (1050, y), "#43a047")
        sheet.wire([(1064, y), (1100, y), (1100, y + 14)], BLACK)
        ground(sheet, (1100, y + 12))
        sheet.text(1116, y - 4, "identify", Style(14, GREY))
    return arduino


def draw_hc05(sheet: Sheet, arduino: Board) -> None:
    """Draw the Bluetooth module with the divider before its RXD."""
    y0, y1 = arduino["D0"][1], arduino["D1"][1]
    x = arduino["D0"][0]
    module = draw_board(
        sheet,
        (1060, y0 - 40, 150, 270),
        (),
        (
            Row("left", ("TXD", "RXD"), 40, y1 - y0),
            Row("bottom", ("VCC", "GND"), 40, 70),
        ),
        fill="#e8eefb",
    )
    sheet.text(1142, y0 + 34, "HC-05", Style(18, bold=True, anchor="middle"))
    sheet.text(1142, y0 + 54, "or HC-06", Style(14, GREY, anchor="middle"))
    sheet.lines(1072, y1 + 40, ("its own supply", "stage: 3.6 to 6 V"), Style(13, GREY))
    sheet.wire([(x, y0), module["TXD"]], BLUE)
    sheet.wire([(x, y1), module["RXD"]], PURPLE)
    resistor(sheet, (955, y1), "1 kΩ")
    sheet.wire([(1018, y1), (1018, y1 + 96)], PURPLE)
    resistor(sheet, (1018, y1 + 48), "", upright=True)
    sheet.text(1000, y1 + 53, "2 kΩ", Style(14, bold=True, anchor="end"))
    sheet.dot(1018, y1, PURPLE)
    ground(sheet, (1018, y1 + 94))
    sheet.wire([module["VCC"], (HC05_VCC_X, RAIL_Y - 30)], RED)
    ground(sheet, module["GND"])
    sheet.lines(
        915,
        y1 - 62,
        ("pull TXD off D0", "while you flash"),
        Style(13, GREY, italic=True),
    )


def draw_power(sheet: Sheet, arduino: Board) -> None:
    """Draw battery, switch, booster and the divider that measures the battery."""
    sheet.box(40, RAIL_Y - 62, 120, 124, fill="#f4f7f9", line=2.5)
    sheet.text(86, RAIL_Y - 30, "LiPo cell", Style(16, bold=True, anchor="middle"))
    sheet.lines(54, RAIL_Y + 4, ("3.7 V, with", "protection"), Style(13, GREY))
    sheet.text(146, RAIL_Y + 6, "+", Style(18, bold=True, anchor="middle"))
    sheet.text(146, RAIL_Y + 51, "−", Style(18, bold=True, anchor="middle"))
    booster = draw_board(
        sheet,
        (420, RAIL_Y - 40, 150, 96),
        ("5 V booster",),
        (Row("left", ("IN +",), 40), Row("right", ("OUT 5V",), 40)),
        fill="#f7f0e6",
        title_y=RAIL_Y + 40,
    )
    sheet.wire([(160, RAIL_Y), (210, RAIL_Y)], ORANGE)
    sheet.wire([(256, RAIL_Y), booster["IN +"]], ORANGE)
    sheet.line([(212, RAIL_Y - 3), (252, RAIL_Y - 24)], width=3.5)
    for x in (210, 256):
        sheet.disc(x, RAIL_Y, 5)
    sheet.text(233, RAIL_Y + 26, "switch", Style(14, anchor="middle"))
    ground(sheet, (186, RAIL_Y + 54))
    sheet.wire([(160, RAIL_Y + 45), (186, RAIL_Y + 45), (186, RAIL_Y + 58)], BLACK)
    ground(sheet, (495, RAIL_Y + 56))
    _draw_battery_divider(sheet, arduino)
    out, feed = booster["OUT 5V"], arduino["5V"]
    sheet.wire([out, (HC05_VCC_X, RAIL_Y), (HC05_VCC_X, RAIL_Y - 40)], RED)
    sheet.wire([feed, (feed[0], RAIL_Y)], RED)
    sheet.dot(feed[0], RAIL_Y, RED)
    sheet.text(720, RAIL_Y - 9, "5 V", Style(14, RED, True))
    ground(sheet, arduino["GND"])


def _draw_battery_divider(sheet: Sheet, arduino: Board) -> None:
    """Two equal resistors from the battery to ground; A2 sees half of its voltage."""
    ax, ay = arduino["A2"]
    y, split_x, filter_x = RAIL_Y - 105, 600.0, 672.0
    sheet.wire([(320, RAIL_Y), (320, y), (ax, y), (ax, ay)], ORANGE)
    sheet.dot(320, RAIL_Y, ORANGE)
    resistor(sheet, (440, y), "100 kΩ")
    for x in (split_x, filter_x):
        sheet.wire([(x, y), (x, y + 64)], ORANGE)
        sheet.dot(x, y, ORANGE)
        ground(sheet, (x, y + 62))
    resistor(sheet, (split_x, y + 34), "", upright=True)
    sheet.text(split_x - 15, y + 39, "100 kΩ", Style(14, bold=True, anchor="end"))
    capacitor(sheet, (filter_x, y + 34), "100 nF")


def draw_electrode_wires(
    sheet: Sheet, ends: Sequence[tuple[str, float, Sequence[Point]]], resistor_x: float | None
) -> None:
    """Draw each electrode at its height with a wire to every pin that it feeds.

    ``ends``: name, y, pins. ``resistor_x``: where 100 kΩ sit in each wire; None: on the board.
    """
    for name, y, pins in ends:
        colour = ELECTRODE_COLOURS[name]
        turn = 268.0
        for px, py in pins:
            bend = [(turn, y), (turn, py)] if py != y else []
            sheet.wire([(116, y), *bend, (px, py)], colour)
        if len(pins) > 1:
            sheet.dot(turn, y, colour)
        if resistor_x is not None:
            resistor(sheet, (resistor_x, y), "100 kΩ")
        draw_snap(sheet, (92, y), name, pad=25)
        sheet.text(24, y + 6, name, Style(17, bold=True))


def draw_warning(sheet: Sheet) -> None:
    """Say what must never happen."""
    warning(
        sheet,
        (30, 866, 1180, 64),
        (
            "On a body: battery only.",
            "No USB cable, no charger, no instrument on the mains while an electrode is on a "
            "person. Take it off before a defibrillator is used.",
        ),
    )
