"""Heart rate, pauses and changes of the rate, from the intervals between beats."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from ecgd.model.order import median_of, quantile_of
from ecgd.model.signal import FloatArray

RATE_BEATS: Final = 8

EXTREME_FAST_BEATS: Final = 17
EXTREME_SLOW_BEATS: Final = 5
"""Consecutive beats of an extreme rate (PhysioNet/CinC challenge 2015)."""

MISSED_BEATS: Final = 2

PAUSE_MEMORY_S: Final = 10.0

NOW_S: Final = 10.0
BEFORE_S: Final = 40.0
LEAST_BEFORE_S: Final = 20.0
LEAST_NOW: Final = 6
LEAST_BEFORE: Final = 12
STEADY_SHARE: Final = 0.15
"""A sudden change: the rate of the last 10 s against that of the 40 s before them, which was steady
in the sense that the middle half of its intervals spanned less than this share of their median."""


class RateChange(NamedTuple):
    """The rate before and now, in bpm."""

    before_bpm: float
    now_bpm: float


def rate_of(rr_s: FloatArray, silent_s: float) -> float | None:
    """Return the rate over the last beats; a long silence counts as an interval of its own."""
    if rr_s.size == 0:
        return None
    median_s = float(median_of(rr_s[-RATE_BEATS:]))
    if silent_s > 3 * median_s:
        median_s = silent_s
    return 60.0 / median_s


def irregularity_of(rr_s: FloatArray) -> float | None:
    """Return the median change from one RR to the next, as a share of the median RR."""
    if rr_s.size < 3:
        return None
    return float(median_of(np.abs(rr_s[1:] - rr_s[:-1])) / median_of(rr_s))


def longest_pause_of(
    r_s: FloatArray, rr_s: FloatArray, silent_s: float, now_s: float
) -> float | None:
    """Return the longest interval that ended in the last ten seconds or still lasts."""
    if r_s.size == 0:
        return None
    recent = rr_s[r_s[1:] >= now_s - PAUSE_MEMORY_S]
    return float(max(silent_s, recent.max() if recent.size else 0.0))


def extremely_fast_s(rr_s: FloatArray, limit_bpm: float) -> float | None:
    """Return how long the last 17 beats took if they run faster than ``limit_bpm``, else None."""
    fast_bpm = fast_rate_bpm(rr_s)
    if fast_bpm is None or fast_bpm <= limit_bpm:
        return None
    return float(rr_s[-(EXTREME_FAST_BEATS - 1) :].sum())


def fast_rate_bpm(rr_s: FloatArray) -> float | None:
    """Return the rate of the last 17 beats that a fast limit meets; None: fewer were seen.

    The two longest intervals do not count: a beat that was missed must not hide the others.
    """
    intervals_s = rr_s[-(EXTREME_FAST_BEATS - 1) :]
    if intervals_s.size < EXTREME_FAST_BEATS - 1:
        return None
    return 60.0 / float(np.sort(intervals_s)[:-MISSED_BEATS].mean())


def extremely_slow_s(rr_s: FloatArray, limit_bpm: float) -> float | None:
    """Return how long the last 5 beats took if they run slower than ``limit_bpm``, else None."""
    slow_bpm = slow_rate_bpm(rr_s)
    if slow_bpm is None or slow_bpm >= limit_bpm:
        return None
    return float(rr_s[-(EXTREME_SLOW_BEATS - 1) :].sum())


def slow_rate_bpm(rr_s: FloatArray) -> float | None:
    """Return the rate of the last 5 beats that a slow limit meets; None: fewer were seen."""
    intervals_s = rr_s[-(EXTREME_SLOW_BEATS - 1) :]
    if intervals_s.size < EXTREME_SLOW_BEATS - 1:
        return None
    return 60.0 / float(intervals_s.mean())


def sudden_change(
    r_s: FloatArray, rr_s: FloatArray, now_s: float, least_bpm: float
) -> RateChange | None:
    """Return the change of a steady rate by ``least_bpm`` or more within the last 10 s, or None."""
    ends_s = r_s[1:]
    now = rr_s[ends_s >= now_s - NOW_S]
    earlier = (ends_s < now_s - NOW_S) & (ends_s >= now_s - NOW_S - BEFORE_S)
    before = rr_s[earlier]
    if now.size < LEAST_NOW or before.size < LEAST_BEFORE or before.sum() < LEAST_BEFORE_S:
        return None
    usual_s = float(median_of(before))
    change = RateChange(60.0 / usual_s, 60.0 / float(median_of(now)))
    if abs(change.now_bpm - change.before_bpm) < least_bpm:
        return None
    low_s, high_s = (float(quantile_of(before, share)) for share in (0.25, 0.75))
    return change if high_s - low_s <= STEADY_SHARE * usual_s else None
