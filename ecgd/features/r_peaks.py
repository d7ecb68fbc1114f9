"""R peaks over all leads of one window that carry a signal.

A QRS is energy around 11 Hz (Thakor 1984, Pan & Tompkins 1985) that is also steep: the score of
a crest is the geometric mean of the envelopes around 11 and around 20 Hz, which P and T waves
lack. Envelopes are moduli of analytic signals, so each QRS gives one crest whatever its polarity.
Leads count by how far their crests stand out. How much speaks for a crest is weighed in
``qrs_evidence``, against the window and the stream's history, and which row of crests are the
beats in ``beat_path``. Figures tuned on MIT-BIH (DS1).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from statistics import median
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ecgd.features.beat_path import likeliest_beats
from ecgd.features.qrs_evidence import (
    HIGH_QUANTILE,
    CrestFigures,
    Evidence,
    follow_shape,
    weigh_crests,
    weigh_leads,
)
from ecgd.model.order import median_of, quantile_of
from ecgd.model.signal import BoolArray, FloatArray, IntArray, Mixing

ENERGY_BAND_HZ = (11.0, 5.0)
STEEP_BAND_HZ = (20.0, 7.0)
LOW_CUT_HZ = 4.0
"""Gaussian bands (centre, sigma), both cut off below ``LOW_CUT_HZ``."""

STEEP_WEIGHT = 0.53
STEEP_REACH_S = 0.05
EDGE_PAD_S = 0.5

REFRACTORY_S = 0.2
AROUND_S = np.concatenate((np.arange(-24, -3), np.arange(4, 25))) * 0.025
"""Where a crest is compared with what is around it."""

LEAST_LOG_ODDS = -6.0
LEAST_MV = 0.015
"""What a crest must exceed: evidence, and what no QRS falls below."""

CERTAIN_NOISE_FACTOR = 1.6
"""A crest that speaks for itself, and stands so far above the noise, is a beat beyond doubt."""

RR_PRICE = (3.0, 1.0)
RR_MEMORY = 0.3
"""What an unusual interval costs in noise, and in a quiet signal; how fast the usual RR follows."""

LEVEL_BLOCK_S = 1.5
LEVEL_TIE = (0.45, 2.5)
LEVEL_MEMORY = 0.25
SILENT_DECAY = 0.85
"""The usual crest: how far a window may differ from history, how fast it follows, and how fast it
sinks while nothing is found, so that a signal that has become small is heard again."""

FIDUCIAL_BAND_HZ = (6.0, 20.0)
FIDUCIAL_REACH_S = 0.08
OTHER_LEADS = 0.1
"""The R peak is the largest deflection so near the crest, of the first lead above all: it is one
and the same point in all beats of a shape. The power of the other leads counts for less. The band
falls gently to both sides, so that a wide QRS is not taken at its steep end."""

GAP_REACH_S = 0.06
USUAL_RR_S = 0.8
TINY_MV = 1e-9

Level = TypeVar("Level", float, FloatArray)


@dataclass(frozen=True, slots=True)
class PeakHints:
    """What earlier windows know: usual crest (mV), usual RR interval and usual shape of a QRS.

    ``shape_mv`` is (lead, point), over all leads of the window, and read-only.
    """

    crest_mv: float
    rr_s: float
    shape_mv: FloatArray | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class RPeaks:
    """R peaks as indices relative to the window, in order, and hints for the next window.

    ``certain_count`` of them are beats whatever is usual here: no rhythm had to speak for them.
    """

    indices: IntArray
    hints: PeakHints | None
    certain_count: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Crests:
    """Candidates: index and score (mV) of each, the noise of the score, and the sampling rate."""

    indices: IntArray
    score_mv: FloatArray
    noise_mv: float
    fs_hz: float


def detect_r_peaks(
    band_mv: FloatArray,
    usable: BoolArray,
    valid: BoolArray,
    fs_hz: float,
    hints: PeakHints | None = None,
    *,
    mixing: Mixing | None = None,
) -> RPeaks:
    """Find the R peaks of one window.

    ``band_mv`` (lead, sample) is the band-pass in mV, ``usable`` (lead,), ``valid`` (sample,).
    Peaks within 60 ms of an invalid sample are left out. The index is the largest deflection in
    the QRS band within 80 ms of the crest: a local rule, so that the same beat has the same
    index in every window that holds it. ``mixing`` says how the leads follow from some of them.
    """
    if not usable.any() or band_mv.shape[1] < round(fs_hz) or not valid.any():
        return RPeaks(np.zeros(0, np.int64), hints)
    bands, deflection_mv = _mixed_bands(band_mv, usable, fs_hz, mixing)
    envelopes_mv = np.abs(bands)
    high_mv = quantile_of(envelopes_mv[0], HIGH_QUANTILE)
    energy, steep = np.sqrt(weigh_leads(envelopes_mv[0], high_mv) @ envelopes_mv**2)
    crests = _crests(energy, steep, valid, fs_hz)
    usual_mv = _usual_shape(usable, hints)
    evidence = weigh_crests(
        bands[0].real + bands[1].real,
        envelopes_mv,
        high_mv,
        crests.indices,
        _figures(crests, energy, steep, hints),
        fs_hz=fs_hz,
        usual_mv=None if usual_mv is None else usual_mv[usable],
    )
    chosen = _choose(crests, evidence, hints)
    shape_mv = follow_shape(usual_mv, evidence, chosen, usable)
    return RPeaks(
        _refine(crests.indices[chosen], deflection_mv, fs_hz),
        _next_hints(crests, chosen, hints, shape_mv),
        int((evidence.in_quiet[chosen] > 0.0)[_stand_out(crests, chosen)].sum()),
    )


def _usual_shape(usable: BoolArray, hints: PeakHints | None) -> FloatArray | None:
    """Return the usual shape over all leads; none is known where these were others."""
    if hints is None or hints.shape_mv is None or hints.shape_mv.shape[0] != usable.size:
        return None
    return hints.shape_mv if np.any(hints.shape_mv[usable]) else None


def _mixed_bands(
    band_mv: FloatArray, usable: BoolArray, fs_hz: float, mixing: Mixing | None
) -> tuple[NDArray[np.complex128], FloatArray]:
    """Return the bands of the usable leads, computed of those that they follow from."""
    if mixing is None or int(usable.sum()) <= len(mixing.sources):
        return _bands(band_mv[usable], fs_hz)
    weights = mixing.weights[usable]
    bands, deflection_mv = _bands(band_mv[list(mixing.sources)], fs_hz)
    parts: FloatArray = bands.view(np.float64)
    return (weights @ parts).view(np.complex128), weights @ deflection_mv


def _bands(band_mv: FloatArray, fs_hz: float) -> tuple[NDArray[np.complex128], FloatArray]:
    """Return the analytic signals (band, lead, sample), and the deflection (lead, sample)."""
    count = band_mv.shape[1]
    pad = min(count - 1, round(EDGE_PAD_S * fs_hz))
    padded = _mirrored(band_mv, pad)
    size, inside = padded.shape[1], slice(pad, pad + count)
    spectrum = np.fft.rfft(padded, axis=-1)
    analytic, plain = _responses(size, fs_hz)
    bands = np.fft.ifft(spectrum * analytic, size, axis=-1)
    return bands[..., inside], np.fft.irfft(spectrum * plain, size, axis=-1)[:, inside]


def _mirrored(rows: FloatArray, pad: int) -> FloatArray:
    """Return rows (lead, sample) with ``pad`` samples turned about either end."""
    count = rows.shape[1]
    mirrored = np.empty((rows.shape[0], count + 2 * pad))
    mirrored[:, pad : pad + count] = rows
    mirrored[:, :pad] = 2 * rows[:, :1] - rows[:, pad:0:-1]
    mirrored[:, pad + count :] = 2 * rows[:, -1:] - rows[:, -2 : -pad - 2 : -1]
    return mirrored


@lru_cache(maxsize=16)
def _responses(size: int, fs_hz: float) -> tuple[FloatArray, FloatArray]:
    """Return the gains of both analytic bands (band, 1, frequency), and of the deflection."""
    frequency_hz = np.fft.rfftfreq(size, 1 / fs_hz)
    low_cut = 2 * (1 - np.exp(-((frequency_hz / LOW_CUT_HZ) ** 4)))
    analytic = [
        low_cut * np.exp(-0.5 * ((frequency_hz - centre_hz) / sigma_hz) ** 2)
        for centre_hz, sigma_hz in (ENERGY_BAND_HZ, STEEP_BAND_HZ)
    ]
    low_hz, high_hz = FIDUCIAL_BAND_HZ
    rising = 1 - np.exp(-((frequency_hz / low_hz) ** 2))
    return np.array(analytic)[:, None], rising * np.exp(-0.5 * (frequency_hz / high_hz) ** 2)


def _crests(energy: FloatArray, steep: FloatArray, valid: BoolArray, fs_hz: float) -> _Crests:
    noise_mv = _blend(float(median_of(energy)), float(median_of(steep)))
    if not valid.all():
        reach = round(GAP_REACH_S * fs_hz)
        near_gap = np.convolve(~valid, np.ones(2 * reach + 1), mode="same") > 0.5
        energy = np.where(near_gap, 0.0, energy)
    indices = _local_maxima(energy, round(REFRACTORY_S * fs_hz))
    reach = round(STEEP_REACH_S * fs_hz)
    around = steep.take(indices[:, None] + np.arange(-reach, reach + 1), mode="clip")
    score_mv = _blend(energy[indices], around.max(axis=1))
    return _Crests(indices, score_mv, noise_mv, fs_hz)


def _local_maxima(energy: FloatArray, distance: int) -> IntArray:
    """Return where ``energy`` (sample,) peaks; of peaks nearer than ``distance`` the highest."""
    inner = energy[1:-1]
    peaks = ((inner > energy[:-2]) & (inner >= energy[2:])).nonzero()[0] + 1
    kept: list[int] = []
    overshadowed = bytearray(energy.size + distance)
    for index in peaks[np.argsort(-energy[peaks], kind="stable")].tolist():
        if not overshadowed[index]:
            kept.append(index)
            first = max(0, index - distance + 1)
            overshadowed[first : index + distance] = bytes([1]) * (index + distance - first)
    return np.array(sorted(kept), dtype=np.int64)


def _blend(energy: Level, steep: Level) -> Level:
    """Return the weighted geometric mean."""
    blended: Level = energy ** (1 - STEEP_WEIGHT) * steep**STEEP_WEIGHT
    return blended


def _stand_out(crests: _Crests, chosen: list[int]) -> BoolArray:
    """Tell which of the chosen crests stand far above the window's noise."""
    least_mv = max(CERTAIN_NOISE_FACTOR * crests.noise_mv, LEAST_MV)
    far: BoolArray = crests.score_mv[chosen] >= least_mv
    return far


