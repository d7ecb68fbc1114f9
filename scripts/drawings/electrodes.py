"""Where the four electrodes sit, and which colour is which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from drawings.sheet import GREY, INK, PALE, Point, Sheet, Style

SKIN: Final = "#f3d9c4"
CONTOUR: Final = "#b98c6b"
MIDDLE: Final = 600.0

IEC: Final = {"RA": "#d32f2f", "LA": "#f5c400", "LL": "#2e8b3d", "RL": "#22262a"}
AHA: Final = {"RA": "#ffffff", "LA": "#22262a", "LL": "#d32f2f", "RL": "#2e8b3d"}
_PALE_CHIPS: Final = {"#ffffff", "#f5c400"}


@dataclass(frozen=True, slots=True)
class Electrode:
    """An electrode: its place on the torso, its colours' names, and the place in words."""

    name: str
    place: Point
    limb: str
    iec: str
    aha: str
    words: tuple[str, ...]


ELECTRODES: Final = (
    Electrode(
        "RA",
        (474, 318),
        "right arm",
        "R, red",
        "RA, white",
        ("below the right collarbone,", "in the hollow beside the shoulder"),
    ),
    Electrode(
        "LA",
        (726, 318),
        "left arm",
        "L, yellow",
        "LA, black",
        ("below the left collarbone,", "in the hollow beside the shoulder"),
    ),
    Electrode(
        "RL",
        (496, 640),
        "right leg",
        "N, black",
        "RL, green",
        ("right flank, below the last rib;", "its exact place does not matter"),
    ),
    Electrode(
        "LL",
        (704, 640),
        "left leg",
        "F, green",
        "LL, red",
        ("left flank, below the last rib", "and above the hip bone"),
    ),
)


def draw_electrodes() -> str:
    """Return the picture's SVG."""
    sheet = Sheet(
        1200,
        885,
        "Where the four electrodes go",
        "A torso from the front with RA and LA below the collarbones and RL and LL on the flanks, "
        "with the colours of IEC and AHA and the leads I, II and III between them.",
    )
    sheet.text(30, 74, "Left and right are the patient’s, as you face them.", Style(16, GREY))
    _draw_torso(sheet)
    _draw_leads(sheet)
    for electrode in ELECTRODES:
        _draw_electrode(sheet, electrode)
    _draw_key(sheet)
    return sheet.svg()


def _mirrored(data: str) -> str:
    """Return a path of absolute commands mirrored at the middle of the body."""
    words = []
    for word in data.split():
        x, comma, y = word.partition(",")
        words.append(f"{2 * MIDDLE - float(x):g},{y}" if comma else word)
    return " ".join(words)


_SIDE: Final = (
    "C 634,215 640,232 668,244 C 704,258 744,262 776,276 C 820,296 834,338 838,392 "
    "C 844,462 856,530 864,606 C 870,668 874,714 880,790 L 818,790 C 814,706 806,650 798,598 "
    "C 790,540 780,480 770,432 C 766,412 762,402 758,396 C 758,452 748,508 742,566 "
    "C 738,618 744,656 758,704 C 766,738 770,764 772,790"
)


def _draw_torso(sheet: Sheet) -> None:
    right = "M 632,180 " + _SIDE
    sheet.path(right + " L 600,790 L 600,180 Z", fill=SKIN, edge="none", line=0)
    sheet.path(_mirrored(right) + " L 600,790 L 600,180 Z", fill=SKIN, edge="none", line=0)
    sheet.raw(
        f'<ellipse cx="600" cy="128" rx="58" ry="72" fill="{SKIN}" stroke="{CONTOUR}" '
        'stroke-width="2.5"/>'
    )
    sheet.box(569, 176, 62, 40, fill=SKIN, edge="none", radius=0)
    for data in (
        right,
        "M 612,268 C 650,256 706,258 766,288",
        "M 604,520 C 650,534 700,572 728,622",
    ):
        sheet.path(data, edge=CONTOUR, line=2.5)
        sheet.path(_mirrored(data), edge=CONTOUR, line=2.5)
    for data in ("M 640,428 C 668,452 712,452 738,428",):
        sheet.path(data, edge=CONTOUR, line=1.6)
        sheet.path(_mirrored(data), edge=CONTOUR, line=1.6)
    sheet.line([(600, 290), (600, 505)], CONTOUR, 1.6)
    sheet.path("M 596,702 C 598,712 602,712 604,702", edge=CONTOUR)
    sheet.path(
        "M 612,388 C 596,372 572,384 578,412 C 584,446 622,474 660,492 C 668,456 664,420 648,398 "
        "C 638,384 622,378 612,388 Z",
        fill="#e9a3a0",
        edge="#c4605c",
        extra='opacity="0.65"',
    )


