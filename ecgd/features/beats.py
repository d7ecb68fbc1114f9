"""All beats of one window, measured, and which of them are final.

A beat is final once enough signal follows it: later windows would measure the same. Each beat
becomes final in exactly one window of a stream (``newly_final``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgd.features.classify import classify, likeness
from ecgd.features.delineation import NONE, Boundaries, delineate
from ecgd.features.pacing import pacing_spikes, spike_ends, without_spikes
from ecgd.features.r_peaks import PeakHints, detect_r_peaks
from ecgd.features.segments import GRID_HZ, R_AT, cut_segments
from ecgd.features.st import st_levels
from ecgd.model.beat import Beat, BeatClass, StLevels, Waves
from ecgd.model.signal import BoolArray, FloatArray, IntArray

FINAL_AFTER_S = 0.8
"""Signal that must follow an R peak: QT interval and the filters' reach."""

NEEDED_BEFORE_S = 0.16
NEEDED_AFTER_S = 0.36
"""A beat's QRS and ST are measured only where this much signal surrounds its R peak."""

SAME_BEAT_S = 0.15
"""Two R peaks closer than this are the same beat (EC57's match window)."""

USUAL_RR_S = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class FoundBeats:
    """Beats of one window.

    ``r_peaks`` are all R peaks as absolute indices, the newest, not yet final ones included.
    ``beats`` are those from ``from_index`` on. Beats before ``final_before_index`` are final.
    """

    r_peaks: IntArray
    beats: tuple[Beat, ...]
    final_before_index: int
    hints: PeakHints | None


def find_beats(
    *,
    start_index: int,
    fs_hz: float,
    leads: tuple[str, ...],
    st_path_mv: FloatArray,
    band_mv: FloatArray,
    valid: BoolArray,
    usable: BoolArray,
    hints: PeakHints | None = None,
    from_index: int | None = None,
) -> FoundBeats:
    """Find and measure the beats of one window.

    ``st_path_mv`` and ``band_mv`` are (lead, sample), ``valid`` (sample,), ``usable`` (lead,).
    R peaks and boundaries come from the usable leads; ST is given for these. Beats before
    ``from_index`` (absolute) are found but not measured again.
    """
    end_index = start_index + st_path_mv.shape[1]
    peaks = detect_r_peaks(band_mv, usable, valid, fs_hz, hints)
    absolute = peaks.indices + start_index
    final_before = end_index - round(FINAL_AFTER_S * fs_hz)
    margin = round(SAME_BEAT_S * fs_hz)
    wanted = np.flatnonzero(
        absolute >= (start_index if from_index is None else from_index - margin)
    )
    if wanted.size == 0:
        return FoundBeats(absolute, (), final_before, peaks.hints)
    spikes = pacing_spikes(st_path_mv[usable], peaks.indices, fs_hz)
    used_mv = without_spikes(st_path_mv[usable], spikes)
    segments = cut_segments(used_mv, peaks.indices[wanted], fs_hz)
    like_usual = likeness(used_mv, peaks.indices, fs_hz)
    before_s, after_s, usual_s = _rr(peaks.indices, fs_hz, hints)
    whole, each = delineate(
        segments,
        np.where(np.isnan(before_s), usual_s, before_s)[wanted],
        np.where(np.isnan(after_s), usual_s, after_s)[wanted],
        spike_ends(spikes, peaks.indices[wanted], fs_hz),
    )
    measurable = _measurable(peaks.indices[wanted], valid, whole, fs_hz)
    levels = st_levels(segments.fine_mv, whole.qrs_onset, whole.qrs_end)
    maker = _BeatMaker(leads, usable.tolist(), fs_hz, _rows(whole), _rows(each), levels)
    beats = tuple(
        maker.make(
            row,
            int(absolute[k]),
            bool(measurable[row]),
            classify(
                float(like_usual[k]),
                float(whole.qrs_end[row] - whole.qrs_onset[row]) / GRID_HZ,
                None if np.isnan(before_s[k]) else float(before_s[k]),
                usual_s,
            ),
        )
        for row, k in enumerate(wanted.tolist())
    )
    return FoundBeats(absolute, beats, final_before, peaks.hints)


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


def _rows(bounds: Boundaries) -> list[tuple[int, ...]]:
    """Return the boundaries as plain numbers, a row at a time, in the order of ``Waves``."""
    columns = (
        *(bounds.qrs_onset, bounds.qrs_end),
        *(bounds.p_onset, bounds.p_peak, bounds.p_end),
        *(bounds.t_onset, bounds.t_peak, bounds.t_end),
    )
    return list(zip(*(column.tolist() for column in columns), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class _BeatMaker:
    """Turns rows of grid points into beats at absolute indices."""

    leads: tuple[str, ...]
    usable: list[bool]
    fs_hz: float
    whole: list[tuple[int, ...]]
    each: list[tuple[int, ...]]
    levels: FloatArray

    def make(self, row: int, r_peak: int, measurable: bool, beat_class: BeatClass) -> Beat:
        nothing = (None,) * len(self.leads)
        if not measurable:
            return Beat(r_peak, None, self.leads, nothing, nothing, beat_class)
        measured = zip(*self.levels[:, row].tolist(), strict=True)
        st = (StLevels(*levels) for levels in measured)
        first = row * sum(self.usable)
        waves = (self._waves(bounds, r_peak) for bounds in self.each[first:])
        return Beat(
            r_peak,
            self._waves(self.whole[row], r_peak),
            self.leads,
            tuple(next(st) if used else None for used in self.usable),
            tuple(next(waves) if used else None for used in self.usable),
            beat_class,
        )

    def _waves(self, bounds: tuple[int, ...], r_peak: int) -> Waves:
        qrs_onset, qrs_end, *others = (
            None if point == NONE else r_peak + round((point - R_AT) / GRID_HZ * self.fs_hz)
            for point in bounds
        )
        assert qrs_onset is not None
        assert qrs_end is not None
        return Waves(qrs_onset, qrs_end, *others)
