"""Runs of ventricular beats, told from their shapes."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.features.ventricular_run import (
    FORGET_S,
    GROUP,
    BeatShape,
    RunMemory,
    cut_shapes,
    follow_run,
    judge_group,
)
from ecgd.model.signal import FloatArray

FS_HZ = 250.0
NARROW, WIDE = 0.012, 0.06


def signal(times_s: list[float], widths_s: list[float], fs_hz: float = FS_HZ) -> FloatArray:
    """Return two leads: narrow beats upright, wide ones turned over, each with its T wave."""
    at_s = np.arange(round((times_s[-1] + 1.0) * fs_hz)) / fs_hz
    leads = np.zeros((2, at_s.size))
    for r_s, width_s in zip(times_s, widths_s, strict=True):
        turned = 1.0 if width_s == NARROW else -1.2
        wave = turned * np.exp(-0.5 * ((at_s - r_s) / width_s) ** 2)
        t_s = 0.28 if width_s == NARROW else 0.22
        wave -= 0.2 * (turned - 2) * np.exp(-0.5 * ((at_s - r_s - t_s) / 0.05) ** 2) / 2
        leads += np.array([[1.0], [0.6]]) * wave
    return leads


def followed(times_s: list[float], widths_s: list[float], fs_hz: float = FS_HZ) -> RunMemory:
    r_peaks = np.rint(np.array(times_s) * fs_hz).astype(np.int64)
    shapes = cut_shapes(signal(times_s, widths_s, fs_hz), r_peaks, fs_hz)
    memory = RunMemory()
    for r_peak, shape in zip(r_peaks.tolist(), shapes, strict=True):
        memory = follow_run(memory, BeatShape(r_peak, shape, 0.95, 0.0), fs_hz)
    return memory


def rhythm(
    run_beats: int, rr_s: float = 0.4, width_s: float = WIDE
) -> tuple[list[float], list[float]]:
    """Return 20 usual beats, a run, and five usual ones."""
    times = [0.5 + 0.8 * k for k in range(20)]
    times += [times[-1] + rr_s * (k + 1) for k in range(run_beats)]
    times += [times[-1] + 0.8 * (k + 1) for k in range(5)]
    return times, [NARROW] * 20 + [width_s] * run_beats + [NARROW] * 5


@pytest.mark.parametrize("fs_hz", [200.0, 250.0, 500.0])
def test_a_run_is_told_with_its_length_and_rate(fs_hz: float) -> None:
    (run,) = followed(*rhythm(8), fs_hz).runs
    assert run.beat_count == 8
    assert run.rate_bpm(fs_hz) == pytest.approx(150, rel=0.01)


def test_few_slow_or_usual_beats_are_none() -> None:
    assert followed(*rhythm(3)).runs == ()
    assert followed(*rhythm(8, rr_s=0.65)).runs == (), "92 a minute"
    assert followed(*rhythm(8, width_s=NARROW)).runs == (), "a fast heart with its usual beats"


def test_a_run_that_lasts_does_not_become_usual() -> None:
    (run,) = followed(*rhythm(100)).runs
    assert run.beat_count >= 98


def test_what_lasts_for_minutes_is_the_rhythm_itself() -> None:
    beats = round(FORGET_S / 0.4) + 60
    times = [0.5 + 0.8 * k for k in range(20)]
    times += [times[-1] + 0.4 * (k + 1) for k in range(beats)]
    memory = followed(times, [NARROW] * 20 + [WIDE] * beats)
    assert memory.runs == ()


def test_other_leads_begin_anew() -> None:
    memory = followed(*rhythm(8))
    single = BeatShape(memory.newest[-1].r_peak + 200, memory.newest[-1].shape_mv[:1], 0.9, 0.0)
    after = follow_run(memory, single, FS_HZ)
    assert after.newest == (single,)
    assert after.usual == ()


@pytest.mark.parametrize("value", [0.0, 5.0])
def test_flat_shapes_break_nothing(value: float) -> None:
    shape = np.full((2, 57), value)
    beats = [BeatShape(100 * k, shape, 0.0, -9.0) for k in range(30)]
    group = judge_group(beats[:20], beats[20:][:GROUP], FS_HZ)
    assert group is not None
    assert np.isfinite(group.figures).all()
