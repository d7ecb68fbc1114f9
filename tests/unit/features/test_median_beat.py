"""The usual beat of a window, whatever the sampling rate, and the axes of its waves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ecg_shapes import beat_times, ecg, find, window

from ecgd.features.median_beat import median_beat
from ecgd.model.baseline import BEAT_POINTS, BEAT_R_AT, MedianBeat
from ecgd.model.beat import Beat, BeatClass
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import FloatArray


def usual(six_mv: FloatArray, fs_hz: float = 250.0, *, upto: int | None = None) -> MedianBeat:
    beat = maybe(six_mv, fs_hz, upto=upto)
    assert beat is not None
    return beat


def maybe(
    six_mv: FloatArray,
    fs_hz: float = 250.0,
    *,
    upto: int | None = None,
    beats: tuple[Beat, ...] | None = None,
) -> MedianBeat | None:
    seen = window(six_mv, fs_hz)
    valid = np.ones(six_mv.shape[1], np.bool_)
    if upto is not None:
        valid[upto:] = False
    prepared, found = find(replace(seen, valid=valid))
    return median_beat(
        found.beats if beats is None else beats,
        prepared.leads,
        prepared.st_path_mv,
        valid,
        start_index=0,
        fs_hz=fs_hz,
    )


@pytest.mark.parametrize("fs_hz", [125.0, 250.0, 360.0, 500.0, 1000.0])
def test_it_is_the_same_at_any_sampling_rate(fs_hz: float) -> None:
    beat = usual(ecg(beat_times(5, 0.8), 5.0, fs_hz), fs_hz)
    assert beat.signal_mv.shape == (2, BEAT_POINTS)
    assert abs(int(np.argmax(beat.signal_mv[1])) - BEAT_R_AT) <= 2
    assert beat.signal_mv.max() == pytest.approx(1.1, abs=0.12)
    assert beat.rr_s == pytest.approx(0.8, abs=0.01)
    assert 0.05 < beat.qrs_s < 0.12
    at_250 = usual(ecg(beat_times(5, 0.8), 5.0))
    assert beat.p_area_uvs == pytest.approx(at_250.p_area_uvs, rel=0.25)
    assert beat.t_area_uvs == pytest.approx(at_250.t_area_uvs, rel=0.25)


def test_areas_are_those_under_the_waves() -> None:
    beat = usual(ecg(beat_times(5, 0.8), 5.0))
    assert beat.p_area_uvs is not None
    assert beat.t_area_uvs is not None
    assert beat.p_area_uvs[1] == pytest.approx(1000 * 0.12 * 0.02 * np.sqrt(2 * np.pi), rel=0.2)
    assert beat.t_area_uvs[0] == pytest.approx(1000 * 0.18 * 0.04 * np.sqrt(2 * np.pi), rel=0.2)


def test_a_wave_that_comes_as_it_likes_is_none() -> None:
    times_s = beat_times(5, 0.8)
    whole = ecg(times_s, 5.0)
    flipping = whole.copy()
    time_s = np.arange(whole.shape[1]) / 250.0
    for number, r_s in enumerate(times_s):
        wave = np.exp(-0.5 * ((time_s - r_s + 0.16) / 0.02) ** 2)
        extra = -wave * np.array([[0.08], [0.12]]) * (1 + (-1) ** number)
        flipping[:2] += extra
    flipping[2:] = window(flipping).signal_mv[2:]
    assert usual(whole).p_area_uvs is not None
    assert usual(flipping).p_area_uvs is None


def test_one_wild_beat_changes_nothing() -> None:
    whole = ecg(beat_times(5, 0.8), 5.0)
    wild = whole.copy()
    wild[:, 480:560] += 0.8
    np.testing.assert_allclose(usual(wild).signal_mv, usual(whole).signal_mv, atol=0.08)


def test_too_few_whole_beats_give_none() -> None:
    whole = ecg(beat_times(5, 0.8), 5.0)
    assert maybe(whole, upto=300) is None
    _, found = find(window(whole))
    ventricular = tuple(replace(beat, beat_class=BeatClass.V) for beat in found.beats)
    assert maybe(whole, beats=ventricular) is None
    assert maybe(whole, beats=()) is None


def test_without_leads_one_and_two_there_is_none() -> None:
    whole = ecg(beat_times(5, 0.8), 5.0)
    prepared, found = find(window(whole))
    valid = np.ones(whole.shape[1], np.bool_)
    names = ("V1", *LIMB_LEADS[1:])
    beat = median_beat(found.beats, names, prepared.st_path_mv, valid, start_index=0, fs_hz=250.0)
    assert beat is None
