"""The average over beats: robust, the same weights in all leads, and an honest uncertainty."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.features.st_average import FLOOR_MV, PLACEMENT_S, AverageSt, average_st
from ecgd.model.leads import DERIVATION, LIMB_LEADS
from ecgd.model.signal import FloatArray

J40, AROUND = 2, (1, 3)


def beats_of(j40_mv: FloatArray, slope_mv_per_s: float = 0.0) -> FloatArray:
    """Return (beat, lead, column) from J+40 ms of each beat and lead, and one slope."""
    ramp = np.array([-0.04, -0.02, 0.0, 0.02, 0.04, 0.04]) * slope_mv_per_s
    return np.asarray(j40_mv)[:, :, None] + ramp


def average(j40_mv: FloatArray, slope_mv_per_s: float = 0.0) -> AverageSt:
    return average_st(beats_of(j40_mv, slope_mv_per_s), J40, AROUND)


def noisy_pair(seed: int, count: int = 9) -> FloatArray:
    return np.random.default_rng(seed).standard_t(2, (count, 2)) * 0.05 + (0.1, 0.2)


def test_derived_leads_are_the_combination_of_i_and_ii_to_rounding() -> None:
    pair = noisy_pair(1)
    six = pair @ np.array([DERIVATION[lead] for lead in LIMB_LEADS]).T
    levels = dict(zip(LIMB_LEADS, average(six).levels_mv, strict=True))
    for lead, (one, two) in DERIVATION.items():
        combined = one * levels["I"] + two * levels["II"]
        np.testing.assert_allclose(levels[lead], combined, atol=1e-12)


def test_a_wild_beat_moves_nothing_and_costs_little_certainty() -> None:
    calm = np.full((8, 2), 0.1) + np.linspace(-0.005, 0.005, 8)[:, None]
    wild = np.vstack([calm, [[2.0, -2.0]]])
    plain, robust = average(calm), average(wild)
    np.testing.assert_allclose(robust.levels_mv, plain.levels_mv, atol=0.002)
    assert robust.uncertainty_mv.max() < 1.5 * plain.uncertainty_mv.max()


def test_the_uncertainty_has_a_floor_and_grows_with_the_slope() -> None:
    same = np.full((5, 1), 0.1)
    assert average(same).uncertainty_mv[0] == pytest.approx(FLOOR_MV)
    steep = average(same, slope_mv_per_s=3.0).uncertainty_mv[0]
    assert steep == pytest.approx(np.hypot(FLOOR_MV, 3.0 * PLACEMENT_S))


def test_the_uncertainty_covers_the_error_of_plain_noise() -> None:
    rng = np.random.default_rng(7)
    inside = 0
    for _ in range(400):
        found = average(rng.normal(0.0, 0.06, (8, 2)))
        inside += int((np.abs(found.levels_mv[:, J40]) <= found.uncertainty_mv).sum())
    assert 0.93 <= inside / 800 <= 0.99


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_beats_give_finite_figures(count: int) -> None:
    found = average(np.zeros((count, 6)))
    assert np.isfinite(found.levels_mv).all()
    assert np.isfinite(found.uncertainty_mv).all()
