"""Signal quality of each lead: an index from 0 to 1, usable or not, and why not.

"flat" means that nothing is seen, which asystole does too: only ``LOST_SIGNAL`` reasons are
positive evidence that the signal itself is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ecgd.dsp.derivation import derivation_sources
from ecgd.dsp.prepare import Prepared
from ecgd.model.finding import LeadQuality
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import BoolArray, FloatArray, Window

ELECTRODE_OFF: Final = "electrode off"
SATURATED: Final = "saturated"
GAPS: Final = "gaps"
FLAT: Final = "flat"
NOISE: Final = "noise"
WANDER: Final = "wander"

LOST_SIGNAL: Final = frozenset({ELECTRODE_OFF, SATURATED, GAPS})
"""Reasons that may veto asystole; noise and flatness may not."""

AUGMENTED: Final = ("aVL", "aVF", "aVR")
NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "RA": ("I", "II", *AUGMENTED),
    "LA": ("I", "III", *AUGMENTED),
    "LL": ("II", "III", *AUGMENTED),
}
"""Which leads an electrode takes with it; RL, and any electrode for chest leads, takes all."""

FLAT_MV = 0.03
FLAT_SHARE = 0.8
SAME_MV = 1e-6
CLIPPED_SHARE = 0.01
CLIPPED_RUN_S = 0.016
GAP_SHARE = 0.25
"""Limits beyond which a lead is unusable whatever its index."""

USABLE_SQI = 0.5
NOISE_WEIGHT = -1.35
RELATIVE_NOISE_WEIGHT = -0.75
STEP_WEIGHT = -1.14
PROMINENCE_WEIGHT = 2.25
CONSTANT = -4.0
"""Logistic index on common logarithms of the figures. Fitted on whether the beats of one lead are
found (PTB-XL with the noise of NSTDB at -12 to 18 dB, MIT-BIH DS1), on clean PTB-XL, and on the
challenge of 2011. A usable lead shows its beats; whether its ST means anything is for the
uncertainty of the ST to say."""

TYPICAL_NOISE_MV = 0.01
TYPICAL_RELATIVE_NOISE = 0.02
TYPICAL_STEP_MV = 0.15
LEAST_FIGURE = 1e-3
LEAST_SAMPLES = 50

STEP_BLOCK_S = 0.2
CREST_BLOCK_S = 0.25
MUSCLE_REACH_S = 0.006


@dataclass(frozen=True, slots=True, eq=False)
class QualityFigures:
    """What quality is judged by, per lead: arrays of shape (lead,).

    ``noise_mv``: deviation of each sample from the middle of those 6 ms before and after;
    ``step_mv``: largest change of the mean from one fifth of a second to the next;
    ``crest_mv``: usual deflection of a quarter second that holds a QRS, and ``prominence`` that
    over the deflection of a quiet quarter second.
    """

    span_mv: FloatArray
    flat_share: FloatArray
    clipped_share: FloatArray
    noise_mv: FloatArray
    step_mv: FloatArray
    crest_mv: FloatArray
    prominence: FloatArray


def assess_quality(window: Window, prepared: Prepared) -> tuple[LeadQuality, ...]:
    """Judge each lead of ``prepared``; ``window`` tells of electrodes and of saturation."""
    leads = prepared.leads
    if int(prepared.valid.sum()) < LEAST_SAMPLES:
        return tuple(LeadQuality(lead, 0.0, False, (GAPS,)) for lead in leads)
    figures = quality_figures(prepared)
    gap_share = float(1.0 - prepared.valid.mean())
    index = quality_index(figures) * (1.0 - gap_share)
    restless = _log(figures.step_mv / TYPICAL_STEP_MV) * STEP_WEIGHT
    noisy = _log(figures.noise_mv / TYPICAL_NOISE_MV) * NOISE_WEIGHT + RELATIVE_NOISE_WEIGHT * _log(
        figures.noise_mv / np.maximum(figures.crest_mv, LEAST_FIGURE) / TYPICAL_RELATIVE_NOISE
    )
    flat = (figures.span_mv < FLAT_MV) | (figures.flat_share > FLAT_SHARE)
    off = _electrode_off(leads, window.electrodes_off)
    clipped = _saturated(window, prepared, figures)
    poor = (index < USABLE_SQI) & ~flat
    reasons = {
        ELECTRODE_OFF: off,
        SATURATED: clipped,
        GAPS: np.full(len(leads), gap_share > GAP_SHARE),
        FLAT: flat,
        NOISE: poor & (noisy <= restless),
        WANDER: poor & (noisy > restless),
    }
    sqi = np.where(off | clipped | flat, 0.0, index).tolist()
    return tuple(
        _verdict(lead, sqi[k], tuple(name for name, holds in reasons.items() if holds[k]))
        for k, lead in enumerate(leads)
    )


def _verdict(lead: str, sqi: float, reasons: tuple[str, ...]) -> LeadQuality:
    return LeadQuality(lead, sqi, not reasons, reasons)


def quality_figures(prepared: Prepared) -> QualityFigures:
    """Measure each lead of a window that has valid samples."""
    fs_hz, valid = prepared.fs_hz, prepared.valid
    whole = bool(valid.all())
    signal = prepared.st_path_mv if whole else prepared.st_path_mv[:, valid]
    raw = prepared.raw_mv if whole else prepared.raw_mv[:, valid]
    band = prepared.band_mv if whole else prepared.band_mv[:, valid]
    reach = max(1, round(MUSCLE_REACH_S * fs_hz))
    middle = (signal[:, 2 * reach :] + signal[:, : -2 * reach]) / 2
    uneven = np.abs(signal[:, reach:-reach] - middle)
    means = _blocks(signal, STEP_BLOCK_S * fs_hz).mean(axis=2)
    crests = np.sort(np.abs(_blocks(band, CREST_BLOCK_S * fs_hz)).max(axis=2), axis=1)
    crest_mv = crests[:, int(0.9 * crests.shape[1])]
    quiet_mv = crests[:, int(0.25 * crests.shape[1])]
    return QualityFigures(
        span_mv=np.ptp(signal, axis=1),
        flat_share=(np.abs(np.diff(raw, axis=1)) < SAME_MV).mean(axis=1),
        clipped_share=_clipped_share(raw, max(3, round(CLIPPED_RUN_S * fs_hz))),
        noise_mv=1.4826 / np.sqrt(1.5) * np.median(uneven, axis=1),
        step_mv=np.abs(np.diff(means, axis=1)).max(axis=1, initial=0.0),
        crest_mv=crest_mv,
        prominence=crest_mv / np.maximum(quiet_mv, SAME_MV),
    )


def quality_index(figures: QualityFigures) -> FloatArray:
    """Return 1 for a QRS over a quiet and steady ground, down to 0; shape (lead,)."""
    relative = figures.noise_mv / np.maximum(figures.crest_mv, LEAST_FIGURE)
    score = (
        CONSTANT
        + NOISE_WEIGHT * _log(figures.noise_mv)
        + RELATIVE_NOISE_WEIGHT * _log(relative)
        + STEP_WEIGHT * _log(figures.step_mv)
        + PROMINENCE_WEIGHT * _log(figures.prominence)
    )
    index: FloatArray = 1.0 / (1.0 + np.exp(-np.clip(score, -50.0, 50.0)))
    return index


def _log(value: FloatArray) -> FloatArray:
    logarithm: FloatArray = np.log10(np.maximum(value, LEAST_FIGURE))
    return logarithm


def _clipped_share(raw: FloatArray, run: int) -> FloatArray:
    """Return the share of samples that stay for ``run`` samples at the window's very extreme."""
    high, low = raw.max(axis=1, keepdims=True), raw.min(axis=1, keepdims=True)
    share = np.zeros(raw.shape[0])
    if raw.shape[1] <= run:
        return share
    for edge in (high, low):
        staying = np.cumsum(np.pad(raw == edge, ((0, 0), (1, 0))), axis=1)
        share += (staying[:, run:] - staying[:, :-run] == run).mean(axis=1)
    share[(high - low)[:, 0] < FLAT_MV] = 0.0
    return share


