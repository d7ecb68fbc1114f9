"""Pacing spikes that call up no beat: they are steep, but nothing follows them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from ecgd.features.r_peaks import RPeaks
from ecgd.model.signal import BoolArray, FloatArray, IntArray

SPIKE_S: Final = 0.008
"""Half the width of a pulse of up to 2 ms behind a front end's low-pass."""

BEFORE_S: Final = 0.08
AFTER_S: Final = 0.36
"""Where the rest of a QRS would be, its ST segment and T wave."""

EDGE_S: Final = 0.06

LEFT_SHARE: Final = 0.25
"""A QRS has at least this share of its height outside so narrow a middle: it lasts 60 ms or more.
Of 14,778 beats of PTB-XL and Challenge 2017 none is taken for a spike."""


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
    whole = (r_peaks >= edge) & (r_peaks < signal_mv.shape[1] - edge)
    if not whole.any():
        return alone
    around = r_peaks[whole, None] + np.arange(-before, after + 1)
    pieces = signal_mv[:, np.clip(around, 0, signal_mv.shape[1] - 1)].transpose(1, 0, 2)
    middle = np.abs(np.arange(-before, after + 1)) <= half
    ground = np.median(pieces[:, :, ~middle], axis=2, keepdims=True)
    height = np.abs(pieces - ground)[:, :, middle].max(axis=2)
    left = np.ptp(pieces[:, :, ~middle], axis=2)
    lead = np.argmax(height, axis=1)
    each = np.arange(lead.size)
    alone[whole] = left[each, lead] <= LEFT_SHARE * height[each, lead]
    return alone
