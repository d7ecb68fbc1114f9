"""Slope and curve of ST on drawn segments."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.features.segments import GRID_HZ, POINTS, R_AT
from ecgd.features.st_shape import curve_of, slope_of, st_bows
from ecgd.model.finding import StCurve, StSlope
from ecgd.model.signal import FloatArray

J = R_AT + 20
T_PEAK = J + round(0.2 * GRID_HZ)


def segment(power: float, j_mv: float = 0.1, t_mv: float = 0.5) -> FloatArray:
    """ST that goes from J to T's apex as a power of time: above one is concave."""
    share = np.clip((np.arange(POINTS) - J) / (T_PEAK - J), 0.0, 1.0)
    return j_mv + (t_mv - j_mv) * share**power


def bow_mv(curve_mv: FloatArray, t_peak: int = T_PEAK) -> float:
    total = np.concatenate(([0.0], np.cumsum(curve_mv)))
    segments, sums = curve_mv[None, None], total[None, None]
    bows = st_bows(segments, sums, np.array([J]), np.array([[t_peak]]))
    return float(bows[0, 0])


@pytest.mark.parametrize(
    ("power", "curve"),
    [(2.0, StCurve.CONCAVE), (1.0, StCurve.STRAIGHT), (0.5, StCurve.CONVEX)],
)
@pytest.mark.parametrize("t_mv", [0.5, 0.9])
def test_the_curve_is_told_against_the_line(power: float, curve: StCurve, t_mv: float) -> None:
    assert curve_of(bow_mv(segment(power, t_mv=t_mv))) is curve


def test_a_dome_that_falls_into_an_inverted_t_is_convex() -> None:
    assert curve_of(bow_mv(segment(2.0, 0.3, -0.4))) is StCurve.CONVEX
    assert curve_of(bow_mv(segment(0.5, 0.3, -0.4))) is StCurve.CONCAVE


def test_a_t_wave_that_rises_like_a_cosine_is_concave() -> None:
    share = np.clip((np.arange(POINTS) - J) / (T_PEAK - J), 0.0, 1.0)
    assert curve_of(bow_mv(0.05 + 0.4 * (1 - np.cos(np.pi * share)) / 2)) is StCurve.CONCAVE


@pytest.mark.parametrize("t_peak", [-1, J + 10, J - 50])
def test_without_a_t_wave_behind_the_j_point_there_is_no_curve(t_peak: int) -> None:
    assert np.isnan(bow_mv(segment(2.0), t_peak))
    assert curve_of(None) is None


def test_the_bow_is_the_mean_distance_from_the_line() -> None:
    # Over the first half of x**2 against x: the mean of x**2 - x is -1/6, times 0.4 mV.
    assert bow_mv(segment(2.0)) == pytest.approx(-0.4 / 6, abs=0.003)


@pytest.mark.parametrize(
    ("slope_mv_per_s", "slope"),
    [
        (0.51, StSlope.UP),
        (0.5, StSlope.HORIZONTAL),
        (0.0, StSlope.HORIZONTAL),
        (-0.5, StSlope.HORIZONTAL),
        (-0.51, StSlope.DOWN),
    ],
)
def test_slopes_at_just_under_and_just_over_the_limit(
    slope_mv_per_s: float, slope: StSlope
) -> None:
    assert slope_of(slope_mv_per_s) is slope
