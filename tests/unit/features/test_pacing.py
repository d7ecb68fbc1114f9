"""Pacing spikes: told from a QRS, bridged, and never taken for its onset."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.features.pacing import beyond_spikes, pacing_spikes, spike_ends, without_spikes
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


def answered_mv(spike_mv: float) -> FloatArray:
    """Two leads in which a tall spike calls up a wide QRS complex 80 ms later."""
    at = np.arange(2000)
    wide = sum(np.exp(-0.5 * ((at - r_peak - 40) / 14) ** 2) for r_peak in R_PEAKS.tolist())
    noise = np.random.default_rng(3).normal(scale=0.005, size=(2, 2000))
    shapes: FloatArray = np.stack([wide, -0.6 * wide]) + noise
    for width in range(-1, 2):
        shapes[:, R_PEAKS + width] += spike_mv / (1 + abs(width))
    return shapes


@pytest.mark.parametrize("off", [-4, 0, 5])
def test_a_spike_taken_for_the_r_peak_gives_way_to_the_complex_behind_it(off: int) -> None:
    paced_mv = answered_mv(5.0)
    told = R_PEAKS + off
    spikes = pacing_spikes(paced_mv, told, FS_HZ)
    assert spikes[R_PEAKS].all()
    bridged_mv = without_spikes(paced_mv, spikes)
    assert np.abs(bridged_mv - answered_mv(0.0)).max() < 0.05
    moved = beyond_spikes(R_PEAKS, bridged_mv, spikes, FS_HZ)
    assert np.abs(moved - R_PEAKS - 40).max() <= 4
    assert spike_ends(spikes, moved, FS_HZ) == pytest.approx(np.full(3, -0.075), abs=0.012)


def test_a_spike_with_nothing_behind_it_is_left_to_those_who_tell_lone_ones() -> None:
    alone_mv = answered_mv(5.0) - answered_mv(0.0)
    alone_mv += np.random.default_rng(4).normal(scale=0.005, size=(2, 2000))
    assert not pacing_spikes(alone_mv, R_PEAKS, FS_HZ)[R_PEAKS].any()


@pytest.mark.parametrize("sigma", [6.0, 12.0, 25.0])
def test_an_r_peak_however_narrow_is_no_spike_and_stays(sigma: float) -> None:
    at = np.arange(2000)
    narrow = sum(np.exp(-0.5 * ((at - r_peak) / sigma) ** 2) for r_peak in R_PEAKS.tolist())
    late = sum(0.4 * np.exp(-0.5 * ((at - r_peak - 60) / 20) ** 2) for r_peak in R_PEAKS.tolist())
    plain_mv = np.stack([narrow + late, -0.5 * narrow])
    plain_mv += np.random.default_rng(5).normal(scale=0.003, size=(2, 2000))
    spikes = pacing_spikes(plain_mv, R_PEAKS, FS_HZ)
    assert not spikes.any()
    assert beyond_spikes(R_PEAKS, plain_mv, spikes, FS_HZ) is R_PEAKS


def test_a_spike_at_the_end_of_the_signal_waits_for_what_follows() -> None:
    paced_mv = answered_mv(5.0)[:, : R_PEAKS[-1] + 60]
    spikes = pacing_spikes(paced_mv, R_PEAKS, FS_HZ)
    assert spikes[R_PEAKS[:-1]].all()
    assert not spikes[R_PEAKS[-1]]
