from __future__ import annotations

import numpy as np
from ecg_shapes import SETTINGS, beat_times, ecg, window

from ecgd.dsp.filters import _mains_basis
from ecgd.dsp.prepare import filter_long, filter_signal, prepare
from ecgd.model.leads import LIMB_LEADS

CLEAN = ecg(beat_times(5, 0.8), 5.0, st_mv=(0.0, 0.2))


def test_two_leads_become_six() -> None:
    prepared = prepare(window(CLEAN[:2], leads=("I", "II")), SETTINGS)
    assert prepared.leads == LIMB_LEADS
    np.testing.assert_allclose(prepared.raw_mv, CLEAN, atol=1e-12)


def test_derived_leads_are_filtered_as_if_they_were_measured() -> None:
    two = prepare(window(CLEAN[:2], leads=("I", "II")), SETTINGS)
    six = prepare(window(CLEAN), SETTINGS)
    assert two.mixing is not None
    assert six.mixing is None
    np.testing.assert_allclose(two.band_mv, six.band_mv, atol=3e-3)
    apart = two.st_path_mv - six.st_path_mv
    assert np.ptp(apart, axis=1).max() < 6e-3


def test_the_st_path_is_the_input_less_a_constant() -> None:
    prepared = prepare(window(CLEAN + 300.0), SETTINGS)
    shift = (CLEAN - prepared.st_path_mv).mean(axis=1, keepdims=True)
    assert np.abs(CLEAN - prepared.st_path_mv - shift).max() < 0.015


def test_invalid_and_missing_samples_never_reach_the_filters() -> None:
    signal = CLEAN.copy()
    valid = np.ones(signal.shape[1], np.bool_)
    signal[:, 300:320] = 9e9
    valid[300:320] = False
    signal[2, 700] = np.nan
    prepared = prepare(window(signal, valid=valid), SETTINGS)
    assert not prepared.valid[[300, 319, 700]].any()
    assert int((~prepared.valid).sum()) == 21
    assert np.ptp(prepared.st_path_mv) < 2.5
    assert np.ptp(prepared.band_mv) < 2.5


def test_a_window_with_nothing_valid_is_all_zeros() -> None:
    nothing = np.zeros(CLEAN.shape[1], np.bool_)
    prepared = prepare(window(CLEAN, valid=nothing), SETTINGS)
    assert not prepared.st_path_mv.any()
    assert not prepared.band_mv.any()


def test_a_long_signal_is_filtered_like_a_window_and_needs_no_more_memory() -> None:
    fs_hz, length_s = 250.0, 125.3
    long_mv = ecg(beat_times(158, 0.79), length_s, st_mv=(0.0, 0.2))[:2]
    t_s = np.arange(long_mv.shape[1]) / fs_hz
    mains_mv = 0.2 * np.sin(2.0 * np.pi * 50.0 * t_s)
    valid = np.ones(t_s.size, np.bool_)
    valid[10_000:10_100] = False
    _mains_basis.cache_clear()
    band_mv = filter_long(long_mv + mains_mv, valid, fs_hz, SETTINGS)
    assert _mains_basis.cache_info().currsize == 1, "blocks of one length share one basis"
    for start in (0, 4000, 20_000, t_s.size - 2500):
        seen = slice(start, start + 2500)
        alone_mv = filter_signal(long_mv[:, seen], valid[seen], fs_hz, SETTINGS)[1]
        inner = slice(500, 2000)
        apart_mv = band_mv[:, seen][:, inner] - alone_mv[:, inner]
        assert np.abs(apart_mv).max() < 0.03
    assert not filter_long(long_mv, np.zeros(t_s.size, np.bool_), fs_hz, SETTINGS).any()


def test_a_short_signal_is_one_block() -> None:
    valid = np.ones(CLEAN.shape[1], np.bool_)
    band_mv = filter_signal(CLEAN, valid, 250.0, SETTINGS)[1]
    np.testing.assert_array_equal(filter_long(CLEAN, valid, 250.0, SETTINGS), band_mv)
