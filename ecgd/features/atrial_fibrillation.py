"""Atrial fibrillation: intervals that change from beat to beat, and no constant P wave.

A logistic model of three figures gives the log-odds over 30 s, by which it is told (ESC), and over
10 s, which is less certain. Ventricular beats take no part, and a pattern that repeats itself every
second, third or fourth beat and has P waves, as bigeminy does, is no fibrillation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Final, NamedTuple

import numpy as np

from ecgd.model.beat import Beat, BeatClass, Waves
from ecgd.model.signal import FloatArray

SPAN_S: Final = 30.0
SHORT_SPAN_S: Final = 10.0
LEAST_SHARE: Final = 0.8
"""A span counts once so much of it was watched: a bad window at its beginning spoils nothing, and
the alarm's hold-off comes on top."""

LEAST_INTERVALS: Final = 5
LEAST_MEASURED: Final = 0.5
"""The least share of the beats whose P wave was looked for."""

LIKELY: Final = 0.0
EVIDENT: Final = 1.2
CONTINUED: Final = 0.0
"""Log-odds from which it is likely, from which it is told, and from which it is told no longer."""

CHANGED: Final = 0.05
PATTERN: Final = 0.035
PATTERN_SHARE: Final = 0.2
PATTERN_BEATS: Final = (2, 3, 4)
PATTERN_P_SHARE: Final = 0.35
"""A pattern: intervals that come again within 3.5 %, five times as well as from one to the next.
Without any P wave it is flutter rather than extrasystoles."""


class Weight(NamedTuple):
    """How one figure counts: its distance from ``centre`` in units of ``scale``."""

    centre: float
    scale: float
    weight: float


WEIGHTS: Final = (
    Weight(-3.306, 1.068, 0.254),  # median change from one RR to the next over RR, logarithm
    Weight(0.693, 0.308, -2.959),  # mean probability of a P wave before a beat
    Weight(0.318, 0.341, 2.987),  # share of the changes above 5 %
)
CONSTANT: Final = -4.743
"""Fitted on 10 s and 30 s of Challenge 2017 (normal, AF, other) and 10 s of PTB-XL (AF, sinus
rhythm, arrhythmia, tachy- and bradycardia), 470 patients, both classes alike."""


def fibrillation_log_odds(
    beats: Sequence[Beat], now_index: int, fs_hz: float, span_s: float = SPAN_S
) -> float | None:
    """Return the log-odds over the last ``span_s``; None where too little was seen.

    ``beats`` in order, watched without a hole.
    """
    recent = [beat for beat in beats if beat.r_peak > now_index - span_s * fs_hz]
    if not recent or recent[0].r_peak > now_index - LEAST_SHARE * span_s * fs_hz:
        return None
    rr_s = _between_normal(recent, fs_hz)
    measured = [beat for beat in recent if beat.waves is not None]
    if rr_s.size < LEAST_INTERVALS or len(measured) < LEAST_MEASURED * len(recent):
        return None
    usual_s = float(np.median(rr_s))
    change = np.abs(np.diff(rr_s)) / usual_s
    p_share = fmean(_p_probability(beat.waves) for beat in measured if beat.waves is not None)
    if p_share > PATTERN_P_SHARE and _repeats(rr_s / usual_s, float(np.median(change))):
        return CONSTANT
    figures = np.array(
        (
            np.log(float(np.median(change)) + 0.005),
            p_share,
            float((change > CHANGED).mean()),
        )
    )
    weights = np.array(WEIGHTS)
    return float((figures - weights[:, 0]) / weights[:, 1] @ weights[:, 2]) + CONSTANT


def without_p_waves(beats: Iterable[Beat]) -> tuple[Beat, ...]:
    """Return the beats without the P waves that fibrillating atria do not have."""
    return tuple(
        replace(
            beat,
            waves=_without_p(beat.waves),
            lead_waves=tuple(_without_p(waves) for waves in beat.lead_waves),
        )
        for beat in beats
    )


def _without_p(waves: Waves | None) -> Waves | None:
    return None if waves is None else replace(waves, p_onset=None, p_peak=None, p_end=None)


def _between_normal(beats: Sequence[Beat], fs_hz: float) -> FloatArray:
    """Return the RR intervals that neither begin nor end with a ventricular beat."""
    normal = np.array([beat.beat_class is not BeatClass.V for beat in beats])
    rr_s = np.diff([beat.r_peak for beat in beats]) / fs_hz
    intervals: FloatArray = rr_s[normal[1:] & normal[:-1]]
    return intervals


def _repeats(rr: FloatArray, change: float) -> bool:
    """Tell whether the intervals repeat every few beats far better than from one to the next."""
    again = [
        float(np.median(np.abs(rr[beats:] - rr[:-beats])))
        for beats in PATTERN_BEATS
        if rr.size > 2 * beats
    ]
    return min(again, default=1.0) < min(PATTERN, PATTERN_SHARE * change)


def _p_probability(waves: Waves) -> float:
    if waves.p_confidence is not None:
        return waves.p_confidence
    return 0.0 if waves.p_peak is None else 1.0
