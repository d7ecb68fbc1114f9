from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pytest
from ecg_shapes import J_POINT_S, beat_times, ecg, find, limb, window

from ecgd.features.beats import find_beats, newly_final
from ecgd.features.r_peaks import PeakHints
from ecgd.model.beat import Beat
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import FloatArray

FS_HZ = 250.0


def measured(signal: FloatArray, fs_hz: float = FS_HZ, start_index: int = 0) -> list[Beat]:
    found = find(window(signal, fs_hz, start_index))[1]
    return [beat for beat in found.beats if beat.waves is not None]


@pytest.mark.parametrize("fs_hz", [250.0, 360.0, 500.0, 1000.0])
@pytest.mark.parametrize("st_mv", [(0.0, 0.0), (0.05, 0.25), (0.2, -0.1), (-0.15, 0.1)])
def test_a_known_st_is_measured_within_20_microvolts(
    st_mv: tuple[float, float], fs_hz: float
) -> None:
    beats = measured(ecg(beat_times(6, 0.9), 6.0, fs_hz, st_mv), fs_hz)
    assert len(beats) >= 5
    for beat in beats:
        levels = [st.j40_mv for st in beat.st if st is not None]
        assert len(levels) == 6
        np.testing.assert_allclose(levels, limb(st_mv), atol=0.02)


def test_st_does_not_depend_on_the_place_in_the_window() -> None:
    rng = np.random.default_rng(9)
    t_s = np.arange(3000) / FS_HZ
    signal = ecg(beat_times(12, 0.85), 12.0, st_mv=(0.1, 0.2))
    signal += rng.normal(0.0, 0.01, signal.shape) + 0.3 * np.sin(2 * np.pi * 0.25 * t_s)
    signal += 0.1 * np.sin(2 * np.pi * 50 * t_s)
    levels: dict[int, list[FloatArray]] = {}
    for start in range(0, 1750, 100):
        for beat in measured(signal[:, start : start + 1250], start_index=start):
            row = np.array([st.j40_mv for st in beat.st if st is not None])
            levels.setdefault(round(beat.r_peak / 50), []).append(row)
    moved = [np.ptp(np.stack(rows), axis=0).max() for rows in levels.values() if len(rows) > 3]
    assert len(moved) >= 8
    assert max(moved) <= 0.01


def test_boundaries_lie_where_the_waves_are() -> None:
    times = beat_times(6, 1.0)
    for beat in measured(ecg(times, 6.0)):
        assert beat.waves is not None
        from_r = (np.array(_places(beat)) - beat.r_peak) / FS_HZ
        expected = [-0.21, -0.16, -0.11, -0.045, J_POINT_S, 0.17, 0.27, 0.36]
        np.testing.assert_allclose(from_r, expected, atol=0.04)
        np.testing.assert_allclose(from_r[3:5], expected[3:5], atol=0.013)


def _places(beat: Beat) -> list[int]:
    waves = beat.waves
    assert waves is not None
    places = [waves.p_onset, waves.p_peak, waves.p_end, waves.qrs_onset]
    places += [waves.qrs_end, waves.t_onset, waves.t_peak, waves.t_end]
    assert None not in places
    return [place for place in places if place is not None]


def test_absolute_indices_follow_the_window() -> None:
    signal = ecg(beat_times(5, 0.8), 5.0)
    here, there = measured(signal), measured(signal, start_index=10_000)
    assert [b.r_peak + 10_000 for b in here] == [b.r_peak for b in there]
    assert here[1].waves is not None
    assert there[1].waves is not None
    assert here[1].waves.qrs_end + 10_000 == there[1].waves.qrs_end


def test_beats_that_touch_invalid_samples_are_found_but_not_measured() -> None:
    times = beat_times(6, 1.0)
    signal = ecg(times, 6.0)
    valid = np.ones(signal.shape[1], np.bool_)
    gap = round((times[2] + 0.12) * FS_HZ)
    valid[gap : gap + 8] = False
    found = find(window(signal, valid=valid))[1]
    touched = next(b for b in found.beats if abs(b.r_peak - times[2] * FS_HZ) < 10)
    assert touched.waves is None
    assert touched.st == (None,) * 6
    assert sum(b.waves is not None for b in found.beats) == len(found.beats) - 1


