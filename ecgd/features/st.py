"""ST levels of beats, and their summary over the last beats.

Levels are against the isoelectric level: the end of the PR segment, just before the QRS onset
(Fourth Universal Definition of MI, 2018). All figures are in mV.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache
from itertools import islice
from math import isnan
from operator import attrgetter
from statistics import median
from typing import Final

import numpy as np

from ecgd.config.settings import AnalysisSettings
from ecgd.features.segments import GRID_HZ, POINTS
from ecgd.features.st_average import average_st
from ecgd.features.st_shape import curve_of, slope_of, st_bows
from ecgd.model.beat import Beat, BeatClass, StLevels
from ecgd.model.finding import LeadSt
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import FloatArray, IntArray

ISO_FROM_S = 0.024
ISO_TO_S = 0.004
"""The isoelectric level is the mean from 24 to 4 ms before the QRS onset."""

J_HALF_WIDTH_S = 0.006
HALF_WIDTH_S = 0.016
"""A level is the mean over 32 ms around its place; over 12 ms at J+0, where the QRS ends."""

LEVELS_S = (0.0, 0.02, 0.04, 0.06, 0.08)
MEAN_FROM_S = 0.04
MEAN_TO_S = 0.12
"""The document's mean: the 80 ms that begin 40 ms after the J point."""

HIGHPASS_LIMIT_HZ = 0.05
"""Analogue high-pass up to which ST is measurable (AHA/ACC/HRS part I, 2007)."""

LOWPASS_LIMIT_HZ: Final = 25.0
"""Analogue low-pass down to which ST at J+40 ms is measurable: it moves by less than 0.01 mV in
99 % of 336 leads (LUDB, PTB; second order), at 20 Hz by 0.02 mV."""

BENT_ST: Final = "not measurable with this front end"
"""Begins the reason wherever the front end takes from ST what no software can bring back."""

UNKNOWN_FRONT_END: Final = "the high-pass of the front end is not known"
"""What is said beside ST that nobody can vouch for: most boards bend it and do not tell."""

TOO_FEW: Final = "too few beats"

_J20, _J40, _J60, _BOW = 1, 2, 3, 6
"""Columns of ``st_levels``."""


def _ranges() -> list[tuple[bool, int, int]]:
    """Return what is averaged: whether from the QRS onset or its end, first point, and length."""
    ranges = [(True, -round(ISO_FROM_S * GRID_HZ), round((ISO_FROM_S - ISO_TO_S) * GRID_HZ) + 1)]
    for at_s in LEVELS_S:
        half = round((HALF_WIDTH_S if at_s else J_HALF_WIDTH_S) * GRID_HZ)
        ranges.append((False, round(at_s * GRID_HZ) - half, 2 * half + 1))
    span = round((MEAN_TO_S - MEAN_FROM_S) * GRID_HZ) + 1
    return [*ranges, (False, round(MEAN_FROM_S * GRID_HZ), span)]


_FROM_ONSET, _STARTS, _LENGTHS = (np.array(column) for column in zip(*_ranges(), strict=True))


def st_levels(
    fine_mv: FloatArray, qrs_onset: IntArray, qrs_end: IntArray, t_peak: IntArray
) -> FloatArray:
    """Return ST levels, shape (7, beat, lead): J+0, 20, 40, 60, 80, the document's mean, the bow.

    ``fine_mv`` is (beat, lead, point) on the grid of ``segments``, QRS boundaries are (beat,),
    ``t_peak`` is (beat × lead,), negative where there is none: the bow is NaN there.
    """
    starts = _STARTS + np.where(_FROM_ONSET, qrs_onset[:, None], qrs_end[:, None])
    total = np.zeros((*fine_mv.shape[:2], POINTS + 1))
    np.cumsum(fine_mv, axis=2, out=total[:, :, 1:])
    means = _range_means(total, starts)
    bows = st_bows(fine_mv, total, qrs_end, t_peak.reshape(fine_mv.shape[:2]))
    return np.concatenate((means[1:] - means[0], bows[None]))


def levels_of(row: Sequence[float]) -> StLevels:
    """Return one beat's levels in one lead, in the order of ``st_levels``."""
    j0, j20, j40, j60, j80, mean, bow = row
    return StLevels(j0, j20, j40, j60, j80, mean, None if isnan(bow) else bow)


def _range_means(total: FloatArray, starts: IntArray) -> FloatArray:
    """Return the mean over each range from its start (beat, range) on: (range, beat, lead).

    ``total`` (beat, lead, point + 1) holds the sums of all points before each. A range that would
    leave the grid is moved to its edge.
    """
    starts = np.minimum(np.maximum(starts, 0), POINTS - _LENGTHS)
    beat = np.arange(total.shape[0])[:, None]
    sums = total[beat, :, starts + _LENGTHS] - total[beat, :, starts]
    means: FloatArray = (sums / _LENGTHS[:, None]).transpose(1, 0, 2)
    return means


