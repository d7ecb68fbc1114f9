"""A sheet that lines, symbols and text are drawn on; it ends as one SVG file.

Lengths are pixels of the view box, x to the right and y down. Wires have a white edge, so that one
that crosses another is seen to pass over it; a dot says that they are joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from typing import Final
from xml.sax.saxutils import escape

Point = tuple[float, float]

INK: Final = "#1f2933"
GREY: Final = "#5f6b76"
PALE: Final = "#e3e8ec"
RED: Final = "#c62828"
BLACK: Final = "#22262a"
BLUE: Final = "#1565c0"
GREEN: Final = "#2e7d32"
ORANGE: Final = "#d9730d"
PURPLE: Final = "#6a3fa0"
TEAL: Final = "#00796b"
BROWN: Final = "#7a4a21"
YELLOW: Final = "#c79a00"

_FONT: Final = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
_CORNER: Final = 9.0


@dataclass(frozen=True, slots=True)
class Style:
    """How a text looks: size in pixels, colour, weight, and which end its place means."""

    size: float = 15.0
    colour: str = INK
    bold: bool = False
    anchor: str = "start"
    italic: bool = False


def number(value: float) -> str:
    """Write a coordinate with at most one decimal."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


class Sheet:
    """A white sheet of ``width`` × ``height`` with a title and what it shows in words."""

    def __init__(self, width: float, height: float, title: str, description: str) -> None:
        self._head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(width)} '
            f'{number(height)}" role="img" font-family="{_FONT}">\n'
            f"<title>{escape(title)}</title>\n<desc>{escape(description)}</desc>"
        )
        self._parts: list[str] = []
        self._top: list[str] = []
        self.box(0, 0, width, height, fill="#ffffff", edge="none", radius=0)
        self.text(30, 44, title, Style(26, bold=True))

    def svg(self) -> str:
        """Return the file's text."""
        return "\n".join([self._head, *self._parts, *self._top, "</svg>\n"])

    def lift(self) -> None:
        """Put what was drawn last above all that is drawn later."""
        self._top.append(self._parts.pop())

    def raw(self, element: str) -> None:
        """Add an element as it is."""
        self._parts.append(element)

    def text(self, x: float, y: float, words: str, style: Style | None = None) -> None:
        """Write one line; ``y`` is its base line."""
        look = style or Style()
        extra = ' font-weight="bold"' if look.bold else ""
        extra += ' font-style="italic"' if look.italic else ""
        self.raw(
            f'<text x="{number(x)}" y="{number(y)}" font-size="{number(look.size)}" '
            f'fill="{look.colour}" text-anchor="{look.anchor}"{extra}>{escape(words)}</text>'
        )

    def lines(self, x: float, y: float, words: Sequence[str], style: Style | None = None) -> None:
        """Write lines below each other."""
        look = style or Style()
        for row, line in enumerate(words):
            self.text(x, y + row * look.size * 1.35, line, look)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = "#ffffff",
        edge: str = INK,
        radius: float = 10,
        line: float = 2,
        dash: str = "",
    ) -> None:
        """Draw a rectangle; its place is the upper left corner."""
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.raw(
            f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" '
            f'height="{number(height)}" rx="{number(radius)}" fill="{fill}" stroke="{edge}" '
            f'stroke-width="{number(line)}"{dashes}/>'
        )

    def disc(
        self,
        x: float,
        y: float,
        radius: float,
        fill: str = "#ffffff",
        *,
        edge: str = INK,
        line: float = 2,
    ) -> None:
        """Draw a circle."""
        self.raw(
            f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" fill="{fill}" '
            f'stroke="{edge}" stroke-width="{number(line)}"/>'
        )

    def path(
        self, data: str, *, fill: str = "none", edge: str = INK, line: float = 2, extra: str = ""
    ) -> None:
        """Draw a path given in SVG's own words."""
        self.raw(
            f'<path d="{data}" fill="{fill}" stroke="{edge}" stroke-width="{number(line)}" '
            f'stroke-linecap="round" stroke-linejoin="round" {extra}/>'
        )

    def line(
        self, points: Sequence[Point], colour: str = INK, width: float = 2, dash: str = ""
    ) -> None:
        """Draw straight lines from point to point."""
        data = "M" + " L".join(f"{number(x)} {number(y)}" for x, y in points)
        self.path(data, edge=colour, line=width, extra=f'stroke-dasharray="{dash}"' if dash else "")

    def wire(self, points: Sequence[Point], colour: str = INK, width: float = 3.5) -> None:
        """Draw a wire with round corners that passes over what it crosses."""
        data = _rounded(points)
        self.path(data, edge="#ffffff", line=width + 5, extra='style="stroke-linecap:butt"')
        self.path(data, edge=colour, line=width)

    def dot(self, x: float, y: float, colour: str = INK) -> None:
        """Join wires here."""
        self.disc(x, y, 5.5, fill=colour, edge="#ffffff", line=1.5)


def _rounded(points: Sequence[Point]) -> str:
    """Return the path of a line through ``points`` whose corners are arcs."""
    (x, y), *rest = points
    data = f"M{number(x)} {number(y)}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        enter, leave = _toward(corner, before), _toward(corner, after)
        data += (
            f" L{number(enter[0])} {number(enter[1])} Q{number(corner[0])} {number(corner[1])} "
            f"{number(leave[0])} {number(leave[1])}"
        )
    end = rest[-1]
    return f"{data} L{number(end[0])} {number(end[1])}"


def _toward(corner: Point, other: Point) -> Point:
    """Return the point on the way from ``corner`` to ``other`` where its arc begins."""
    away = hypot(other[0] - corner[0], other[1] - corner[1])
    share = min(_CORNER, away / 2) / away if away else 0.0
    return (
        corner[0] + (other[0] - corner[0]) * share,
        corner[1] + (other[1] - corner[1]) * share,
    )
