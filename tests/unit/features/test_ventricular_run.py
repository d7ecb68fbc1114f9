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
    usual_rr_s,
    usual_swing_mv,
    ventricular_probability,
)
from ecgd.model.beat import Beat, BeatClass
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


def followed(
    times_s: list[float],
    widths_s: list[float],
    fs_hz: float = FS_HZ,
    *,
    v_share: float = 0.8,
    broad: bool = False,
) -> RunMemory:
    r_peaks = np.rint(np.array(times_s) * fs_hz).astype(np.int64)
    shapes = cut_shapes(signal(times_s, widths_s, fs_hz), r_peaks, fs_hz)
    memory = RunMemory()
    for r_peak, shape, width_s in zip(r_peaks.tolist(), shapes, widths_s, strict=True):
        ventricular = v_share if width_s == WIDE else 0.05
        beat = BeatShape(r_peak, shape, ventricular, broad=width_s == WIDE and broad)
        memory = follow_run(memory, beat, fs_hz)
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
    single = BeatShape(memory.newest[-1].r_peak + 200, memory.newest[-1].shape_mv[:1])
    after = follow_run(memory, single, FS_HZ)
    assert after.newest == (single,)
    assert after.usual == ()


@pytest.mark.parametrize("value", [0.0, 5.0])
def test_flat_shapes_break_nothing(value: float) -> None:
    shape = np.full((2, 57), value)
    beats = [BeatShape(100 * k, shape) for k in range(30)]
    group = judge_group(beats[:20], beats[20:][:GROUP], FS_HZ)
    assert group is not None
    assert np.isfinite(group.figures).all()


def test_broad_beats_make_a_run_and_never_become_usual() -> None:
    memory = followed(*rhythm(8), broad=True)
    assert [run.beat_count for run in memory.runs] == [8]
    three = followed(*rhythm(3), broad=True)
    assert three.runs == ()
    assert not any(beat.broad for beat in three.usual)


@pytest.mark.parametrize(("shares", "told"), [((0.9, 0.9), True), ((0.9, 0.1), False)])
def test_two_beats_of_another_class_make_five_no_run(shares: tuple[float, ...], told: bool) -> None:
    times, widths = rhythm(10)
    r_peaks = np.rint(np.array(times) * FS_HZ).astype(np.int64)
    memory = RunMemory()
    for number, shape in enumerate(cut_shapes(signal(times, widths), r_peaks, FS_HZ)):
        ventricular = shares[number % 2] if widths[number] == WIDE else 0.05
        memory = follow_run(memory, BeatShape(int(r_peaks[number]), shape, ventricular), FS_HZ)
    assert bool(memory.runs) is told


def test_beats_surely_of_another_class_become_usual() -> None:
    as_if_new = followed(*rhythm(60), v_share=0.1)
    assert sum(run.beat_count for run in as_if_new.runs) < 30, "electrodes elsewhere"
    (run,) = followed(*rhythm(60), v_share=0.6).runs
    assert run.beat_count >= 58


def test_what_is_usual_has_an_interval_and_a_swing() -> None:
    memory = followed(*rhythm(8))
    assert usual_rr_s(memory, FS_HZ) == pytest.approx(0.8, abs=0.01)
    assert usual_swing_mv(memory) == pytest.approx([1.0, 0.6], abs=0.15)
    assert usual_rr_s(RunMemory(), FS_HZ) is None


@pytest.mark.parametrize(
    ("beat_class", "confidence", "probability"),
    [
        (BeatClass.V, 0.9, 0.9),
        (BeatClass.N, 0.9, 0.05),
        (BeatClass.S, 0.6, 0.2),
        (BeatClass.Q, 0.0, 0.4),
    ],
)
def test_the_class_of_a_beat_says_how_likely_it_is_ventricular(
    beat_class: BeatClass, confidence: float, probability: float
) -> None:
    beat = Beat(0, None, (), (), (), beat_class, class_confidence=confidence)
    assert ventricular_probability(beat) == pytest.approx(probability)
