from __future__ import annotations

import numpy as np
from ecg_shapes import SETTINGS, beat_times, ecg, window

from ecgd.dsp.prepare import prepare
from ecgd.features.qrs_evidence import HIGH_QUANTILE, weigh_leads
from ecgd.features.r_peaks import PeakHints, detect_r_peaks

FS_HZ = 250.0


def test_a_lead_whose_crests_do_not_stand_out_has_little_say() -> None:
    noise_mv = np.abs(np.random.default_rng(3).normal(0.0, 0.1, (2, 1250)))
    beats = np.arange(1250) % 200 < 20
    noise_mv[0, beats] += 1.0
    shares = weigh_leads(noise_mv, np.quantile(noise_mv, HIGH_QUANTILE, axis=1))
    assert shares[0] > 0.8
    np.testing.assert_allclose(shares.sum(), 1.0)


def test_a_large_signal_after_a_long_silence_is_heard_at_once() -> None:
    hints: PeakHints | None = PeakHints(1e-7, 0.8)
    times = beat_times(5, 0.8)
    prepared = prepare(window(ecg(times, 5.0, scale=3.0)), SETTINGS)
    peaks = detect_r_peaks(prepared.band_mv, np.ones(6, np.bool_), prepared.valid, FS_HZ, hints)
    assert peaks.indices.size == times.size


def test_the_usual_shape_is_known_after_a_window_and_survives_silence() -> None:
    usable, times = np.ones(6, np.bool_), beat_times(5, 0.8)
    prepared = prepare(window(ecg(times, 5.0)), SETTINGS)
    first = detect_r_peaks(prepared.band_mv, usable, prepared.valid, FS_HZ).hints
    assert first is not None
    assert first.shape_mv is not None
    silence = np.zeros_like(prepared.band_mv)
    later = detect_r_peaks(silence, usable, prepared.valid, FS_HZ, first).hints
    assert later is not None
    np.testing.assert_array_equal(later.shape_mv, first.shape_mv)
