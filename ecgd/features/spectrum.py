"""Power spectrum of the samples of one lead, and what it is summed up to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ecgd.model.signal import FloatArray

BANDS_HZ: Final = ((0.5, 5.0), (5.0, 15.0), (15.0, 40.0))
"""P and T waves, most of the QRS, its steep parts and muscle."""

WHOLE_HZ: Final = (0.5, 40.0)
EDGE_SHARE: Final = 0.95


@dataclass(frozen=True, slots=True)
class SpectralFigures:
    """Power in mV² from 0.5 to 40 Hz, its shares by ``BANDS_HZ``, and how it is spread.

    ``entropy`` is Shannon's, 0 (one frequency) to 1 (all alike); below ``edge_hz`` lies 95 % of
    the power.
    """

    power_mv2: float
    shares: tuple[float, ...]
    peak_hz: float
    edge_hz: float
    entropy: float


def power_spectrum(signal_mv: FloatArray, fs_hz: float) -> tuple[FloatArray, FloatArray]:
    """Return frequencies in Hz and the one-sided density in mV²/Hz of ``signal_mv`` (sample,).

    A Hann window; the mean is taken off. The integral of the density is the variance.
    """
    window = np.hanning(signal_mv.size)
    spectrum: FloatArray = np.abs(np.fft.rfft((signal_mv - signal_mv.mean()) * window)) ** 2
    density: FloatArray = 2.0 * spectrum / (fs_hz * (window**2).sum())
    hz = np.arange(density.size, dtype=np.float64) * (fs_hz / signal_mv.size)
    return hz, density


def sum_up_spectrum(signal_mv: FloatArray, fs_hz: float) -> SpectralFigures | None:
    """Return the figures of one lead, None where it shows nothing."""
    if signal_mv.size < fs_hz:
        return None
    hz, density = power_spectrum(signal_mv, fs_hz)
    inside = (hz >= WHOLE_HZ[0]) & (hz < WHOLE_HZ[1])
    hz, density = hz[inside], density[inside]
    total = float(density.sum())
    if not np.isfinite(total) or total <= 0.0:
        return None
    share = density / total
    bands = [float(share[(hz >= low_hz) & (hz < high_hz)].sum()) for low_hz, high_hz in BANDS_HZ]
    return SpectralFigures(
        power_mv2=total * float(hz[1] - hz[0]),
        shares=tuple(bands),
        peak_hz=float(hz[np.argmax(density)]),
        edge_hz=float(hz[min(int(np.searchsorted(np.cumsum(share), EDGE_SHARE)), hz.size - 1)]),
        entropy=float(-(share * np.log(np.maximum(share, 1e-300))).sum() / np.log(hz.size)),
    )
