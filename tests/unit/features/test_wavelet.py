"""Wavelet figures of known waves."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.features.wavelet import BAND_NAMES, sum_up_wavelet

TIME_S = np.arange(1250) / 250.0


@pytest.mark.parametrize(
    ("frequency_hz", "band"), [(2.0, "a5"), (5.5, "d5"), (11.0, "d4"), (22.0, "d3"), (90.0, "d1")]
)
def test_a_sine_lies_in_its_band(frequency_hz: float, band: str) -> None:
    figures = sum_up_wavelet(np.sin(2 * np.pi * frequency_hz * TIME_S))
    assert figures is not None
    assert sum(figures.energy_shares) == pytest.approx(1.0)
    assert BAND_NAMES[int(np.argmax(figures.energy_shares))] == band


def test_a_single_spike_has_little_entropy_and_noise_much() -> None:
    spike = np.zeros(1250)
    spike[600] = 1.0
    lone = sum_up_wavelet(spike)
    noise = sum_up_wavelet(np.random.default_rng(1).normal(size=1250))
    assert lone is not None
    assert noise is not None
    # The coarse bands hold too few coefficients to tell.
    assert max(lone.entropies[3:]) < 0.5
    assert min(noise.entropies[3:]) > 0.7
    assert noise.deviations_mv[-1] == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize("size", [0, 1, 20])
def test_too_short_a_signal_has_no_figures(size: int) -> None:
    assert sum_up_wavelet(np.ones(size)) is None


def test_silence_has_no_figures() -> None:
    assert sum_up_wavelet(np.zeros(1250)) is None
