"""Pacing spikes: told from a QRS, bridged, and never taken for its onset."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.features.pacing import pacing_spikes, spike_ends, without_spikes
from ecgd.model.signal import FloatArray, IntArray

FS_HZ = 500.0
R_PEAKS: IntArray = np.array([500, 900, 1300])


def beats_mv() -> FloatArray:
    """Two leads with wide beats, noise of 5 uV, and no spike."""
    at = np.arange(2000)
    one = sum(np.exp(-0.5 * ((at - r_peak) / 12) ** 2) for r_peak in R_PEAKS.tolist())
    noise = np.random.default_rng(3).normal(scale=0.005, size=(2, 2000))
    shapes: FloatArray = np.stack([1.2 * one, -0.8 * one]) + noise
    return shapes


@pytest.mark.parametrize("height_mv", [0.5, -2.0, 8.0])
def test_spikes_are_found_and_bridged(height_mv: float) -> None:
    plain_mv = beats_mv()
    paced_mv = plain_mv.copy()
    paced_mv[:, R_PEAKS - 50] += height_mv
    spikes = pacing_spikes(paced_mv, R_PEAKS, FS_HZ)
    assert spikes[R_PEAKS - 50].all()
    assert spikes.sum() == 3 * 7
    assert np.abs(without_spikes(paced_mv, spikes) - plain_mv).max() < 0.05
    assert spike_ends(spikes, R_PEAKS, FS_HZ) == pytest.approx(np.full(3, -0.094))


def test_an_atrial_and_a_ventricular_spike_are_both_found() -> None:
    paced_mv = beats_mv()
    paced_mv[:, R_PEAKS - 50] += 2.0
    paced_mv[:, R_PEAKS - 110] += 1.0
    spikes = pacing_spikes(paced_mv, R_PEAKS, FS_HZ)
    assert spikes[R_PEAKS - 50].all()
    assert spikes[R_PEAKS - 110].all()


def test_beats_without_a_spike_are_left_as_they_are() -> None:
    plain_mv = beats_mv()
    spikes = pacing_spikes(plain_mv, R_PEAKS, FS_HZ)
    assert not spikes.any()
    assert without_spikes(plain_mv, spikes) is plain_mv
    assert np.isnan(spike_ends(spikes, R_PEAKS, FS_HZ)).all()


def test_a_step_is_no_spike() -> None:
    stepped_mv = beats_mv()
    stepped_mv[:, 450:] += 2.0
    assert not pacing_spikes(stepped_mv, R_PEAKS, FS_HZ).any()


def test_a_signal_shorter_than_a_spike_has_none() -> None:
    assert not pacing_spikes(np.ones((1, 5)), np.array([2]), FS_HZ).any()
