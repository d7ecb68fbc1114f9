"""P and T waves between limits of every kind: what cannot be searched is not found."""

from __future__ import annotations

import numpy as np

from ecgd.features.delineation import NONE, find_wave
from ecgd.features.segments import POINTS

AT = np.arange(POINTS)


def hump(centre: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A wave of 0.2 mV, 80 ms wide."""
    wave: np.ndarray[tuple[int], np.dtype[np.float64]] = 0.2 * np.exp(
        -0.5 * ((AT - centre) / 20.0) ** 2
    )
    return wave


def test_a_wave_is_found_with_its_boundaries() -> None:
    onset, peak, end = find_wave(
        hump(300)[None], np.array([200]), np.array([420]), area_s=0.1, least_mv=0.02
    )
    assert abs(int(peak[0]) - 300) <= 2
    assert 230 < onset[0] < 290
    assert 310 < end[0] < 370


def test_a_row_does_not_depend_on_its_neighbours_limits() -> None:
    rows = np.stack([hump(300), hump(300), hump(300)])
    alone = find_wave(rows[:1], np.array([200]), np.array([420]), 0.1, 0.02)
    among = find_wave(rows, np.array([200, 20, 460]), np.array([420, 90, 590]), 0.1, 0.02)
    assert [int(points[0]) for points in among] == [int(points[0]) for points in alone]


def test_limits_that_cross_or_leave_the_grid_give_nothing() -> None:
    rows = np.stack([hump(300)] * 4)
    low = np.array([400, 590, -50, 700])
    high = np.array([200, 10, -10, 900])
    for found in find_wave(rows, low, high, 0.1, 0.02):
        assert found.tolist() == [NONE] * 4


def test_what_is_too_small_is_no_wave() -> None:
    (_, peak, _) = find_wave(0.05 * hump(300)[None], np.array([200]), np.array([420]), 0.1, 0.02)
    assert peak.tolist() == [NONE]
