"""ST levels of beats, and their summary over the last beats.

Levels are against the isoelectric level: the end of the PR segment, just before the QRS onset
(Fourth Universal Definition of MI, 2018). All figures are in mV.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, sqrt
from statistics import median
from typing import Final

import numpy as np

from ecgd.config.settings import AnalysisSettings
from ecgd.features.segments import GRID_HZ, POINTS
from ecgd.model.beat import Beat, BeatClass, StLevels
from ecgd.model.finding import LeadSt
from ecgd.model.signal import FloatArray, IntArray

ISO_FROM_S = 0.024
ISO_TO_S = 0.004
"""The isoelectric level is the mean from 24 to 4 ms before the QRS onset."""

HALF_WIDTH_S = 0.006
"""A level is the mean over 12 ms around its place."""

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

J_POINT_SD_S = 0.006
RESOLUTION_MV = 0.005
"""What enters the uncertainty beside the scatter: J point's own error, and the least step."""


def st_levels(fine_mv: FloatArray, qrs_onset: IntArray, qrs_end: IntArray) -> FloatArray:
    """Return ST levels, shape (6, beat, lead): J+0, 20, 40, 60, 80 and the document's mean.

    ``fine_mv`` is (beat, lead, point) on the grid of ``segments``, boundaries are (beat,).
    """
    half = round(HALF_WIDTH_S * GRID_HZ)
    ranges = [(qrs_onset - round(ISO_FROM_S * GRID_HZ), round((ISO_FROM_S - ISO_TO_S) * GRID_HZ))]
    ranges += [(qrs_end + round(at_s * GRID_HZ) - half, 2 * half) for at_s in LEVELS_S]
    span = round((MEAN_TO_S - MEAN_FROM_S) * GRID_HZ)
    ranges.append((qrs_end + round(MEAN_FROM_S * GRID_HZ), span))
    means = _range_means(fine_mv, ranges)
    levels: FloatArray = means[1:] - means[0]
    return levels


def _range_means(fine_mv: FloatArray, ranges: list[tuple[IntArray, int]]) -> FloatArray:
    """Return the mean from each ``start`` (beat,) over ``length`` + 1 points: (range, beat, lead).

    A range that would leave the grid is moved to its edge.
    """
    lengths = np.array([length + 1 for _, length in ranges])
    starts = np.stack([start for start, _ in ranges], axis=1)
    starts = np.clip(starts, 0, POINTS - lengths)
    total = np.zeros((*fine_mv.shape[:2], POINTS + 1))
    np.cumsum(fine_mv, axis=2, out=total[:, :, 1:])
    beat = np.arange(fine_mv.shape[0])[:, None]
    sums = total[beat, :, starts + lengths] - total[beat, :, starts]
    means: FloatArray = (sums / lengths[:, None]).transpose(1, 0, 2)
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
    oldest = now_index - settings.beat_age_max_s * fs_hz
    recent = [beat for beat in beats if oldest <= beat.r_peak <= now_index]
    supraventricular = [beat for beat in recent if beat.beat_class is not BeatClass.V]
    chosen = supraventricular if len(supraventricular) >= settings.st_beats_min else recent
    return tuple(
        LeadSt(lead, False, reason=bent)
        if bent
        else _summarise_lead(chosen, lead, usable, settings)
        for lead, usable in zip(leads, lead_usable, strict=True)
    )


def _why_bent(highpass_hz: float | None, lowpass_hz: float | None) -> str:
    """Say what the front end does to ST; empty where nothing is known against it."""
    if highpass_hz is not None and highpass_hz > HIGHPASS_LIMIT_HZ:
        return f"{BENT_ST}: high-pass {highpass_hz:g} Hz"
    if lowpass_hz is not None and lowpass_hz < LOWPASS_LIMIT_HZ:
        return f"{BENT_ST}: low-pass {lowpass_hz:g} Hz"
    return ""


def _summarise_lead(
    beats: Sequence[Beat],
    lead: str,
    usable: bool,
    settings: AnalysisSettings,
) -> LeadSt:
    if not usable:
        return LeadSt(lead, False, reason="lead unusable")
    levels = [level for beat in beats if (level := _level_of(beat, lead)) is not None]
    levels = levels[-settings.st_beats_max :]
    if len(levels) < settings.st_beats_min:
        return LeadSt(lead, False, beat_count=len(levels), reason="too few beats")
    middle = StLevels(*(median(column) for column in zip(*map(_row, levels), strict=True)))
    j40 = [level.j40_mv for level in levels]
    slopes = [(level.j80_mv - level.j20_mv) / (LEVELS_S[4] - LEVELS_S[1]) for level in levels]
    local = [abs(level.j60_mv - level.j20_mv) / (LEVELS_S[3] - LEVELS_S[1]) for level in levels]
    return LeadSt(
        lead,
        True,
        level_mv=middle.j40_mv,
        uncertainty_mv=_uncertainty(j40, median(local)),
        levels=middle,
        elevated_fraction=sum(v >= settings.st_elevation_mv for v in j40) / len(j40),
        slope_mv_per_s=median(slopes),
        beat_count=len(levels),
    )


def _level_of(beat: Beat, lead: str) -> StLevels | None:
    return beat.st[beat.leads.index(lead)] if lead in beat.leads else None


def _row(level: StLevels) -> tuple[float, ...]:
    return (
        level.j0_mv,
        level.j20_mv,
        level.j40_mv,
        level.j60_mv,
        level.j80_mv,
        level.mean_mv,
    )


def _uncertainty(j40_mv: Sequence[float], slope_mv_per_s: float) -> float:
    """Return the 95 % half-width: scatter of the median, error of the J point, resolution.

    The median's standard error is 1.253 sigma / sqrt(n); sigma is the scaled median deviation,
    or half the standard deviation where that is larger for so few beats. ``slope_mv_per_s`` is
    the usual steepness around J+40, by which a misplaced J point counts.
    """
    middle = median(j40_mv)
    deviation = 1.4826 * median([abs(value - middle) for value in j40_mv])
    mean = fsum(j40_mv) / len(j40_mv)
    variance = fsum((value - mean) ** 2 for value in j40_mv) / len(j40_mv)
    spread = max(deviation, sqrt(variance) / 2)
    scatter = 1.253 * spread / sqrt(len(j40_mv))
    placement = slope_mv_per_s * J_POINT_SD_S
    return 1.96 * sqrt(scatter**2 + placement**2 + (RESOLUTION_MV / 1.96) ** 2)
