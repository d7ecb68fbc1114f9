"""R peaks over all usable leads of one window.

A QRS is energy around 11 Hz (Thakor 1984, Pan & Tompkins 1985) that is also steep: the score of
a crest is the geometric mean of the envelopes around 11 and around 20 Hz, which P and T waves
lack. Envelopes are moduli of analytic signals, so each QRS gives one crest whatever its polarity.
Leads count by how far their crests stand out. Which crests are QRS is weighed in
``qrs_evidence``, against the window and the stream's history. Figures tuned on MIT-BIH (DS1).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ecgd.features.qrs_evidence import Evidence, follow_shape, weigh_crests, weigh_leads
from ecgd.model.signal import BoolArray, FloatArray, IntArray

ENERGY_BAND_HZ = (11.0, 5.0)
STEEP_BAND_HZ = (20.0, 7.0)
LOW_CUT_HZ = 4.0
"""Gaussian bands (centre, sigma), both cut off below ``LOW_CUT_HZ``."""

STEEP_WEIGHT = 0.53
STEEP_REACH_S = 0.05
EDGE_PAD_S = 0.5

REFRACTORY_S = 0.2
SAME_QRS_S = 0.23
"""Of two crests closer than this, the larger is the QRS."""

P_WAVE_S = 0.28
P_WAVE_SHARE = 0.62
T_WAVE_S = 0.34
T_WAVE_SHARE = 0.635
"""A crest so soon before, or after, a QRS and below this share of it is its P, or T, wave."""

LEAST_LOG_ODDS = -0.3
NOISE_FACTOR = 1.6
LEAST_MV = 0.015
"""What a crest must exceed: evidence, noise, and what no QRS falls below."""

LEVEL_BLOCK_S = 1.5
LEVEL_TIE = (0.45, 2.5)
LEVEL_MEMORY = 0.25
SILENT_DECAY = 0.85
"""The usual crest: how far a window may differ from history, how fast it follows, and how fast it
sinks while nothing is found, so that a signal that has become small is heard again."""

SEARCH_BACK_RR = 1.7
SEARCH_BACK_LOG_ODDS = -1.8
SEARCH_BACK_NOISE_FACTOR = 2.6
SEARCH_BACK_GUARD_S = 0.3
"""In a gap longer than ``SEARCH_BACK_RR`` usual RR intervals, a smaller crest counts."""

REFINE_S = 0.045
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
    """R peaks as indices relative to the window, in order, and hints for the next window."""

    indices: IntArray
    hints: PeakHints | None


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
) -> RPeaks:
    """Find the R peaks of one window.

    ``band_mv`` (lead, sample) is the band-pass in mV, ``usable`` (lead,), ``valid`` (sample,).
    Peaks within 60 ms of an invalid sample are left out. The index is the largest deflection in
    the QRS band within 45 ms of the crest: a local rule, so that the same beat has the same
    index in every window that holds it.
    """
    if not usable.any() or band_mv.shape[1] < round(fs_hz) or not valid.any():
        return RPeaks(np.zeros(0, np.int64), hints)
    energy, steep = _analytic_bands(band_mv[usable], fs_hz)
    envelopes = np.abs(np.stack((energy, steep)))
    weights = weigh_leads(envelopes[0])
    crests = _crests(*_lengths(envelopes, weights), valid, fs_hz)
    level_mv, own_mv = (max(level, TINY_MV) for level in _levels(crests, hints))
    usual_mv = _usual_shape(usable, hints)
    evidence = weigh_crests(
        energy.real + steep.real,
        envelopes,
        crests.indices,
        heights=crests.score_mv / level_mv,
        ratio=max(level_mv, own_mv) / max(crests.noise_mv, TINY_MV),
        fs_hz=fs_hz,
        usual_mv=None if usual_mv is None else usual_mv[usable],
    )
    chosen = _choose(crests, evidence, hints)
    shape_mv = follow_shape(usual_mv, evidence, chosen, usable)
    return RPeaks(
        _refine(crests.indices[chosen], (energy.real**2).sum(axis=0), fs_hz),
        _next_hints(crests, chosen, hints, shape_mv),
    )


def _usual_shape(usable: BoolArray, hints: PeakHints | None) -> FloatArray | None:
    """Return the usual shape over all leads; none is known where these were others."""
    if hints is None or hints.shape_mv is None or hints.shape_mv.shape[0] != usable.size:
        return None
    return hints.shape_mv if np.any(hints.shape_mv[usable]) else None


def _analytic_bands(
    band_mv: FloatArray, fs_hz: float
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Return the analytic signals of both bands; shapes (lead, sample)."""
    count = band_mv.shape[1]
    pad = min(count - 1, round(EDGE_PAD_S * fs_hz))
    padded = np.pad(band_mv, ((0, 0), (pad, pad)), mode="reflect", reflect_type="odd")
    size = padded.shape[1]
    spectrum = np.fft.fft(padded, axis=-1)
    energy, steep = (
        np.fft.ifft(spectrum * _response(size, fs_hz, *band), axis=-1)[:, pad : pad + count]
        for band in (ENERGY_BAND_HZ, STEEP_BAND_HZ)
    )
    return energy, steep


