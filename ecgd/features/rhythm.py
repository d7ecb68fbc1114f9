"""Rate and rhythm from a history of beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf
from statistics import median
from typing import Final

import numpy as np

from ecgd.config.settings import AnalysisSettings
from ecgd.features.atrial_fibrillation import (
    LIKELY,
    SHORT_SPAN_S,
    SPAN_S,
    fibrillation_log_odds,
    is_evident,
)
from ecgd.features.av_block import observe_conduction
from ecgd.features.ectopy import observe_ectopy
from ecgd.features.rate import (
    extremely_fast_s,
    extremely_slow_s,
    fast_rate_bpm,
    irregularity_of,
    longest_pause_of,
    rate_of,
    slow_rate_bpm,
    sudden_change,
)
from ecgd.features.ventricular_run import Run
from ecgd.model.beat import Beat, BeatClass
from ecgd.model.finding import RhythmFinding
from ecgd.model.order import median_of
from ecgd.model.rhythm import (
    ASYSTOLE,
    ATRIAL_FIBRILLATION,
    BRADYCARDIA,
    EXTREME_BRADYCARDIA,
    EXTREME_TACHYCARDIA,
    IRREGULAR,
    PAUSE,
    REGULAR,
    SLOW_SHARE,
    SUPRAVENTRICULAR_TACHYCARDIA,
    TACHYCARDIA,
    UNKNOWN,
    VENTRICULAR_RUN,
    VENTRICULAR_TACHYCARDIA,
    RhythmObservation,
    RhythmSign,
)
from ecgd.model.signal import FloatArray

BRADYCARDIA_BPM: Final = 60.0
TACHYCARDIA_BPM: Final = 100.0
RATE_BEATS: Final = 8
IRREGULAR_SHARE: Final = 0.12

RUN_MEMORY_S: Final = 10.0
LONG_RUN_S: Final = 30.0
FAST_RUN_BEATS: Final = 10
"""A run is told until so long after its last beat. One of 30 s, or of ten beats at the rate of
``fast_ventricular_bpm``, is a ventricular tachycardia that does not wait to end by itself."""

SVT_BEATS: Final = 17
SVT_REGULAR: Final = 0.03
SVT_NARROW_S: Final = 0.110
"""Supraventricular tachycardia: as many beats, that even and that narrow, faster than
``supraventricular_bpm``."""


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """Beats since the watch began, with their times and intervals in s."""

    beats: Sequence[Beat]
    r_s: FloatArray
    rr_s: FloatArray
    now_index: int
    from_index: int
    watched_s: float
    silent_s: float
    fs_hz: float

    @property
    def now_s(self) -> float:
        return self.now_index / self.fs_hz


def assess_rhythm(
    beats: Sequence[Beat],
    *,
    now_index: int,
    watched_from_index: int,
    fs_hz: float,
    settings: AnalysisSettings,
    judged: bool,
    runs: Sequence[Run] = (),
    fibrillated: bool = False,
    certainty: float = 1.0,
) -> RhythmFinding:
    """Return rate and rhythm at ``now_index``.

    ``beats`` in order, final ones of history first, then the newest of the window.
    ``watched_from_index`` is where uninterrupted watching began: a gap or another origin of the
    sample count starts anew. ``judged`` False (lead off, saturation, gap: positive evidence that
    the signal is lost) vetoes asystole. ``runs`` are those of ventricular beats, ``fibrillated``
    says that the last window told atrial fibrillation, ``certainty`` is the mean confidence in the
    beats. Ventricular arrhythmias without beats are told by ``ventricular``.
    """
    seen = _see(beats, now_index, watched_from_index, fs_hz)
    rate_bpm = rate_of(seen.rr_s, seen.silent_s)
    pause_s = longest_pause_of(seen.r_s, seen.rr_s, seen.silent_s, seen.now_s)
    irregularity = irregularity_of(seen.rr_s[-RATE_BEATS:])
    recent = tuple(run for run in runs if now_index - run.last <= RUN_MEMORY_S * fs_hz)
    label, lasted_s, fibrillates = UNKNOWN, 0.0, None
    told: tuple[RhythmObservation, ...] = ()
    if judged:
        long_odds = _fibrillation(seen, SPAN_S)
        if long_odds is not None:
            fibrillates = is_evident(long_odds, certainty, told=fibrillated)
        label, lasted_s = _label(
            seen,
            recent,
            rate_bpm=rate_bpm,
            pause_s=pause_s,
            irregularity=irregularity,
            fibrillates=bool(fibrillates),
            settings=settings,
        )
        told = _observations(seen, recent, long_odds, bool(fibrillates), settings)
    return RhythmFinding(
        label=label,
        heart_rate_bpm=0.0 if label == ASYSTOLE else rate_bpm,
        rr_median_s=float(median_of(seen.rr_s[-RATE_BEATS:])) if seen.rr_s.size else None,
        rr_irregularity=irregularity,
        longest_pause_s=pause_s,
        beat_count=len(seen.beats),
        lasted_s=lasted_s,
        observations=told,
        fibrillates=fibrillates,
        fast_bpm=fast_rate_bpm(seen.rr_s),
        slow_bpm=slow_rate_bpm(seen.rr_s),
    )


def _see(beats: Sequence[Beat], now_index: int, from_index: int, fs_hz: float) -> _Seen:
    seen = [beat for beat in beats if from_index <= beat.r_peak < now_index]
    r_s = np.array([beat.r_peak for beat in seen], dtype=np.float64) / fs_hz
    watched_s = (now_index - from_index) / fs_hz
    silent_s = now_index / fs_hz - float(r_s[-1]) if r_s.size else watched_s
    return _Seen(seen, r_s, r_s[1:] - r_s[:-1], now_index, from_index, watched_s, silent_s, fs_hz)


def _label(
    seen: _Seen,
    runs: Sequence[Run],
    *,
    rate_bpm: float | None,
    pause_s: float | None,
    irregularity: float | None,
    fibrillates: bool,
    settings: AnalysisSettings,
) -> tuple[str, float]:
    """Return the gravest label that holds, and for how long its definition already looks back."""
    rate = rate_bpm if rate_bpm is not None else float("nan")
    fast_s = extremely_fast_s(seen.rr_s, settings.tachycardia_bpm)
    slow_s = extremely_slow_s(seen.rr_s, SLOW_SHARE * settings.bradycardia_bpm)
    grave = any(_is_tachycardia(run, seen.fs_hz, settings) for run in runs)
    rules = (
        (VENTRICULAR_TACHYCARDIA, grave, 0.0),
        (ASYSTOLE, seen.silent_s >= settings.asystole_s, 0.0),
        (VENTRICULAR_RUN, bool(runs), 0.0),
        (EXTREME_TACHYCARDIA, fast_s is not None, fast_s),
        (EXTREME_BRADYCARDIA, slow_s is not None, slow_s),
        (PAUSE, (pause_s or 0.0) > settings.pause_s, 0.0),
        (SUPRAVENTRICULAR_TACHYCARDIA, _supraventricular(seen, settings), 0.0),
        (ATRIAL_FIBRILLATION, fibrillates, 0.0),
        (TACHYCARDIA, rate > TACHYCARDIA_BPM, 0.0),
        (BRADYCARDIA, rate < BRADYCARDIA_BPM, 0.0),
        (IRREGULAR, irregularity is not None and irregularity > IRREGULAR_SHARE, 0.0),
        (REGULAR, irregularity is not None, 0.0),
    )
    found = ((label, lasted_s or 0.0) for label, holds, lasted_s in rules if holds)
    return next(found, (UNKNOWN, 0.0))


def _is_tachycardia(run: Run, fs_hz: float, settings: AnalysisSettings) -> bool:
    long = run.last - run.first >= LONG_RUN_S * fs_hz
    fast = run.rate_bpm(fs_hz) >= settings.fast_ventricular_bpm
    return long or (fast and run.beat_count >= FAST_RUN_BEATS)


def _supraventricular(seen: _Seen, settings: AnalysisSettings) -> bool:
    """Tell a fast, even and narrow rhythm from a fast sinus: nothing but its rate can."""
    rr_s = seen.rr_s[-(SVT_BEATS - 1) :]
    usual_s = float(median_of(rr_s)) if rr_s.size == SVT_BEATS - 1 else inf
    if 60.0 / usual_s <= settings.supraventricular_bpm:
        return False
    even = float(median_of(np.abs(np.diff(rr_s)))) <= SVT_REGULAR * usual_s
    beats = [beat for beat in seen.beats[-SVT_BEATS:] if beat.waves is not None]
    width_s = [(b.waves.qrs_end - b.waves.qrs_onset) / seen.fs_hz for b in beats if b.waves]
    own = sum(beat.beat_class is not BeatClass.V for beat in seen.beats[-SVT_BEATS:])
    narrow = bool(width_s) and median(width_s) < SVT_NARROW_S
    return even and narrow and own >= SVT_BEATS - 1


def _observations(
    seen: _Seen,
    runs: Sequence[Run],
    long_odds: float | None,
    fibrillates: bool,
    settings: AnalysisSettings,
) -> tuple[RhythmObservation, ...]:
    ectopy = observe_ectopy(seen.beats, seen.now_index, seen.watched_s, seen.fs_hz)
    conduction = observe_conduction(seen.beats, seen.now_index, seen.fs_hz)
    return (
        *_run_told(runs, seen.fs_hz),
        *(each for each in ectopy if not (runs and each.sign is RhythmSign.VENTRICULAR_RUN)),
        *_fibrillation_told(seen, long_odds),
        *(() if fibrillates else conduction),
        *_change_told(seen, settings),
    )


def _run_told(runs: Sequence[Run], fs_hz: float) -> tuple[RhythmObservation, ...]:
    if not runs:
        return ()
    run = max(runs, key=lambda each: each.beat_count)
    sign, rate = RhythmSign.VENTRICULAR_RUN, run.rate_bpm(fs_hz)
    text = f"{sign}: {run.beat_count} at {rate:.0f} bpm"
    return (RhythmObservation(sign, float(run.beat_count), text),)


def _fibrillation(seen: _Seen, span_s: float) -> float | None:
    return fibrillation_log_odds(
        seen.beats,
        now_index=seen.now_index,
        watched_from_index=seen.from_index,
        fs_hz=seen.fs_hz,
        span_s=span_s,
    )


def _fibrillation_told(seen: _Seen, long_odds: float | None) -> tuple[RhythmObservation, ...]:
    """Return how likely fibrillation is, over 30 s or, in the first half minute, over 10 s."""
    log_odds, span_s = long_odds, SPAN_S
    if log_odds is None:
        span_s = SHORT_SPAN_S
        log_odds = _fibrillation(seen, span_s)
    if log_odds is None or log_odds < LIKELY:
        return ()
    sign, likely = RhythmSign.ATRIAL_FIBRILLATION, 1.0 / (1.0 + exp(-log_odds))
    text = f"{sign} likely over {span_s:.0f} s ({100 * likely:.0f} %)"
    return (RhythmObservation(sign, likely, text),)


def _change_told(seen: _Seen, settings: AnalysisSettings) -> tuple[RhythmObservation, ...]:
    change = sudden_change(seen.r_s, seen.rr_s, seen.now_s, settings.rate_change_bpm)
    if change is None:
        return ()
    rises = change.now_bpm > change.before_bpm
    sign = RhythmSign.RATE_RISE if rises else RhythmSign.RATE_FALL
    text = f"{sign}: from {change.before_bpm:.0f} to {change.now_bpm:.0f} bpm"
    return (RhythmObservation(sign, change.now_bpm - change.before_bpm, text),)