def _draw_leads(sheet: Sheet) -> None:
    places = {electrode.name: electrode.place for electrode in ELECTRODES}
    for name, minus, plus, shift in (
        ("I", "RA", "LA", (-26.0, -10.0)),
        ("II", "RA", "LL", (-80.0, 10.0)),
        ("III", "LA", "LL", (-68.0, 60.0)),
    ):
        (x0, y0), (x1, y1) = places[minus], places[plus]
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        tip = (x1 - 34 * ux, y1 - 34 * uy)
        sheet.line([(x0 + 34 * ux, y0 + 34 * uy), tip], "#3f51b5", 2.2, "7 6")
        wing = (-uy * 7, ux * 7)
        back = (tip[0] - 15 * ux, tip[1] - 15 * uy)
        sheet.path(
            f"M{tip[0]:.1f} {tip[1]:.1f} L{back[0] + wing[0]:.1f} {back[1] + wing[1]:.1f} "
            f"L{back[0] - wing[0]:.1f} {back[1] - wing[1]:.1f} Z",
            fill="#3f51b5",
            edge="#3f51b5",
            line=1,
        )
        place = ((x0 + x1) / 2 + shift[0], (y0 + y1) / 2 + shift[1])
        sheet.text(*place, f"lead {name}", Style(16, "#3f51b5", True))


def _draw_electrode(sheet: Sheet, electrode: Electrode) -> None:
    x, y = electrode.place
    left = x < MIDDLE
    top = y - 92 if y < 500 else y - 42
    panel_x = 30 if left else 900
    edge_x = panel_x + 270 if left else panel_x
    sheet.line([(edge_x, top + 62), (x - 30 if left else x + 30, y)], INK, 1.8)
    sheet.box(panel_x, top, 270, 158, fill="#fbfcfd", edge=GREY, line=1.5)
    sheet.text(panel_x + 16, top + 30, electrode.name, Style(22, bold=True))
    sheet.text(panel_x + 60, top + 29, electrode.limb, Style(17, GREY))
    _draw_chip(sheet, (panel_x + 16, top + 44), IEC[electrode.name], f"IEC:  {electrode.iec}")
    _draw_chip(sheet, (panel_x + 16, top + 72), AHA[electrode.name], f"AHA:  {electrode.aha}")
    sheet.lines(panel_x + 16, top + 121, electrode.words, Style(15))
    draw_snap(sheet, (x, y), electrode.name, -37 if y < 500 else 48)


def draw_snap(
    sheet: Sheet, place: Point, name: str, label_y: float = 0.0, pad: float = 29.0
) -> None:
    """Draw an electrode: a pad, and its snap in both colours, IEC to the left.

    ``label_y``: its name stands so far below its middle; 0: nowhere. ``pad``: radius.
    """
    x, y = place
    sheet.disc(x, y, pad, "#fdfdfd", edge=GREY)
    for colour, sweep in ((IEC[name], 0), (AHA[name], 1)):
        sheet.path(
            f"M{x} {y - 17} A17 17 0 0 {sweep} {x} {y + 17} Z", fill=colour, edge=INK, line=1.5
        )
    if label_y:
        sheet.text(x, y + label_y, name, Style(19, bold=True, anchor="middle"))


def _draw_chip(sheet: Sheet, place: Point, colour: str, words: str) -> None:
    x, y = place
    sheet.box(x, y, 34, 20, fill=colour, radius=4, line=1.5)
    sheet.text(x + 46, y + 16, words, Style(15.5))


def _draw_key(sheet: Sheet) -> None:
    sheet.line([(30, 812), (1170, 812)], PALE, 2)
    sheet.lines(
        30,
        842,
        (
            "The snap on each electrode shows both colour codes: left half IEC (Europe, Asia), "
            "right half AHA (America). Black, green and",
            "red mean different electrodes in the two: go by the letters on the cable, never by "
            "the colour alone.",
        ),
        Style(16),
    )
