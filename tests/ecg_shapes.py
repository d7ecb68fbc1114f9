"""Synthetic six-lead ECG whose ST level is known exactly: material for tests."""

from __future__ import annotations

import numpy as np

from ecgd.config.settings import AnalysisSettings
from ecgd.dsp.prepare import prepare
from ecgd.dsp.quality import assess_quality
from ecgd.features.beats import FoundBeats, find_beats
from ecgd.features.r_peaks import PeakHints
from ecgd.model.device import DeviceInfo
from ecgd.model.leads import DERIVATION, LIMB_LEADS
from ecgd.model.signal import BoolArray, FloatArray, Prepared, Window

SETTINGS = AnalysisSettings()

WAVES = (
    (-0.16, 0.020, 0.08, 0.12),
    (-0.022, 0.008, -0.06, -0.10),
    (0.0, 0.011, 0.70, 1.10),
    (0.024, 0.009, -0.15, -0.22),
    (0.27, 0.040, 0.18, 0.28),
)
"""Waves of a beat as Gaussians: centre (s from R), sigma (s), height in I and in II (mV)."""

J_POINT_S = 0.05
"""Where the QRS of ``WAVES`` has died out."""


def beat_times(duration_s: float, rr_s: float, first_s: float = 0.4) -> FloatArray:
    """Return the R times of a regular rhythm."""
    return np.arange(first_s, duration_s, rr_s)


def ecg(
    r_times_s: FloatArray,
    duration_s: float,
    fs_hz: float = 250.0,
    st_mv: tuple[float, float] = (0.0, 0.0),
    scale: float = 1.0,
) -> FloatArray:
    """Return the six limb leads, shape (6, sample), in mV.

    ``st_mv`` lifts the ST segment of leads I and II: a plateau from the J point to 140 ms after
    it, then falling into the T wave.
    """
    t_s = np.arange(round(duration_s * fs_hz)) / fs_hz
    pair = np.zeros((2, t_s.size))
    for r_s in r_times_s:
        from_r = t_s - r_s
        for centre, sigma, *heights in WAVES:
            wave = np.exp(-0.5 * ((from_r - centre) / sigma) ** 2)
            pair += np.array(heights)[:, None] * wave
        rise = np.clip((from_r - J_POINT_S + 0.015) / 0.015, 0.0, 1.0)
        fall = np.clip((J_POINT_S + 0.26 - from_r) / 0.12, 0.0, 1.0)
        plateau = 0.5 * (1 - np.cos(np.pi * rise)) * 0.5 * (1 - np.cos(np.pi * fall))
        pair += np.array(st_mv)[:, None] * plateau
    weights = np.array([DERIVATION[lead] for lead in LIMB_LEADS])
    leads: FloatArray = scale * (weights @ pair)
    return leads


def limb(pair: tuple[float, float]) -> FloatArray:
    """Return what all six limb leads show of a level in I and II."""
    weights = np.array([DERIVATION[lead] for lead in LIMB_LEADS])
    levels: FloatArray = weights @ np.array(pair)
    return levels


def window(
    signal_mv: FloatArray,
    fs_hz: float = 250.0,
    start_index: int = 0,
    *,
    leads: tuple[str, ...] = LIMB_LEADS,
    valid: BoolArray | None = None,
    electrodes_off: frozenset[str] | None = None,
    saturated: BoolArray | None = None,
) -> Window:
    """Return a window over ``signal_mv`` (lead, sample)."""
    return Window(
        start_index=start_index,
        fs_hz=fs_hz,
        leads=leads,
        signal_mv=signal_mv,
        valid=np.ones(signal_mv.shape[1], np.bool_) if valid is None else valid,
        arrived_s=0.0,
        device=DeviceInfo("test", fs_hz, leads, 1000.0),
        electrodes_off=electrodes_off,
        saturated=saturated,
    )


def find(seen: Window, hints: PeakHints | None = None) -> tuple[Prepared, FoundBeats]:
    """Prepare a window, judge its leads and find its beats."""
    prepared = prepare(seen, SETTINGS)
    usable = np.array([lead.usable for lead in assess_quality(seen, prepared)], dtype=np.bool_)
    return prepared, find_beats(prepared, usable, hints=hints)
