from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecgd.config.settings import AnalysisSettings
from ecgd.features.rhythm import assess_rhythm
from ecgd.model.beat import Beat, BeatClass, Waves
from ecgd.model.finding import RhythmFinding
from ecgd.model.rhythm import (
    ASYSTOLE,
    ATRIAL_FIBRILLATION,
    BRADYCARDIA,
    EXTREME_BRADYCARDIA,
    EXTREME_TACHYCARDIA,
    IRREGULAR,
    PAUSE,
    REGULAR,
    TACHYCARDIA,
    UNKNOWN,
)

SETTINGS = AnalysisSettings()
FS_HZ = 250.0


def beat(at_s: float, with_p: bool = True) -> Beat:
    r_peak = round(at_s * FS_HZ)
    waves = Waves(r_peak - 12, r_peak + 12, p_peak=r_peak - 40 if with_p else None)
    return Beat(r_peak, waves, (), ())


def assess(
    times_s: np.ndarray | list[float],
    now_s: float,
    from_s: float = 0.0,
    judged: bool = True,
    with_p: bool = True,
) -> RhythmFinding:
    return assess_rhythm(
        [beat(float(at_s), with_p) for at_s in times_s],
        now_index=round(now_s * FS_HZ),
        watched_from_index=round(from_s * FS_HZ),
        fs_hz=FS_HZ,
        settings=SETTINGS,
        judged=judged,
    )


@pytest.mark.parametrize(
    ("rr_s", "label"),
    [
        (0.8, REGULAR),
        (0.5, TACHYCARDIA),
        (1.2, BRADYCARDIA),
        (0.4, EXTREME_TACHYCARDIA),
        (1.7, EXTREME_BRADYCARDIA),
    ],
)
def test_steady_rates(rr_s: float, label: str) -> None:
    rhythm = assess(np.arange(0.3, 20, rr_s), 20.0)
    assert rhythm.label == label
    assert rhythm.heart_rate_bpm == pytest.approx(60 / rr_s, rel=0.01)
    assert rhythm.rr_median_s == pytest.approx(rr_s, rel=0.01)


def test_seventeen_fast_beats_are_needed_for_extreme_tachycardia() -> None:
    slow = np.arange(0.3, 10, 0.8)
    for count, label in ((13, TACHYCARDIA), (17, EXTREME_TACHYCARDIA)):
        fast = slow[-1] + 0.4 * np.arange(1, count)
        assert assess([*slow, *fast], fast[-1] + 0.3).label == label


def test_five_slow_beats_are_needed_for_extreme_bradycardia() -> None:
    fast = np.arange(0.3, 10, 0.8)
    for count, extreme in ((3, False), (5, True)):
        slow = fast[-1] + 1.8 * np.arange(1, count)
        rhythm = assess([*fast, *slow], slow[-1] + 0.3)
        assert (rhythm.label == EXTREME_BRADYCARDIA) is extreme


@pytest.mark.parametrize(("rate_bpm", "extreme"), [(39.0, True), (41.5, True), (43.0, False)])
def test_a_rate_just_above_the_limit_is_extreme_bradycardia(rate_bpm: float, extreme: bool) -> None:
    times = np.arange(0.3, 20, 60 / rate_bpm)
    assert (assess(times, times[-1] + 0.3).label == EXTREME_BRADYCARDIA) is extreme


def test_four_seconds_without_a_beat_are_asystole() -> None:
    times = np.arange(0.3, 10, 0.8)
    assert assess(times, times[-1] + 3.9).label == PAUSE
    rhythm = assess(times, times[-1] + 4.0)
    assert rhythm.label == ASYSTOLE
    assert rhythm.heart_rate_bpm == 0.0
    assert rhythm.longest_pause_s == pytest.approx(4.0, abs=0.01)


def test_asystole_holds_where_no_beat_was_ever_seen() -> None:
    assert assess([], 4.0).label == ASYSTOLE
    assert assess([], 3.0).label == UNKNOWN
    assert assess([], 103.0, from_s=100.0).label == UNKNOWN


def test_a_lost_signal_vetoes_asystole() -> None:
    times = np.arange(0.3, 10, 0.8)
    assert assess(times, 20.0, judged=False).label == UNKNOWN


def test_a_pause_is_told_while_it_is_recent() -> None:
    times = np.concatenate((np.arange(0.3, 10, 0.8), np.arange(13.5, 60, 0.8)))
    for now_s, label in ((18.0, PAUSE), (40.0, REGULAR)):
        assert assess(times[times < now_s], now_s).label == label


def test_beats_before_the_watch_began_do_not_count() -> None:
    times = [*np.arange(0.3, 10, 0.8), *np.arange(100.2, 105, 0.5)]
    rhythm = assess(times, 105.0, from_s=100.0)
    assert rhythm.beat_count == 10
    assert rhythm.longest_pause_s == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("span_s", "spread_s", "with_p", "suspected"),
    [
        (60, 0.25, False, True),
        (60, 0.25, True, False),
        (20, 0.25, False, False),
        (60, 0.02, False, False),
    ],
)
def test_fibrillation_needs_irregular_rr_no_p_and_30_seconds(
    span_s: float, spread_s: float, with_p: bool, suspected: bool
) -> None:
    rng = np.random.default_rng(12)
    times = np.cumsum(rng.uniform(0.75 - spread_s, 0.75 + spread_s, 200))
    times = times[times < span_s]
    rhythm = assess(times, span_s, with_p=with_p)
    assert (rhythm.label == ATRIAL_FIBRILLATION) is suspected


def test_bigeminy_is_not_fibrillation() -> None:
    times = np.sort(np.concatenate((np.arange(0.5, 60, 1.5), np.arange(0.95, 60, 1.5))))
    early = {round(at_s * FS_HZ) for at_s in np.arange(0.95, 60, 1.5)}
    for classed, with_p in ((True, False), (False, True)):
        beats = [beat(float(at_s), with_p and round(at_s * FS_HZ) not in early) for at_s in times]
        told = [
            replace(b, beat_class=BeatClass.V) if classed and b.r_peak in early else b
            for b in beats
        ]
        rhythm = assess_rhythm(
            told,
            now_index=round(60 * FS_HZ),
            watched_from_index=0,
            fs_hz=FS_HZ,
            settings=SETTINGS,
            judged=True,
        )
        assert rhythm.label != ATRIAL_FIBRILLATION


def test_irregular_without_more_is_called_irregular() -> None:
    rng = np.random.default_rng(13)
    times = np.cumsum(rng.uniform(0.6, 0.95, 15))
    rhythm = assess(times, times[-1] + 0.2)
    assert rhythm.label == IRREGULAR
    assert rhythm.rr_irregularity is not None
    assert rhythm.rr_irregularity > 0.12
