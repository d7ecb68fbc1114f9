"""Beats cut out of a window onto one time grid, whatever the sampling rate.

Value and slope at each point of the grid come from a local quadratic fit with Gaussian weights
(Savitzky & Golay 1964, with a soft window): it smooths without blunting peaks, needs no filter
edges, and is a few matrix products per window.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ecgd.model.signal import FloatArray, IntArray

GRID_HZ = 500.0
BEFORE_S = 0.40
AFTER_S = 0.80
R_AT = round(BEFORE_S * GRID_HZ)
POINTS = R_AT + round(AFTER_S * GRID_HZ) + 1
"""The grid: ``POINTS`` points of 2 ms, the R peak at ``R_AT``."""

BLOCK_POINTS = 50
"""Points that are fitted by one product."""

FITS = 3
"""Value and slope of the fine fit, and slope of the coarse one."""

FINE_S = 0.007
COARSE_S = 0.016
"""Widths (sigma) of the fit: fine for the QRS, coarse for P and T."""


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Beats on the grid, shape (beat, lead, point): mV, and mV/s, fine and coarse."""

    fine_mv: FloatArray
    fine_slope: FloatArray
    coarse_slope: FloatArray


def cut_segments(
    signal_mv: FloatArray, r_peaks: IntArray, fs_hz: float, weights: FloatArray | None = None
) -> Segments:
    """Cut ``signal_mv`` (lead, sample) around each of ``r_peaks`` (relative indices).

    Beyond the window's ends the last sample is held. With ``weights`` (lead, row) the leads are
    those mixtures of the rows of ``signal_mv``.
    """
    before, after = _reach(fs_hz)
    at = r_peaks[:, None] + np.arange(-before, after + 1)
    around = signal_mv.take(at, axis=1, mode="clip")
    raw = around.swapaxes(0, 1).reshape(-1, before + after + 1)
    centre = raw[:, before : before + 1].copy()
    raw -= centre
    fitted = np.empty((FITS, raw.shape[0], POINTS))
    for block in _fit_blocks(fs_hz):
        product = raw[:, block.samples] @ block.matrix
        fitted[:, :, block.points] = product.reshape(raw.shape[0], FITS, -1).swapaxes(0, 1)
    fitted[0] += centre
    rows = fitted.reshape(FITS, r_peaks.size, signal_mv.shape[0], POINTS)
    return Segments(*(rows if weights is None else weights @ rows))


def _reach(fs_hz: float) -> tuple[int, int]:
    margin_s = 4 * COARSE_S
    return int(np.ceil((BEFORE_S + margin_s) * fs_hz)), int(np.ceil((AFTER_S + margin_s) * fs_hz))


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """The fits of some points from the samples within their reach: (sample, fit × point)."""

    samples: slice
    points: slice
    matrix: FloatArray


@lru_cache(maxsize=16)
def _fit_blocks(fs_hz: float) -> tuple[_Block, ...]:
    """Return the fit in blocks: the whole matrix is a narrow band, and mostly zeros."""
    fits = (*_fit_matrices(fs_hz, FINE_S), _fit_matrices(fs_hz, COARSE_S)[1])
    blocks = []
    for start in range(0, POINTS, BLOCK_POINTS):
        points = slice(start, min(start + BLOCK_POINTS, POINTS))
        columns = np.hstack([fit[:, points] for fit in fits])
        used = np.flatnonzero(columns.any(axis=1))
        samples = slice(int(used[0]), int(used[-1]) + 1)
        blocks.append(_Block(samples, points, np.ascontiguousarray(columns[samples])))
    return tuple(blocks)


def _fit_matrices(fs_hz: float, sigma_s: float) -> tuple[FloatArray, FloatArray]:
    """Return the matrices (sample, point) that give value and slope on the grid."""
    sigma_s = max(sigma_s, 0.9 / fs_hz)
    before, after = _reach(fs_hz)
    sample_s = np.arange(-before, after + 1) / fs_hz
    value = np.zeros((sample_s.size, POINTS))
    slope = np.zeros((sample_s.size, POINTS))
    for point in range(POINTS):
        u = (sample_s - (point - R_AT) / GRID_HZ) / sigma_s
        near = np.flatnonzero(np.abs(u) <= 4)
        root = np.exp(-0.25 * u[near] ** 2)
        design = np.stack([np.ones(near.size), u[near], u[near] ** 2], axis=1) * root[:, None]
        fit = np.linalg.pinv(design) * root[None, :]
        value[near, point] = fit[0]
        slope[near, point] = fit[1] / sigma_s
    return value, slope
