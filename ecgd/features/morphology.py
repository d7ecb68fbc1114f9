"""The usual beat in figures: the waves of the QRS, its end, P, PR segment and T in each limb lead.

Everything is against the end of the PR segment, where the QRS begins.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from math import atan2, degrees, isnan, sqrt
from typing import Final

import numpy as np

from ecgd.features.pacing import pacing_spikes, without_spikes
from ecgd.model.baseline import BEAT_FS_HZ, BEAT_R_AT, MedianBeat, Span
from ecgd.model.leads import DERIVATION, LIMB_LEADS
from ecgd.model.morphology import LeadShape, Morphology
from ecgd.model.signal import FloatArray, IntArray

LEAST_AXIS_UVS: Final = 2.0
"""A QRS with less area in both leads has no direction."""

LEAST_WAVE_MV: Final = 0.02
"""A deflection in the QRS that is smaller is no Q and no S."""

BEFORE_P_S: Final = 0.024
"""The level before P is the mean over so long."""

PR_GAP_S: Final = 0.004

J_AFTER_S: Final = 0.028
"""A notch at the end of the QRS may lie up to so long behind its end."""

PROMINENT_R_MV: Final = 0.3

NOTCH_DIP_MV: Final = 0.015
"""A notch rises by at least this out of the dip before it."""

SLUR_SHARE: Final = 0.2
SLUR_S: Final = 0.012
SLUR_FALL_MV: Final = 0.04
"""A slur begins where R's fall slows down to this share of its steepest; it lasts so long and goes
on falling by so much."""

LATER_S: Final = 0.04
LEFT_SHARE: Final = 0.5
"""So long after its top no more than this of a notch or slur is left: an elevated ST segment does
not come down, and is no J wave."""

_WEIGHTS: Final = np.array([DERIVATION[lead] for lead in LIMB_LEADS])
_ROWS: Final = np.arange(len(LIMB_LEADS))
_R_PEAK: Final = np.array([BEAT_R_AT])


def measure_morphology(beat: MedianBeat) -> Morphology | None:
    """Return the figures of the usual beat, None where its QRS has no length."""
    if beat.qrs_end <= beat.qrs_onset:
        return None
    spikes = pacing_spikes(beat.signal_mv, _R_PEAK, BEAT_FS_HZ)
    pair_mv = without_spikes(beat.signal_mv, spikes)
    six_mv = _WEIGHTS @ pair_mv
    columns = (
        *_qrs_waves(six_mv, beat.qrs_onset, beat.qrs_end),
        _WEIGHTS @ np.array(beat.qrs_area_uvs),
        _j_peaks(six_mv, beat.qrs_onset, beat.qrs_end),
        _pr_levels(six_mv, beat),
        _peaks(six_mv, beat.p_span if beat.p_area_uvs is not None else None),
        *_t_waves(six_mv, beat.t_span),
    )
    rows = zip(*(column.tolist() for column in columns), strict=True)
    leads = {
        lead: LeadShape(*row[:6], *(None if isnan(v) else v for v in row[6:]))
        for lead, row in zip(LIMB_LEADS, rows, strict=True)
    }
    return Morphology(
        leads,
        beat.qrs_s,
        _axis_deg(*beat.qrs_area_uvs),
        beat.p_area_uvs is not None,
        bool(spikes.any()),
        beat.rr_s,
        beat.beat_count,
    )


def _qrs_waves(
    six_mv: FloatArray, onset: int, end: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return Q, R, S in mV, the duration of Q and the time of the crest in s, each (lead,)."""
    qrs_mv = six_mv[:, onset : end + 1]
    at = np.arange(qrs_mv.shape[1])
    r_at = np.argmax(qrs_mv, axis=1)
    r_mv = np.maximum(qrs_mv[_ROWS, r_at], 0.0)
    deepest_mv = -qrs_mv.min(axis=1)
    is_qs = r_mv < np.minimum(LEAST_WAVE_MV, deepest_mv)
    before = (at <= r_at[:, None]) | is_qs[:, None]
    after = (at >= r_at[:, None]) | is_qs[:, None]
    q_mv = -np.where(before, qrs_mv, 0.0).min(axis=1)
    s_mv = -np.where(after, qrs_mv, 0.0).min(axis=1)
    q_s = (before & (qrs_mv < -LEAST_WAVE_MV)).sum(axis=1) / BEAT_FS_HZ
    # A QRS that runs down into a depressed ST segment has no S: it has to come back.
    floor_mv = np.maximum(-qrs_mv[:, -1], 0.0) + LEAST_WAVE_MV
    q_mv = np.where(q_mv < LEAST_WAVE_MV, 0.0, q_mv)
    s_mv = np.where(s_mv < floor_mv, 0.0, s_mv)
    # A QRS that ends in an elevated ST segment is highest there: that is no crest of its own.
    over_mv = qrs_mv - qrs_mv[:, -1:] * (at / at[-1])
    crest_s = np.abs(over_mv).argmax(axis=1) / BEAT_FS_HZ
    return q_mv, r_mv, s_mv, np.where(q_mv > 0, q_s, 0.0), crest_s


