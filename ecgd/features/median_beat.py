"""The usual beat of a window in leads I and II, and the areas under its waves.

Areas under P, QRS and T are the frontal-plane vectors by which the electrical axis is told: they
do not depend on where within a wave its peak lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

import numpy as np

from ecgd.model.baseline import BEAT_FS_HZ, BEAT_POINTS, BEAT_R_AT, MedianBeat, Span, Vector
from ecgd.model.beat import Beat, BeatClass, Waves
from ecgd.model.order import median_of
from ecgd.model.signal import BoolArray, FloatArray, IntArray

LEAST_BEATS: Final = 2
"""A slow heart shows no more whole beats in five seconds."""

ISO_FROM_S: Final = 0.024
ISO_TO_S: Final = 0.004
"""The isoelectric level is the mean from 24 to 4 ms before the QRS onset."""

WAVE_SHARE: Final = 0.6
"""A wave that fewer beats show is none."""

FOOT_POINTS: Final = 4
"""A P wave's area is told from so much wider a chord: its marks lie on its slopes, 16 ms in."""

STEADY_SHARE: Final = 0.7
"""A wave counts if the mean of its areas is at least this share of their mean size: the waves of
atrial fibrillation, which come as they like, cancel."""

LEAST_POINTS: Final = 4


def median_beat(
    beats: Sequence[Beat],
    leads: tuple[str, ...],
    st_path_mv: FloatArray,
    valid: BoolArray,
    *,
    start_index: int,
    fs_hz: float,
) -> MedianBeat | None:
    """Return the median of the beats that lie wholly in a window; None with fewer than two.

    ``st_path_mv`` is (lead, sample), ``valid`` (sample,). Only measured beats of class N count.
    """
    if "I" not in leads or "II" not in leads:
        return None
    before = round(BEAT_R_AT / BEAT_FS_HZ * fs_hz)
    after = round((BEAT_POINTS - 1 - BEAT_R_AT) / BEAT_FS_HZ * fs_hz)
    whole = [
        (beat.r_peak - start_index, _relative(beat.waves, beat.r_peak, fs_hz))
        for beat in beats
        if beat.waves is not None
        and beat.beat_class is BeatClass.N
        and before <= beat.r_peak - start_index < valid.size - after
        and valid[beat.r_peak - start_index - before : beat.r_peak - start_index + after + 1].all()
    ]
    if len(whole) < LEAST_BEATS:
        return None
    r_peaks = np.array([r_peak for r_peak, _ in whole], dtype=np.int64)
    bounds = [_middle([row[k] for _, row in whole]) for k in range(6)]
    pair_mv = st_path_mv[[leads.index("I"), leads.index("II")]]
    each_mv = _cut(pair_mv, r_peaks, fs_hz)
    onset, end = bounds[0] or 0, bounds[1] or 0
    first, last = onset - round(ISO_FROM_S * BEAT_FS_HZ), onset - round(ISO_TO_S * BEAT_FS_HZ)
    each_mv = each_mv - each_mv[:, :, max(first, 0) : max(last, 0) + 1].mean(axis=2, keepdims=True)
    signal_mv = median_of(each_mv, axis=1)
    return MedianBeat(
        signal_mv=signal_mv,
        qrs_onset=onset,
        qrs_end=end,
        qrs_area_uvs=_vector(signal_mv[:, onset : end + 1].sum(axis=1)),
        p_area_uvs=_wave_area(each_mv, signal_mv, *_feet(bounds[2], bounds[3], onset)),
        t_area_uvs=_wave_area(each_mv, signal_mv, bounds[4], bounds[5]),
        rr_s=median(np.diff(r_peaks).tolist()) / fs_hz,
        beat_count=len(whole),
        p_span=_span(bounds[2], bounds[3]),
        t_span=_span(bounds[4], bounds[5]),
    )


def _relative(waves: Waves, r_peak: int, fs_hz: float) -> tuple[int | None, ...]:
    """Return QRS, P and T boundaries as points of the grid."""
    bounds = (
        *(waves.qrs_onset, waves.qrs_end),
        *(waves.p_onset, waves.p_end),
        *(waves.t_onset, waves.t_end),
    )
    return tuple(
        None
        if bound is None
        else min(BEAT_POINTS - 1, max(0, BEAT_R_AT + round((bound - r_peak) / fs_hz * BEAT_FS_HZ)))
        for bound in bounds
    )


def _feet(onset: int | None, end: int | None, qrs_onset: int) -> tuple[int | None, int | None]:
    """Return a P wave's boundaries widened to where it has wholly died out, before the QRS."""
    if onset is None or end is None:
        return None, None
    return max(0, onset - FOOT_POINTS), max(end, min(end + FOOT_POINTS, qrs_onset))


def _span(onset: int | None, end: int | None) -> Span | None:
    return None if onset is None or end is None or end <= onset else (onset, end)


def _middle(bounds: list[int | None]) -> int | None:
    found = sorted(bound for bound in bounds if bound is not None)
    return found[len(found) // 2] if len(found) >= WAVE_SHARE * len(bounds) else None


def _cut(pair_mv: FloatArray, r_peaks: IntArray, fs_hz: float) -> FloatArray:
    """Return each beat on the grid: (2, beat, point)."""
    offsets = (np.arange(BEAT_POINTS) - BEAT_R_AT) / BEAT_FS_HZ * fs_hz
    low = np.floor(offsets).astype(np.int64)
    share = offsets - low
    at = r_peaks[:, None] + low
    cut: FloatArray = pair_mv.take(at, axis=1, mode="clip")
    if share.any():
        cut = cut * (1 - share) + pair_mv.take(at + 1, axis=1, mode="clip") * share
    return cut


def _wave_area(
    each_mv: FloatArray, signal_mv: FloatArray, onset: int | None, end: int | None
) -> Vector | None:
    """Return the area between a wave and its chord; None where the beats do not agree on it."""
    if onset is None or end is None or end - onset < LEAST_POINTS:
        return None
    each = _over_chord(each_mv[:, :, onset : end + 1])
    mean_size = float(np.hypot(each[0], each[1]).mean())
    mean = each.mean(axis=1)
    if float(np.hypot(mean[0], mean[1])) < STEADY_SHARE * mean_size:
        return None
    return _vector(_over_chord(signal_mv[:, onset : end + 1]))


def _over_chord(waves_mv: FloatArray) -> FloatArray:
    """Return the sum of the points over the line from the first to the last point."""
    chord = (waves_mv[..., 0] + waves_mv[..., -1]) / 2 * waves_mv.shape[-1]
    over: FloatArray = waves_mv.sum(axis=-1) - chord
    return over


def _vector(sums_mv: FloatArray) -> Vector:
    area_uvs = sums_mv * (1000.0 / BEAT_FS_HZ)
    return float(area_uvs[0]), float(area_uvs[1])
