"""All beats of one window, measured, and which of them are final.

A beat is final once enough signal follows it: later windows would measure the same. Each beat
becomes final in exactly one window of a stream (``newly_final``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgd.features.beat_shape import GRID_STEP
from ecgd.features.boundary_network import Network
from ecgd.features.capture import without_lone_spikes
from ecgd.features.delineation import NONE, Boundaries, delineate
from ecgd.features.pacing import pacing_spikes, spike_ends, without_spikes
from ecgd.features.r_peaks import PeakHints, detect_r_peaks
from ecgd.features.segments import GRID_HZ, R_AT, cut_segments
from ecgd.features.st import levels_of, st_levels
from ecgd.model.beat import Beat, BeatClass, Waves
from ecgd.model.signal import BoolArray, FloatArray, IntArray, Mixing

FINAL_AFTER_S = 0.8
"""Signal that must follow an R peak: QT interval and the filters' reach."""

NEEDED_BEFORE_S = 0.16
NEEDED_AFTER_S = 0.36
"""A beat's QRS and ST are measured only where this much signal surrounds its R peak."""

SAME_BEAT_S = 0.15
"""Two R peaks closer than this are the same beat (EC57's match window)."""

USUAL_RR_S = 0.8

HEARD_IN_NOISE = "heard in noise"
"""Why a beat of a window without a usable lead has no class."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundBeats:
    """Beats of one window.

    ``r_peaks`` are all R peaks as absolute indices, the newest, not yet final ones included.
    ``beats`` are those from ``from_index`` on, not yet classed, and ``shapes_mv`` (beat, lead,
    point) the shapes of the measured ones for that, 0 in leads that are not usable. Beats before
    ``final_before_index`` are final. ``certain_count`` of the R peaks are beats beyond doubt.
    """

    r_peaks: IntArray
    beats: tuple[Beat, ...]
    final_before_index: int
    hints: PeakHints | None
    shapes_mv: FloatArray | None = None
    certain_count: int = 0


def find_beats(
    *,
    start_index: int,
    fs_hz: float,
    leads: tuple[str, ...],
    st_path_mv: FloatArray,
    band_mv: FloatArray,
    valid: BoolArray,
    usable: BoolArray,
    heard: BoolArray | None = None,
    hints: PeakHints | None = None,
    from_index: int | None = None,
    until_index: int | None = None,
    network: Network | None = None,
    mixing: Mixing | None = None,
) -> FoundBeats:
    """Find and measure the beats of one window.

    ``st_path_mv`` and ``band_mv`` are (lead, sample), ``valid`` (sample,), ``usable`` (lead,).
    R peaks come from the leads ``heard`` (lead,), by default the usable ones, boundaries from the
    usable ones; ST is given for these. Where none is usable beats are found but not measured, nor
    are those before ``from_index`` (absolute) again, and those from ``until_index`` on not yet.
    ``network`` finds the boundaries in place of the one that is shipped. ``mixing`` says how the
    leads follow from some of them.
    """
    end_index = start_index + st_path_mv.shape[1]
    heard = usable if heard is None else heard
    peaks = detect_r_peaks(band_mv, heard, valid, fs_hz, hints, mixing=mixing)
    peaks = without_lone_spikes(peaks, st_path_mv[heard], fs_hz)
    absolute = peaks.indices + start_index
    final_before = end_index - round(FINAL_AFTER_S * fs_hz)
    margin = round(SAME_BEAT_S * fs_hz)
    wanted = np.flatnonzero(
        absolute >= (start_index if from_index is None else from_index - margin)
    )
    if not usable.any():
        heard_only = tuple(_unmeasured(r_peak, leads) for r_peak in absolute[wanted].tolist())
        return FoundBeats(
            absolute, heard_only, final_before, peaks.hints, certain_count=peaks.certain_count
        )
    until = end_index if until_index is None else until_index
    newest = tuple(
        Beat(r_peak, None, leads, (None,) * len(leads), (None,) * len(leads))
        for r_peak in absolute[absolute >= until].tolist()
    )
    wanted = wanted[absolute[wanted] < until]
    if wanted.size == 0:
        return FoundBeats(
            absolute, newest, final_before, peaks.hints, certain_count=peaks.certain_count
        )
    spikes = pacing_spikes(st_path_mv[usable], peaks.indices, fs_hz)
    used_mv = without_spikes(st_path_mv[usable], spikes)
    segments = cut_segments(used_mv, peaks.indices[wanted], fs_hz)
    before_s, after_s, usual_s = _rr(peaks.indices, fs_hz, hints)
    whole, each = delineate(
        segments,
        np.where(np.isnan(before_s), usual_s, before_s)[wanted],
        np.where(np.isnan(after_s), usual_s, after_s)[wanted],
        spike_ends(spikes, peaks.indices[wanted], fs_hz),
        network,
    )
    measurable = _measurable(peaks.indices[wanted], valid, whole, fs_hz)
    levels = st_levels(segments.fine_mv, whole.qrs_onset, whole.qrs_end, each.t_peak)
    maker = _BeatMaker(leads, usable.tolist(), fs_hz, _rows(whole), _rows(each), levels)
    beats = tuple(
        maker.make(row, int(absolute[k]), bool(measurable[row]))
        for row, k in enumerate(wanted.tolist())
    )
    shapes_mv = _shapes(segments.fine_mv, usable)
    return FoundBeats(
        absolute, (*beats, *newest), final_before, peaks.hints, shapes_mv, peaks.certain_count
    )


def _unmeasured(r_peak: int, leads: tuple[str, ...]) -> Beat:
    """Return a beat of a window in which no lead can be relied on: it counts, and nothing else."""
    nothing = (None,) * len(leads)
    return Beat(r_peak, None, leads, nothing, nothing, BeatClass.Q, class_reason=HEARD_IN_NOISE)


def _shapes(fine_mv: FloatArray, usable: BoolArray) -> FloatArray:
    """Return the beats' shapes in all leads, 0 in those that are not usable."""
    coarse_mv = fine_mv[..., ::GRID_STEP]
    shapes_mv = np.zeros((coarse_mv.shape[0], usable.size, coarse_mv.shape[2]))
    shapes_mv[:, usable] = coarse_mv
    return shapes_mv


