"""Counts of hits and misses, and what standards make of them (ANSI/AAMI EC57, IEC 60601-2-47)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isnan, nan
from statistics import fmean, pstdev


@dataclass(frozen=True, slots=True)
class Counts:
    """Found, missed and extra events. Ratios are NaN where nothing was counted."""

    found: int = 0
    missed: int = 0
    extra: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.found + other.found, self.missed + other.missed, self.extra + other.extra
        )

    @property
    def sensitivity(self) -> float:
        """Se: the share of the reference events that were found."""
        total = self.found + self.missed
        return self.found / total if total else nan

    @property
    def predictivity(self) -> float:
        """+P: the share of what was found that is in the reference."""
        total = self.found + self.extra
        return self.found / total if total else nan

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        total = 2 * self.found + self.missed + self.extra
        return 2 * self.found / total if total else nan


def gross(counts: Iterable[Counts]) -> Counts:
    """Return all events of all records counted together."""
    return sum(counts, Counts())


def average(ratios: Iterable[float]) -> float:
    """Return the mean over records, each counted once; records without a figure are left out."""
    known = [ratio for ratio in ratios if not isnan(ratio)]
    return fmean(known) if known else nan


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and standard deviation of an error, and how many there were."""

    mean: float
    deviation: float
    count: int


def spread(errors: Sequence[float]) -> Spread:
    """Return mean and standard deviation; NaN where there is no error."""
    if not errors:
        return Spread(nan, nan, 0)
    return Spread(fmean(errors), pstdev(errors), len(errors))
