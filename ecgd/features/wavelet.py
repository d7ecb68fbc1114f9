"""Wavelet figures of one lead: Daubechies 4, five levels (the document, section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ecgd.model.signal import FloatArray

FAMILY: Final = "db4"
LEVEL: Final = 5
BAND_NAMES: Final = ("a5", "d5", "d4", "d3", "d2", "d1")
"""Approximation and details, coarse to fine: at 250 Hz from 0-4 Hz to 62-125 Hz."""


@dataclass(frozen=True, slots=True)
class WaveletFigures:
    """Of each band: its share of the energy, the entropy of its energy (0 to 1), and the standard
    deviation of its coefficients in mV."""

    energy_shares: tuple[float, ...]
    entropies: tuple[float, ...]
    deviations_mv: tuple[float, ...]


def sum_up_wavelet(signal_mv: FloatArray) -> WaveletFigures | None:
    """Return the figures of ``signal_mv`` (sample,); None: too short, or nothing is seen."""
    import pywt  # noqa: PLC0415 - no window of the daemon needs it

    if signal_mv.size < 2 or pywt.dwt_max_level(signal_mv.size, FAMILY) < LEVEL:
        return None
    bands = pywt.wavedec(signal_mv, FAMILY, level=LEVEL)
    energy = np.array([float((band**2).sum()) for band in bands])
    total = float(energy.sum())
    if not np.isfinite(total) or total <= 0.0:
        return None
    return WaveletFigures(
        tuple((energy / total).tolist()),
        tuple(_entropy(band) for band in bands),
        tuple(float(band.std()) for band in bands),
    )


def _entropy(band: FloatArray) -> float:
    energy = band**2
    total = float(energy.sum())
    if total <= 0.0 or band.size < 2:
        return 0.0
    share = energy / total
    return float(-(share * np.log(np.maximum(share, 1e-300))).sum() / np.log(band.size))
