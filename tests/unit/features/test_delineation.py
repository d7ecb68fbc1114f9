"""Boundaries of drawn beats, and of what is no beat."""

from __future__ import annotations

from dataclasses import astuple

import ecg_shapes
import numpy as np
import pytest
from ecg_shapes import beat_times, ecg, find, window

from ecgd.features.delineation import NONE, Boundaries, delineate
from ecgd.features.segments import GRID_HZ, POINTS, R_AT, Segments, cut_segments
from ecgd.model.beat import Waves
from ecgd.model.signal import FloatArray

FS_HZ = 250.0


def whole_waves(signal_mv: FloatArray, leads: tuple[str, ...] | None = None) -> list[Waves]:
    seen = window(signal_mv) if leads is None else window(signal_mv, leads=leads)
    return [beat.waves for beat in find(seen)[1].beats if beat.waves is not None]


def from_r_s(points: np.ndarray[tuple[int], np.dtype[np.int64]]) -> FloatArray:
    return (points - R_AT) / GRID_HZ


def test_a_rhythm_without_p_waves_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with_p = whole_waves(ecg(beat_times(8, 0.8), 8.0))
    monkeypatch.setattr(ecg_shapes, "WAVES", ecg_shapes.WAVES[1:])
    without = whole_waves(ecg(beat_times(8, 0.8), 8.0))
    assert len(with_p) == len(without) >= 8
    assert all(waves.p_peak is not None for waves in with_p)
    assert all(waves.p_peak is None for waves in without)
    surest = max(waves.p_confidence or 0.0 for waves in without)
    assert surest < 0.5 < min(waves.p_confidence or 0.0 for waves in with_p)


@pytest.mark.parametrize("scale", [0.1, 0.4, 4.0])
def test_boundaries_do_not_move_with_the_gain(scale: float) -> None:
    times = beat_times(5, 0.8)
    plain, changed = whole_waves(ecg(times, 5.0)), whole_waves(ecg(times, 5.0, scale=scale))
    assert len(plain) == len(changed) >= 5
    for one, other in zip(plain, changed, strict=True):
        moved = np.subtract(astuple(one)[:8], astuple(other)[:8])
        assert np.abs(moved).max() <= 1


@pytest.mark.parametrize("leads", [("I",), ("II",), ("I", "II")])
def test_few_leads_find_the_same_waves(leads: tuple[str, ...]) -> None:
    signal = ecg(beat_times(5, 0.8), 5.0)
    six = whole_waves(signal)
    few = whole_waves(signal[[("I", "II").index(lead) for lead in leads]], leads)
    for one, other in zip(six, few, strict=True):
        moved = np.subtract(astuple(one)[:8], astuple(other)[:8]) / FS_HZ
        assert np.abs(moved).max() <= 0.024


@pytest.mark.parametrize("fs_hz", [200.0, 500.0, 1000.0])
def test_the_sampling_rate_moves_no_boundary(fs_hz: float) -> None:
    times = beat_times(5, 0.8)
    plain = whole_waves(ecg(times, 5.0))
    other = [b.waves for b in find(window(ecg(times, 5.0, fs_hz), fs_hz))[1].beats if b.waves]
    assert len(plain) == len(other)
    for one, two in zip(plain, other, strict=True):
        moved_s = np.array(astuple(one)[:8]) / FS_HZ - np.array(astuple(two)[:8]) / fs_hz
        assert np.abs(moved_s).max() <= 0.012


def test_a_wave_has_its_points_in_order_whatever_the_signal() -> None:
    rng = np.random.default_rng(8)
    for scale in (1e-6, 1.0, 1e3):
        noise = Segments(*(scale * rng.normal(0.0, 1.0, (40, 2, POINTS)) for _ in range(3)))
        for bounds in delineate(noise, np.full(40, 0.3), np.full(40, 2.0)):
            assert in_order(bounds)


def in_order(bounds: Boundaries) -> bool:
    has_p, has_t = bounds.p_peak != NONE, bounds.t_peak != NONE
    p = np.stack([bounds.p_onset, bounds.p_peak, bounds.p_end, bounds.qrs_onset])[:, has_p]
    t = np.stack([bounds.qrs_end, bounds.t_onset, bounds.t_peak, bounds.t_end])[:, has_t]
    order = [np.diff(p[:3], axis=0) > 0, p[2] <= p[3], t[0] <= t[1], np.diff(t[1:], axis=0) > 0]
    order += [bounds.qrs_onset < R_AT, bounds.qrs_end > R_AT]
    order += [bounds.p_confidence >= 0.0, bounds.p_confidence <= 1.0]
    return all(bool(each.all()) for each in order)


def test_a_qrs_begins_no_sooner_than_the_spike_that_calls_it_up() -> None:
    signal = ecg(beat_times(5, 0.8), 5.0)
    segments = cut_segments(signal, np.array([500]), FS_HZ)
    usual, _ = delineate(segments, np.array([0.8]), np.array([0.8]))
    spike_end_s = float(from_r_s(usual.qrs_onset)[0]) + 0.012
    rr_s = np.array([0.8])
    paced, each = delineate(segments, rr_s, rr_s, np.array([spike_end_s]))
    assert from_r_s(paced.qrs_onset)[0] == pytest.approx(spike_end_s, abs=1 / GRID_HZ)
    assert (from_r_s(each.qrs_onset) >= spike_end_s - 1 / GRID_HZ).all()
    sooner, _ = delineate(segments, rr_s, rr_s, np.array([spike_end_s - 0.2]))
    assert sooner.qrs_onset[0] == usual.qrs_onset[0]