def _figures(
    crests: _Crests, energy: FloatArray, steep: FloatArray, hints: PeakHints | None
) -> CrestFigures:
    """Return what each crest is judged by; ``energy`` and ``steep`` are (sample,)."""
    level_mv, own_mv = (max(level, TINY_MV) for level in _levels(crests, hints))
    around = crests.indices[:, None] + np.rint(AROUND_S * crests.fs_hz).astype(np.int64)
    around_mv = median_of(_blend(energy.take(around, mode="clip"), steep.take(around, mode="clip")))
    score_mv = np.maximum(crests.score_mv, TINY_MV)
    return CrestFigures(
        height=np.log(score_mv / level_mv),
        prominence=np.log(score_mv / np.maximum(around_mv, TINY_MV)),
        steepness=np.log(score_mv / np.maximum(energy[crests.indices], TINY_MV)),
        clear=float(np.log(max(level_mv, own_mv) / max(crests.noise_mv, TINY_MV))),
    )


def _choose(crests: _Crests, evidence: Evidence, hints: PeakHints | None) -> list[int]:
    """Return which crests are QRS, as positions among ``crests``, in order."""
    possible = (evidence.log_odds > LEAST_LOG_ODDS) & (crests.score_mv >= LEAST_MV)
    kept = possible.nonzero()[0].tolist()
    row = likeliest_beats(
        (crests.indices[kept] / crests.fs_hz).tolist(),
        crests.score_mv[kept].tolist(),
        evidence.log_odds[kept].tolist(),
        hints.rr_s if hints else None,
        (1 - evidence.quiet) * RR_PRICE[0] + evidence.quiet * RR_PRICE[1],
    )
    return [kept[k] for k in row]


