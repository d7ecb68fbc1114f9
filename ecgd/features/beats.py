"""All beats of one window, measured, and which of them are final.

A beat is final once enough signal follows it: later windows would measure the same. Each beat
becomes final in exactly one window of a stream (``newly_final``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from ecgd.features.beat_shape import GRID_STEP
from ecgd.features.boundary_network import Network
from ecgd.features.capture import without_lone_spikes
from ecgd.features.delineation import NONE, Boundaries, delineate
from ecgd.features.p_presence import PSign
from ecgd.features.pacing import beyond_spikes, pacing_spikes, spike_ends, without_spikes
from ecgd.features.r_peaks import PeakHints, RPeaks, detect_r_peaks
from ecgd.features.segments import GRID_HZ, R_AT, Segments, cut_segments
from ecgd.features.st import levels_of, st_levels
from ecgd.model.beat import Beat, BeatClass, Waves
from ecgd.model.signal import BoolArray, FloatArray, IntArray, Prepared

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
    ``p_signs`` is known of P waves from now on.
    """

    r_peaks: IntArray
    beats: tuple[Beat, ...]
    final_before_index: int
    hints: PeakHints | None
    shapes_mv: FloatArray | None = None
    certain_count: int = 0
    p_signs: tuple[PSign, ...] = ()


def find_beats(
    prepared: Prepared,
    usable: BoolArray,
    *,
    heard: BoolArray | None = None,
    hints: PeakHints | None = None,
    from_index: int | None = None,
    until_index: int | None = None,
    network: Network | None = None,
    p_signs: tuple[PSign, ...] = (),
) -> FoundBeats:
    """Find and measure the beats of one window.

    ``usable`` is (lead,). R peaks come from the leads ``heard`` (lead,), by default the usable
    ones, boundaries from the usable ones; ST is given for these. Where none is usable beats are
    found but not measured, nor are those before ``from_index`` (absolute) again, and those from
    ``until_index`` on not yet. ``network`` finds the boundaries in place of the one that is
    shipped, ``p_signs`` is known of P waves before.
    """
    heard = usable if heard is None else heard
    peaks, spikes = _beat_peaks(prepared, usable, heard, hints)
    absolute = peaks.indices + prepared.start_index
    end_index = prepared.start_index + prepared.valid.size
    first = prepared.start_index
    if from_index is not None:
        first = from_index - round(SAME_BEAT_S * prepared.fs_hz)
    until = end_index if until_index is None else until_index
    found = FoundBeats(
        absolute,
        (),
        end_index - round(FINAL_AFTER_S * prepared.fs_hz),
        peaks.hints,
        certain_count=peaks.certain_count,
        p_signs=p_signs,
    )
    if not usable.any():
        in_noise = _unmeasured(absolute[absolute >= first], prepared.leads, in_noise=True)
        return replace(found, beats=in_noise)
    newest = _unmeasured(absolute[absolute >= until], prepared.leads)
    wanted = ((absolute >= first) & (absolute < until)).nonzero()[0]
    if wanted.size == 0:
        return replace(found, beats=newest)
    before_s, after_s = _rr(peaks.indices, prepared.fs_hz, hints)
    cut = _cut(prepared, usable, spikes, peaks.indices[wanted])
    ends_s = spike_ends(spikes, peaks.indices[wanted], prepared.fs_hz)
    r_peaks_s, rr_s = absolute[wanted] / prepared.fs_hz, (before_s[wanted], after_s[wanted])
    bounds = delineate(cut, *rr_s, ends_s, network, r_peaks_s=r_peaks_s, earlier=p_signs)
    beats = (*_measured(prepared, usable, absolute[wanted], cut, bounds), *newest)
    shapes_mv = _shapes(cut.fine_mv, usable)
    return replace(found, beats=beats, shapes_mv=shapes_mv, p_signs=bounds[0].p_signs)


def _beat_peaks(
    prepared: Prepared, usable: BoolArray, heard: BoolArray, hints: PeakHints | None
) -> tuple[RPeaks, BoolArray]:
    """Return the R peaks, none of them a pacing spike, and which samples belong to spikes."""
    fs_hz, mixing = prepared.fs_hz, prepared.mixing
    peaks = detect_r_peaks(prepared.band_mv, heard, prepared.valid, fs_hz, hints, mixing=mixing)
    peaks = without_lone_spikes(peaks, prepared.st_path_mv[heard], fs_hz)
    used_mv = prepared.st_path_mv[usable]
    spikes = pacing_spikes(used_mv, peaks.indices, fs_hz)
    if not spikes.any():
        return peaks, spikes
    bridged_mv = without_spikes(used_mv, spikes)
    return replace(peaks, indices=beyond_spikes(peaks.indices, bridged_mv, spikes, fs_hz)), spikes


def _unmeasured(
    r_peaks: IntArray, leads: tuple[str, ...], *, in_noise: bool = False
) -> tuple[Beat, ...]:
    """Return beats that count, and of which nothing else is known."""
    nothing = (None,) * len(leads)
    beat_class, reason = (BeatClass.Q, HEARD_IN_NOISE) if in_noise else (BeatClass.N, "")
    return tuple(
        Beat(r_peak, None, leads, nothing, nothing, beat_class, class_reason=reason)
        for r_peak in r_peaks.tolist()
    )


