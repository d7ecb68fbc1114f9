"""The worn device with an ADS1292R: the variant that measures ST."""

from __future__ import annotations

from drawings.node import (
    begin,
    draw_arduino,
    draw_electrode_wires,
    draw_hc05,
    draw_power,
    draw_warning,
)
from drawings.sheet import BLACK, BLUE, GREY, ORANGE, PURPLE, RED, TEAL, Sheet, Style
from drawings.symbols import Board, Row, draw_board, ground

DIRECT = {"DRDY": "D2", "DOUT": "D12"}
"""Lines from the converter to the Arduino: 3.3 V is high enough for its inputs."""

SHIFTED = {"PWDN": "D4", "START": "D5", "CS": "D10", "DIN": "D11", "SCLK": "D13"}
"""Lines from the Arduino to the converter, with 5 V: they go through the level shifter."""

LED_PIN = "D7"
_BUFFERS = ((2, 3), (4, 5), (6, 7), (10, 9), (12, 11))
"""Output and input pin of each buffer of a 74HC4050."""


def draw_ads1292r() -> str:
    """Return the drawing's SVG."""
    sheet = begin(
        "Worn device with ADS1292R (measures ST)",
        "Four electrodes through 100 kilo-ohms each to an ADS1292R board; its SPI lines through a "
        "74HC4050 to an Arduino; an HC-05 with a divider on its RXD; a LiPo cell with a booster.",
    )
    rows = (*DIRECT, "", *SHIFTED, "3.3V", "GND")
    ads = draw_board(
        sheet,
        (310, 110, 150, 410),
        ("ADS1292R", "board, 3.3 V"),
        (
            Row("left", ("IN1P", "IN1N", "IN2N", "IN2P", "RLDOUT"), 40, 68),
            Row("right", rows, 40),
        ),
        fill="#f1eaf8",
        title_y=490,
    )
    arduino = draw_arduino(
        sheet, Row("left", (*DIRECT.values(), "", *SHIFTED.values(), "3V3", "AREF"), 40), LED_PIN
    )
    _draw_electrodes(sheet, ads)
    _draw_lines(sheet, ads, arduino)
    _draw_supply(sheet, ads, arduino)
    draw_hc05(sheet, arduino)
    draw_power(sheet, arduino)
    draw_warning(sheet)
    return sheet.svg()


def _draw_electrodes(sheet: Sheet, ads: Board) -> None:
    draw_electrode_wires(
        sheet,
        (
            ("LA", ads["IN1P"][1], [ads["IN1P"]]),
            ("RA", ads["IN1N"][1], [ads["IN1N"], ads["IN2N"]]),
            ("LL", ads["IN2P"][1], [ads["IN2P"]]),
            ("RL", ads["RLDOUT"][1], [ads["RLDOUT"]]),
        ),
        resistor_x=180,
    )
    sheet.lines(
        30,
        498,
        (
            "100 kΩ in every electrode wire",
            "protect the patient: see the text.",
            "Leave them out only where the",
            "board has them already.",
        ),
        Style(13, GREY),
    )


def _draw_lines(sheet: Sheet, ads: Board, arduino: Board) -> None:
    colours = (TEAL, ORANGE, PURPLE, BLUE, "#ad1457", "#455a64", "#6d7f10")
    for (line, pin), colour in zip((*DIRECT.items(), *SHIFTED.items()), colours, strict=True):
        sheet.wire([ads[line], arduino[pin]], colour)
    top, bottom = ads["PWDN"][1], ads["SCLK"][1]
    sheet.box(540, top - 20, 100, bottom - top + 44, fill="#fdf6e3", line=2.5)
    for row, (out, into) in enumerate(_BUFFERS):
        y = top + row * 34
        for x, number, shift in ((540, out, 12), (640, into, -12)):
            sheet.box(x - 5, y - 5, 10, 10, fill="#f2c14e", edge=GREY, radius=2, line=1.5)
            anchor = "start" if shift > 0 else "end"
            sheet.text(x + shift, y + 5, str(number), Style(13, anchor=anchor))
        sheet.path(f"M606 {y - 9} L606 {y + 9} L580 {y} Z", fill="#ffffff", line=1.6)
    sheet.text(590, top - 29, "74HC4050", Style(16, bold=True, anchor="middle"))


def _draw_supply(sheet: Sheet, ads: Board, arduino: Board) -> None:
    y = ads["3.3V"][1]
    sheet.wire([ads["3.3V"], arduino["3V3"]], RED)
    ax, ay = arduino["AREF"]
    sheet.wire([(ax, ay), (684, ay), (684, y)], RED)
    sheet.dot(684, y, RED)
    sheet.text(478, y - 8, "3.3 V", Style(14, RED, True))
    bottom = ads["SCLK"][1] + 24
    sheet.wire([(562, bottom), (562, y)], RED)
    sheet.dot(562, y, RED)
    sheet.text(556, bottom - 5, "1", Style(12))
    sheet.text(604, bottom - 5, "8 14", Style(12))
    sheet.wire([(614, bottom), (614, y + 26)], BLACK)
    ground(sheet, (614, y + 22))
    gx, gy = ads["GND"]
    sheet.wire([(gx, gy), (gx + 26, gy), (gx + 26, gy + 14)], BLACK)
    ground(sheet, (gx + 26, gy + 10))
    sheet.lines(
        484,
        y + 84,
        (
            "74HC4050: lowers 5 V to 3.3 V. A board",
            "that takes 5 V has one of its own:",
            "then wire its pins to the Arduino direct.",
        ),
        Style(13, GREY),
    )