def _levels(crests: _Crests, hints: PeakHints | None) -> tuple[float, float]:
    """Return the usual crest, that is the window's own tied to history, and the window's own."""
    if crests.indices.size == 0:
        return (hints.crest_mv if hints else 0.0), 0.0
    at_s, score = crests.indices / crests.fs_hz, crests.score_mv
    starts_s = np.arange(0.0, max(float(at_s[-1]) - 0.5, 0.5), LEVEL_BLOCK_S / 2)
    inside = (at_s >= starts_s[:, None]) & (at_s < starts_s[:, None] + LEVEL_BLOCK_S)
    own_mv = float(median_of(np.where(inside, score, 0.0).max(axis=1)))
    if hints is None:
        return own_mv, own_mv
    low, high = (share * hints.crest_mv for share in LEVEL_TIE)
    return float(np.sqrt(min(max(own_mv, low), high) * hints.crest_mv)), own_mv


def _usual_rr_s(crests: _Crests, chosen: list[int], hints: PeakHints | None) -> float:
    if len(chosen) > 3:
        return float(median(np.diff(crests.indices[chosen]).tolist())) / crests.fs_hz
    return hints.rr_s if hints else USUAL_RR_S


def _refine(indices: IntArray, deflection_mv: FloatArray, fs_hz: float) -> IntArray:
    """Move each crest to the largest of ``deflection_mv`` (lead, sample) near it."""
    reach = max(1, round(FIDUCIAL_REACH_S * fs_hz))
    near = indices[:, None] + np.arange(-reach, reach + 1)
    power = deflection_mv.take(near, axis=1, mode="clip") ** 2
    largest = (power[0] + OTHER_LEADS * power[1:].sum(axis=0)).argmax(axis=1)
    refined = near[np.arange(indices.size), largest]
    inside: IntArray = np.minimum(np.maximum(refined, 0), deflection_mv.shape[1] - 1)
    return inside


def faded(hints: PeakHints | None) -> PeakHints | None:
    """Return what is usual after a window without a beat."""
    if hints is None:
        return None
    return replace(hints, crest_mv=max(SILENT_DECAY * hints.crest_mv, LEAST_MV))


def _next_hints(
    crests: _Crests,
    chosen: list[int],
    hints: PeakHints | None,
    shape_mv: FloatArray | None,
) -> PeakHints | None:
    if not chosen:
        return faded(hints)
    crest_mv = median(crests.score_mv[chosen].tolist())
    rr_s = _usual_rr_s(crests, chosen, hints)
    if hints is None:
        return PeakHints(crest_mv, rr_s, shape_mv)
    rr_s = hints.rr_s * (rr_s / hints.rr_s) ** RR_MEMORY
    follow = (crest_mv / hints.crest_mv) ** LEVEL_MEMORY
    return PeakHints(hints.crest_mv * follow, rr_s, shape_mv)
