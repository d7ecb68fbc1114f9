"""The usual ST of the last beats, and how far to trust it.

A weighted mean over beats, with one weight a beat for all limb leads: what holds between the leads
of a beat (III = II - I and so on) holds for their averages, exactly. Weights fall off as Huber's
(1964) do, by how far a beat lies from the others over all its leads; beats that are nothing like
the others have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np

from ecgd.model.order import median_of
from ecgd.model.signal import FloatArray

FULL_WEIGHT: Final = 1.0
"""Beats up to this many times the usual distance weigh one."""

NO_WEIGHT: Final = 5.0
"""Beats beyond this many times the usual distance weigh nothing."""

LEAST_DISTANCE_MV: Final = 0.002
"""The usual distance is never taken for less."""

ROUNDS: Final = 4

SCATTER_FACTOR: Final = 2.67
PLACEMENT_S: Final = 0.012
FLOOR_MV: Final = 0.009
"""The 95 % half-width: of the beats' scatter, by a displaced J point, and what is always there.

Fitted by quantile regression on 130 LUDB records against ST at the experts' boundaries, clean and
with wander, motion and muscle noise; checked patient-wise, each half with the other's figures.
"""


@dataclass(frozen=True, slots=True, eq=False)
class AverageSt:
    """``levels_mv`` has shape (lead, column) as ``levels``, ``uncertainty_mv`` (lead,)."""

    levels_mv: FloatArray
    uncertainty_mv: FloatArray


def average_st(levels_mv: FloatArray, decisive: int, around: tuple[int, int]) -> AverageSt:
    """Average ``levels_mv``, shape (beat, lead, column), over the beats.

    ``decisive`` is the column by which beats are weighed, ``around`` are those 20 ms before and
    behind it, which tell how much a misplaced J point matters.
    """
    weights = _weights(levels_mv[:, :, decisive])
    mean_mv = (weights @ levels_mv.reshape(weights.size, -1)).reshape(levels_mv.shape[1:])
    spread_mv2 = weights @ (levels_mv[:, :, decisive] - mean_mv[:, decisive]) ** 2
    alike = max(2.0, 1.0 / float(weights @ weights))
    slope_mv_per_s = np.abs(mean_mv[:, around[1]] - mean_mv[:, around[0]]) / 0.04
    uncertainty_mv = np.sqrt(
        SCATTER_FACTOR**2 * spread_mv2 / (alike - 1.0)
        + (PLACEMENT_S * slope_mv_per_s) ** 2
        + FLOOR_MV**2
    )
    return AverageSt(mean_mv, uncertainty_mv)


def _weights(decisive_mv: FloatArray) -> FloatArray:
    """Return the beats' weights, which add up to one; ``decisive_mv`` is (beat, lead)."""
    middle_mv = median_of(decisive_mv, axis=0)
    weights: FloatArray = np.ones(decisive_mv.shape[0])
    for _ in range(ROUNDS):
        distance_mv = np.sqrt(((decisive_mv - middle_mv) ** 2).sum(axis=1) / middle_mv.size)
        usual_mv = max(median(distance_mv.tolist()), LEAST_DISTANCE_MV)
        full_mv = FULL_WEIGHT * usual_mv
        weights = full_mv / np.maximum(distance_mv, full_mv)
        weights[distance_mv > NO_WEIGHT * usual_mv] = 0.0
        weights /= weights.sum()
        middle_mv = weights @ decisive_mv
    return weights