def _j_peaks(six_mv: FloatArray, onset: int, end: int) -> FloatArray:
    """Return the top of a notch or slur on R's way down, NaN without one: (lead,).

    Source: Macfarlane et al. 2015: on the last half of the downslope of a prominent R wave.
    """
    later = round(LATER_S * BEAT_FS_HZ)
    last = min(six_mv.shape[1] - 1, end + round(J_AFTER_S * BEAT_FS_HZ) + later)
    peaks_mv = np.full(six_mv.shape[0], np.nan)
    for row in np.flatnonzero(six_mv[:, onset : end + 1].max(axis=1) >= PROMINENT_R_MV).tolist():
        peaks_mv[row] = _j_peak(six_mv[row, onset : last + 1].tolist(), end - onset, later)
    return peaks_mv


def _j_peak(curve_mv: list[float], end: int, later: int) -> float:
    """Return the J wave's top in a lead that begins with the QRS and goes on behind its ``end``."""
    r_at = max(range(end + 1), key=curve_mv.__getitem__)
    fall = [one - other for one, other in pairwise(curve_mv[r_at : len(curve_mv) - later])]
    steepest = max(fall, default=0.0)
    low_mv = curve_mv[r_at]
    slow_from = 0
    half_mv = curve_mv[r_at] / 2
    for k in range(1, len(fall)):
        here_mv = curve_mv[r_at + k]
        low_mv = min(low_mv, here_mv)
        if here_mv > half_mv:
            continue
        is_top = fall[k] >= 0 > fall[k - 1] and here_mv - low_mv >= NOTCH_DIP_MV
        if is_top and _comes_down(curve_mv, r_at + k, later):
            return here_mv
        if fall[k] > SLUR_SHARE * steepest:
            slow_from = 0
            continue
        slow_from = slow_from or k
        slow_mv = curve_mv[r_at + slow_from]
        is_slur = (k - slow_from) / BEAT_FS_HZ >= SLUR_S and slow_mv - here_mv >= SLUR_FALL_MV
        if is_slur and _comes_down(curve_mv, r_at + slow_from, later):
            return slow_mv
    return np.nan


def _comes_down(curve_mv: list[float], at: int, later: int) -> bool:
    return curve_mv[min(at + later, len(curve_mv) - 1)] <= LEFT_SHARE * curve_mv[at]


def _pr_levels(six_mv: FloatArray, beat: MedianBeat) -> FloatArray:
    """Return the PR segment against the level before P: (lead,), NaN where that is not in sight."""
    unknown = np.full(six_mv.shape[0], np.nan)
    if beat.p_span is None or beat.p_area_uvs is None:
        return unknown
    onset, end = beat.p_span
    first = onset - round(BEFORE_P_S * BEAT_FS_HZ)
    last = beat.qrs_onset - round(PR_GAP_S * BEAT_FS_HZ)
    if first < 0 or last - end < 2:
        return unknown
    levels: FloatArray = six_mv[:, end:last].mean(axis=1) - six_mv[:, first:onset].mean(axis=1)
    return levels


def _peaks(six_mv: FloatArray, span: Span | None) -> FloatArray:
    """Return each lead's largest deflection from the line under a wave, NaN without a wave."""
    if span is None:
        return np.full(six_mv.shape[0], np.nan)
    wave_mv = _over_chord(six_mv, span)
    peaks: FloatArray = wave_mv[_ROWS, np.abs(wave_mv).argmax(axis=1)]
    return peaks


def _t_waves(six_mv: FloatArray, span: Span | None) -> tuple[FloatArray, FloatArray]:
    """Return T's largest deflection in mV, and for how long in s it exceeds half of that."""
    if span is None:
        return np.full(six_mv.shape[0], np.nan), np.full(six_mv.shape[0], np.nan)
    wave_mv = six_mv[:, span[0] : span[1] + 1]
    at: IntArray = np.abs(wave_mv).argmax(axis=1)
    t_mv = wave_mv[_ROWS, at]
    width = (wave_mv * np.sign(t_mv)[:, None] >= np.abs(t_mv)[:, None] / 2).sum(axis=1)
    return t_mv, width / BEAT_FS_HZ


def _over_chord(six_mv: FloatArray, span: Span) -> FloatArray:
    wave_mv = six_mv[:, span[0] : span[1] + 1]
    rise_mv = (wave_mv[:, -1:] - wave_mv[:, :1]) * _share_of(wave_mv.shape[1])
    over: FloatArray = wave_mv - wave_mv[:, :1] - rise_mv
    return over


@lru_cache(maxsize=64)
def _share_of(points: int) -> FloatArray:
    """Return a straight line from 0 to 1."""
    return np.linspace(0.0, 1.0, points)


def _axis_deg(area_i: float, area_ii: float) -> float | None:
    if max(abs(area_i), abs(area_ii)) < LEAST_AXIS_UVS:
        return None
    return degrees(atan2((2.0 * area_ii - area_i) / sqrt(3.0), area_i))
