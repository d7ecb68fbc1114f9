"""Wave boundaries of each beat, per lead and over all leads.

QRS: where the slope rises out of, and falls back to, the level of its surroundings, relative to
the steepest slope. P and T: crest of the wave against its chord, boundaries where the indicator
area of Zhang et al. (2006) is largest. Everything runs on the grid of ``segments``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgd.features.segments import GRID_HZ, POINTS, R_AT, Segments
from ecgd.model.signal import FloatArray, IntArray

NONE = -1
"""A boundary that was not found."""


def points(seconds: float) -> int:
    """Return a duration as a number of grid points."""
    return round(seconds * GRID_HZ)


CORE_SHARE = 0.19
CORE_GAP_S = 0.032
CORE_REACH_S = 0.13
ONSET_SHARE = 0.13
END_SHARE = 0.075
ONSET_NOISE_FACTOR = 3.7
END_NOISE_FACTOR = 3.0
NOISE_QUANTILE = 0.5
BOX_S = 0.020
ONSET_SHIFT_S = -0.006
END_SHIFT_S = -0.004
LEAD_REACH_S = 0.030
SPIKE_LEAD_S = 0.050
"""QRS boundaries; tuned on LUDB, checked on QTDB."""

P_AREA_S = 0.060
P_LEAST_MV = 0.021
P_REACH_S = 0.28
P_GUARD_S = 0.40
P_ONSET_SHIFT_S = -0.008
P_END_SHIFT_S = -0.004
T_AREA_S = 0.104
T_LEAST_MV = 0.010
T_START_S = 0.10
T_REACH_S = 0.48
T_LIMIT_SHARE = 0.74
T_ONSET_SHIFT_S = -0.016
"""P and T: width of the indicator area, least height, where they are looked for (from the RR
interval, off the neighbouring beats), and how far experts' marks lie off the indicator's."""


@dataclass(frozen=True, slots=True, eq=False)
class Boundaries:
    """Grid points, shape (row,); ``NONE`` where not found. Rows are beats, or beats × leads."""

    qrs_onset: IntArray
    qrs_end: IntArray
    p_onset: IntArray
    p_peak: IntArray
    p_end: IntArray
    t_onset: IntArray
    t_peak: IntArray
    t_end: IntArray


def qrs_bounds(
    activity: FloatArray, centre: tuple[IntArray, IntArray] | None = None
) -> tuple[IntArray, IntArray]:
    """Return QRS onset and end per row of ``activity`` (row, point), a slope magnitude.

    With ``centre`` (onset, end over all leads) each lead's boundary lies midway between its own
    and the common one, its own being within ``LEAD_REACH_S``: experts' marks scatter least so.
    """
    at = np.arange(POINTS)
    near = slice(R_AT - points(0.08), R_AT + points(0.08) + 1)
    peak = activity[:, near].max(axis=1, keepdims=True)
    noise = np.quantile(activity, NOISE_QUANTILE, axis=1, keepdims=True)
    first, last = _core(activity, peak)
    low = np.maximum(ONSET_SHARE * peak, ONSET_NOISE_FACTOR * noise)
    quiet = (activity < low) & (at < first) & (at >= first - points(CORE_REACH_S))
    onset = np.where(quiet, at, -1).max(axis=1)
    onset = np.where(onset < 0, first[:, 0], onset)
    low = np.maximum(END_SHARE * peak, END_NOISE_FACTOR * noise)
    quiet = (activity < low) & (at > last) & (at <= last + points(CORE_REACH_S))
    end = np.where(quiet, at, POINTS).min(axis=1)
    end = np.where(end >= POINTS, last[:, 0], end)
    onset += points(ONSET_SHIFT_S)
    end += points(END_SHIFT_S)
    if centre is not None:
        reach = points(LEAD_REACH_S)
        onset = centre[0] + np.clip(onset - centre[0], -reach, reach) // 2
        end = centre[1] + np.clip(end - centre[1], -reach, reach) // 2
    return onset, end


def _core(activity: FloatArray, peak: FloatArray) -> tuple[IntArray, IntArray]:
    """Return first and last point of the steep run around the R peak; shapes (row, 1)."""
    reach, gap = points(CORE_REACH_S), points(CORE_GAP_S)
    steep = activity[:, R_AT - reach : R_AT + reach + 1] > CORE_SHARE * peak
    steep[~steep.any(axis=1), reach] = True
    rows, at = np.arange(steep.shape[0]), np.arange(2 * reach + 1)
    # A run ends where the next steep point is further than the gap: runs are numbered.
    last_steep = np.maximum.accumulate(np.where(steep, at, -2 * reach), axis=1)
    begins = steep[:, 1:] & (at[1:] - last_steep[:, :-1] > gap)
    run = np.cumsum(np.pad(begins, ((0, 0), (1, 0))), axis=1)
    nearest = np.argmin(np.where(steep, np.abs(at - reach), at.size), axis=1)
    core = steep & (run == run[rows, nearest][:, None])
    first = np.argmax(core, axis=1)
    last = at.size - 1 - np.argmax(core[:, ::-1], axis=1)
    return (R_AT - reach + first)[:, None], (R_AT - reach + last)[:, None]


def find_wave(
    coarse_mv: FloatArray, low: IntArray, high: IntArray, area_s: float, least_mv: float
) -> tuple[IntArray, IntArray, IntArray]:
    """Return onset, peak and end of the wave between the points ``low`` and ``high`` of each row.

    The peak is the largest deflection from the chord; rows where that is less than ``least_mv``,
    or whose span is too short, give ``NONE``. Boundaries: Zhang et al. (2006).
    """
    rows = np.arange(coarse_mv.shape[0])
    low, high = np.clip(low, 0, POINTS - 1), np.clip(high, 0, POINTS - 1)
    usable = high - low > points(0.05)
    # Only the stretch that some row looks at, with the reach of the area on both sides.
    width = points(area_s)
    first = int(min(low.min(), high.min()))
    at = np.arange(first, int(max(low.max(), high.max())) + 1)
    around = np.clip(np.arange(first - width - 1, at[-1] + width + 1), 0, POINTS - 1)
    total = np.cumsum(coarse_mv[:, around], axis=1)
    curve_mv = coarse_mv[:, first : first + at.size]
    low, high = low - first, high - first
    at = at - first
    inside = (at > low[:, None]) & (at < high[:, None])
    left = curve_mv[rows, low][:, None]
    right = curve_mv[rows, high][:, None]
    share = (at - low[:, None]) / np.maximum(1, high - low)[:, None]
    height = np.where(inside, curve_mv - left - (right - left) * share, 0.0)
    peak = np.argmax(np.abs(height), axis=1)
    found = usable & (np.abs(height[rows, peak]) >= least_mv)
    sign = np.where(height[rows, peak] >= 0, 1.0, -1.0)[:, None]
    size = at.size
    behind = total[:, width : width + size] - total[:, :size]
    ahead = total[:, 2 * width : 2 * width + size] - total[:, width : width + size]
    after = (at > peak[:, None]) & (at <= high[:, None])
    before = (at < peak[:, None]) & (at >= low[:, None])
    level_mv = width * curve_mv
    end = first + np.argmax(np.where(after, sign * (behind - level_mv), -np.inf), axis=1)
    onset = first + np.argmax(np.where(before, sign * (ahead - level_mv), -np.inf), axis=1)
    peak = first + peak
    return (
        np.where(found, onset, NONE),
        np.where(found, peak, NONE),
        np.where(found, end, NONE),
    )


def delineate(
    segments: Segments,
    rr_before_s: FloatArray,
    rr_after_s: FloatArray,
    spike_end_s: FloatArray | None = None,
) -> tuple[Boundaries, Boundaries]:
    """Return the boundaries over all leads (row = beat) and per lead (row = beat × lead).

    ``rr_before_s`` and ``rr_after_s`` (beat,) keep P and T off the neighbouring beats. A QRS
    begins no sooner than the pacing spike that calls it up: ``spike_end_s`` (beat,), from the R
    peak, NaN where there is none.
    """
    beats, leads, _ = segments.fine_mv.shape
    onset, end = qrs_bounds(_boxed(np.sqrt((segments.fine_slope**2).mean(axis=1))))
    if spike_end_s is not None:
        onset = _behind_spike(onset, spike_end_s)
    slope = segments.fine_slope.reshape(-1, POINTS)
    each = np.repeat(np.arange(beats), leads)
    lead_onset, lead_end = qrs_bounds(np.sqrt(_boxed(slope**2)), (onset[each], end[each]))
    coarse = segments.coarse_mv.reshape(-1, POINTS)
    p_low = R_AT - points_of(np.minimum(P_REACH_S, rr_before_s - P_GUARD_S))
    p_on, p_peak, p_end = find_wave(
        coarse, p_low[each], onset[each] - points(0.008), P_AREA_S, P_LEAST_MV
    )
    t_high = R_AT + points_of(
        np.minimum(T_LIMIT_SHARE * rr_after_s, T_REACH_S * np.sqrt(rr_before_s))
    )
    t_on, t_peak, t_end = find_wave(
        coarse, end[each] + points(T_START_S), t_high[each], T_AREA_S, T_LEAST_MV
    )
    p_on, p_end = _shifted(p_on, P_ONSET_SHIFT_S), _shifted(p_end, P_END_SHIFT_S)
    t_on = _shifted(t_on, T_ONSET_SHIFT_S)
    own = (p_on, p_peak, p_end, t_on, t_peak, t_end)
    whole = [_over_leads(rows, beats) for rows in own]
    drawn = [_drawn(rows, middle[each]) for rows, middle in zip(own, whole, strict=True)]
    return Boundaries(onset, end, *whole), Boundaries(lead_onset, lead_end, *drawn)


def _behind_spike(onset: IntArray, spike_end_s: FloatArray) -> IntArray:
    """Move an onset that lies less than ``SPIKE_LEAD_S`` before a spike's end to that end."""
    spike_end = R_AT + points_of(np.nan_to_num(spike_end_s, nan=-1.0))
    led = (onset < spike_end) & (onset >= spike_end - points(SPIKE_LEAD_S))
    behind: IntArray = np.where(led, spike_end, onset)
    return behind


