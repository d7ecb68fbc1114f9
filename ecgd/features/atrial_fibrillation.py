"""Atrial fibrillation: intervals that fit none of their neighbours, and no constant P wave.

A logistic model of three figures gives the log-odds over 30 s, by which it is told (ESC), and over
10 s, which is less certain. Ventricular beats take no part, and a pattern that repeats itself every
second, third or fourth beat and has P waves, as bigeminy does, is no fibrillation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import median
from typing import Final, NamedTuple

import numpy as np

from ecgd.model.beat import Beat, BeatClass, Waves
from ecgd.model.order import median_of
from ecgd.model.signal import FloatArray

SPAN_S: Final = 30.0
SHORT_SPAN_S: Final = 10.0
LEAST_SHARE: Final = 0.8
"""A span counts once so much of it was watched: a bad window at its beginning spoils nothing, and
the alarm's hold-off comes on top."""

LEAST_INTERVALS: Final = 5
"""Fewer say nothing; with fewer between beats of the patient's own, all beats count: a rhythm that
is made of ventricular beats may be fibrillation behind a bundle that is blocked."""

LIKELY: Final = 0.5
EVIDENT: Final = 1.0
CONTINUED: Final = 0.0
DOUBT: Final = 8.0
"""Log-odds from which it is likely, from which it is told, and from which it is told no longer.
So much more is asked for where no beat is certain: beats that noise adds are as irregular."""

NEIGHBOURS: Final = 8
CHANGED: Final = 0.05
"""An interval fits another, up to eight beats away, that differs by less than 5 % of the usual."""

CONSTANT_PR_S: Final = 0.020
UNSEEN_BEATS: Final = 2
UNSEEN_P: Final = 0.9
"""Two beats more are counted whose P wave is as likely as not: where noise hides P, it says nothing
either way."""

PATTERN: Final = 0.035
PATTERN_SHARE: Final = 0.2
PATTERN_BEATS: Final = (2, 3, 4)
PATTERN_P_SHARE: Final = 0.4
"""A pattern: intervals that come again within 3.5 %, five times as well as from one to the next.
Where no ventricular beat is part of it and fewer beats have a P wave, it is flutter rather than
extrasystoles."""


class Weight(NamedTuple):
    """How one figure counts: its distance from ``centre`` in units of ``scale``."""

    centre: float
    scale: float
    weight: float


WEIGHTS: Final = (
    Weight(0.333, 0.342, 1.727),  # share of intervals that do not fit the one before
    Weight(0.399, 0.325, 2.174),  # share of pairs up to eight beats apart that do not fit
    Weight(1.279, 0.569, -2.658),  # mean probability of P, and share of beats with the usual PR
)
CONSTANT: Final = -5.511
"""Fitted on 10 s and 30 s of Challenge 2017, 10 s of PTB-XL, LUDB, CPSC 2018, Chapman-Ningbo and
others, and 30 s of MIT-BIH and VFDB, both classes alike."""


def fibrillation_log_odds(
    beats: Sequence[Beat],
    *,
    now_index: int,
    watched_from_index: int,
    fs_hz: float,
    span_s: float = SPAN_S,
) -> float | None:
    """Return the log-odds over the last ``span_s``; None where too little was seen.

    ``beats`` in order, watched without a hole from ``watched_from_index`` on.
    """
    if now_index - watched_from_index < LEAST_SHARE * span_s * fs_hz:
        return None
    from_index = max(watched_from_index, now_index - span_s * fs_hz)
    recent = [beat for beat in beats if beat.r_peak >= from_index]
    own = [beat for beat in recent if beat.beat_class is not BeatClass.V]
    rr_s = _between_own(recent, fs_hz)
    mixed = rr_s.size < LEAST_INTERVALS
    if mixed:
        own = own if len(own) >= LEAST_INTERVALS else recent
        rr_s = np.diff([beat.r_peak for beat in recent]) / fs_hz
    if rr_s.size < LEAST_INTERVALS:
        return None
    rr = rr_s / median(rr_s.tolist())
    p_share, p_evidence = _p_evidence(own, fs_hz)
    figures = (*_misfit(rr), p_evidence)
    log_odds = CONSTANT + sum(
        weight.weight * (figure - weight.centre) / weight.scale
        for figure, weight in zip(figures, WEIGHTS, strict=True)
    )
    may_repeat = log_odds >= CONTINUED and (mixed or p_share > PATTERN_P_SHARE)
    return CONSTANT if may_repeat and _repeats(rr) else log_odds


def is_evident(log_odds: float, certainty: float, *, told: bool = False) -> bool:
    """Tell whether it is told: anew, or still where it was ``told`` before.

    ``certainty`` is the mean confidence in the beats, 0 to 1.
    """
    return log_odds >= (CONTINUED if told else EVIDENT) + DOUBT * (1.0 - certainty)


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


def _between_own(beats: Sequence[Beat], fs_hz: float) -> FloatArray:
    """Return the RR intervals that neither begin nor end with a ventricular beat."""
    own = np.array([beat.beat_class is not BeatClass.V for beat in beats], dtype=np.bool_)
    rr_s = np.diff([beat.r_peak for beat in beats]) / fs_hz
    between: FloatArray = rr_s[own[1:] & own[:-1]]
    return between


def _misfit(rr: FloatArray) -> tuple[float, float]:
    """Return the share of intervals that do not fit the one before, and of pairs further apart."""
    unlike = np.abs(rr[:, None] - rr) > CHANGED
    misfits = [unlike.diagonal(apart) for apart in range(1, min(NEIGHBOURS, rr.size - 1) + 1)]
    pairs = sum(each.size for each in misfits)
    unfit = sum(int(np.count_nonzero(each)) for each in misfits)
    return int(np.count_nonzero(misfits[0])) / misfits[0].size, unfit / pairs


def _p_evidence(beats: Sequence[Beat], fs_hz: float) -> tuple[float, float]:
    """Return the mean probability of P, and with it the share of beats that have the usual PR."""
    waves = [(beat.r_peak, beat.waves) for beat in beats if beat.waves is not None]
    probable = sum(_p_probability(each) for _, each in waves)
    pr = [r - each.p_peak for r, each in waves if each.p_peak is not None]
    usual, reach = (median(pr) if pr else 0.0), CONSTANT_PR_S * fs_hz
    constant = sum(abs(each - usual) <= reach for each in pr)
    seen = probable + constant + UNSEEN_BEATS * UNSEEN_P
    return probable / max(len(waves), 1), seen / (len(waves) + UNSEEN_BEATS)


def _repeats(rr: FloatArray) -> bool:
    """Tell whether the intervals repeat every few beats far better than from one to the next."""
    change = float(median_of(np.abs(np.diff(rr))))
    again = [
        float(median_of(np.abs(rr[beats:] - rr[:-beats])))
        for beats in PATTERN_BEATS
        if rr.size > 2 * beats
    ]
    return min(again, default=1.0) < min(PATTERN, PATTERN_SHARE * change)


def _p_probability(waves: Waves) -> float:
    if waves.p_confidence is not None:
        return waves.p_confidence
    return 0.0 if waves.p_peak is None else 1.0
