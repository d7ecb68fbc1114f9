"""Beat classes N, V and Q (ANSI/AAMI EC57), first version: prematurity, width and shape."""

from __future__ import annotations

import numpy as np

from ecgd.model.beat import BeatClass
from ecgd.model.signal import FloatArray, IntArray

SHAPE_REACH_S = 0.10
EARLY_SHARE = 0.92
EARLY_WIDE_S = 0.10
EARLY_LIKENESS = 0.80
WIDE_S = 0.13
WIDE_LIKENESS = 0.70
DOUBTFUL_LIKENESS = 0.60
"""V: early, 100 ms wide and unlike the usual beat (correlation), or wider and more unlike whenever
it comes; Q: as unlike, but narrow. Figures from MIT-BIH (DS1)."""

LEAST_BEATS = 3


def likeness(signal_mv: FloatArray, r_peaks: IntArray, fs_hz: float) -> FloatArray:
    """Return each beat's correlation with the window's usual beat, shape (beat,), -1 to 1.

    ``signal_mv`` is (lead, sample), ``r_peaks`` are relative. The usual beat is the one most like
    all others. With fewer than three beats nothing is usual, and all count as alike.
    """
    if r_peaks.size < LEAST_BEATS:
        return np.ones(r_peaks.size)
    reach = round(SHAPE_REACH_S * fs_hz)
    at = r_peaks[:, None] + np.arange(-reach, reach + 1)
    shapes = signal_mv[:, np.clip(at, 0, signal_mv.shape[1] - 1)]
    shapes = (shapes - shapes.mean(axis=-1, keepdims=True)).transpose(1, 0, 2)
    shapes = shapes.reshape(r_peaks.size, -1)
    norm = np.linalg.norm(shapes, axis=1, keepdims=True)
    shapes = shapes / np.where(norm > 0, norm, 1.0)
    alike = shapes @ shapes.T
    usual: FloatArray = alike[int(np.argmax(np.median(alike, axis=1)))]
    return usual


def classify(like_usual: float, qrs_s: float, rr_s: float | None, usual_rr_s: float) -> BeatClass:
    """Return the class of a beat; ``rr_s`` is the interval before it, None where unknown."""
    early = rr_s is not None and rr_s < EARLY_SHARE * usual_rr_s
    if early and qrs_s >= EARLY_WIDE_S and like_usual < EARLY_LIKENESS:
        return BeatClass.V
    if qrs_s >= WIDE_S and like_usual < WIDE_LIKENESS:
        return BeatClass.V
    return BeatClass.Q if like_usual < DOUBTFUL_LIKENESS else BeatClass.N