def points_of(seconds: FloatArray) -> IntArray:
    """Return durations as numbers of grid points."""
    rounded: IntArray = np.round(seconds * GRID_HZ).astype(np.int64)
    return rounded


def _shifted(rows: IntArray, shift_s: float) -> IntArray:
    shifted: IntArray = np.where(rows == NONE, NONE, np.maximum(rows + points(shift_s), 0))
    return shifted


def _drawn(own: IntArray, common: IntArray) -> IntArray:
    """Return each lead's points midway to the common ones: experts' marks scatter least so."""
    drawn: IntArray = np.where((own == NONE) | (common == NONE), own, (own + common + 1) // 2)
    return drawn


def _over_leads(rows: IntArray, beats: int) -> IntArray:
    """Return the median over the leads that show the wave: half of them at least, else NONE."""
    by_beat = rows.reshape(beats, -1)
    seen = by_beat != NONE
    count = seen.sum(axis=1)
    ordered = np.sort(np.where(seen, by_beat, POINTS), axis=1)
    beat = np.arange(beats)
    upper = ordered[beat, np.minimum(count // 2, by_beat.shape[1] - 1)]
    lower = ordered[beat, np.maximum(count - 1, 0) // 2]
    whole: IntArray = np.where(2 * count >= by_beat.shape[1], (lower + upper) // 2, NONE)
    return whole


def _boxed(rows: FloatArray) -> FloatArray:
    """Return a moving mean over ``BOX_S``."""
    half = points(BOX_S) // 2
    padded = np.pad(rows, ((0, 0), (half + 1, half)), mode="edge")
    total = np.cumsum(padded, axis=1)
    boxed: FloatArray = (total[:, 2 * half + 1 :] - total[:, : -2 * half - 1]) / (2 * half + 1)
    return np.maximum(boxed, 0.0)
