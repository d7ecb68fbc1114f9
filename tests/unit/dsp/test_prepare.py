from __future__ import annotations

import numpy as np
from ecg_shapes import SETTINGS, beat_times, ecg, window

from ecgd.dsp.prepare import prepare
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
