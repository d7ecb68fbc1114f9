"""A physiological ST elevation, put into every beat of a real record.

An injury current is one vector: leads I and II get its projections, so that all six limb leads
agree. It starts in the terminal QRS, has its full size at the J point, goes on into the T wave
and ends with it, as in the first hours of an infarction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Final

import numpy as np

from ecgd.decision.territories import CONTIGUOUS
from ecgd.model.beat import Beat
from ecgd.model.finding import Territory
from ecgd.model.leads import DERIVATION, LIMB_LEADS
from ecgd.model.signal import FloatArray

AXES_DEG: Final = {
    Territory.INFERIOR: (75.0, 90.0, 110.0),
    Territory.HIGH_LATERAL: (-40.0, -30.0, -10.0),
}
"""Where the injury vector points: circumflex to right coronary; diagonal branch to circumflex."""

STARTS_S: Final = 0.03
"""So long before the J point it begins to rise."""

T_GROWTH: Final = 1.2
"""The T wave is lifted a little more than the J point."""

USUAL_T_PEAK_S: Final = 0.19
USUAL_T_END_S: Final = 0.30
"""From the J point at 60 bpm, where no T wave was found."""

LEAST_T_S: Final = 0.16
NEXT_BEAT_S: Final = 0.06
"""The injury ends so long before the next beat's QRS at the latest."""


@dataclass(frozen=True, slots=True)
class Injury:
    """An injury vector; ``size_mv`` is the elevation in the weaker lead of the best pair."""

    territory: Territory
    axis_deg: float
    size_mv: float


@dataclass(frozen=True, slots=True)
class BeatTimes:
    """One beat in s: its J point, the peak and the end of its T wave."""

    j_s: float
    t_peak_s: float
    t_end_s: float


def weaker_of_best_pair(levels_mv: dict[str, float]) -> float:
    """Return the elevation in the weaker lead of the contiguous pair where that is largest, mV."""
    signed = levels_mv | {"-aVR": -levels_mv["aVR"]}
    return max(min(signed[one], signed[other]) for one, other in CONTIGUOUS)


def projections(axis_deg: float) -> dict[str, float]:
    """Return what a vector of size 1 at this axis gives in each limb lead."""
    pair = (cos(radians(axis_deg)), cos(radians(axis_deg - 60.0)))
    return {lead: float(np.dot(DERIVATION[lead], pair)) for lead in LIMB_LEADS}


def times_of(
    beats: Sequence[Beat], fs_hz: float, j_after_r_s: float | None = None
) -> list[BeatTimes]:
    """Return when each beat's ST begins and its T wave peaks and ends.

    ``j_after_r_s`` is the J point by the experts' marks; None: each beat's own.
    """
    measured = [beat for beat in beats if beat.waves is not None]
    usual_s = float(np.median([_j_after_r(beat, fs_hz) for beat in measured] or [0.05]))
    r_peaks_s = [beat.r_peak / fs_hz for beat in beats]
    rr_s = float(np.median(np.diff(r_peaks_s))) if len(beats) > 1 else 1.0
    times = []
    for k, beat in enumerate(beats):
        own_s = _j_after_r(beat, fs_hz) if beat.waves is not None else usual_s
        j_s = r_peaks_s[k] + (own_s if j_after_r_s is None else j_after_r_s)
        next_s = r_peaks_s[k + 1] if k + 1 < len(beats) else r_peaks_s[k] + rr_s
        times.append(_with_t_wave(beat, j_s, min(rr_s, next_s - r_peaks_s[k]), next_s, fs_hz))
    return times


def inject(
    signal_mv: FloatArray, fs_hz: float, beats: Sequence[BeatTimes], injury: Injury
) -> FloatArray:
    """Return leads I and II (2, sample) with the injury in every beat."""
    size_mv = injury.size_mv / weaker_of_best_pair(projections(injury.axis_deg))
    at_s = np.arange(signal_mv.shape[1]) / fs_hz
    course = np.zeros(at_s.size)
    for beat in beats:
        points_s = (beat.j_s - STARTS_S, beat.j_s, beat.t_peak_s, beat.t_end_s)
        course = np.maximum(course, _course(at_s, points_s))
    gains = projections(injury.axis_deg)
    return signal_mv + size_mv * np.outer([gains["I"], gains["II"]], course)


def _course(at_s: FloatArray, points_s: tuple[float, float, float, float]) -> FloatArray:
    """Return the injury over time: a smooth rise, a slow growth, a smooth fall."""
    starts_s, j_s, t_peak_s, t_end_s = points_s
    rise = (1 - np.cos(np.pi * np.clip((at_s - starts_s) / (j_s - starts_s), 0, 1))) / 2
    growth = 1 + (T_GROWTH - 1) * np.clip((at_s - j_s) / (t_peak_s - j_s), 0, 1)
    fall = (1 + np.cos(np.pi * np.clip((at_s - t_peak_s) / (t_end_s - t_peak_s), 0, 1))) / 2
    course: FloatArray = rise * growth * fall
    return course


def _j_after_r(beat: Beat, fs_hz: float) -> float:
    assert beat.waves is not None
    return (beat.waves.qrs_end - beat.r_peak) / fs_hz


def _with_t_wave(beat: Beat, j_s: float, rr_s: float, next_s: float, fs_hz: float) -> BeatTimes:
    stretch = float(np.sqrt(max(0.3, min(rr_s, 1.5))))
    peak_s, end_s = j_s + USUAL_T_PEAK_S * stretch, j_s + USUAL_T_END_S * stretch
    waves = beat.waves
    if waves is not None and waves.t_peak is not None and waves.t_end is not None:
        peak_s, end_s = waves.t_peak / fs_hz, waves.t_end / fs_hz
    end_s = max(j_s + LEAST_T_S, min(end_s, next_s - NEXT_BEAT_S))
    return BeatTimes(j_s, min(max(peak_s, j_s + LEAST_T_S / 2), end_s - 0.05), end_s)