@lru_cache(maxsize=32)
def _response(size: int, fs_hz: float, centre_hz: float, sigma_hz: float) -> FloatArray:
    frequency_hz = np.fft.fftfreq(size, 1 / fs_hz)
    hump = np.exp(-0.5 * ((frequency_hz - centre_hz) / sigma_hz) ** 2)
    low_cut = 1 - np.exp(-((frequency_hz / LOW_CUT_HZ) ** 4))
    response: FloatArray = np.where(frequency_hz > 0, 2 * hump * low_cut, 0.0)
    return response


def _lengths(envelopes_mv: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return each band's weighted root mean square over the leads, shape (sample,)."""
    energy, steep = np.sqrt(np.einsum("bls,l->bs", envelopes_mv**2, weights))
    return energy, steep


def _crests(energy: FloatArray, steep: FloatArray, valid: BoolArray, fs_hz: float) -> _Crests:
    noise_mv = _blend(float(np.median(energy)), float(np.median(steep)))
    if not valid.all():
        reach = round(GAP_REACH_S * fs_hz)
        near_gap = np.convolve(~valid, np.ones(2 * reach + 1), mode="same") > 0.5
        energy = np.where(near_gap, 0.0, energy)
    indices = _local_maxima(energy, round(REFRACTORY_S * fs_hz))
    reach = round(STEEP_REACH_S * fs_hz)
    around = np.clip(indices[:, None] + np.arange(-reach, reach + 1), 0, energy.size - 1)
    score_mv = _blend(energy[indices], steep[around].max(axis=1))
    return _Crests(indices, score_mv, noise_mv, fs_hz)


def _local_maxima(energy: FloatArray, distance: int) -> IntArray:
    """Return where ``energy`` (sample,) peaks; of peaks nearer than ``distance`` the highest."""
    inner = energy[1:-1]
    peaks = np.flatnonzero((inner > energy[:-2]) & (inner >= energy[2:])) + 1
    kept: list[int] = []
    for index in peaks[np.argsort(-energy[peaks], kind="stable")].tolist():
        if all(abs(index - other) >= distance for other in kept):
            kept.append(index)
    return np.array(sorted(kept), dtype=np.int64)


def _blend(energy: Level, steep: Level) -> Level:
    """Return the weighted geometric mean."""
    blended: Level = energy ** (1 - STEEP_WEIGHT) * steep**STEEP_WEIGHT
    return blended


def _choose(crests: _Crests, evidence: Evidence, hints: PeakHints | None) -> list[int]:
    """Return which crests are QRS, as positions among ``crests``, in order."""
    least_mv = max(NOISE_FACTOR * crests.noise_mv, LEAST_MV)
    likely = (evidence.log_odds > LEAST_LOG_ODDS) & (crests.score_mv >= least_mv)
    at_s = (crests.indices / crests.fs_hz).tolist()
    score = crests.score_mv.tolist()
    chosen: list[int] = []
    for k in np.flatnonzero(likely).tolist():
        if not chosen:
            chosen.append(k)
            continue
        last = chosen[-1]
        apart_s = at_s[k] - at_s[last]
        if apart_s < T_WAVE_S and score[k] < T_WAVE_SHARE * score[last]:
            continue
        if apart_s < SAME_QRS_S and score[k] <= score[last]:
            continue
        if apart_s < SAME_QRS_S or (apart_s < P_WAVE_S and score[last] < P_WAVE_SHARE * score[k]):
            chosen[-1] = k
        else:
            chosen.append(k)
    least_mv = max(SEARCH_BACK_NOISE_FACTOR * crests.noise_mv, LEAST_MV)
    possible = (evidence.log_odds > SEARCH_BACK_LOG_ODDS) & (crests.score_mv > least_mv)
    return sorted(chosen + _search_back(crests, chosen, possible, hints))


def _levels(crests: _Crests, hints: PeakHints | None) -> tuple[float, float]:
    """Return the usual crest, that is the window's own tied to history, and the window's own."""
    if crests.indices.size == 0:
        return (hints.crest_mv if hints else 0.0), 0.0
    at_s, score = crests.indices / crests.fs_hz, crests.score_mv
    starts_s = np.arange(0.0, max(float(at_s[-1]) - 0.5, 0.5), LEVEL_BLOCK_S / 2)
    inside = (at_s >= starts_s[:, None]) & (at_s < starts_s[:, None] + LEVEL_BLOCK_S)
    own_mv = float(np.median(np.where(inside, score, 0.0).max(axis=1)))
    if hints is None:
        return own_mv, own_mv
    low, high = (share * hints.crest_mv for share in LEVEL_TIE)
    return float(np.sqrt(min(max(own_mv, low), high) * hints.crest_mv)), own_mv


def _search_back(
    crests: _Crests, chosen: list[int], possible: BoolArray, hints: PeakHints | None
) -> list[int]:
    """Return smaller crests in the middle of over-long RR intervals."""
    usual_s = _usual_rr_s(crests, chosen, hints)
    at_s = crests.indices / crests.fs_hz
    found: list[int] = []
    for left, right in pairwise(chosen):
        if at_s[right] - at_s[left] <= SEARCH_BACK_RR * usual_s:
            continue
        between = np.flatnonzero(
            (at_s > at_s[left] + SEARCH_BACK_GUARD_S) & (at_s < at_s[right] - SEARCH_BACK_GUARD_S)
        )
        if between.size:
            best = int(between[np.argmax(crests.score_mv[between])])
            if possible[best]:
                found.append(best)
    return found


def _usual_rr_s(crests: _Crests, chosen: list[int], hints: PeakHints | None) -> float:
    if len(chosen) > 3:
        return float(np.median(np.diff(crests.indices[chosen]))) / crests.fs_hz
    return hints.rr_s if hints else USUAL_RR_S


def _refine(indices: IntArray, power: FloatArray, fs_hz: float) -> IntArray:
    """Move each crest to the largest deflection near it."""
    reach = max(1, round(REFINE_S * fs_hz))
    refined = [
        max(0, k - reach) + int(np.argmax(power[max(0, k - reach) : k + reach + 1]))
        for k in indices.tolist()
    ]
    return np.array(refined, dtype=np.int64)


def _next_hints(
    crests: _Crests,
    chosen: list[int],
    hints: PeakHints | None,
    shape_mv: FloatArray | None,
) -> PeakHints | None:
    if not chosen:
        silent_mv = max(SILENT_DECAY * hints.crest_mv, LEAST_MV) if hints else 0.0
        return PeakHints(silent_mv, hints.rr_s, shape_mv) if hints else None
    crest_mv = float(np.median(crests.score_mv[chosen]))
    rr_s = _usual_rr_s(crests, chosen, hints)
    if hints is None:
        return PeakHints(crest_mv, rr_s, shape_mv)
    follow = (crest_mv / hints.crest_mv) ** LEVEL_MEMORY
    return PeakHints(hints.crest_mv * follow, rr_s, shape_mv)
