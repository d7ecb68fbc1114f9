"""Samples at the end of the converter's range: what lies there was not measured."""

from __future__ import annotations

from typing import Final

import numpy as np

from ecgd.model.signal import BoolArray, FloatArray

RUN_S: Final = 0.016
"""A wave that stays so long at the window's very extreme was cut off there."""

AROUND_S: Final = 0.03
MOST: Final = 0.2
"""Share of a window that may be bridged: what is left still shows how the heart swings."""


def clipped_run(fs_hz: float) -> int:
    """Return how many samples at the extreme make a run that was cut off."""
    return max(3, round(RUN_S * fs_hz))


def bridge_clipped(wave_mv: FloatArray, lost: BoolArray, fs_hz: float) -> FloatArray | None:
    """Return ``wave_mv`` (sample,) with lines in place of what was cut off or is ``lost``.

    None where that is too much of it.
    """
    length = clipped_run(fs_hz)
    bad = lost.copy()
    for edge in (wave_mv.max(), wave_mv.min()):
        bad |= _staying(wave_mv == edge, length)
    around = round(AROUND_S * fs_hz)
    bad = np.convolve(bad, np.ones(2 * around + 1), mode="same") > 0.5
    if bad.mean() > MOST:
        return None
    index = np.arange(wave_mv.size)
    bridged: FloatArray = np.where(bad, np.interp(index, index[~bad], wave_mv[~bad]), wave_mv)
    return bridged


def _staying(there: BoolArray, length: int) -> BoolArray:
    """Tell which samples belong to a row of at least ``length`` that are ``there``."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], there.astype(np.int8), [0]))))
    staying = np.zeros_like(there)
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        staying[start:stop] = stop - start >= length
    return staying
