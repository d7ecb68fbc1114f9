"""A beat's shape and waves against those of the usual beat.

Every trait is a ratio, a correlation or a time, so that neither gain, lead, polarity nor sampling
rate matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from ecgd.features.beat_shape import (
    NET_QRS,
    P_WAVE,
    QRS,
    SHAPE_HZ,
    T_WAVE,
    TINY_MV,
    centred,
    qrs_of,
)
from ecgd.model.signal import BoolArray, FloatArray

LEAD_SHARE: Final = 0.3
"""A lead has a likeness of its own where its usual QRS is this share of the largest."""

STEEP_SHARE: Final = 0.15
"""A QRS is as wide as it is this steep, against its steepest."""

P_SHIFTS: Final = (-4, -2, 0, 2, 4)
"""P is looked for so many points off its usual distance from the QRS."""

SMALL_MV: Final = 0.005

SHAPES: Final = (
    *("like", "remainder", "size", "lead_like", "width", "relative_width", "usual_width"),
    *("breadth", "relative_breadth", "sharpness", "relative_sharpness", "area", "noise"),
    *("t_like", "t_size", "t_concordant", "p_like", "p_like_moved", "p_size", "p_off"),
    "usual_p",
)


@dataclass(frozen=True, slots=True, eq=False)
class Forms:
    """Traits (beat, ``SHAPES``), and each QRS's breadth in s (beat,) and remainder in mV."""

    traits: FloatArray
    breadths_s: FloatArray
    remainders_mv: FloatArray


def compare_forms(
    kept_mv: FloatArray,
    usual_mv: FloatArray,
    like: FloatArray,
    counted: BoolArray,
    noise_mv: float,
) -> Forms:
    """Compare beats (beat, lead, point), as ``beat_shape`` keeps them, with the usual one.

    ``usual_mv`` is (lead, point), ``counted`` (lead,) the leads that can be compared, and
    ``like`` (beat,) the likeness to it. The usual beat's own figures are the last row's.
    """
    rows = np.concatenate((kept_mv, usual_mv[None])) * counted[:, None]
    qrs = qrs_of(rows)
    size_mv = _size(qrs)
    remainders_mv = _size(qrs[:-1] - qrs[-1])
    width, breadth, sharpness = _steepness(qrs)
    area = np.abs(rows[..., QRS[0] : QRS[1]]).sum(axis=(1, 2)) + TINY_MV
    p_traits = _p_wave(rows)
    usual_size_mv = max(float(size_mv[-1]), TINY_MV)
    usual_p = np.log((p_traits[4] + SMALL_MV) / (usual_size_mv + SMALL_MV))
    p_off = np.log((p_traits[3] + SMALL_MV) / (usual_size_mv + SMALL_MV))
    count = like.size
    columns = (
        *(like, remainders_mv / usual_size_mv, _log_ratio(size_mv, TINY_MV), _lead_like(qrs, like)),
        *(width[:-1], _log_ratio(width, 0.01), np.full(count, width[-1])),
        *(breadth[:-1], _log_ratio(breadth, 1e-3), sharpness[:-1], _log_ratio(sharpness, 0.05)),
        *(_log_ratio(area, 0.0), np.full(count, np.log(max(noise_mv, 1e-3) / usual_size_mv))),
        *(*_t_wave(rows), *p_traits[:3], p_off, np.full(count, usual_p)),
    )
    return Forms(np.array(columns).T, breadth[:-1], remainders_mv)


def _size(rows_mv: FloatArray) -> FloatArray:
    """Return the length of each row (row, lead, point)."""
    size: FloatArray = np.sqrt(np.einsum("rlp,rlp->r", rows_mv, rows_mv))
    return size


def _log_ratio(values: FloatArray, floor: float) -> FloatArray:
    """Return the logarithm of each value over the last one."""
    raised = np.log(np.maximum(values + floor, TINY_MV))
    ratio: FloatArray = raised[:-1] - raised[-1]
    return ratio


