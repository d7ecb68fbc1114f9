"""Conduction from the atria to the ventricles, where P waves allow it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median, pstdev
from typing import Final

from ecgd.model.beat import Beat, BeatClass
from ecgd.model.rhythm import RhythmObservation, RhythmSign

LONG_PR_S: Final = 0.200
MARGIN_S: Final = 0.010
"""Normal PR is 120 to 200 ms; a median must exceed it by what a boundary may be wrong."""

LEAST_BEATS: Final = 8
SPAN_S: Final = 30.0
P_SHARE: Final = 0.7
PR_SPREAD_S: Final = 0.025
"""First degree: most beats of the last half minute have a P wave, at one distance."""

DROPPED: Final = (1.7, 2.2)
STEADY: Final = 0.12
"""Second degree, or a block of the sinus node, which looks the same: now and then an interval twice
as long as its neighbours, which are even."""

LEAST_DROPPED: Final = 2


def observe_conduction(
    beats: Sequence[Beat], now_index: int, fs_hz: float
) -> tuple[RhythmObservation, ...]:
    """Return blocks that the P waves and intervals of ``beats``, in order, show."""
    recent = [beat for beat in beats if beat.r_peak > now_index - SPAN_S * fs_hz]
    pr_s = [pr for pr in (_pr_s(beat, fs_hz) for beat in recent) if pr is not None]
    if len(recent) < LEAST_BEATS or len(pr_s) < P_SHARE * len(recent):
        return ()
    usual_s = median(pr_s)
    dropped = _dropped(recent, fs_hz)
    if dropped >= LEAST_DROPPED:
        sign = RhythmSign.DROPPED_BEATS
        text = f"{sign}: {dropped} in {SPAN_S:.0f} s, an AV or sinoatrial block"
        return (RhythmObservation(sign, float(dropped), text),)
    if usual_s > LONG_PR_S + MARGIN_S and pstdev(pr_s) <= PR_SPREAD_S:
        sign = RhythmSign.FIRST_DEGREE_BLOCK
        pr_ms = 1e3 * usual_s
        return (RhythmObservation(sign, pr_ms, f"{sign}, PR {pr_ms:.0f} ms"),)
    return ()


def _pr_s(beat: Beat, fs_hz: float) -> float | None:
    waves = beat.waves
    if waves is None or waves.p_onset is None:
        return None
    return (waves.qrs_onset - waves.p_onset) / fs_hz


def _dropped(beats: Sequence[Beat], fs_hz: float) -> int:
    """Return how many intervals are twice as long as the even ones around them.

    A long interval behind a premature beat is a compensatory pause.
    """
    rr_s = [(after.r_peak - before.r_peak) / fs_hz for before, after in pairwise(beats)]
    count = 0
    for k in range(1, len(rr_s)):
        before_s, long_s = rr_s[k - 1], rr_s[k]
        if not DROPPED[0] <= long_s / before_s <= DROPPED[1]:
            continue
        after_s = rr_s[k + 1] if k + 1 < len(rr_s) else before_s
        even = abs(before_s - after_s) <= STEADY * before_s
        count += even and all(b.beat_class is BeatClass.N for b in beats[k - 1 : k + 2])
    return count
