"""A sheet as a PNG picture, drawn with Pillow: the extra ``report`` installs it."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ecgd.paper.sheet import Box, Dot, Grid, Line, Shape, Sheet, Stamp, Words
from ecgd.paper.svg import FINE, PAPER, STAMP, STAMP_OPACITY, STRONG

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

FACES: Final = (
    ("dejavu/DejaVuSans.ttf", "dejavu/DejaVuSans-Bold.ttf"),
    ("liberation/LiberationSans-Regular.ttf", "liberation/LiberationSans-Bold.ttf"),
    ("freefont/FreeSans.ttf", "freefont/FreeSansBold.ttf"),
)
_FONTS: Final = Path("/usr/share/fonts/truetype")

_SMOOTH: Final = 4
"""Curves are drawn so much larger, and then made small: Pillow draws no soft edges itself."""

_COLOURS: Final = 64
_PLAIN: Final = {"−": "-", "–": "-", "—": "-", "·": "-", "…": "...", "≥": ">=", "≤": "<=", "µ": "u"}


def can_draw() -> bool:
    """Return whether Pillow is installed, and can write text."""
    return find_spec("PIL") is not None


def sheet_png(sheet: Sheet) -> bytes:
    """Return a sheet as the bytes of a PNG file."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - the extra may be missing

    image = Image.new("RGB", (sheet.width_px, sheet.height_px), "#ffffff")
    draw = ImageDraw.Draw(image)
    for shape in sheet.shapes:
        _put(image, draw, shape)
    out = BytesIO()
    few = image.quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(out, "PNG", optimize=True, dpi=(203.2, 203.2))
    return out.getvalue()


def text_width(text: str, size_px: float, bold: bool) -> float:
    """Return how wide a text will be, in px."""
    font = _font(size_px, bold)
    return float(font.getlength(_drawable(text, bold)))


def _put(image: Image, draw: ImageDraw, shape: Shape) -> None:
    match shape:
        case Line():
            _put_line(image, draw, shape)
        case Box():
            right, low = shape.x_px + shape.width_px, shape.y_px + shape.height_px
            corners = (round(shape.x_px), round(shape.y_px), round(right) - 1, round(low) - 1)
            draw.rectangle(corners, fill=shape.fill)
        case Grid():
            _put_grid(draw, shape)
        case Dot():
            _put_dot(image, shape)
        case Words():
            where, anchor = (shape.x_px, shape.y_px), "ms" if shape.centred else "ls"
            text = _drawable(shape.text, shape.bold)
            font = _font(shape.size_px, shape.bold)
            draw.text(where, text, fill=shape.colour, font=font, anchor=anchor)
        case Stamp():
            _put_stamp(image, shape)


def _put_grid(draw: ImageDraw, grid: Grid) -> None:
    left, top = round(grid.x_px), round(grid.y_px)
    right, low = round(grid.x_px + grid.width_px), round(grid.y_px + grid.height_px)
    draw.rectangle((left, top, right - 1, low - 1), fill=PAPER)
    across = [round(left + k * grid.px_per_mm) for k in range(int((right - left) / grid.px_per_mm))]
    down = [round(top + k * grid.px_per_mm) for k in range(int((low - top) / grid.px_per_mm))]
    for colour, step in ((FINE, 1), (STRONG, 5)):
        for x in across[::step]:
            draw.line((x, top, x, low - 1), fill=colour)
        for y in down[::step]:
            draw.line((left, y, right - 1, y), fill=colour)
    draw.rectangle((left, top, right - 1, low - 1), outline=STRONG)


