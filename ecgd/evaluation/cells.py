"""Cells of the tables: shares as text."""

from __future__ import annotations

from collections.abc import Iterable
from math import isnan, nan


def percent(ratio: float, digits: int = 2) -> str:
    """Return a ratio in per cent; a dash where there is none (NaN)."""
    return "–" if isnan(ratio) else f"{100 * ratio:.{digits}f} %"


def percent_of(part: int, whole: int, digits: int = 1) -> str:
    """Return a part of a whole in per cent; a dash where the whole is nothing."""
    return percent(part / whole if whole else nan, digits)


def percent_true(flags: Iterable[bool], digits: int = 1) -> str:
    """Return in per cent how many are true; a dash where there are none."""
    known = list(flags)
    return percent_of(sum(known), len(known), digits)
