"""The spectrum of known waves."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.features.spectrum import power_spectrum, sum_up_spectrum
from ecgd.model.signal import FloatArray

FS_HZ = 250.0
TIME_S = np.arange(1250) / FS_HZ


def test_the_density_integrates_to_the_variance() -> None:
    noise = np.random.default_rng(1).normal(scale=0.3, size=5000)
    hz, density = power_spectrum(noise, FS_HZ)
    assert density.sum() * (hz[1] - hz[0]) == pytest.approx(noise.var(), rel=0.1)


def test_a_sine_is_one_peak_with_its_power() -> None:
    figures = sum_up_spectrum(0.4 * np.sin(2 * np.pi * 10 * TIME_S), FS_HZ)
    assert figures is not None
    assert figures.peak_hz == pytest.approx(10.0)
    assert figures.power_mv2 == pytest.approx(0.08, rel=0.01)
    assert figures.shares == pytest.approx((0.0, 1.0, 0.0), abs=1e-3)
    assert figures.entropy < 0.3


def test_noise_is_spread_over_the_whole_band() -> None:
    figures = sum_up_spectrum(np.random.default_rng(2).normal(size=5000), FS_HZ)
    assert figures is not None
    assert figures.entropy > 0.85
    assert figures.edge_hz == pytest.approx(38.0, abs=1.5)


@pytest.mark.parametrize("signal_mv", [np.zeros(1250), np.ones(100), np.full(1250, np.nan)])
def test_what_shows_nothing_has_no_figures(signal_mv: FloatArray) -> None:
    assert sum_up_spectrum(signal_mv, FS_HZ) is None