def test_an_unusable_lead_has_no_st_and_the_others_keep_theirs() -> None:
    signal = ecg(beat_times(5, 0.8), 5.0, st_mv=(0.0, 0.2))
    signal[2] = 0.0
    for beat in find(window(signal))[1].beats:
        if beat.waves is not None:
            assert beat.leads == LIMB_LEADS
            assert beat.st[2] is None
            assert beat.lead_waves[2] is None
            assert beat.st[1] is not None
            assert abs(beat.st[1].j40_mv - 0.2) < 0.02


def test_each_beat_becomes_final_in_exactly_one_window() -> None:
    rng = np.random.default_rng(11)
    times = np.cumsum(rng.uniform(0.5, 1.2, 40))
    duration_s = 30.0
    times = times[times < duration_s]
    signal = ecg(times, duration_s) + rng.normal(0.0, 0.01, (6, 7500))
    final: list[Beat] = []
    until = 0
    hints: PeakHints | None = None
    for start in range(0, 7500 - 1250 + 1, 250):
        found = find(window(signal[:, start : start + 1250], start_index=start), hints)[1]
        final += newly_final(found, until, final[-1].r_peak if final else None, FS_HZ)
        until, hints = found.final_before_index, found.hints
    expected = times[times * FS_HZ < until - 2]
    assert len(final) == expected.size
    assert np.abs(np.array([b.r_peak for b in final]) / FS_HZ - expected).max() < 0.02


def test_beats_before_from_index_are_found_but_not_measured_again() -> None:
    prepared, whole = find(window(ecg(beat_times(5, 0.8), 5.0)))
    part = find_beats(prepared, np.ones(6, np.bool_), from_index=700)
    np.testing.assert_array_equal(part.r_peaks, whole.r_peaks)
    wanted = [b for b in whole.beats if b.r_peak >= 700 - 0.15 * FS_HZ]
    assert [replace(b, st=()) for b in part.beats] == [replace(b, st=()) for b in wanted]
    # A product of another shape may be summed in another order, on several threads of the library.
    for part_beat, whole_beat in zip(part.beats, wanted, strict=True):
        for seen, expected in zip(part_beat.st, whole_beat.st, strict=True):
            assert seen is not None
            assert expected is not None
            assert astuple(seen) == pytest.approx(astuple(expected), abs=1e-12)


def test_the_newest_beats_are_told_and_measured_later() -> None:
    signal = ecg(beat_times(5, 0.8), 5.0)
    prepared, whole = find(window(signal))
    found = find_beats(prepared, np.ones(6, np.bool_), until_index=800)
    np.testing.assert_array_equal(found.r_peaks, whole.r_peaks)
    assert [beat.r_peak for beat in found.beats] == whole.r_peaks.tolist()
    for early, late in zip(found.beats, whole.beats, strict=True):
        assert early.waves == (late.waves if early.r_peak < 800 else None)
    assert found.shapes_mv is not None
    assert found.shapes_mv.shape[0] == int((whole.r_peaks < 800).sum())


@pytest.mark.parametrize("cut", [2000, 2250, 2500])
def test_a_tall_pacing_spike_is_no_r_peak_wherever_the_window_ends(cut: int) -> None:
    fs_hz, times = 500.0, beat_times(5, 0.9)
    signal = ecg(times, 5.0, fs_hz)
    for sample in np.round((times - 0.07) * fs_hz).astype(int).tolist():
        signal[:, sample : sample + 2] += 6.0 * np.array(limb((-0.5, 1.0)))[:, None]
    found = find(window(signal[:, :cut], fs_hz))[1]
    expected = times[times < cut / fs_hz - 0.2]
    np.testing.assert_allclose(found.r_peaks[: expected.size] / fs_hz, expected, atol=0.012)
    beats = [beat for beat in found.beats if beat.waves is not None]
    assert len(beats) >= 3
    for beat in beats:
        assert beat.waves is not None
        assert -0.072 <= (beat.waves.qrs_onset - beat.r_peak) / fs_hz <= -0.02