def _put_line(image: Image, draw: ImageDraw, line: Line) -> None:
    """Draw a line; upright and level ones are sharp as they are."""
    x, y = line.points[:, 0], line.points[:, 1]
    if len(line.points) == 2 and (x[0] == x[1] or y[0] == y[1]):
        ends = [(round(float(a)), round(float(b))) for a, b in line.points]
        draw.line(ends, fill=line.colour, width=round(line.width_px))
        return
    edge = line.width_px + 1.0
    left, top = int(x.min() - edge), int(y.min() - edge)
    size = (int(x.max() + edge) - left + 2, int(y.max() + edge) - top + 2)
    points = [((a - left + 0.5) * _SMOOTH, (b - top + 0.5) * _SMOOTH) for a, b in line.points]
    points = points if len(points) > 1 else [points[0], (points[0][0] + _SMOOTH, points[0][1])]
    _through_mask(image, (left, top), size, line.colour, lambda pen: _curve(pen, points, line))


def _curve(pen: ImageDraw, points: list[tuple[float, float]], line: Line) -> None:
    pen.line(points, fill=255, width=round(line.width_px * _SMOOTH), joint="curve")


def _put_dot(image: Image, dot: Dot) -> None:
    reach = dot.radius_px + 1.0
    left, top = int(dot.x_px - reach), int(dot.y_px - reach)
    side = int(2.0 * reach) + 3
    x, y = (dot.x_px - left + 0.5) * _SMOOTH, (dot.y_px - top + 0.5) * _SMOOTH
    radius = dot.radius_px * _SMOOTH
    circle = (x - radius, y - radius, x + radius, y + radius)
    _through_mask(
        image, (left, top), (side, side), dot.colour, lambda pen: pen.ellipse(circle, fill=255)
    )


def _through_mask(
    image: Image, corner: tuple[int, int], size: tuple[int, int], colour: str, paint: Any
) -> None:
    from PIL.Image import new  # noqa: PLC0415 - the extra may be missing
    from PIL.ImageDraw import Draw  # noqa: PLC0415

    mask = new("L", (size[0] * _SMOOTH, size[1] * _SMOOTH), 0)
    paint(Draw(mask))
    small = mask.reduce(_SMOOTH)
    image.paste(colour, (*corner, corner[0] + small.width, corner[1] + small.height), small)


def _put_stamp(image: Image, stamp: Stamp) -> None:
    from PIL.Image import new  # noqa: PLC0415 - the extra may be missing
    from PIL.ImageDraw import Draw  # noqa: PLC0415

    side = round(stamp.size_px * 4.0)
    mask = new("L", (side, side), 0)
    font = _font(stamp.size_px, True)
    Draw(mask).text((side / 2, side / 2), stamp.text, fill=255, font=font, anchor="mm")
    faint = mask.rotate(30.0).point(lambda shade: round(shade * STAMP_OPACITY))
    corner = (round(stamp.x_px - side / 2), round(stamp.y_px - side / 2))
    image.paste(STAMP, (*corner, corner[0] + side, corner[1] + side), faint)


@lru_cache(maxsize=32)
def _font(size_px: float, bold: bool) -> Any:
    """Return the machine's own face, or the small one that Pillow brings along."""
    from PIL import ImageFont  # noqa: PLC0415 - the extra may be missing

    for faces in FACES:
        path = _FONTS / faces[bold]
        if path.is_file():
            return ImageFont.truetype(str(path), size_px)
    return ImageFont.load_default(size_px)


@lru_cache(maxsize=2048)
def _drawable(text: str, bold: bool) -> str:
    """Return a text in signs that the face has: others in plain letters, at worst "?"."""
    return "".join(char if _has(char, bold) else _plain(char) for char in text)


@lru_cache(maxsize=1024)
def _has(char: str, bold: bool) -> bool:
    if char.isascii():
        return True
    font = _font(24.0, bold)
    return bytes(font.getmask(char)) != bytes(font.getmask("\uffff"))


def _plain(char: str) -> str:
    simple = _PLAIN.get(char) or unicodedata.normalize("NFKD", char).encode("ascii", "ignore")
    text = simple if isinstance(simple, str) else simple.decode("ascii")
    return text or "?"
