"""Pacing spikes that call up no beat: they are steep, but no heart answers them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from ecgd.features.pacing import ANSWERED_S, is_answer
from ecgd.features.r_peaks import RPeaks
from ecgd.model.order import median_of
from ecgd.model.signal import BoolArray, FloatArray, IntArray

SPIKE_S: Final = 0.008
"""Half the width of a pulse of up to 2 ms behind a front end's low-pass."""

BEFORE_S: Final = 0.08
AFTER_S: Final = 0.36
"""Where the rest of a QRS would be, its ST segment and T wave."""

EDGE_S: Final = 0.06

LEFT_SHARE: Final = 0.25
"""A QRS has at least this share of its height outside so narrow a middle: it lasts 60 ms or more.
Of 14,778 beats of PTB-XL and Challenge 2017 none is taken for a spike. A spike may be many times as
tall as the QRS that answers it: one that is answered is not alone."""


def without_lone_spikes(peaks: RPeaks, signal_mv: FloatArray, fs_hz: float) -> RPeaks:
    """Return the peaks that are beats: a heart that does not answer its pacemaker stands still."""
    if peaks.indices.size == 0:
        return peaks
    alone = lone_spikes(signal_mv, peaks.indices, fs_hz)
    return replace(peaks, indices=peaks.indices[~alone]) if alone.any() else peaks


def lone_spikes(signal_mv: FloatArray, r_peaks: IntArray, fs_hz: float) -> BoolArray:
    """Tell which of ``r_peaks`` (relative) are spikes with nothing around them, shape (peak,).

    ``signal_mv`` is (lead, sample). The lead in which the peak stands out most decides. A peak
    nearer than 60 ms to the window's edges is not told.
    """
    half, before, after = (round(reach * fs_hz) for reach in (SPIKE_S, BEFORE_S, AFTER_S))
    edge = round(EDGE_S * fs_hz)
    alone = np.zeros(r_peaks.size, dtype=np.bool_)
    whole = ((r_peaks >= edge) & (r_peaks < signal_mv.shape[1] - edge)).nonzero()[0]
    if not whole.size:
        return alone
    around = r_peaks[whole, None] + np.arange(-before, after + 1)
    pieces = signal_mv.take(around, axis=1, mode="clip")
    middle, outside = pieces[:, :, before - half : before + half + 1], pieces.copy()
    outside[:, :, before - half : before + half + 1] = outside[:, :, :1]
    highest, lowest = outside.max(axis=2), outside.min(axis=2)
    left = highest - lowest
    # The level of the rest lies between its extremes: if even these leave no spike, there is none.
    most = np.maximum(middle.max(axis=2) - lowest, highest - middle.min(axis=2))
    likely = (left <= LEFT_SHARE * most).any(axis=0)
    for k in likely.nonzero()[0].tolist():
        alone[whole[k]] = _is_alone(pieces[:, k], left[:, k], before, half, fs_hz)
    return alone


def _is_alone(pieces: FloatArray, left: FloatArray, before: int, half: int, fs_hz: float) -> bool:
    """Judge one peak by its signal (lead, sample), and by what is ``left`` (lead,) around it."""
    rest = np.delete(pieces, slice(before - half, before + half + 1), axis=1)
    middle = pieces[:, before - half : before + half + 1]
    height = np.abs(middle - median_of(rest)[:, None]).max(axis=1)
    lead = int(height.argmax())
    if left[lead] > LEFT_SHARE * height[lead]:
        return False
    behind = before + half + 1
    return not is_answer(pieces[:, behind : before + round(ANSWERED_S * fs_hz)], fs_hz)
