"""Filters over (lead, sample) arrays, all zero phase.

Designs are cached by sampling rate and length, so that a window costs multiplications only.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.polynomial import legendre

from ecgd.model.order import median_of
from ecgd.model.signal import BoolArray, FloatArray

NYQUIST_SHARE = 0.9
"""A corner is never set above this share of the Nyquist frequency."""

MAINS_WIDTH_HZ = 0.6
"""How far the mains may stray from its nominal frequency and still be removed."""

EDGE_PAD_S = 2.0
"""Mirrored signal on both sides of a window, for the 0.5 Hz corner to settle."""


def bridge_gaps(signal: FloatArray, valid: BoolArray) -> FloatArray:
    """Return ``signal`` with straight lines over invalid samples, so that filters do not ring.

    ``signal`` has shape (lead, sample), ``valid`` (sample,). Only filters may see the bridges:
    whatever is measured must keep off them. Without a valid sample the result is zeros.
    """
    if valid.all():
        return signal
    if not valid.any():
        return np.zeros_like(signal)
    known = np.flatnonzero(valid)
    missing = np.flatnonzero(~valid)
    bridged = signal.copy()
    for row in bridged:
        row[missing] = np.interp(missing, known, row[known])
    return bridged


def remove_mains(signal: FloatArray, valid: BoolArray, fs_hz: float, mains_hz: float) -> FloatArray:
    """Subtract the mains and its second harmonic; 0 Hz leaves the signal as it is.

    Least squares over the window: sine and cosine at the mains frequency, their amplitudes free
    to move as slow polynomials. That follows a mains of changing strength and frequency, has no
    phase and no transient at the edges, and takes from a QRS only what lies within a fraction of
    a hertz of the mains. Invalid samples take no part.
    """
    basis = _mains_basis(signal.shape[-1], fs_hz, mains_hz)
    if basis.shape[1] == 0 or int(valid.sum()) < 4 * basis.shape[1]:
        return signal
    whole = bool(valid.all())
    centred = signal - median_of(signal if whole else signal[:, valid])[:, None]
    if whole:
        mains = (centred @ basis) @ basis.T
    else:
        known = basis[valid]
        gram = known.T @ known + 1e-6 * np.eye(known.shape[1])
        mains = np.linalg.solve(gram, known.T @ centred[:, valid].T).T @ basis.T
    cleaned: FloatArray = signal - mains
    return cleaned


@lru_cache(maxsize=32)
def _mains_basis(sample_count: int, fs_hz: float, mains_hz: float) -> FloatArray:
    """Return orthonormal columns that span the mains; shape (sample, column)."""
    duration_s = sample_count / fs_hz
    t_s = np.arange(sample_count) / fs_hz
    u = np.linspace(-1.0, 1.0, sample_count)
    columns: list[FloatArray] = []
    for harmonic, degree in ((1, 3 + round(2 * MAINS_WIDTH_HZ * duration_s / 2)), (2, 3)):
        frequency_hz = harmonic * mains_hz
        if frequency_hz <= 0 or frequency_hz > NYQUIST_SHARE * fs_hz / 2:
            continue
        angle = 2 * np.pi * frequency_hz * t_s
        shapes = legendre.legvander(u, degree).T
        columns += [shape * wave for shape in shapes for wave in (np.cos(angle), np.sin(angle))]
    if not columns or len(columns) * 4 > sample_count:
        return np.zeros((sample_count, 0))
    basis: FloatArray = np.linalg.qr(np.stack(columns, axis=1))[0]
    return basis


def band_pass(
    signal: FloatArray,
    fs_hz: float,
    low_hz: float,
    high_hz: float,
    order: int,
    *,
    turned: bool = True,
) -> FloatArray:
    """Butterworth band-pass, forward and backward (zero phase).

    The response is exactly that of second-order sections run both ways, applied to the spectrum:
    no section, no b/a form and no starting state. Both ends are mirrored, and the straight line
    from end to end, which the filter would remove, goes first. A mirror image that is ``turned``
    upside down as well carries a drift on; one that is not lets no noise at an end shift it. The
    upper corner is capped below the Nyquist frequency.
    """
    count = signal.shape[-1]
    pad = min(count - 1, round(EDGE_PAD_S * fs_hz))
    if turned:
        mirrored = _mirrored(signal, pad)
    else:
        mirrored = np.pad(signal, ((0, 0), (pad, pad)), mode="reflect")
    first, last = mirrored[:, :1], mirrored[:, -1:]
    mirrored -= first + (last - first) * _rise(mirrored.shape[-1])
    spectrum = np.fft.rfft(mirrored, axis=-1)
    response = _band_pass_response(mirrored.shape[-1], fs_hz, low_hz, high_hz, order)
    filtered: FloatArray = np.fft.irfft(spectrum * response, mirrored.shape[-1], axis=-1)
    return filtered[:, pad : pad + count]


def _mirrored(signal: FloatArray, pad: int) -> FloatArray:
    """Return the signal with ``pad`` samples turned about either end."""
    count = signal.shape[-1]
    mirrored = np.empty((signal.shape[0], count + 2 * pad))
    mirrored[:, pad : pad + count] = signal
    mirrored[:, :pad] = 2 * signal[:, :1] - signal[:, pad:0:-1]
    mirrored[:, pad + count :] = 2 * signal[:, -1:] - signal[:, -2 : -pad - 2 : -1]
    return mirrored


@lru_cache(maxsize=32)
def _rise(sample_count: int) -> FloatArray:
    """Return a straight line from 0 to 1."""
    return np.linspace(0.0, 1.0, sample_count)


@lru_cache(maxsize=32)
def _band_pass_response(
    sample_count: int, fs_hz: float, low_hz: float, high_hz: float, order: int
) -> FloatArray:
    """Return the squared gain of the digital filter (bilinear transform, corners prewarped)."""
    warped = np.tan(np.pi * np.fft.rfftfreq(sample_count)[1:])
    low = np.tan(np.pi * low_hz / fs_hz)
    response = np.zeros(warped.size + 1)
    if high_hz >= NYQUIST_SHARE * fs_hz / 2:
        response[1:] = 1.0 / (1.0 + (low / warped) ** (2 * order))
        return response
    high = np.tan(np.pi * high_hz / fs_hz)
    detuning = (warped**2 - low * high) / ((high - low) * warped)
    response[1:] = 1.0 / (1.0 + detuning ** (2 * order))
    return response


def remove_drift(signal: FloatArray, degree: int) -> FloatArray:
    """Subtract the least-squares polynomial of ``degree`` from each lead. Bends ST: models only."""
    basis = _polynomial_basis(signal.shape[-1], degree)
    drift_free: FloatArray = signal - (signal @ basis) @ basis.T
    return drift_free


@lru_cache(maxsize=32)
def _polynomial_basis(sample_count: int, degree: int) -> FloatArray:
    shapes = legendre.legvander(np.linspace(-1.0, 1.0, sample_count), degree)
    basis: FloatArray = np.linalg.qr(shapes)[0]
    return basis
