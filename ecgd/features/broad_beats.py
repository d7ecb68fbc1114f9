"""Broad beats that the beat detector does not know: it looks for what is steep.

A tachycardia from the ventricle may swing so slowly that none of its beats is a QRS to a detector.
It leaves a hole in the row of beats, and the wave swings in it as far as a usual beat does. The
swings are taken for beats by the search for runs of ventricular beats, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from ecgd.model.signal import FloatArray, IntArray

LEAST_HOLE_S: Final = 0.6
HOLE_SHARE: Final = 1.3
"""A hole is longer than both: this, and this share of the usual interval."""

CLEAR_S: Final = 0.25
"""Around a beat that is known nothing is looked for: the T wave is there."""

APART_S: Final = 0.25
END_S: Final = 0.1
SMOOTH_S: Final = 0.04

LEAST_SWING: Final = 0.5
"""Share of the swing of the usual beat that the wave reaches in a hole."""
HIGH_SHARE: Final = 0.5

LEAST_MV: Final = 0.05


def holes_between(
    r_peaks: IntArray, sample_count: int, rr_s: float, fs_hz: float
) -> tuple[tuple[int, int], ...]:
    """Return first and last index of each hole between ``r_peaks``, and of that behind the last.

    ``r_peaks`` are in order and relative to a window of ``sample_count``; ``rr_s`` is the usual
    interval.
    """
    edges = [*r_peaks.tolist(), sample_count]
    longest = max(LEAST_HOLE_S, HOLE_SHARE * rr_s) * fs_hz
    clear, end = round(CLEAR_S * fs_hz), round(END_S * fs_hz)
    return tuple(
        (before + clear, after - (clear if after < sample_count else end))
        for before, after in pairwise(edges)
        if after - before > longest
    )


def crests_in(
    band_mv: FloatArray, holes: Sequence[tuple[int, int]], swing_mv: FloatArray, fs_hz: float
) -> tuple[int, ...]:
    """Return the crests of broad beats in the holes of ``band_mv`` (lead, sample).

    ``swing_mv`` (lead,) is how far the usual beat swings.
    """
    smooth = _smooth(band_mv, fs_hz) / np.maximum(swing_mv, LEAST_MV)[:, None]
    smooth -= np.median(smooth, axis=1, keepdims=True)
    return tuple(crest for first, last in holes for crest in _crests(smooth, first, last, fs_hz))


def _smooth(band_mv: FloatArray, fs_hz: float) -> FloatArray:
    """Return the wave below some 10 Hz: what moving means leave of it."""
    length = max(1, round(SMOOTH_S * fs_hz))
    smooth = band_mv
    for before in (length // 2, (length - 1) // 2):
        padded = np.pad(smooth, ((0, 0), (before + 1, length - 1 - before)), mode="edge")
        sums = np.cumsum(padded, axis=1)
        smooth = (sums[:, length:] - sums[:, :-length]) / length
    return smooth


def _crests(smooth: FloatArray, first: int, last: int, fs_hz: float) -> list[int]:
    """Return the crests from ``first`` to ``last`` of the lead that swings farthest there."""
    if last - first < 3:
        return []
    inside = smooth[:, first:last]
    swings = np.ptp(inside, axis=1)
    lead = int(np.argmax(swings))
    if swings[lead] < LEAST_SWING:
        return []
    wave = inside[lead] if inside[lead].max() >= -inside[lead].min() else -inside[lead]
    tops = np.flatnonzero((wave[1:-1] >= wave[:-2]) & (wave[1:-1] > wave[2:])) + 1
    tops = tops[wave[tops] >= HIGH_SHARE * wave.max()]
    kept: list[int] = []
    for top in tops[np.argsort(-wave[tops], kind="stable")].tolist():
        if all(abs(top - other) >= APART_S * fs_hz for other in kept):
            kept.append(top)
    return [first + top for top in sorted(kept)]
