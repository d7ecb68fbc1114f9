"""The gateway's pins: header of the Raspberry Pi, three lights, buzzer and button."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from drawings.sheet import BLACK, GREEN, GREY, INK, ORANGE, PURPLE, RED, Point, Sheet, Style
from drawings.symbols import led, resistor, transistor

HEADER: Final = (
    *("3.3 V", "5 V", "GPIO 2", "5 V", "GPIO 3", "GND", "GPIO 4", "GPIO 14", "GND", "GPIO 15"),
    *("GPIO 17", "GPIO 18", "GPIO 27", "GND", "GPIO 22", "GPIO 23", "3.3 V", "GPIO 24"),
    *("GPIO 10", "GND", "GPIO 9", "GPIO 25", "GPIO 11", "GPIO 8", "GND", "GPIO 7", "ID SD"),
    *("ID SC", "GPIO 5", "GND", "GPIO 6", "GPIO 12", "GPIO 13", "GND", "GPIO 19", "GPIO 16"),
    *("GPIO 26", "GPIO 20", "GND", "GPIO 21"),
)
"""What each of the forty pins is, from pin 1 on; the same on every Raspberry Pi since the B+."""

PLACES: Final = {"red": 11, "yellow": 13, "green": 15, "buzzer": 12, "button": 16}
"""The pins of the header that this drawing has wires for."""

_ODD_X, _EVEN_X, _TOP_Y, _STEP = 585.0, 615.0, 132.0, 31.0


def draw_gateway(bcm: Mapping[str, int]) -> str:
    """Return the drawing's SVG.

    ``bcm``: the BCM number of each part in ``PLACES``. Raises ``ValueError`` where that is not the
    pin that the drawing has a wire for: draw it anew.
    """
    for part, pin in PLACES.items():
        if HEADER[pin - 1] != f"GPIO {bcm[part]}":
            raise ValueError(f"{part}: GPIO {bcm[part]} is not pin {pin}; change the drawing")
    sheet = Sheet(
        1200,
        800,
        "Raspberry Pi: lights, buzzer and button",
        "The forty pins of the header. Red, yellow and green lights with 330 ohms each on pins 11, "
        "13 and 15 to ground on pin 9; a buzzer switched by an NPN transistor on pin 12; a button "
        "between pin 16 and ground on pin 20.",
    )
    sheet.text(30, 74, "Pins as seen from above. Switch the Pi off before wiring.", Style(16, GREY))
    _draw_header(sheet)
    _draw_lights(sheet)
    _draw_buzzer(sheet)
    _draw_button(sheet)
    _draw_inset(sheet)
    _draw_notes(sheet)
    return sheet.svg()


def _pin(pin: int) -> Point:
    """Return the place of a pin of the header."""
    return (_ODD_X if pin % 2 else _EVEN_X), _TOP_Y + (pin - 1) // 2 * _STEP


def _draw_header(sheet: Sheet) -> None:
    sheet.box(498, 102, 204, 652, fill="#e9f3ea", edge=GREEN, radius=8)
    sheet.box(566, 112, 68, 632, fill="#2c3136", radius=4)
    used = {2, 9, 14, 20, *PLACES.values()}
    for pin, name in enumerate(HEADER, 1):
        x, y = _pin(pin)
        taken = pin in used
        fill = "#f2c14e" if taken else "#8b939a"
        if pin == 1:
            sheet.box(x - 10, y - 10, 20, 20, fill=fill, radius=1, line=1)
        else:
            sheet.disc(x, y, 10, fill, line=1)
        sheet.text(x, y + 4, str(pin), Style(11, INK, taken, "middle"))
        beside = x - 24 if pin % 2 else x + 24
        anchor = "end" if pin % 2 else "start"
        sheet.text(
            beside, y - (6 if taken else -4), name, Style(13, INK if taken else GREY, taken, anchor)
        )


def _draw_lights(sheet: Sheet) -> None:
    ground_x = 90.0
    gx, gy = _pin(9)
    bottom = 560.0
    sheet.wire([(gx - 10, gy), (ground_x, gy), (ground_x, bottom), (186, bottom)], BLACK)
    for part, y, turn_x, colour in (
        ("red", 340.0, 420.0, "#e53935"),
        ("yellow", 450.0, 448.0, "#fbc02d"),
        ("green", 560.0, 476.0, "#43a047"),
    ):
        px, py = _pin(PLACES[part])
        sheet.wire([(px - 10, py), (turn_x, py), (turn_x, y), (214, y)], colour)
        resistor(sheet, (320, y), "330 Ω")
        led(sheet, (200, y), colour, to_left=True)
        if y != bottom:
            sheet.wire([(ground_x, y), (186, y)], BLACK)
            sheet.dot(ground_x, y, BLACK)
        sheet.text(186, y + 38, f"{part} LED", Style(16, bold=True, anchor="middle"))
    sheet.text(218, 362, "long leg", Style(12.5, GREY, italic=True))


def _draw_buzzer(sheet: Sheet) -> None:
    x, y = _pin(2)
    sheet.wire([(x + 10, y), (1040, y)], RED)
    x, y = _pin(PLACES["buzzer"])
    base_y = 232.0
    sheet.wire([(x + 10, y), (730, y), (730, base_y), (930, base_y)], PURPLE)
    ground_y = _pin(14)[1]
    legs = transistor(sheet, (938, base_y))
    ex, ey = legs["emitter"]
    sheet.wire([(ex, ey - 2), (ex, ground_y), (_EVEN_X + 10, ground_y)], BLACK)
    cx, cy = legs["collector"]
    sheet.wire([(cx, cy + 2), (cx, 172), (1040, 172)], ORANGE)
    resistor(sheet, (785, base_y), "1 kΩ")
    sheet.wire([(850, base_y), (850, ground_y)], PURPLE)
    resistor(sheet, (850, (base_y + ground_y) / 2 + 4), "10 kΩ", upright=True)
    sheet.dot(850, base_y, PURPLE)
    sheet.dot(850, ground_y, BLACK)
    sheet.lines(986, 232, ("NPN, such as", "BC337, 2N2222"), Style(14, GREY))
    sheet.box(1040, 104, 128, 96, fill="#f4f7f9", line=2.5)
    sheet.disc(1122, 152, 32, "#2c3136")
    sheet.disc(1122, 152, 6, "#ffffff")
    sheet.text(1052, 138, "+", Style(20, bold=True))
    sheet.text(1052, 179, "−", Style(20, bold=True))
    sheet.text(1104, 96, "active buzzer, 5 V", Style(15, bold=True, anchor="middle"))


def _draw_button(sheet: Sheet) -> None:
    x, y = _pin(PLACES["button"])
    sheet.wire([(x + 10, y), (850, y)], "#1565c0")
    gx, gy = _pin(20)
    sheet.wire([(918, y), (990, y), (990, gy), (gx + 10, gy)], BLACK)
    sheet.disc(850, y, 5, "#ffffff")
    sheet.disc(918, y, 5, "#ffffff")
    sheet.line([(846, y - 16), (922, y - 16)], width=3.5)
    sheet.line([(884, y - 16), (884, y - 26)], width=3.5)
    sheet.text(1006, y + 20, "button: acknowledges;", Style(15, bold=True))
    sheet.text(1006, y + 40, "held for 3 s: lamp test", Style(15))


def _draw_inset(sheet: Sheet) -> None:
    """Show on which side of the board pin 1 is."""
    sheet.box(60, 622, 190, 130, fill="#e9f3ea", edge=GREEN, radius=8)
    sheet.box(72, 628, 130, 14, fill="#2c3136", radius=2, line=1)
    sheet.disc(78, 639, 3.2, "#f2c14e", line=0.8)
    for row in range(3):
        sheet.box(222, 634 + row * 38, 36, 30, fill="#c9d1d8", radius=2, line=1.5)
    sheet.text(136, 692, "Raspberry Pi", Style(15, bold=True, anchor="middle"))
    sheet.text(136, 712, "from above", Style(13, GREY, anchor="middle"))
    sheet.text(60, 612, "pin 1", Style(13, INK, True))
    sheet.text(272, 668, "USB and network sockets", Style(13, GREY))
    sheet.lines(
        272,
        700,
        ("The drawing shows the header", "turned: USB sockets at the bottom."),
        Style(13, GREY),
    )


def _draw_notes(sheet: Sheet) -> None:
    sheet.lines(
        736,
        470,
        (
            "10 kΩ keeps the buzzer silent while the Pi starts.",
            "A buzzer with a coil (not piezo) needs a diode,",
            "1N4148, across it: its ring towards +.",
            "",
            "A buzzer that takes 10 mA or less at 3.3 V may",
            "sit between pin 12 and ground, without these parts.",
            "",
            "The button needs no resistor: the pull-up is inside.",
            "",
            "Never put 5 V on a GPIO pin: they bear 3.3 V.",
        ),
        Style(15),
    )
