"""The worn device with two AD8232 boards: rhythm, and ST only with changed parts."""

from __future__ import annotations

from drawings.node import (
    begin,
    draw_arduino,
    draw_electrode_wires,
    draw_hc05,
    draw_power,
    draw_warning,
)
from drawings.sheet import BLACK, BLUE, GREY, PURPLE, RED, TEAL, Sheet, Style
from drawings.symbols import Board, Row, draw_board, ground

BOARD_1 = {"OUTPUT": "A0", "LO+": "D10", "LO−": "D11"}
BOARD_2 = {"OUTPUT": "A1", "LO+": "D8", "LO−": "D9"}


def draw_ad8232() -> str:
    """Return the drawing's SVG."""
    sheet = begin(
        "Worn device with two AD8232 (rhythm)",
        "Four electrodes to two AD8232 boards, the right-leg drive from the first one only; their "
        "outputs and lead-off lines to an Arduino; an HC-05; a LiPo cell with a booster.",
    )
    first = _draw_amplifier(sheet, 110, "board 1: lead I", ("RL", "LA", "RA"))
    second = _draw_amplifier(sheet, 360, "board 2: lead II", ("RA", "LA", "RL"))
    pins = (*BOARD_1.values(), *BOARD_2.values(), "3V3", "AREF")
    arduino = draw_arduino(sheet, Row("left", pins, 62, 50), "")
    draw_electrode_wires(
        sheet,
        (
            ("RL", first["RL"][1], [first["RL"]]),
            ("LA", first["LA"][1], [first["LA"]]),
            ("RA", first["RA"][1], [first["RA"], second["RA"]]),
            ("LL", second["LA"][1], [second["LA"]]),
        ),
        resistor_x=None,
    )
    _draw_open_drive(sheet, second)
    _draw_lines(sheet, first, second, arduino)
    draw_hc05(sheet, arduino)
    draw_power(sheet, arduino)
    draw_warning(sheet)
    return sheet.svg()


def _draw_amplifier(sheet: Sheet, y: float, words: str, inputs: tuple[str, ...]) -> Board:
    return draw_board(
        sheet,
        (340, y, 150, 230),
        ("AD8232", words),
        (
            Row("left", inputs, 72, 58),
            Row("right", ("OUTPUT", "LO+", "LO−", "3.3V", "GND"), 62, 35),
        ),
        fill="#fbeaea",
        title_y=y + 22,
    )


def _draw_open_drive(sheet: Sheet, second: Board) -> None:
    x, y = second["RL"]
    sheet.line([(x - 6, y), (x - 40, y)], GREY, 3)
    sheet.line([(x - 52, y - 10), (x - 32, y + 10)], RED, 4)
    sheet.line([(x - 52, y + 10), (x - 32, y - 10)], RED, 4)
    sheet.lines(
        30,
        y - 4,
        ("RL of board 2 stays open: only", "one right-leg drive may be joined", "to a body."),
        Style(13.5, RED),
    )


def _draw_lines(sheet: Sheet, first: Board, second: Board, arduino: Board) -> None:
    colours = (BLUE, TEAL, PURPLE)
    for board, lines, turns in (
        (first, BOARD_1, (630.0, 606.0, 582.0)),
        (second, BOARD_2, (582.0, 606.0, 630.0)),
    ):
        for (line, pin), colour, turn in zip(lines.items(), colours, turns, strict=True):
            (x0, y0), (x1, y1) = board[line], arduino[pin]
            bend = [] if y0 == y1 else [(turn, y0), (turn, y1)]
            sheet.wire([(x0, y0), *bend, (x1, y1)], colour)
    _draw_supply(sheet, first, second, arduino)


def _draw_supply(sheet: Sheet, first: Board, second: Board, arduino: Board) -> None:
    x, y = arduino["3V3"]
    rail_x = 546.0
    sheet.wire(
        [first["3.3V"], (rail_x, first["3.3V"][1]), (rail_x, 612), (680, 612), (680, y), (x, y)],
        RED,
    )
    sheet.wire([second["3.3V"], (rail_x, second["3.3V"][1])], RED)
    sheet.dot(rail_x, second["3.3V"][1], RED)
    ax, ay = arduino["AREF"]
    sheet.wire([(ax, ay), (680, ay)], RED)
    sheet.dot(680, ay, RED)
    sheet.text(560, 604, "3.3 V", Style(14, RED, True))
    for board in (first, second):
        gx, gy = board["GND"]
        sheet.wire([(gx, gy), (gx + 24, gy), (gx + 24, gy + 14)], BLACK)
        ground(sheet, (gx + 24, gy + 10))
    sheet.lines(
        30,
        606,
        (
            "Pins LA and RA of a board are the amplifier’s + and −:",
            "board 2 takes LL on its pin LA. Boards as sold have 180 kΩ",
            "in each input and 360 kΩ in RL: measure yours, see the text.",
        ),
        Style(13.5, GREY),
    )
