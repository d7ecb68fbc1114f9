"""Medians and quantiles of finite values.

numpy's own look into what kind of values they have first, which takes several times as long as the
short rows of an ECG do.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ecgd.model.signal import FloatArray

LONG: Final = 300
"""From so many values on it is quicker to look for a few of them than to put all in order."""


def median_of(values: FloatArray, axis: int = -1) -> FloatArray:
    """Return the median along ``axis``, which has at least one value."""
    count = values.shape[axis]
    low, high = (count - 1) // 2, count // 2
    ordered = _ordered(values, (low, high), axis)
    middle: FloatArray = (ordered.take(low, axis) + ordered.take(high, axis)) * 0.5
    return middle


def quantile_of(values: FloatArray, share: float, axis: int = -1) -> FloatArray:
    """Return the value along ``axis`` that ``share`` of the values lie below.

    Between two values it lies on the straight line, as numpy's does.
    """
    place = share * (values.shape[axis] - 1)
    low = int(place)
    high = min(low + 1, values.shape[axis] - 1)
    ordered = _ordered(values, (low, high), axis)
    below = ordered.take(low, axis)
    quantile: FloatArray = below + (ordered.take(high, axis) - below) * (place - low)
    return quantile


def _ordered(values: FloatArray, places: tuple[int, int], axis: int) -> FloatArray:
    """Return the values in order, at the ``places`` at least."""
    if values.shape[axis] < LONG:
        return np.sort(values, axis=axis)
    return np.partition(values, places, axis=axis)
