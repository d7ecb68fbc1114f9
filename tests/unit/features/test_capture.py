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


@pytest.mark.parametrize("spike_mv", [3.0, 8.0, 20.0])
@pytest.mark.parametrize("fs_hz", [250.0, 500.0])
def test_a_spike_however_tall_is_not_alone_where_a_beat_answers_it(
    fs_hz: float, spike_mv: float
) -> None:
    at_s = beat_times(5.0, 0.8)
    spikes_mv = with_spikes(np.zeros((6, round(5 * fs_hz))), at_s - 0.07, fs_hz, 0.001)
    paced_mv = ecg(at_s, 5.0, fs_hz) + spike_mv * spikes_mv
    spikes = np.rint((at_s - 0.07) * fs_hz).astype(np.int64)
    assert not lone_spikes(paced_mv, spikes, fs_hz).any()


@pytest.mark.parametrize("tail_s", [0.004, 0.02, 0.1, 0.5])
@pytest.mark.parametrize("spike_mv", [3.0, 8.0])
def test_what_a_spike_leaves_in_electrodes_and_filters_is_no_answer(
    spike_mv: float, tail_s: float
) -> None:
    clock_s = np.arange(1250) / FS_HZ
    signal_mv = np.random.default_rng(5).normal(scale=0.01, size=(2, 1250))
    signal_mv += 0.25 * np.exp(-0.5 * ((clock_s % 0.7 - 0.3) / 0.02) ** 2)
    at_s = np.array([1.0, 1.8, 2.6])
    for spike_s in at_s:
        since_s = np.clip(clock_s - spike_s, 0.0, None)
        tail = np.exp(-since_s / tail_s) * np.cos(2 * np.pi * 50 * since_s)
        signal_mv += spike_mv * (clock_s >= spike_s) * (0.1 * tail)
        signal_mv += spike_mv * (clock_s >= spike_s) * 0.1 * np.exp(-since_s / tail_s)
    spiky_mv = signal_mv + spike_mv * (with_spikes(0 * signal_mv, at_s, FS_HZ, 0.001))
    r_peaks = np.rint(at_s * FS_HZ).astype(np.int64)
    assert lone_spikes(spiky_mv, r_peaks, FS_HZ).all()


def test_nothing_is_told_of_nothing() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert lone_spikes(np.zeros((2, 1250)), none, FS_HZ).size == 0
