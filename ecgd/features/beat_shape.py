"""The shape of a beat in all leads, and how alike two shapes are.

Shapes are cut from the grid of ``segments`` at 125 Hz, R peak at ``R_POINT``, whatever the sampling
rate, and compared over all leads at once: no lead has a part of its own, and polarity has none.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ecgd.features.segments import GRID_HZ, R_AT
from ecgd.model.order import median_of
from ecgd.model.signal import BoolArray, FloatArray, IntArray

GRID_STEP: Final = 4
SHAPE_HZ: Final = GRID_HZ / GRID_STEP
R_POINT: Final = R_AT // GRID_STEP

LAGS: Final = 5
"""Shapes are moved by up to 40 ms to find them alike: a QRS has more than one deflection."""

KEPT: Final = (R_POINT - 40, R_POINT + 64)
"""What is kept of a shape: 320 ms before the R peak to 504 ms behind it."""

QRS: Final = (27, 59)
P_WAVE: Final = (6, 32)
T_WAVE: Final = (64, 96)
NET_QRS: Final = (34, 54)
"""Parts of what is kept, as points."""

_MOVED_QRS: Final = KEPT[0] + np.arange(-LAGS, LAGS + 1)[:, None] + np.arange(QRS[0], QRS[1])
"""The points of the QRS at each lag, (lag, point)."""

REST_POINTS: Final = 6
TINY_MV: Final = 1e-6


def centred(shapes_mv: FloatArray) -> FloatArray:
    """Return shapes without the mean of each lead."""
    level_mv: FloatArray = shapes_mv.sum(axis=-1, keepdims=True) / shapes_mv.shape[-1]
    return shapes_mv - level_mv


def qrs_of(kept_mv: FloatArray) -> FloatArray:
    """Return the QRS of what is kept of shapes (..., lead, point), centred."""
    return centred(kept_mv[..., QRS[0] : QRS[1]])


def match_shapes(shapes_mv: FloatArray, known_qrs_mv: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return the likeness of each beat to each known shape, and the lag (points) where it is most.

    ``shapes_mv`` is (beat, lead, point), ``known_qrs_mv`` (shape, lead, point), centred; both
    results are (beat, shape). Likeness is the correlation over all leads, -1 to 1.
    """
    moved = shapes_mv.take(_MOVED_QRS, axis=-1)
    pieces = centred(moved.transpose(0, 2, 1, 3)).reshape(shapes_mv.shape[0], 2 * LAGS + 1, -1)
    known = known_qrs_mv.reshape(known_qrs_mv.shape[0], -1)
    size_mv = np.sqrt(np.einsum("blp,blp->bl", pieces, pieces))[..., None]
    known_mv = np.sqrt(np.einsum("kp,kp->k", known, known))
    alike = (pieces @ known.T) / np.maximum(size_mv * known_mv, TINY_MV**2)
    return alike.max(axis=1), alike.argmax(axis=1) - LAGS


def kept_of(shapes_mv: FloatArray, lags: IntArray) -> FloatArray:
    """Return what is kept of shapes (beat, lead, point), each moved by its lag, above its rest."""
    rows = [
        shape_mv[:, KEPT[0] + lag : KEPT[1] + lag]
        for shape_mv, lag in zip(shapes_mv, lags.tolist(), strict=True)
    ]
    return above_rest(np.array(rows))


def above_rest(kept_mv: FloatArray) -> FloatArray:
    """Return kept shapes without the level just before the QRS."""
    rest = kept_mv[..., QRS[0] : QRS[0] + REST_POINTS]
    level_mv: FloatArray = rest.sum(axis=-1, keepdims=True) / REST_POINTS
    return kept_mv - level_mv


def most_alike(shapes_mv: FloatArray) -> int:
    """Return which of the shapes (beat, lead, point) is most like all others."""
    middle = qrs_of(shapes_mv[..., KEPT[0] : KEPT[1]]).reshape(shapes_mv.shape[0], -1)
    unit = middle / np.maximum(np.linalg.norm(middle, axis=1, keepdims=True), TINY_MV)
    return int(np.argmax(median_of(unit @ unit.T)))


def counted_leads(used: BoolArray, kept_mv: FloatArray) -> BoolArray:
    """Tell which leads can be compared: those in use that a kept shape (lead, point) has."""
    counted: BoolArray = used & kept_mv.any(axis=-1)
    return counted
