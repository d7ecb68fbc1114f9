"""Rate and rhythm from a history of beats."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import numpy as np

from ecgd.config.settings import AnalysisSettings
from ecgd.model.beat import Beat, BeatClass
from ecgd.model.finding import RhythmFinding
from ecgd.model.signal import BoolArray, FloatArray

VENTRICULAR_FIBRILLATION = "ventricular fibrillation"
VENTRICULAR_TACHYCARDIA = "ventricular tachycardia"
ASYSTOLE = "asystole"
EXTREME_TACHYCARDIA = "extreme tachycardia"
EXTREME_BRADYCARDIA = "extreme bradycardia"
PAUSE = "pause"
ATRIAL_FIBRILLATION = "atrial fibrillation suspected"
TACHYCARDIA = "tachycardia"
BRADYCARDIA = "bradycardia"
IRREGULAR = "irregular"
REGULAR = "regular"
UNKNOWN = "unknown"
"""Every label, gravest first; the first that holds is given."""

EXTREME_FAST_BEATS = 17
EXTREME_SLOW_BEATS = 5
"""Consecutive beats of an extreme rate (PhysioNet/CinC challenge 2015)."""

BRADYCARDIA_BPM = 60.0
TACHYCARDIA_BPM = 100.0
RATE_BEATS = 8
IRREGULAR_SHARE = 0.12
PAUSE_MEMORY_S = 10.0

AF_SPAN_S = 30.0
AF_BEATS = 20
AF_IRREGULAR = 0.09
AF_P_SHARE = 0.45
AF_PR_SPREAD_S = 0.020
"""AF: RR irregular from beat to beat over 30 s (ESC), and no P waves: what looks like one keeps
within 20 ms of its usual distance from the R peak in less than this share of the beats."""


def assess_rhythm(
    beats: Sequence[Beat],
    *,
    now_index: int,
    watched_from_index: int,
    fs_hz: float,
    settings: AnalysisSettings,
    judged: bool,
) -> RhythmFinding:
    """Return rate and rhythm at ``now_index``.

    ``beats`` in order, final ones of history first, then the newest of the window.
    ``watched_from_index`` is where uninterrupted watching began: a gap or another origin of the
    sample count starts anew. ``judged`` False (lead off, saturation, gap: positive evidence that
    the signal is lost) vetoes asystole. Ventricular arrhythmias are told by ``ventricular``.
    """
    seen = [beat for beat in beats if watched_from_index <= beat.r_peak < now_index]
    r_s = np.array([beat.r_peak for beat in seen], dtype=np.float64) / fs_hz
    rr_s = np.diff(r_s)
    now_s, from_s = now_index / fs_hz, watched_from_index / fs_hz
    silent_s = now_s - (float(r_s[-1]) if r_s.size else from_s)
    rate_bpm = _rate(rr_s, silent_s)
    irregularity = _irregularity(rr_s[-RATE_BEATS:])
    label = UNKNOWN
    if judged:
        label = _label(
            beats=seen,
            r_s=r_s,
            rr_s=rr_s,
            silent_s=silent_s,
            now_s=now_s,
            rate_bpm=rate_bpm,
            irregularity=irregularity,
            fs_hz=fs_hz,
            settings=settings,
        )
    stopped = label == ASYSTOLE
    return RhythmFinding(
        label=label,
        heart_rate_bpm=0.0 if stopped else rate_bpm,
        rr_median_s=float(np.median(rr_s[-RATE_BEATS:])) if rr_s.size else None,
        rr_irregularity=irregularity,
        longest_pause_s=_longest_pause(r_s, rr_s, silent_s, now_s),
        beat_count=len(seen),
    )


def _label(
    *,
    beats: Sequence[Beat],
    r_s: FloatArray,
    rr_s: FloatArray,
    silent_s: float,
    now_s: float,
    rate_bpm: float | None,
    irregularity: float | None,
    fs_hz: float,
    settings: AnalysisSettings,
) -> str:
    """Return the gravest label that holds."""
    pause_s = _longest_pause(r_s, rr_s, silent_s, now_s) or 0.0
    rate = rate_bpm if rate_bpm is not None else float("nan")
    rules = (
        (ASYSTOLE, silent_s >= settings.asystole_s),
        (EXTREME_TACHYCARDIA, _extreme(rr_s, EXTREME_FAST_BEATS, settings.tachycardia_bpm, True)),
        (EXTREME_BRADYCARDIA, _extreme(rr_s, EXTREME_SLOW_BEATS, settings.bradycardia_bpm, False)),
        (PAUSE, pause_s > settings.pause_s),
        (ATRIAL_FIBRILLATION, _atrial_fibrillation(beats, r_s, fs_hz)),
        (TACHYCARDIA, rate > TACHYCARDIA_BPM),
        (BRADYCARDIA, rate < BRADYCARDIA_BPM),
        (IRREGULAR, irregularity is not None and irregularity > IRREGULAR_SHARE),
        (REGULAR, irregularity is not None),
    )
    return next((label for label, holds in rules if holds), UNKNOWN)


def _rate(rr_s: FloatArray, silent_s: float) -> float | None:
    """Return the rate over the last beats; a long silence counts as an interval of its own."""
    if rr_s.size == 0:
        return None
    median_s = float(np.median(rr_s[-RATE_BEATS:]))
    if silent_s > 3 * median_s:
        median_s = silent_s
    return 60.0 / median_s


def _irregularity(rr_s: FloatArray) -> float | None:
    """Return the median change from one RR to the next, as a share of the median RR."""
    if rr_s.size < 3:
        return None
    return float(np.median(np.abs(np.diff(rr_s))) / np.median(rr_s))


def _longest_pause(
    r_s: FloatArray, rr_s: FloatArray, silent_s: float, now_s: float
) -> float | None:
    """Return the longest interval that ended in the last ten seconds or still lasts."""
    if r_s.size == 0:
        return None
    recent = rr_s[r_s[1:] >= now_s - PAUSE_MEMORY_S]
    return float(max(silent_s, recent.max() if recent.size else 0.0))


def _extreme(rr_s: FloatArray, beat_count: int, limit_bpm: float, fast: bool) -> bool:
    """Tell whether the last ``beat_count`` beats run beyond ``limit_bpm``."""
    intervals = rr_s[-(beat_count - 1) :]
    if intervals.size < beat_count - 1:
        return False
    mean_bpm = 60.0 / float(intervals.mean())
    return mean_bpm > limit_bpm if fast else mean_bpm < limit_bpm


def _atrial_fibrillation(beats: Sequence[Beat], r_s: FloatArray, fs_hz: float) -> bool:
    if r_s.size < AF_BEATS or r_s[-1] - r_s[0] < AF_SPAN_S:
        return False
    recent = r_s >= r_s[-1] - AF_SPAN_S - 2.0
    irregularity = _irregularity(_between_normal(beats, r_s, recent))
    if irregularity is None or irregularity < AF_IRREGULAR:
        return False
    measured = [b for b, keep in zip(beats, recent, strict=True) if keep and b.waves]
    return len(measured) >= AF_BEATS // 2 and _p_share(measured, fs_hz) <= AF_P_SHARE


def _between_normal(beats: Sequence[Beat], r_s: FloatArray, recent: BoolArray) -> FloatArray:
    """Return the recent RR intervals that neither begin nor end with a ventricular beat."""
    normal = recent & np.array([beat.beat_class is not BeatClass.V for beat in beats])
    intervals: FloatArray = np.diff(r_s)[normal[1:] & normal[:-1]]
    return intervals


def _p_share(beats: Sequence[Beat], fs_hz: float) -> float:
    """Return the share of beats whose P wave comes at the usual distance from the R peak."""
    distances = [
        beat.r_peak - beat.waves.p_peak
        for beat in beats
        if beat.waves is not None and beat.waves.p_peak is not None
    ]
    if not distances:
        return 0.0
    usual = median(distances)
    near = sum(abs(distance - usual) <= AF_PR_SPREAD_S * fs_hz for distance in distances)
    return near / len(beats)
