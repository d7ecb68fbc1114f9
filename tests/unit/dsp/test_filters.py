from __future__ import annotations

import numpy as np
import pytest
from ecg_shapes import beat_times, ecg

from ecgd.dsp.filters import band_pass, bridge_gaps, remove_drift, remove_mains

FS_HZ = 250.0
CLEAN = ecg(beat_times(5, 0.8), 5.0)
ALL = np.ones(CLEAN.shape[1], np.bool_)
T_S = np.arange(CLEAN.shape[1]) / FS_HZ


def rms(signal: np.ndarray) -> float:
    return float(np.sqrt(np.mean(signal**2)))


@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
@pytest.mark.parametrize("off_hz", [-0.2, 0.0, 0.15])
def test_mains_goes_by_more_than_30_db_though_its_frequency_strays(
    mains_hz: float, off_hz: float
) -> None:
    hum = 0.5 * np.sin(2 * np.pi * (mains_hz + off_hz) * T_S + 1.0) * np.ones((6, 1))
    left = remove_mains(CLEAN + hum, ALL, FS_HZ, mains_hz) - remove_mains(
        CLEAN, ALL, FS_HZ, mains_hz
    )
    assert rms(left) < rms(hum) / 10 ** (30 / 20)


def test_mains_of_changing_strength_goes_too() -> None:
    hum = (0.2 + 0.08 * T_S) * np.sin(2 * np.pi * 50 * T_S) * np.ones((6, 1))
    left = remove_mains(CLEAN + hum, ALL, FS_HZ, 50.0) - CLEAN
    assert rms(left) < rms(hum) / 30


def test_the_notch_leaves_a_clean_beat_within_15_microvolts() -> None:
    assert np.abs(remove_mains(CLEAN, ALL, FS_HZ, 50.0) - CLEAN).max() < 0.015


def test_no_mains_no_change() -> None:
    np.testing.assert_array_equal(remove_mains(CLEAN, ALL, FS_HZ, 0.0), CLEAN)


def test_mains_at_the_nyquist_frequency_is_left_alone() -> None:
    np.testing.assert_array_equal(remove_mains(CLEAN, ALL, 100.0, 50.0), CLEAN)


def test_invalid_samples_do_not_disturb_the_notch() -> None:
    hum = 0.3 * np.sin(2 * np.pi * 50 * T_S) * np.ones((6, 1))
    broken = CLEAN + hum
    valid = ALL.copy()
    valid[400:450] = False
    broken[:, ~valid] = 500.0
    left = remove_mains(broken, valid, FS_HZ, 50.0)[:, valid] - CLEAN[:, valid]
    assert rms(left) < 0.01


def test_gaps_are_bridged_by_straight_lines_and_edges_held() -> None:
    signal = np.arange(10.0)[None, :].copy()
    valid = np.array([0, 1, 1, 0, 0, 1, 1, 1, 0, 0], dtype=np.bool_)
    signal[:, ~valid] = -1e6
    np.testing.assert_allclose(
        bridge_gaps(signal, valid)[0], [1, 1, 2, 3, 4, 5, 6, 7, 7, 7], atol=1e-12
    )


def test_a_window_without_a_valid_sample_becomes_zeros() -> None:
    assert not bridge_gaps(CLEAN, ~ALL).any()


def test_band_pass_takes_wander_and_leaves_the_qrs_in_place() -> None:
    wander = 1.0 * np.sin(2 * np.pi * 0.1 * T_S)
    passed = band_pass(CLEAN + wander, FS_HZ, 0.5, 100.0, 4)
    inner = slice(250, 1000)
    assert rms(passed[:, inner] - band_pass(CLEAN, FS_HZ, 0.5, 100.0, 4)[:, inner]) < 0.03
    assert np.argmax(passed[1, 400:550]) == np.argmax(CLEAN[1, 400:550])


@pytest.mark.parametrize("fs_hz", [100.0, 180.0, 1000.0])
def test_the_upper_corner_is_capped_below_the_nyquist_frequency(fs_hz: float) -> None:
    signal = ecg(beat_times(5, 0.8), 5.0, fs_hz)
    passed = band_pass(signal, fs_hz, 0.5, 100.0, 4)
    assert np.isfinite(passed).all()
    assert 0.7 < np.ptp(passed[1]) / np.ptp(signal[1]) < 1.3


def test_drift_of_the_given_degree_goes_exactly() -> None:
    drift = 3.0 - 2.0 * T_S + 0.5 * T_S**2 - 0.07 * T_S**3
    np.testing.assert_allclose(remove_drift(CLEAN + drift, 3), remove_drift(CLEAN, 3), atol=1e-9)
    assert np.ptp(remove_drift(drift[None, :], 2)) > 0.1
