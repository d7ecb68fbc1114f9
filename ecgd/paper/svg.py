"""A sheet as SVG: for a page that needs no library to draw, and nothing from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Final

from ecgd.paper.sheet import Box, Dot, Grid, Line, Shape, Sheet, Stamp, Words

FINE: Final = "#f3d0d0"
STRONG: Final = "#e5a0a0"
PAPER: Final = "#fffafa"
STAMP: Final = "#c02020"
STAMP_OPACITY: Final = 0.16

_PATTERNS: Final = (
    "<defs><pattern id='s' width='{mm:g}' height='{mm:g}' patternUnits='userSpaceOnUse'>"
    f"<path d='M{{mm:g}} 0H0V{{mm:g}}' fill='none' stroke='{FINE}'/></pattern>"
    "<pattern id='p' width='{five:g}' height='{five:g}' patternUnits='userSpaceOnUse'>"
    "<rect width='{five:g}' height='{five:g}' fill='url(#s)'/>"
    f"<path d='M{{five:g}} 0H0V{{five:g}}' fill='none' stroke='{STRONG}' stroke-width='1.5'/>"
    "</pattern></defs>"
)


def sheet_svg(sheet: Sheet) -> str:
    """Return a sheet as one svg element, to stand in a page or alone."""
    size = f"width='{sheet.width_px}' height='{sheet.height_px}'"
    view = f"viewBox='0 0 {sheet.width_px} {sheet.height_px}'"
    face = "font-family='DejaVu Sans, Helvetica, Arial, sans-serif'"
    head = f"<svg xmlns='http://www.w3.org/2000/svg' {size} {view} role='img' {face}>"
    title = f"<title>{escape(sheet.title)}</title>"
    scales = {shape.px_per_mm for shape in sheet.shapes if isinstance(shape, Grid)}
    patterns = "".join(_PATTERNS.format(mm=mm, five=5.0 * mm) for mm in sorted(scales)[:1])
    return "".join([head, title, patterns, *map(_element, sheet.shapes), "</svg>"])


def _element(shape: Shape) -> str:
    match shape:
        case Line():
            return _line(shape)
        case Box():
            return _rectangle(shape, shape.fill)
        case Grid():
            return _grid(shape)
        case Dot():
            where = f"cx='{shape.x_px:g}' cy='{shape.y_px:.1f}' r='{shape.radius_px:g}'"
            return f"<circle {where} fill='{shape.colour}'/>"
        case Words():
            return _words(shape)
        case Stamp():
            return _stamp(shape)


def _line(line: Line) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in line.points)
    style = f"fill='none' stroke='{line.colour}' stroke-width='{line.width_px:g}'"
    return f"<polyline points='{points}' {style} stroke-linejoin='round'/>"


def _rectangle(box: Box | Grid, fill: str) -> str:
    where = f"x='{box.x_px:g}' y='{box.y_px:g}'"
    return f"<rect {where} width='{box.width_px:g}' height='{box.height_px:g}' fill='{fill}'/>"


def _grid(grid: Grid) -> str:
    """Return the paper; moved to its place, so that its squares begin there."""
    size = f"width='{grid.width_px:g}' height='{grid.height_px:g}'"
    paper = f"<rect {size} fill='{PAPER}'/><rect {size} fill='url(#p)'/>"
    return f"<g transform='translate({grid.x_px:g} {grid.y_px:g})'>{paper}</g>"


def _words(words: Words) -> str:
    weight = " font-weight='bold'" if words.bold else ""
    anchor = " text-anchor='middle'" if words.centred else ""
    style = f"font-size='{words.size_px:g}' fill='{words.colour}'{weight}{anchor}"
    where = f"x='{words.x_px:.1f}' y='{words.y_px:.1f}'"
    return f"<text {where} {style}>{escape(words.text)}</text>"


def _stamp(stamp: Stamp) -> str:
    where = f"translate({stamp.x_px:g} {stamp.y_px:g}) rotate(-30)"
    style = f"font-size='{stamp.size_px:g}' font-weight='bold' text-anchor='middle'"
    faint = f"fill='{STAMP}' fill-opacity='{STAMP_OPACITY:g}'"
    return f"<text transform='{where}' {style} {faint}>{escape(stamp.text)}</text>"
