"""Broad beats in the holes that the beat detector leaves."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.features.broad_beats import crests_in, holes_between
from ecgd.model.signal import FloatArray

FS_HZ = 250.0
RR_S = 0.8
SWING_MV = np.array([1.2, 0.6])


def indices(*times_s: float, fs_hz: float = FS_HZ) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.rint(np.array(times_s) * fs_hz).astype(np.int64)


def signal(
    beats_s: tuple[float, ...], broad_s: tuple[float, ...], fs_hz: float = FS_HZ
) -> FloatArray:
    """Return 5 s of two leads with narrow beats, their T waves, and broad beats upside down."""
    at_s = np.arange(round(5 * fs_hz)) / fs_hz
    wave = np.zeros(at_s.size)
    for beat_s in beats_s:
        wave += np.exp(-0.5 * ((at_s - beat_s) / 0.012) ** 2)
        wave += 0.25 * np.exp(-0.5 * ((at_s - beat_s - 0.3) / 0.04) ** 2)
    for beat_s in broad_s:
        wave -= 1.3 * np.exp(-0.5 * ((at_s - beat_s) / 0.09) ** 2)
    return np.array([[1.0], [0.5]]) * wave


def found_s(
    beats_s: tuple[float, ...],
    wave_mv: FloatArray,
    rr_s: float = RR_S,
    fs_hz: float = FS_HZ,
) -> list[float]:
    holes = holes_between(indices(*beats_s, fs_hz=fs_hz), wave_mv.shape[1], rr_s, fs_hz)
    if not holes:
        return []
    return [crest / fs_hz for crest in crests_in(wave_mv, holes, SWING_MV, fs_hz)]


@pytest.mark.parametrize("fs_hz", [200.0, 250.0, 500.0])
def test_broad_beats_between_beats_and_behind_the_last_are_found(fs_hz: float) -> None:
    before, after = (0.4, 1.2), (3.6,)
    broad: tuple[float, ...] = (1.75, 2.2, 2.65, 3.1)
    wave_mv = signal((*before, *after), broad, fs_hz)
    assert found_s((*before, *after), wave_mv, fs_hz=fs_hz) == pytest.approx(broad, abs=0.02)
    broad = (1.75, 2.2, 2.65, 3.1, 3.55, 4.0, 4.45)
    wave_mv = signal(before, broad, fs_hz)
    assert found_s(before, wave_mv, fs_hz=fs_hz) == pytest.approx(broad, abs=0.02)


def test_without_a_hole_nothing_is_looked_for() -> None:
    steady = tuple(0.4 + RR_S * k for k in range(6))
    assert holes_between(indices(*steady), 1250, RR_S, FS_HZ) == ()
    assert holes_between(indices(), 1250, RR_S, FS_HZ) == (), "nothing to begin from"


def test_a_pause_with_its_t_wave_holds_no_beat() -> None:
    beats = (0.4, 1.2)
    assert found_s(beats, signal(beats, ())) == []


def test_waves_smaller_than_half_a_beat_are_none() -> None:
    beats = (0.4, 1.2)
    wave_mv = signal(beats, ()) + 0.2 * signal((), (2.0, 2.5, 3.0, 3.5, 4.0))
    assert found_s(beats, wave_mv) == []


@pytest.mark.parametrize("wave_mv", [np.zeros((2, 1250)), np.full((2, 1250), 5.0)])
def test_flat_signals_break_nothing(wave_mv: FloatArray) -> None:
    assert found_s((0.4,), wave_mv) == []
    assert crests_in(wave_mv, ((100, 90), (1249, 1251)), np.zeros(2), FS_HZ) == ()