def newly_final(
    found: FoundBeats, final_until_index: int, last_r_peak: int | None, fs_hz: float
) -> tuple[Beat, ...]:
    """Return the beats that become final with this window.

    ``final_until_index`` is the largest ``final_before_index`` seen so far in the stream and
    ``last_r_peak`` the last final beat. A beat that lies on the border, and moves by a sample
    between two windows, is neither lost nor given twice.
    """
    margin = round(SAME_BEAT_S * fs_hz)
    oldest = final_until_index - margin
    if last_r_peak is not None:
        oldest = max(oldest, last_r_peak + margin)
    return tuple(beat for beat in found.beats if oldest <= beat.r_peak < found.final_before_index)


def _rr(
    r_peaks: IntArray, fs_hz: float, hints: PeakHints | None
) -> tuple[FloatArray, FloatArray, float]:
    """Return RR before and after each beat (NaN at the ends) and the usual RR, in s."""
    rr_s = np.diff(r_peaks) / fs_hz
    unknown = np.full(1, np.nan)
    if rr_s.size > 2 or (rr_s.size and hints is None):
        usual_s = float(np.median(rr_s))
    else:
        usual_s = hints.rr_s if hints else USUAL_RR_S
    return np.concatenate((unknown, rr_s)), np.concatenate((rr_s, unknown)), usual_s


def _measurable(r_peaks: IntArray, valid: BoolArray, whole: Boundaries, fs_hz: float) -> BoolArray:
    """Tell which beats lie wholly inside the window, with no invalid sample from PR to ST."""
    first = r_peaks + np.floor((whole.qrs_onset - R_AT) / GRID_HZ * fs_hz) - 0.06 * fs_hz
    last = r_peaks + np.ceil((whole.qrs_end - R_AT) / GRID_HZ * fs_hz) + 0.16 * fs_hz
    first = np.minimum(first, r_peaks - NEEDED_BEFORE_S * fs_hz).astype(np.int64)
    last = np.maximum(last, r_peaks + NEEDED_AFTER_S * fs_hz).astype(np.int64)
    inside = (first >= 0) & (last < valid.size)
    missing = np.concatenate(([0], np.cumsum(~valid)))
    low, high = np.clip(first, 0, valid.size), np.clip(last + 1, 0, valid.size)
    clean: BoolArray = inside & (missing[high] == missing[low])
    return clean


def _rows(bounds: Boundaries) -> list[tuple[float, ...]]:
    """Return the boundaries as plain numbers, a row at a time, in the order of ``Waves``."""
    columns = (
        *(bounds.qrs_onset, bounds.qrs_end),
        *(bounds.p_onset, bounds.p_peak, bounds.p_end),
        *(bounds.t_onset, bounds.t_peak, bounds.t_end),
        bounds.p_confidence,
    )
    return list(zip(*(column.tolist() for column in columns), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class _BeatMaker:
    """Turns rows of grid points into beats at absolute indices."""

    leads: tuple[str, ...]
    usable: list[bool]
    fs_hz: float
    whole: list[tuple[float, ...]]
    each: list[tuple[float, ...]]
    levels: FloatArray

    def make(self, row: int, r_peak: int, measurable: bool) -> Beat:
        nothing = (None,) * len(self.leads)
        if not measurable:
            return Beat(r_peak, None, self.leads, nothing, nothing)
        measured = zip(*self.levels[:, row].tolist(), strict=True)
        st = (levels_of(levels) for levels in measured)
        first = row * sum(self.usable)
        waves = (self._waves(bounds, r_peak) for bounds in self.each[first:])
        return Beat(
            r_peak,
            self._waves(self.whole[row], r_peak),
            self.leads,
            tuple(next(st) if used else None for used in self.usable),
            tuple(next(waves) if used else None for used in self.usable),
        )

    def _waves(self, bounds: tuple[float, ...], r_peak: int) -> Waves:
        *marks, p_confidence = bounds
        qrs_onset, qrs_end, p_onset, p_peak, p_end, *t_wave = (
            None if point == NONE else r_peak + round((point - R_AT) / GRID_HZ * self.fs_hz)
            for point in marks
        )
        t_onset, t_peak, t_end = t_wave
        assert qrs_onset is not None
        assert qrs_end is not None
        return Waves(
            *(qrs_onset, qrs_end),
            *(p_onset, p_peak, p_end),
            *(t_onset, t_peak, t_end),
            p_confidence=round(p_confidence, 3),
        )
