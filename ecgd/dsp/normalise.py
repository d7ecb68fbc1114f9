"""Scaling per lead, for the models only: never compare its result with a millivolt threshold."""

from __future__ import annotations

import numpy as np

from ecgd.model.signal import FloatArray

LEAST_SPREAD = 1e-9
"""A lead that spreads less is constant: it becomes zeros instead of amplified rounding."""


def z_score(signal: FloatArray) -> FloatArray:
    """Return each lead with mean 0 and standard deviation 1; shape (lead, sample)."""
    centred = signal - signal.mean(axis=-1, keepdims=True)
    return _scaled(centred, centred.std(axis=-1, keepdims=True))


def min_max(signal: FloatArray) -> FloatArray:
    """Return each lead on 0 to 1, a constant lead as zeros; shape (lead, sample)."""
    low = signal.min(axis=-1, keepdims=True)
    return _scaled(signal - low, signal.max(axis=-1, keepdims=True) - low)


def _scaled(signal: FloatArray, spread: FloatArray) -> FloatArray:
    constant = spread < LEAST_SPREAD
    scaled: FloatArray = np.where(constant, 0.0, signal / np.where(constant, 1.0, spread))
    return scaled