def _measured(
    prepared: Prepared,
    usable: BoolArray,
    r_peaks: IntArray,
    cut: Segments,
    bounds: tuple[Boundaries, Boundaries],
) -> tuple[Beat, ...]:
    """Return the beats at ``r_peaks`` (absolute), those that can be measured with all figures."""
    (whole, each), fs_hz, leads = bounds, prepared.fs_hz, cut.fine_mv.shape[1]
    measurable = _measurable(r_peaks - prepared.start_index, prepared.valid, whole, fs_hz)
    levels = st_levels(cut.fine_mv, whole.qrs_onset, whole.qrs_end, each.t_peak)
    maker = _BeatMaker(
        prepared.leads,
        usable.tolist(),
        _rows(whole, r_peaks, fs_hz),
        _rows(each, np.repeat(r_peaks, leads), fs_hz),
        levels.transpose(1, 2, 0).tolist(),
    )
    return tuple(
        maker.make(row, r_peak, is_measurable)
        for row, (r_peak, is_measurable) in enumerate(
            zip(r_peaks.tolist(), measurable.tolist(), strict=True)
        )
    )


def _cut(prepared: Prepared, usable: BoolArray, spikes: BoolArray, r_peaks: IntArray) -> Segments:
    """Return the beats of the usable leads, cut from those that these follow from."""
    mixing = prepared.mixing
    if mixing is None or int(usable.sum()) <= len(mixing.sources):
        return cut_segments(
            without_spikes(prepared.st_path_mv[usable], spikes), r_peaks, prepared.fs_hz
        )
    sources_mv = without_spikes(prepared.st_path_mv[list(mixing.sources)], spikes)
    return cut_segments(sources_mv, r_peaks, prepared.fs_hz, mixing.weights[usable])


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


def _rr(r_peaks: IntArray, fs_hz: float, hints: PeakHints | None) -> tuple[FloatArray, FloatArray]:
    """Return RR before and after each beat in s; before the first and after the last the usual."""
    rr_s = (r_peaks[1:] - r_peaks[:-1]) / fs_hz
    if rr_s.size > 2 or (rr_s.size and hints is None):
        usual_s = median(rr_s.tolist())
    else:
        usual_s = hints.rr_s if hints else USUAL_RR_S
    return np.concatenate(((usual_s,), rr_s)), np.concatenate((rr_s, (usual_s,)))


def _measurable(r_peaks: IntArray, valid: BoolArray, whole: Boundaries, fs_hz: float) -> BoolArray:
    """Tell which beats lie wholly inside the window, with no invalid sample from PR to ST."""
    first = r_peaks + np.floor((whole.qrs_onset - R_AT) / GRID_HZ * fs_hz) - 0.06 * fs_hz
    last = r_peaks + np.ceil((whole.qrs_end - R_AT) / GRID_HZ * fs_hz) + 0.16 * fs_hz
    first = np.minimum(first, r_peaks - NEEDED_BEFORE_S * fs_hz).astype(np.int64)
    last = np.maximum(last, r_peaks + NEEDED_AFTER_S * fs_hz).astype(np.int64)
    inside: BoolArray = (first >= 0) & (last < valid.size)
    if valid.all():
        return inside
    missing = np.concatenate(([0], np.cumsum(~valid)))
    low, high = np.clip(first, 0, valid.size), np.clip(last + 1, 0, valid.size)
    clean: BoolArray = inside & (missing[high] == missing[low])
    return clean


Row = tuple[list[int], float]
"""The points of one row in samples, in the order of ``Waves``, and the probability of a P wave."""


def _rows(bounds: Boundaries, r_peaks: IntArray, fs_hz: float) -> list[Row]:
    """Return the boundaries as plain numbers, a row at a time; ``r_peaks`` (row,) are absolute."""
    points = np.array(
        (
            *(bounds.qrs_onset, bounds.qrs_end),
            *(bounds.p_onset, bounds.p_peak, bounds.p_end),
            *(bounds.t_onset, bounds.t_peak, bounds.t_end),
        )
    ).T
    at = r_peaks[:, None] + np.rint((points - R_AT) / GRID_HZ * fs_hz).astype(np.int64)
    at[points == NONE] = NONE
    return list(zip(at.tolist(), bounds.p_confidence.tolist(), strict=True))


def _waves(row: Row) -> Waves:
    (qrs_onset, qrs_end, *others), p_confidence = row
    p_onset, p_peak, p_end, t_onset, t_peak, t_end = (None if at == NONE else at for at in others)
    return Waves(
        *(qrs_onset, qrs_end),
        *(p_onset, p_peak, p_end),
        *(t_onset, t_peak, t_end),
        p_confidence=round(p_confidence, 3),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _BeatMaker:
    """Turns rows of boundaries, and levels (beat, lead, column), into beats."""

    leads: tuple[str, ...]
    usable: list[bool]
    whole: list[Row]
    each: list[Row]
    levels: list[list[list[float]]]

    def make(self, row: int, r_peak: int, measurable: bool) -> Beat:
        nothing = (None,) * len(self.leads)
        if not measurable:
            return Beat(r_peak, None, self.leads, nothing, nothing)
        first = row * len(self.levels[row])
        st = (levels_of(levels) for levels in self.levels[row])
        waves = (_waves(bounds) for bounds in self.each[first:])
        return Beat(
            r_peak,
            _waves(self.whole[row]),
            self.leads,
            tuple(next(st) if used else None for used in self.usable),
            tuple(next(waves) if used else None for used in self.usable),
        )
