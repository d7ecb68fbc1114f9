"""Alerts counted by what people said of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import Final

from ecgd.model.alert_mark import Verdict

Z_95: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class AlertTally:
    """How many alerts of one kind were raised, and how they were marked."""

    raised: int
    true: int
    false: int
    unsure: int

    @property
    def unmarked(self) -> int:
        """Those of which nobody has said anything."""
        return self.raised - self.true - self.false - self.unsure

    @property
    def positive_predictive_value(self) -> float | None:
        """True ones among those marked true or false; None: none is."""
        judged = self.true + self.false
        return self.true / judged if judged else None

    @property
    def limits(self) -> tuple[float, float] | None:
        """The 95 % limits of the positive predictive value (Wilson 1927); None: no value."""
        judged = self.true + self.false
        if not judged:
            return None
        share = self.true / judged
        middle = share + Z_95**2 / (2 * judged)
        half = Z_95 * sqrt(share * (1 - share) / judged + Z_95**2 / (4 * judged**2))
        whole = 1 + Z_95**2 / judged
        return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)


def tally(verdicts: Iterable[Verdict | None]) -> AlertTally:
    """Count the verdicts that count, one for each alert; None: nobody has marked it."""
    listed = tuple(verdicts)
    return AlertTally(
        len(listed),
        listed.count(Verdict.TRUE),
        listed.count(Verdict.FALSE),
        listed.count(Verdict.UNSURE),
    )
