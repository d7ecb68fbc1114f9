"""RR, PR, QRS, QT and its corrections, and the frontal axis, over the last beats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from math import atan2, degrees, sqrt
from statistics import median
from typing import Final

from ecgd.model.baseline import MedianBeat
from ecgd.model.beat import Beat, BeatClass, Waves
from ecgd.model.intervals import Intervals

MOST_BEATS: Final = 30
LEAST_BEATS: Final = 3

LEAST_SHARE: Final = 0.5
"""A wave that fewer of the beats show has no usual interval."""

LEAST_AREA_UVS: Final = 2.0
"""A QRS with less area in both leads has no axis that could be told."""


def measure_intervals(
    beats: Sequence[Beat], usual: MedianBeat | None, fs_hz: float, *, has_p: bool = True
) -> Intervals | None:
    """Return the intervals over the last of ``beats``, None with fewer than three normal ones.

    Only beats of class N whose boundaries were measured count, and RR between two of them. Without
    ``has_p``, in atrial fibrillation, there is no PR, whatever was taken for a P wave.
    """
    recent = [beat for beat in beats[-MOST_BEATS:] if beat.beat_class is BeatClass.N]
    waves = [beat.waves for beat in recent if beat.waves is not None]
    if len(waves) < LEAST_BEATS:
        return None
    rr_ms = _rr(beats[-MOST_BEATS:], fs_hz)
    qt_ms = _usual(waves, fs_hz, lambda w: None if w.t_end is None else w.t_end - w.qrs_onset)
    intervals = Intervals(
        rr_ms,
        _usual(waves, fs_hz, _pr) if has_p else None,
        _usual(waves, fs_hz, lambda w: w.qrs_end - w.qrs_onset),
        qt_ms,
        axis_deg=None if usual is None else frontal_axis_deg(*usual.qrs_area_uvs),
        beat_count=len(waves),
    )
    if rr_ms is None or qt_ms is None:
        return intervals
    bazett_ms, fridericia_ms, framingham_ms, hodges_ms = correct_qt(qt_ms, rr_ms)
    return replace(
        intervals,
        qtc_bazett_ms=bazett_ms,
        qtc_fridericia_ms=fridericia_ms,
        qtc_framingham_ms=framingham_ms,
        qtc_hodges_ms=hodges_ms,
    )


def correct_qt(qt_ms: float, rr_ms: float) -> tuple[float, float, float, float]:
    """Return QTc in ms by Bazett, Fridericia, Framingham and Hodges."""
    rr_s = rr_ms / 1000.0
    return (
        float(qt_ms / sqrt(rr_s)),
        float(qt_ms / rr_s ** (1.0 / 3.0)),
        qt_ms + 154.0 * (1.0 - rr_s),
        qt_ms + 1.75 * (60.0 / rr_s - 60.0),
    )


def frontal_axis_deg(area_i: float, area_ii: float) -> float | None:
    """Return the axis of a vector from its parts in leads I (0°) and II (60°), -180 to 180."""
    if max(abs(area_i), abs(area_ii)) < LEAST_AREA_UVS:
        return None
    return degrees(atan2((2.0 * area_ii - area_i) / sqrt(3.0), area_i))


def _rr(beats: Sequence[Beat], fs_hz: float) -> float | None:
    rr = [
        1000.0 * (after.r_peak - before.r_peak) / fs_hz
        for before, after in pairwise(beats)
        if before.beat_class is BeatClass.N and after.beat_class is BeatClass.N
    ]
    return median(rr) if rr else None


def _pr(waves: Waves) -> int | None:
    return None if waves.p_onset is None else waves.qrs_onset - waves.p_onset


def _usual(
    waves: Sequence[Waves], fs_hz: float, length_of: Callable[[Waves], int | None]
) -> float | None:
    """Return the median length in ms, None where most beats do not show it."""
    lengths = [length for each in waves if (length := length_of(each)) is not None]
    if len(lengths) < max(LEAST_BEATS, LEAST_SHARE * len(waves)):
        return None
    return 1000.0 * median(lengths) / fs_hz
