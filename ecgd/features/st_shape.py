"""Slope and curve of the ST segment.

Slope: from J to J+80 ms, the stretch in which exercise electrocardiography tells up-, downsloping
and horizontal ST (ACC/AHA 2002, Gibbons et al.). Curve: against the straight line from the J point
to the apex of T (Brady et al. 2001): ST below it is concave, above it convex. Looked at is the
first half of that stretch; the second is the T wave's own top, which is round in any heart.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ecgd.features.segments import GRID_HZ
from ecgd.model.finding import StCurve, StSlope
from ecgd.model.signal import FloatArray, IntArray

HORIZONTAL_MV_PER_S: Final = 0.5
"""Up to this, up or down, ST is horizontal: 0.02 mV, the accuracy of bedside monitors, in 40 ms."""

STRAIGHT_MV: Final = 0.01
"""A mean distance from the line up to this is none."""

LEAST_SPAN_S: Final = 0.08
"""A T wave whose apex follows the J point sooner leaves no ST segment to look at."""


def st_bows(
    fine_mv: FloatArray, total: FloatArray, qrs_end: IntArray, t_peak: IntArray
) -> FloatArray:
    """Return each beat's mean height of ST over the line from J to T's apex, in mV: (beat, lead).

    ``fine_mv`` is (beat, lead, point) on the grid of ``segments``, ``total`` the sums of all points
    before each (one more). ``qrs_end`` is (beat,), ``t_peak`` (beat, lead) with negative values
    where there is none: these give NaN.
    """
    span = t_peak - qrs_end[:, None]
    known = (t_peak >= 0) & (span >= LEAST_SPAN_S * GRID_HZ)
    span = np.where(known, span, 2)
    half = span // 2
    beat, lead = np.arange(fine_mv.shape[0])[:, None], np.arange(fine_mv.shape[1])
    last = fine_mv.shape[2] - 1
    begin = np.minimum(np.maximum(qrs_end, 0), last)[:, None]
    middle = np.minimum(begin + half, last)
    mean_mv = (total[beat, lead, middle] - total[beat, lead, begin]) / np.maximum(1, middle - begin)
    at_j_mv, at_t_mv = fine_mv[beat, lead, begin], fine_mv[beat, lead, np.minimum(t_peak, last)]
    line_mv = at_j_mv + (at_t_mv - at_j_mv) * (half - 1) / (2 * span)
    bows: FloatArray = np.where(known, mean_mv - line_mv, np.nan)
    return bows


def slope_of(slope_mv_per_s: float) -> StSlope:
    """Return which way ST runs."""
    if abs(slope_mv_per_s) <= HORIZONTAL_MV_PER_S:
        return StSlope.HORIZONTAL
    return StSlope.UP if slope_mv_per_s > 0 else StSlope.DOWN


def curve_of(bow_mv: float | None) -> StCurve | None:
    """Return how ST is bent; None where no T wave tells."""
    if bow_mv is None:
        return None
    if abs(bow_mv) <= STRAIGHT_MV:
        return StCurve.STRAIGHT
    return StCurve.CONVEX if bow_mv > 0 else StCurve.CONCAVE
