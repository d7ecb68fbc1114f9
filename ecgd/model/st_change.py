"""Change of the ST vector against what is usual for the patient."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, degrees, hypot, sqrt
from typing import Final

from ecgd.model.leads import DERIVATION, LIMB_LEADS

FIRM_S: Final = 300.0
"""A reference says what is usual once it was learned from so much quiet signal."""

SQRT3: Final = sqrt(3.0)


@dataclass(frozen=True, slots=True)
class StVector:
    """ST in the frontal plane, in mV: ``x_mv`` along lead I, ``y_mv`` along aVF."""

    x_mv: float
    y_mv: float

    @classmethod
    def of_leads(cls, one_mv: float, two_mv: float) -> StVector:
        """Return the vector of the levels in leads I and II."""
        return cls(one_mv, (2.0 * two_mv - one_mv) / SQRT3)

    @property
    def size_mv(self) -> float:
        return hypot(self.x_mv, self.y_mv)

    @property
    def axis_deg(self) -> float:
        """Where it points in the frontal plane: 0 to the left, +90 to the feet."""
        return degrees(atan2(self.y_mv, self.x_mv))

    @property
    def pair_mv(self) -> tuple[float, float]:
        """The levels in leads I and II."""
        return self.x_mv, (self.x_mv + SQRT3 * self.y_mv) / 2.0

    @property
    def leads_mv(self) -> tuple[tuple[str, float], ...]:
        """The level in each limb lead."""
        one_mv, two_mv = self.pair_mv
        return tuple(
            (lead, DERIVATION[lead][0] * one_mv + DERIVATION[lead][1] * two_mv)
            for lead in LIMB_LEADS
        )

    def minus(self, other: StVector) -> StVector:
        return StVector(self.x_mv - other.x_mv, self.y_mv - other.y_mv)

    def toward(self, other: StVector, share: float, most_mv: float) -> StVector:
        """Return the vector a ``share`` of the way to another, and no further than ``most_mv``."""
        way = other.minus(self)
        size_mv = way.size_mv * share
        if size_mv > most_mv:
            share *= most_mv / size_mv
        return StVector(self.x_mv + way.x_mv * share, self.y_mv + way.y_mv * share)


@dataclass(frozen=True, slots=True)
class StReference:
    """Where ST usually lies in one posture, and how much it varies there.

    ``turn_deg`` is how far the QRS loop is turned against that of the baseline's beat.
    ``drift_mv`` is the standard deviation of short-term levels, along one axis. ``learned_s`` is
    how much quiet signal it was learned from.
    """

    level: StVector
    drift_mv: float
    learned_s: float
    turn_deg: int = 0

    @property
    def is_firm(self) -> bool:
        """Whether it was learned for long enough to be called usual."""
        return self.learned_s >= FIRM_S


@dataclass(frozen=True, slots=True)
class StChange:
    """A lasting change of the ST vector against a reference.

    ``threshold_mv`` is the size from which it counts, made of the least change that counts at all
    and of the patient's ``usual_mv``, one standard deviation of what varies without cause.
    ``lasted_s`` is for how long it has held, ``is_firm`` whether the reference is.
    """

    vector: StVector
    usual_mv: float
    threshold_mv: float
    lasted_s: float
    is_firm: bool