def _lead_like(qrs: FloatArray, like: FloatArray) -> FloatArray:
    """Return the least likeness of one lead; leads with a small QRS do not count."""
    size = np.sqrt(np.einsum("rlp,rlp->rl", qrs, qrs))
    product = np.einsum("rlp,lp->rl", qrs[:-1], qrs[-1])
    alike = product / np.maximum(size[:-1] * size[-1], TINY_MV**2)
    strong = size[-1] >= max(LEAD_SHARE * float(size[-1].max(initial=0.0)), TINY_MV)
    if not strong.any():
        return like
    least: FloatArray = alike[:, strong].min(axis=1)
    return least


def _steepness(qrs: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the width (s) and breadth (s) of the steep part of each QRS, and its sharpness."""
    slope = qrs[..., 1:] - qrs[..., :-1]
    energy = np.einsum("rlp,rlp->rp", slope, slope)
    total = energy.sum(axis=1) + TINY_MV**2
    at_s = np.arange(energy.shape[1]) / SHAPE_HZ
    middle_s = energy @ at_s / total
    breadth_s = np.sqrt(np.maximum(energy @ at_s**2 / total - middle_s**2, 0.0))
    steep = energy > STEEP_SHARE**2 * energy.max(axis=1, keepdims=True)
    bend = slope[..., 1:] - slope[..., :-1]
    sharpness = np.sqrt(np.einsum("rlp,rlp->r", bend, bend) / total)
    return steep.sum(axis=1) / SHAPE_HZ, breadth_s, sharpness


def _t_wave(rows_mv: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return likeness and size of T against the usual one, and whether T points as QRS does."""
    t_mv = rows_mv[..., T_WAVE[0] : T_WAVE[1]]
    shape = centred(t_mv)
    size = _size(shape)
    product = np.einsum("rlp,lp->r", shape[:-1], shape[-1])
    like = product / (size[:-1] * size[-1] + TINY_MV)
    net_qrs = rows_mv[:-1, :, NET_QRS[0] : NET_QRS[1]].sum(axis=-1)
    net_t = t_mv[:-1].sum(axis=-1)
    lengths = np.sqrt((net_qrs**2).sum(axis=1) * (net_t**2).sum(axis=1))
    concordant = (net_qrs * net_t).sum(axis=1) / (lengths + TINY_MV)
    return like, _log_ratio(size, SMALL_MV), concordant


def _p_wave(rows_mv: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, float]:
    """Return likeness of P at its place, and where it is most, its size, how far it lies off the
    usual one, and the size of that (both mV).

    What lies where P is expected is freed of its line: the T wave before it falls slowly.
    """
    width = P_WAVE[1] - P_WAVE[0]
    usual = rows_mv[-1, :, P_WAVE[0] : P_WAVE[1]] @ _without_line(width)
    moved = np.stack(
        [rows_mv[:, :, P_WAVE[0] + k : P_WAVE[1] + k] for k in P_SHIFTS], axis=1
    ) @ _without_line(width)
    size = np.sqrt(np.einsum("rklp,rklp->rk", moved, moved))
    usual_mv = float(size[-1, P_SHIFTS.index(0)])
    alike = np.einsum("rklp,lp->rk", moved[:-1], usual) / (size[:-1] * usual_mv + TINY_MV)
    here = P_SHIFTS.index(0)
    off = _size(moved[:-1, here] - usual)
    return alike[:, here], alike.max(axis=1), _log_ratio(size[:, here], 2 * SMALL_MV), off, usual_mv


@lru_cache(maxsize=4)
def _without_line(width: int) -> FloatArray:
    """Return the matrix (point, point) that takes the straight line off a row."""
    line = np.linspace(-1.0, 1.0, width)
    basis = np.stack((np.full(width, width**-0.5), line / np.linalg.norm(line)))
    matrix: FloatArray = np.eye(width) - basis.T @ basis
    return matrix
