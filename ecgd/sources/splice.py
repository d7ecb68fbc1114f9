"""Repeats a short recording without a seam: where to cut it, and how to join the ends.

The end is cut so that what lies around it matches what lies around the start, beat for beat: an
integer number of RR intervals falls out without a beat being detected. A short cross-fade in the
quiet before the cut makes value and slope continuous.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgd.errors import RecordingError
from ecgd.model.signal import BoolArray, FloatArray, IntArray

LEAST_DURATION_S = 4.0
_AROUND_S = 0.5
_FADE_S = 0.1
_HEAD_S = 2.0
_TAIL_S = 3.0
_CANDIDATES = 24
_OFFSET_WEIGHT = 0.25


@dataclass(frozen=True, slots=True)
class Splice:
    """The recording plays up to ``end`` and goes on at ``start``; ``fade`` samples overlap."""

    start: int
    end: int
    fade: int

    def index(self, position: int, sample_count: int) -> IntArray:
        """Return the recording's index of each of the next samples, shape (sample,)."""
        played = np.arange(position, position + sample_count, dtype=np.int64)
        again = self.start + (played - self.end) % (self.end - self.start)
        return np.where(played < self.end, played, again)


def find_splice(signal: FloatArray, valid: BoolArray, fs_hz: float) -> Splice:
    """Find where to cut ``signal``, shape (lead, sample).

    Raises RecordingError where it is shorter than 4 s or has no whole beat at both ends.
    """
    samples = signal.shape[1]
    if samples < LEAST_DURATION_S * fs_hz:
        raise RecordingError(
            f"a recording of {samples / fs_hz:.1f} s is too short to loop",
            f"It takes {LEAST_DURATION_S:g} s.",
        )
    around, fade = round(_AROUND_S * fs_hz), round(_FADE_S * fs_hz)
    quarter = (samples - 2 * around) // 4
    head = min(round(_HEAD_S * fs_hz), quarter)
    tail = min(round(_TAIL_S * fs_hz), quarter)
    sound = _sound_around(valid, around)
    starts = np.arange(around, around + head)
    ends = np.arange(samples - around - tail, samples - around + 1)
    at_start = np.where(sound[starts], _activity(signal, starts, fade), np.inf)
    at_end = _activity(signal, ends, fade)
    usable = sound[ends] & (at_end <= np.median(at_end))
    best = (np.inf, 0, 0)
    for start in starts[np.argsort(at_start, kind="stable")[:_CANDIDATES]]:
        cost = np.where(usable, _mismatch(signal, int(start), ends, around), np.inf)
        choice = int(np.argmin(cost))
        best = min(best, (float(cost[choice]), int(start), int(ends[choice])))
    cost_of_best, start, end = best
    if not np.isfinite(cost_of_best):
        raise RecordingError(
            "the recording cannot loop: samples are missing at its start or end",
            "Use a stretch without gaps.",
        )
    return Splice(start, end, fade)


def faded(signal: FloatArray, splice: Splice) -> FloatArray:
    """Return ``signal`` up to the cut, its last samples blended into those before the start."""
    joined = signal[:, : splice.end].copy()
    share = np.arange(1, splice.fade + 1) / (splice.fade + 1)
    share = share * share * (3.0 - 2.0 * share)
    before_start = signal[:, splice.start - splice.fade : splice.start]
    joined[:, -splice.fade :] *= 1.0 - share
    joined[:, -splice.fade :] += share * before_start
    return joined


def _sound_around(valid: BoolArray, around: int) -> BoolArray:
    """Return for each cut whether every sample around it is valid, shape (sample + 1,)."""
    bad = np.concatenate(([0], np.cumsum(~valid)))
    cuts = np.arange(valid.size + 1)
    low = np.maximum(cuts - around, 0)
    high = np.minimum(cuts + around, valid.size)
    sound: BoolArray = bad[high] == bad[low]
    return sound


def _activity(signal: FloatArray, cuts: IntArray, fade: int) -> FloatArray:
    """Return how much the signal moves before each cut: least between the heartbeats."""
    movement = np.concatenate(([0.0], np.cumsum(np.abs(np.diff(signal, axis=1)).sum(axis=0))))
    activity: FloatArray = movement[cuts] - movement[cuts - fade]
    return activity


def _mismatch(signal: FloatArray, start: int, ends: IntArray, around: int) -> FloatArray:
    """Return how much the surroundings of each end differ from those of ``start``.

    A difference of level counts less than one of shape: the cross-fade takes care of it.
    """
    template = signal[:, start - around : start + around]
    reach = signal[:, ends[0] - around : ends[-1] + around]
    length = template.shape[1]
    total = np.zeros(ends.size)
    for wanted, seen in zip(template, reach, strict=True):
        power = np.concatenate(([0.0], np.cumsum(seen**2)))
        level = np.concatenate(([0.0], np.cumsum(seen)))
        square = power[length:] - power[:-length] + np.sum(wanted**2)
        square -= 2.0 * np.correlate(seen, wanted, mode="valid")
        offset = (level[length:] - level[:-length] - np.sum(wanted)) / length
        total += square - (1.0 - _OFFSET_WEIGHT) * length * offset**2
    return total