def _blocks(rows: FloatArray, size: float) -> FloatArray:
    """Return ``rows`` (lead, sample) in blocks of ``size`` samples: (lead, block, sample)."""
    length = max(1, min(round(size), rows.shape[1]))
    count = rows.shape[1] // length
    return rows[:, : count * length].reshape(rows.shape[0], count, length)


def _electrode_off(leads: tuple[str, ...], electrodes_off: frozenset[str] | None) -> BoolArray:
    off: set[str] = set()
    for electrode in electrodes_off or ():
        off |= set(NEEDS.get(electrode.upper(), leads)) | (set(leads) - set(LIMB_LEADS))
    return np.array([lead in off for lead in leads])


def _saturated(window: Window, prepared: Prepared, figures: QualityFigures) -> BoolArray:
    """Return per lead whether it, or a lead it is derived from, is clipped."""
    share = figures.clipped_share
    clipped = {
        lead: bool(share[prepared.leads.index(lead)] > CLIPPED_SHARE) for lead in window.leads
    }
    if window.saturated is not None and window.saturated.size:
        flagged = np.atleast_2d(window.saturated).mean(axis=-1) > CLIPPED_SHARE
        flags = np.broadcast_to(flagged, (len(window.leads),)).tolist()
        clipped |= {lead: True for lead, on in zip(window.leads, flags, strict=True) if on}
    tainted = any(clipped[lead] for lead in derivation_sources(window.leads))
    return np.array([clipped.get(lead, tainted) for lead in prepared.leads])
