"""Spikes of a pacemaker: where they are, and the signal without them.

A spike is no part of the QRS it calls up, but it is the steepest thing near it: left in, it takes
the QRS onset, and with it the isoelectric level, away from the ventricle's own beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from ecgd.model.signal import BoolArray, FloatArray, IntArray

SEARCH_S: Final = (-0.24, -0.012)
"""Where a spike is looked for, from the R peak."""

PEAK_S: Final = 0.012
ANSWER_S: Final = 0.16
PEAK_SHARPER: Final = 12
"""A tall spike is itself taken for the R peak, a little off. It is so many times sharper than all
that follows within ``ANSWER_S``, where the QRS complex is. Of 8,800
beats without a spike (LUDB, also at 250 Hz, PTB-XL, MIT-BIH) none was more than 7 times so. Below
170 samples a second a spike is as wide as a narrow QRS, and none is told here."""

ANSWERED_S: Final = 0.26
ANSWER_MV: Final = 0.35
SMOOTH_S: Final = 0.030
"""A heart that answers a spike draws a wave of at least such a height, there and back within
``ANSWERED_S``. What a spike leaves behind in electrodes and filters dies out, or swings too fast to
outlast a mean over 30 ms; a P wave is smaller."""

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
    for r_peak in r_peaks[_may_have_spikes(bend, r_peaks, fs_hz)].tolist():
        for at in _spikes_of(signal_mv, bend, r_peak, half, fs_hz):
            found[at - half : at + half + 1] = True
            bend[at - half : at + half + 1] = 0.0
    return found


def _may_have_spikes(bend: FloatArray, r_peaks: IntArray, fs_hz: float) -> BoolArray:
    """Tell which beats show anything sharp enough, shape (beat,): most show nothing."""

    first = round(SEARCH_S[0] * fs_hz)
    reach = np.arange(first, round(ANSWER_S * fs_hz) + 1)
    near = bend.take(r_peaks[:, None] + reach, mode="clip")

    def largest(from_s: float, to_s: float) -> FloatArray:
        found: FloatArray = near[
            :, round(from_s * fs_hz) - first : round(to_s * fs_hz) + 1 - first
        ].max(axis=1)
        return found

    before = largest(*SEARCH_S) > SHARPER * largest(*QRS_S)
    spiked: BoolArray = before | (
        largest(-PEAK_S, PEAK_S) > PEAK_SHARPER * largest(2 * PEAK_S, ANSWER_S - PEAK_S)
    )
    return spiked


def _spikes_of(
    signal_mv: FloatArray, bend: FloatArray, r_peak: int, half: int, fs_hz: float
) -> Iterator[int]:
    """Yield the spikes of one beat; ``bend`` is 0 at each before the next is looked for."""
    taken = _spike_at_peak(signal_mv, bend, r_peak, half, fs_hz)
    if taken is not None:
        yield taken
    usual = _largest(bend, r_peak + QRS_S[0] * fs_hz, r_peak + QRS_S[1] * fs_hz)
    first, last = (max(half, round(r_peak + at_s * fs_hz)) for at_s in SEARCH_S)
    for _ in range(SPIKES_PER_BEAT):
        if last <= first:
            return
        at = first + int(np.argmax(bend[first:last]))
        if bend[at] <= SHARPER * max(usual, _around(bend, at, half, fs_hz)):
            return
        if not _is_pulse(signal_mv, at, half):
            return
        yield at


def _spike_at_peak(
    signal_mv: FloatArray, bend: FloatArray, r_peak: int, half: int, fs_hz: float
) -> int | None:
    """Return the spike that was taken for the R peak itself, with a QRS behind it."""
    reach, answer = round(PEAK_S * fs_hz), round(ANSWER_S * fs_hz)
    first, last = r_peak - reach, r_peak + reach + 1
    if first < half or last + answer > bend.size or half / fs_hz > PEAK_S:
        return None
    at = first + int(np.argmax(bend[first:last]))
    if bend[at] <= PEAK_SHARPER * _largest(bend, at + half + 1, at + answer):
        return None
    if bend[at] <= PEAK_SHARPER * _around(bend, at, half, fs_hz):
        return None
    behind_mv = signal_mv[:, at + half + 1 : at + round(ANSWERED_S * fs_hz)]
    return at if is_answer(behind_mv, fs_hz) and _is_pulse(signal_mv, at, half) else None


def is_answer(behind_mv: FloatArray, fs_hz: float) -> bool:
    """Tell whether a heart answers a spike, by the signal (lead, sample) from its end on."""
    width = max(1, round(SMOOTH_S * fs_hz))
    if behind_mv.shape[1] < 3 * width:
        return False
    total = np.cumsum(behind_mv, axis=1)
    smooth = (total[:, width:] - total[:, :-width]) / width
    first, last = smooth[:, 0], smooth[:, -1]
    up = smooth.max(axis=1) - np.maximum(first, last)
    down = np.minimum(first, last) - smooth.min(axis=1)
    return bool(max(up.max(), down.max()) >= ANSWER_MV)


def beyond_spikes(
    r_peaks: IntArray, signal_mv: FloatArray, spikes: BoolArray, fs_hz: float
) -> IntArray:
    """Return the R peaks, those that are a spike moved to the QRS complex behind it.

    ``signal_mv`` (lead, sample) is free of ``spikes`` (sample,).
    """
    if not spikes[r_peaks].any():
        return r_peaks
    moved = r_peaks.copy()
    for k in np.flatnonzero(spikes[r_peaks]).tolist():
        behind_mv = signal_mv[:, r_peaks[k] : r_peaks[k] + round(ANSWER_S * fs_hz)]
        moved[k] += int(np.argmax(((behind_mv - behind_mv[:, :1]) ** 2).sum(axis=0)))
    return moved


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
