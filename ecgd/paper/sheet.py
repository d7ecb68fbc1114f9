"""A sheet of shapes in pixels: what a picture and a page draw alike.

The origin is the upper left corner, y grows downwards; words stand on their baseline.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ecgd.model.signal import FloatArray

Measure = Callable[[str, float, bool], float]
"""Returns how wide a text of a size in px is, in px; the last says whether it is bold."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Straight stretches from point to point; ``points`` has shape (point, 2)."""

    points: FloatArray
    colour: str
    width_px: float = 1.0


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle."""

    x_px: float
    y_px: float
    width_px: float
    height_px: float
    fill: str


@dataclass(frozen=True, slots=True)
class Grid:
    """Millimetre paper: a fine line every millimetre, a strong one every fifth."""

    x_px: float
    y_px: float
    width_px: float
    height_px: float
    px_per_mm: float


@dataclass(frozen=True, slots=True)
class Dot:
    """A filled circle."""

    x_px: float
    y_px: float
    radius_px: float
    colour: str


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text from ``x_px`` on; with ``centred``, around it."""

    x_px: float
    y_px: float
    text: str
    size_px: float
    colour: str = "#111111"
    bold: bool = False
    centred: bool = False


@dataclass(frozen=True, slots=True)
class Stamp:
    """Large words across a part of the sheet, through which everything below can be read."""

    x_px: float
    y_px: float
    text: str
    size_px: float


Shape = Line | Box | Grid | Dot | Words | Stamp


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """``shapes`` are drawn in their order. ``title`` says in words what it shows."""

    width_px: int
    height_px: int
    title: str
    shapes: tuple[Shape, ...]


def usual_width(text: str, size_px: float, bold: bool) -> float:
    """Return about how wide a text is in a sans-serif face: for a page whose face nobody knows."""
    share = 0.6 if bold else 0.56
    return share * size_px * len(text)
