"""Figures of a detector that gives probabilities: how well it ranks, decides and is calibrated.

Intervals are percentiles of a bootstrap that draws patients, not recordings: those of one patient
are alike. "Cannot judge" must be given as the lowest score before anything is counted here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan
from typing import Final

import numpy as np

from ecgd.model.signal import BoolArray, FloatArray, IntArray

SPECIFICITY: Final = 0.95
SENSITIVITY: Final = 0.90
"""Operating points: sensitivity at this specificity, specificity at this sensitivity."""

DRAWS: Final = 1000
SEED: Final = 5
BINS: Final = 10

Figure = Callable[[BoolArray, FloatArray], float]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % limits; NaN where it cannot be told."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """One bin of a reliability plot: its borders, mean probability told, share that held, count."""

    low: float
    high: float
    told: float
    held: float
    count: int


def auc(holds: BoolArray, scores: FloatArray) -> float:
    """Return the area under the ROC curve, ties counted half; NaN without both classes."""
    positives = int(holds.sum())
    negatives = holds.size - positives
    if not positives or not negatives:
        return nan
    rank_sum = float(_mean_ranks(scores)[holds].sum())
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)


def average_precision(holds: BoolArray, scores: FloatArray) -> float:
    """Return the area under the precision-recall curve by steps (AUPRC); NaN without both."""
    if not holds.any() or holds.all():
        return nan
    order = np.argsort(-scores, kind="stable")
    told = holds[order]
    last_of_tie = np.append(np.diff(scores[order]) != 0, True)
    found = np.cumsum(told)[last_of_tie]
    precision = found / (np.flatnonzero(last_of_tie) + 1)
    gained = np.diff(np.concatenate(([0], found)))
    return float((precision * gained).sum() / holds.sum())


def sensitivity_at(holds: BoolArray, scores: FloatArray, specificity: float = SPECIFICITY) -> float:
    """Return the largest sensitivity of a threshold that has at least this specificity."""
    if not holds.any() or holds.all():
        return nan
    well = np.sort(scores[~holds])
    allowed = int(np.floor((1.0 - specificity) * well.size + 1e-9))
    threshold = well[well.size - 1 - allowed]
    return float((scores[holds] > threshold).mean())


def specificity_at(holds: BoolArray, scores: FloatArray, sensitivity: float = SENSITIVITY) -> float:
    """Return the largest specificity of a threshold that has at least this sensitivity."""
    if not holds.any() or holds.all():
        return nan
    ill = np.sort(scores[holds])[::-1]
    threshold = ill[int(np.ceil(sensitivity * ill.size - 1e-9)) - 1]
    return float((scores[~holds] < threshold).mean())


def brier(holds: BoolArray, probabilities: FloatArray) -> float:
    """Return the mean squared error of the probabilities."""
    return float(((probabilities - holds) ** 2).mean()) if holds.size else nan


def share_above(threshold: float) -> Figure:
    """Return a figure: the share of those that hold whose score reaches a threshold."""

    def share(holds: BoolArray, scores: FloatArray) -> float:
        return float((scores[holds] >= threshold).mean()) if holds.any() else nan

    return share


def reliability(
    holds: BoolArray, probabilities: FloatArray, bins: int = BINS
) -> tuple[Reliability, ...]:
    """Return the bins of a reliability plot that are not empty, equally wide from 0 to 1."""
    places = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    return tuple(
        Reliability(
            place / bins,
            (place + 1) / bins,
            float(probabilities[places == place].mean()),
            float(holds[places == place].mean()),
            int((places == place).sum()),
        )
        for place in range(bins)
        if (places == place).any()
    )


def by_patient(
    figure: Figure,
    holds: BoolArray,
    scores: FloatArray,
    patients: Sequence[str],
    draws: int = DRAWS,
) -> Interval:
    """Return a figure with its 95 % limits by a bootstrap over patients."""
    value = figure(holds, scores)
    names, codes = np.unique(np.asarray(patients), return_inverse=True)
    rows_of = _rows_of(codes, names.size)
    rng = np.random.default_rng(SEED)
    drawn = []
    for _ in range(draws):
        rows = np.concatenate([rows_of[k] for k in rng.integers(names.size, size=names.size)])
        drawn.append(figure(holds[rows], scores[rows]))
    told = np.array([each for each in drawn if np.isfinite(each)])
    if not told.size:
        return Interval(value, nan, nan)
    low, high = np.percentile(told, (2.5, 97.5))
    return Interval(value, float(low), float(high))


def _rows_of(codes: IntArray, count: int) -> list[IntArray]:
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.searchsorted(codes[order], np.arange(1, count)))


def _mean_ranks(scores: FloatArray) -> FloatArray:
    """Return ranks from 1 on, equal scores sharing the mean of theirs."""
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: FloatArray = (last - (counts - 1) / 2.0)[places]
    return ranks
