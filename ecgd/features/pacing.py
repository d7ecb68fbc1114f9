"""Spikes of a pacemaker: where they are, and the signal without them.

A spike is no part of the QRS it calls up, but it is the steepest thing near it: left in, it takes
the QRS onset, and with it the isoelectric level, away from the ventricle's own beginning.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ecgd.model.signal import BoolArray, FloatArray, IntArray

SEARCH_S: Final = (-0.24, -0.012)
"""Where a spike is looked for, from the R peak."""

QRS_S: Final = (-0.008, 0.060)
"""The steep middle of the QRS, which a spike must outdo."""

AROUND_S: Final = 0.030
SPIKE_S: Final = 0.005
"""A pulse lasts up to 2 ms, and a front end's filters widen it."""

SHARPER: Final = 4
LEAST_MV: Final = 0.08
LEFT_SHARE: Final = 0.3
"""How much more bent a spike is than the QRS and its own surroundings, its least height, and how
much of that may be left behind it."""

SPIKES_PER_BEAT: Final = 2
"""An atrial and a ventricular one."""


def pacing_spikes(signal_mv: FloatArray, r_peaks: IntArray, fs_hz: float) -> BoolArray:
    """Tell which samples belong to a pacing spike before one of ``r_peaks``, shape (sample,).

    ``signal_mv`` is (lead, sample), ``r_peaks`` are relative. A spike is told by its bend (second
    difference over all leads): a few samples far sharper than the QRS and all around them.
    """
    found = np.zeros(signal_mv.shape[1], dtype=np.bool_)
    half = max(2, int(np.ceil(SPIKE_S * fs_hz)))
    if signal_mv.shape[1] < 4 * half:
        return found
    bend = np.zeros(found.size)
    second = signal_mv[:, 2:] - 2 * signal_mv[:, 1:-1] + signal_mv[:, :-2]
    bend[1:-1] = np.sqrt((second**2).sum(axis=0))
    for r_peak in r_peaks.tolist():
        usual = _largest(bend, r_peak + QRS_S[0] * fs_hz, r_peak + QRS_S[1] * fs_hz)
        first, last = (max(half, round(r_peak + at_s * fs_hz)) for at_s in SEARCH_S)
        for _ in range(SPIKES_PER_BEAT):
            searched = np.where(found[first:last], 0.0, bend[first:last])
            if searched.size == 0:
                break
            at = first + int(np.argmax(searched))
            sharpest = max(usual, _around(np.where(found, 0.0, bend), at, half, fs_hz))
            if bend[at] <= SHARPER * sharpest or not _is_pulse(signal_mv, at, half):
                break
            found[at - half : at + half + 1] = True
    return found


def without_spikes(signal_mv: FloatArray, spikes: BoolArray) -> FloatArray:
    """Return the signal with straight lines in place of the spikes."""
    if not spikes.any():
        return signal_mv
    at, kept = np.flatnonzero(spikes), np.flatnonzero(~spikes)
    bridged = signal_mv.copy()
    for row_mv in bridged:
        row_mv[at] = np.interp(at, kept, row_mv[kept])
    return bridged


def spike_ends(spikes: BoolArray, r_peaks: IntArray, fs_hz: float) -> FloatArray:
    """Return the end of the last spike before each R peak, from that, in s; NaN where none is."""
    at = np.flatnonzero(spikes)
    ends_s = np.full(r_peaks.size, np.nan)
    if at.size:
        last = at[np.maximum(0, np.searchsorted(at, r_peaks) - 1)]
        near = (last < r_peaks) & (last >= r_peaks + SEARCH_S[0] * fs_hz)
        ends_s[near] = (last[near] - r_peaks[near]) / fs_hz
    return ends_s


def _around(bend: FloatArray, at: int, half: int, fs_hz: float) -> float:
    """Return the sharpest bend on either side of a spike."""
    reach = round(AROUND_S * fs_hz)
    before = _largest(bend, at - reach, at - half - 1)
    return max(before, _largest(bend, at + half + 1, at + reach))


def _largest(bend: FloatArray, first: float, last: float) -> float:
    return float(bend[max(0, round(first)) : max(0, round(last)) + 1].max(initial=0.0))


def _is_pulse(signal_mv: FloatArray, at: int, half: int) -> bool:
    """Tell whether the signal goes up and comes back, in the lead where it goes furthest."""
    piece = signal_mv[:, at - half : at + half + 1]
    chord = np.linspace(piece[:, 0], piece[:, -1], piece.shape[1]).T
    heights_mv = np.abs(piece - chord).max(axis=1)
    lead = int(np.argmax(heights_mv))
    left_mv = abs(float(piece[lead, -1] - piece[lead, 0]))
    return bool(heights_mv[lead] >= max(LEAST_MV, left_mv / LEFT_SHARE))
