"""Pacing spikes without a beat are none."""

from __future__ import annotations

import numpy as np
import pytest
from ecg_shapes import beat_times, ecg

from ecgd.features.capture import lone_spikes
from ecgd.model.signal import FloatArray

FS_HZ = 250.0


def with_spikes(
    signal_mv: FloatArray, at_s: FloatArray, fs_hz: float, width_s: float
) -> FloatArray:
    clock_s = np.arange(signal_mv.shape[1]) / fs_hz
    spikes = np.exp(-0.5 * ((clock_s - at_s[:, None]) / width_s) ** 2).sum(axis=0)
    spiky: FloatArray = signal_mv + spikes
    return spiky


@pytest.mark.parametrize("fs_hz", [250.0, 500.0, 1000.0])
@pytest.mark.parametrize("width_s", [0.001, 0.002, 0.004])
def test_spikes_alone_are_told(width_s: float, fs_hz: float) -> None:
    at_s = np.array([0.02, 1.0, 1.8, 2.6, 4.97])
    noise_mv = np.random.default_rng(5).normal(scale=0.01, size=(2, round(5 * fs_hz)))
    signal_mv = with_spikes(noise_mv, at_s, fs_hz, width_s)
    r_peaks = np.rint(at_s * fs_hz).astype(np.int64)
    told = lone_spikes(signal_mv, r_peaks, fs_hz)
    assert told.tolist() == [False, True, True, True, False], "not at the very edges"


@pytest.mark.parametrize("fs_hz", [200.0, 250.0, 500.0])
def test_beats_are_not_spikes(fs_hz: float) -> None:
    at_s = beat_times(5.0, 0.8)
    r_peaks = np.rint(at_s * fs_hz).astype(np.int64)
    signal_mv = ecg(at_s, 5.0, fs_hz)
    assert not lone_spikes(signal_mv, r_peaks, fs_hz).any()
    paced_mv = with_spikes(signal_mv, at_s - 0.05, fs_hz, 0.002)
    assert not lone_spikes(paced_mv, r_peaks, fs_hz).any()


def test_nothing_is_told_of_nothing() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert lone_spikes(np.zeros((2, 1250)), none, FS_HZ).size == 0
