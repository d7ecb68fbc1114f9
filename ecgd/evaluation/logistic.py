"""Logistic models by Newton's method: Platt's calibration, and the rival of the networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ecgd.model.signal import BoolArray, FloatArray

STEPS: Final = 50
SMALLEST_STEP: Final = 1e-8
LARGEST_LOGIT: Final = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Logistic:
    """P = sigmoid(x @ ``slopes`` + ``intercept``); ``slopes`` has shape (figure,)."""

    slopes: FloatArray
    intercept: float

    def logits(self, x: FloatArray) -> FloatArray:
        """Return the log-odds of rows (row, figure)."""
        logits: FloatArray = x @ self.slopes + self.intercept
        return logits

    def probabilities(self, x: FloatArray) -> FloatArray:
        """Return the probabilities of rows (row, figure)."""
        return sigmoid(self.logits(x))


def sigmoid(logits: FloatArray) -> FloatArray:
    """Return probabilities; logits beyond 30 are cut there."""
    cut = np.clip(logits, -LARGEST_LOGIT, LARGEST_LOGIT)
    probabilities: FloatArray = 1.0 / (1.0 + np.exp(-cut))
    return probabilities


def logit(probabilities: FloatArray, edge: float = 1e-6) -> FloatArray:
    """Return log-odds of probabilities kept off 0 and 1 by ``edge``."""
    inside = np.clip(probabilities, edge, 1.0 - edge)
    logits: FloatArray = np.log(inside / (1.0 - inside))
    return logits


def fit_logistic(
    x: FloatArray, holds: BoolArray, *, ridge: float, weights: FloatArray | None = None
) -> Logistic:
    """Fit rows (row, figure); ``ridge`` penalises the squared slopes, not the intercept.

    Raises ValueError without both classes.
    """
    if not holds.any() or holds.all():
        raise ValueError("a logistic model needs rows of both classes")
    rows = np.concatenate((x, np.ones((len(x), 1))), axis=1)
    weight = np.ones(len(x)) if weights is None else weights
    penalty = np.full(rows.shape[1], ridge)
    penalty[-1] = 0.0
    beta = np.zeros(rows.shape[1])
    for _ in range(STEPS):
        p = sigmoid(rows @ beta)
        slope = rows.T @ (weight * (p - holds)) + penalty * beta
        curve = (rows * (weight * p * (1.0 - p))[:, None]).T @ rows + np.diag(penalty)
        step = np.linalg.solve(curve + 1e-9 * np.eye(len(beta)), slope)
        # Newton may leap where classes hardly overlap: never by more than a unit of log-odds.
        beta -= step / max(1.0, float(np.abs(rows @ step).max()) / 5.0)
        if float(np.abs(step).max()) < SMALLEST_STEP:
            break
    return Logistic(beta[:-1], float(beta[-1]))


def fit_platt(
    logits: FloatArray, holds: BoolArray, weights: FloatArray | None = None
) -> tuple[float, float]:
    """Return slope and intercept that make logits probabilities (Platt 1999).

    Platt's own targets keep both off 0 and 1. Raises ValueError without both classes, or where
    the logits rank the wrong way round.
    """
    weight = np.ones(holds.size) if weights is None else weights
    positives, negatives = float(weight[holds].sum()), float(weight[~holds].sum())
    if not positives or not negatives:
        raise ValueError("a calibration needs rows of both classes")
    target = np.where(holds, (positives + 1) / (positives + 2), 1.0 / (negatives + 2))
    doubled = np.concatenate((logits, logits))[:, None]
    both = np.concatenate((np.ones(holds.size, np.bool_), np.zeros(holds.size, np.bool_)))
    shares = np.concatenate((weight * target, weight * (1.0 - target)))
    fitted = fit_logistic(doubled, both, ridge=1e-6, weights=shares)
    if fitted.slopes[0] <= 0.0:
        raise ValueError("the logits rank the wrong way round")
    return float(fitted.slopes[0]), fitted.intercept