def summarise_st(
    beats: Sequence[Beat],
    leads: tuple[str, ...],
    *,
    fs_hz: float,
    now_index: int,
    settings: AnalysisSettings,
    lead_usable: Sequence[bool],
    highpass_hz: float | None = None,
    lowpass_hz: float | None = None,
) -> tuple[LeadSt, ...]:
    """Return the ST of each of ``leads`` over the last beats before ``now_index``.

    ``beats`` may come from history; those older than ``beat_age_max_s`` do not count, nor do
    ventricular ones while others are there. ``highpass_hz`` and ``lowpass_hz`` are the front end's
    analogue corners, None where nobody knows.
    """
    bent = _why_bent(highpass_hz, lowpass_hz)
    if bent:
        return tuple(LeadSt(lead, False, reason=bent) for lead in leads)
    oldest = now_index - settings.beat_age_max_s * fs_hz
    recent = [beat for beat in beats if oldest <= beat.r_peak <= now_index]
    supraventricular = [beat for beat in recent if beat.beat_class is not BeatClass.V]
    chosen = supraventricular if len(supraventricular) >= settings.st_beats_min else recent
    usable = tuple(lead for lead, is_usable in zip(leads, lead_usable, strict=True) if is_usable)
    found = {
        lead: LeadSt(lead, False, reason="lead unusable") for lead in leads if lead not in usable
    }
    groups = [tuple(lead for lead in usable if lead in LIMB_LEADS)]
    groups += [(lead,) for lead in usable if lead not in LIMB_LEADS]
    for group in filter(None, groups):
        found |= _summarise_together(chosen, group, settings)
    return tuple(found[lead] for lead in leads)


def _why_bent(highpass_hz: float | None, lowpass_hz: float | None) -> str:
    """Say what the front end does to ST; empty where nothing is known against it."""
    if highpass_hz is not None and highpass_hz > HIGHPASS_LIMIT_HZ:
        return f"{BENT_ST}: high-pass {highpass_hz:g} Hz"
    if lowpass_hz is not None and lowpass_hz < LOWPASS_LIMIT_HZ:
        return f"{BENT_ST}: low-pass {lowpass_hz:g} Hz"
    return ""


def _summarise_together(
    beats: Sequence[Beat], leads: tuple[str, ...], settings: AnalysisSettings
) -> dict[str, LeadSt]:
    """Average leads over the beats that have them all; where these are too few, each by itself."""
    newest = (row for beat in reversed(beats) if (row := _levels_in(beat, leads)) is not None)
    rows = list(islice(newest, settings.st_beats_max))
    if len(rows) >= settings.st_beats_min:
        return _summarise(leads, rows, settings)
    if len(leads) > 1:
        return {
            each: st
            for lead in leads
            for each, st in _summarise_together(beats, (lead,), settings).items()
        }
    return {lead: LeadSt(lead, False, beat_count=len(rows), reason=TOO_FEW) for lead in leads}


def _levels_in(beat: Beat, leads: tuple[str, ...]) -> list[tuple[float, ...]] | None:
    """Return a beat's levels in the order of ``st_levels``; None where a lead has none."""
    places = _places_of(leads, beat.leads)
    if places is None:
        return None
    rows: list[tuple[float, ...]] = []
    for place in places:
        level = beat.st[place]
        if level is None:
            return None
        rows.append(_figures_of(level))
    return rows


_figures_of: Final = attrgetter(*(each.name for each in fields(StLevels)))
"""A beat's levels in one lead, in the order of ``st_levels``; a bow that is None becomes NaN."""


@lru_cache(maxsize=64)
def _places_of(leads: tuple[str, ...], among: tuple[str, ...]) -> tuple[int, ...] | None:
    """Return where ``leads`` lie among others, None where one is not there."""
    if not set(leads) <= set(among):
        return None
    return tuple(among.index(lead) for lead in leads)


def _summarise(
    leads: tuple[str, ...], rows: list[list[tuple[float, ...]]], settings: AnalysisSettings
) -> dict[str, LeadSt]:
    levels_mv = np.array(rows, dtype=np.float64)
    average = average_st(levels_mv[:, :, :_BOW], _J40, (_J20, _J60))
    raised = (levels_mv[:, :, _J40] >= settings.st_elevation_mv).mean(axis=0).tolist()
    bows_mv = levels_mv[:, :, _BOW].T.tolist()
    means_mv = average.levels_mv.tolist()
    return {
        lead: _lead_st(lead, means_mv[k], error_mv, raised[k], bows_mv[k])
        for k, (lead, error_mv) in enumerate(
            zip(leads, average.uncertainty_mv.tolist(), strict=True)
        )
    }


def _lead_st(
    lead: str, means_mv: list[float], error_mv: float, raised: float, bows_mv: list[float]
) -> LeadSt:
    bows = [bow_mv for bow_mv in bows_mv if not isnan(bow_mv)]
    bow_mv = median(bows) if 2 * len(bows) > len(bows_mv) else None
    j0, j20, j40, j60, j80, mean = means_mv
    slope_mv_per_s = (j80 - j20) / (LEVELS_S[4] - LEVELS_S[1])
    return LeadSt(
        lead,
        True,
        level_mv=j40,
        uncertainty_mv=error_mv,
        levels=StLevels(j0, j20, j40, j60, j80, mean, bow_mv),
        elevated_fraction=raised,
        slope_mv_per_s=slope_mv_per_s,
        beat_count=len(bows_mv),
        slope=slope_of(slope_mv_per_s),
        curve=curve_of(bow_mv),
    )
