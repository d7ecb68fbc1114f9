from __future__ import annotations

import numpy as np
import pytest
from ecg_shapes import SETTINGS, beat_times, ecg, window

from ecgd.dsp.prepare import prepare
from ecgd.features.r_peaks import PeakHints, detect_r_peaks
from ecgd.model.signal import FloatArray, IntArray

FS_HZ = 250.0


def detect(signal: FloatArray, fs_hz: float = FS_HZ, hints: PeakHints | None = None) -> IntArray:
    prepared = prepare(window(signal, fs_hz), SETTINGS)
    usable = np.ones(6, np.bool_)
    return detect_r_peaks(prepared.band_mv, usable, prepared.valid, fs_hz, hints).indices


@pytest.mark.parametrize("rr_s", [0.33, 0.5, 0.8, 1.5, 2.0])
@pytest.mark.parametrize("fs_hz", [100.0, 250.0, 360.0, 1000.0])
def test_every_beat_is_found_once_where_it_is(rr_s: float, fs_hz: float) -> None:
    times = beat_times(5, rr_s)
    found = detect(ecg(times, 5.0, fs_hz), fs_hz)
    assert found.size == times.size
    assert np.abs(found / fs_hz - times).max() < 0.02


@pytest.mark.parametrize("scale", [0.15, -1.0, 5.0])
def test_low_voltage_polarity_and_size_do_not_matter(scale: float) -> None:
    times = beat_times(5, 0.8)
    np.testing.assert_array_equal(detect(ecg(times, 5.0, scale=scale)), detect(ecg(times, 5.0)))


def test_wander_mains_and_muscle_noise_are_survived() -> None:
    times = beat_times(5, 0.75)
    t_s = np.arange(1250) / FS_HZ
    noise = np.random.default_rng(4).normal(0.0, 0.08, (6, 1250))
    wander = 1.5 * np.sin(2 * np.pi * 0.3 * t_s)
    mains = 0.3 * np.sin(2 * np.pi * 50 * t_s)
    found = detect(ecg(times, 5.0) + noise + wander + mains)
    assert found.size == times.size
    assert np.abs(found / FS_HZ - times).max() < 0.03


def test_a_t_wave_taller_than_the_r_is_no_beat() -> None:
    times = beat_times(5, 0.9)
    t_s = np.arange(1250) / FS_HZ
    tall = sum(1.6 * np.exp(-0.5 * ((t_s - r - 0.3) / 0.045) ** 2) for r in times)
    assert detect(ecg(times, 5.0) + tall * np.ones((6, 1))).size == times.size


def test_a_small_beat_between_large_ones_is_searched_back() -> None:
    times = beat_times(5, 0.8)
    small = ecg(times[[2]], 5.0, scale=0.25) + ecg(np.delete(times, 2), 5.0)
    assert detect(small).size == times.size


def test_the_same_beat_has_the_same_index_in_every_window() -> None:
    rng = np.random.default_rng(6)
    times = np.cumsum(rng.uniform(0.6, 1.1, 14)) - 0.3
    signal = ecg(times, 12.0) + rng.normal(0.0, 0.02, (6, 3000))
    seen: dict[int, list[int]] = {}
    for start in range(0, 1750, 125):
        for index in detect(signal[:, start : start + 1250]) + start:
            if start + 100 <= index < start + 1150:
                seen.setdefault(round(index / 40), []).append(int(index))
    assert max(np.ptp(indices) for indices in seen.values()) <= 1
    assert len(seen) >= 10


def test_nothing_is_found_in_silence_or_faint_noise() -> None:
    assert detect(np.zeros((6, 1250))).size == 0
    faint = np.random.default_rng(5).normal(0.0, 0.004, (6, 1250))
    assert detect(faint).size == 0


def test_with_history_noise_after_the_last_beat_is_no_beat() -> None:
    noise = np.random.default_rng(8).normal(0.0, 0.03, (6, 1250))
    assert detect(noise, hints=PeakHints(0.5, 0.8)).size == 0


def test_a_signal_that_has_become_small_is_heard_again() -> None:
    prepared = prepare(window(ecg(beat_times(5, 0.8), 5.0, scale=0.1)), SETTINGS)
    hints: PeakHints | None = PeakHints(2.0, 0.8)
    found = []
    for _ in range(20):
        peaks = detect_r_peaks(prepared.band_mv, np.ones(6, np.bool_), prepared.valid, FS_HZ, hints)
        hints = peaks.hints
        found.append(peaks.indices.size)
    assert found[0] == 0
    assert found[-1] == 6


def test_peaks_beside_a_gap_and_unusable_leads_are_left_out() -> None:
    times = beat_times(5, 0.8)
    prepared = prepare(window(ecg(times, 5.0)), SETTINGS)
    valid = prepared.valid.copy()
    gap = round(times[2] * FS_HZ)
    valid[gap - 5 : gap + 5] = False
    found = detect_r_peaks(prepared.band_mv, np.ones(6, np.bool_), valid, FS_HZ).indices
    assert found.size == times.size - 1
    assert np.abs(found - gap).min() > 50
    none = detect_r_peaks(prepared.band_mv, np.zeros(6, np.bool_), prepared.valid, FS_HZ)
    assert none.indices.size == 0


def test_a_spoilt_lead_that_is_marked_unusable_has_no_say() -> None:
    times = beat_times(5, 0.8)
    signal = ecg(times, 5.0)
    prepared = prepare(window(signal), SETTINGS)
    band = prepared.band_mv.copy()
    band[2] = np.random.default_rng(1).normal(0.0, 3.0, band.shape[1])
    usable = np.array([True, True, False, True, True, True])
    found = detect_r_peaks(band, usable, prepared.valid, FS_HZ).indices
    assert np.abs(found / FS_HZ - times).max() < 0.02
