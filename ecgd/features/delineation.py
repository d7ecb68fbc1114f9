"""Wave boundaries of each beat, per lead and over all leads, by a small network.

A point's place is the mean of the probability that the network gives to each time: of all
estimates it has the least mean square error. Over all leads the scores are averaged first. Whether
there is a P wave is told of the beat as a whole, with the ones before it (``p_presence``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np

from ecgd.features.boundary_network import (
    ABSENCE_SCORE,
    MARKS,
    STEP_S,
    STEPS,
    Network,
    network_input,
    score_marks,
    shipped_network,
)
from ecgd.features.p_presence import PSign, weigh_p_waves
from ecgd.features.segments import BEFORE_S, GRID_HZ, R_AT, Segments
from ecgd.model.signal import BoolArray, Float32Array, FloatArray, IntArray

NONE = -1
"""A boundary that was not found."""

SPIKE_LEAD_S: Final = 0.050
LEAST_LEG_S: Final = 0.010
"""A QRS complex begins and ends at least so far from its R peak."""

OWN_SHARE: Final = 0.5
P_DOUBT: Final = 1.0
"""A lead has a T wave by what it shows itself and what all leads show, and so is the confidence in
a P wave told. Fibrillating atria draw small waves too: that takes better evidence than the network
was taught with."""

P_MARK, T_MARK = MARKS.index("p_peak"), MARKS.index("t_peak")
_TIMES_S: Final = np.arange(STEPS) * STEP_S - BEFORE_S


@dataclass(frozen=True, slots=True, eq=False)
class Boundaries:
    """Grid points, shape (row,); ``NONE`` where not found. Rows are beats, or beats × leads.

    ``p_confidence`` (row,) is the probability of a P wave by this beat alone, 0 to 1. ``p_signs``
    is what the next beats need to know of these; rows by lead have none.
    """

    qrs_onset: IntArray
    qrs_end: IntArray
    p_onset: IntArray
    p_peak: IntArray
    p_end: IntArray
    t_onset: IntArray
    t_peak: IntArray
    t_end: IntArray
    p_confidence: FloatArray
    p_signs: tuple[PSign, ...] = ()

    def rows(self, rows: slice) -> Boundaries:
        """Return some of the rows."""
        return Boundaries(*(getattr(self, name)[rows] for name in _COLUMNS))


_COLUMNS: Final = tuple(each.name for each in fields(Boundaries) if each.name != "p_signs")


def points(seconds: float) -> int:
    """Return a duration as a number of grid points."""
    return round(seconds * GRID_HZ)


def delineate(
    segments: Segments,
    rr_before_s: FloatArray,
    rr_after_s: FloatArray,
    spike_end_s: FloatArray | None = None,
    network: Network | None = None,
    *,
    r_peaks_s: FloatArray | None = None,
    earlier: Sequence[PSign] = (),
) -> tuple[Boundaries, Boundaries]:
    """Return the boundaries over all leads (row = beat) and per lead (row = beat × lead).

    ``rr_before_s`` and ``rr_after_s`` (beat,) tell where the neighbouring beats are. A QRS
    begins no sooner than the pacing spike that calls it up: ``spike_end_s`` (beat,), from the R
    peak, NaN where there is none. ``r_peaks_s`` (beat,) are the R peaks in the stream's time and
    ``earlier`` is what is known of P waves before; without them each beat stands for itself.
    """
    beats, leads, _ = segments.fine_mv.shape
    seen = network_input(segments, rr_before_s, rr_after_s)
    own = score_marks(network or shipped_network(), seen)
    common = own.reshape(beats, leads, len(MARKS), STEPS).mean(axis=1)
    places_s, presence = _places(np.concatenate((common, own)))
    each = np.repeat(np.arange(beats), leads)
    presence[beats:] = OWN_SHARE * presence[beats:] + (1 - OWN_SHARE) * presence[each]
    spikes_s = np.full(beats, np.nan) if spike_end_s is None else spike_end_s
    signs = _p_signs(common[:, P_MARK], np.zeros(beats) if r_peaks_s is None else r_peaks_s)
    weighed, known = weigh_p_waves(signs, earlier)
    has_p = np.array(weighed) > 0
    rows = np.concatenate((np.arange(beats), each))
    bounds = _bounds(places_s, presence, spikes_s[rows], has_p[rows])
    whole, lead = bounds.rows(slice(0, beats)), bounds.rows(slice(beats, None))
    return replace(whole, p_signs=known), lead


def _p_signs(scores: Float32Array, r_peaks_s: FloatArray) -> list[PSign]:
    """Return what each beat shows of a P wave; ``scores`` (beat, step) are those of its peak."""
    top = scores.max(axis=1)
    weight = np.exp(scores - top[:, None])
    total = weight.sum(axis=1)
    log_odds = top + np.log(total) - ABSENCE_SCORE
    places_s = (weight @ _TIMES_S) / total
    spreads_s = np.sqrt(np.maximum((weight @ _TIMES_S**2) / total - places_s**2, 0.0))
    rows = zip(r_peaks_s, log_odds, places_s, spreads_s, strict=True)
    return [PSign(*map(float, row)) for row in rows]


def points_of(seconds: FloatArray) -> IntArray:
    """Return durations as numbers of grid points."""
    rounded: IntArray = np.round(seconds * GRID_HZ).astype(np.int64)
    return rounded


def _places(scores: Float32Array) -> tuple[FloatArray, FloatArray]:
    """Return each mark's place, in s from the R peak (row, mark), and the presence of P and T.

    Presence (row, 2) is the score of a wave over that of none: a log odds.
    """
    top = scores.max(axis=2)
    weight = scores - top[:, :, None]
    np.exp(weight, out=weight)
    total = weight.sum(axis=2)
    places_s = (weight @ _TIMES_S.astype(np.float32)) / total
    waves = [P_MARK, T_MARK]
    presence = top[:, waves] + np.log(total[:, waves]) - (ABSENCE_SCORE + P_DOUBT, ABSENCE_SCORE)
    return places_s.astype(np.float64), presence.astype(np.float64)


def _bounds(
    places_s: FloatArray,
    presence: FloatArray,
    spike_end_s: FloatArray,
    told_p: BoolArray,
) -> Boundaries:
    """Return grid points in their order of time; a wave whose points are not in order is none."""
    at = dict(zip(MARKS, (R_AT + points_of(places_s)).T, strict=True))
    leg = points(LEAST_LEG_S)
    onset = np.minimum(at["qrs_onset"], R_AT - leg)
    end = np.maximum(at["qrs_end"], R_AT + leg)
    onset = np.minimum(_behind_spike(onset, spike_end_s), R_AT - 1)
    p_onset, p_peak, p_end = at["p_onset"], at["p_peak"], np.minimum(at["p_end"], onset)
    t_onset, t_peak, t_end = np.maximum(at["t_onset"], end), at["t_peak"], at["t_end"]
    has_p = told_p & (p_onset < p_peak) & (p_peak < p_end)
    has_t = (presence[:, 1] > 0) & (t_onset < t_peak) & (t_peak < t_end)
    confidence = 1.0 / (1.0 + np.exp(-np.minimum(np.maximum(presence[:, 0], -30.0), 30.0)))
    return Boundaries(
        qrs_onset=onset,
        qrs_end=end,
        p_onset=np.where(has_p, p_onset, NONE),
        p_peak=np.where(has_p, p_peak, NONE),
        p_end=np.where(has_p, p_end, NONE),
        t_onset=np.where(has_t, t_onset, NONE),
        t_peak=np.where(has_t, t_peak, NONE),
        t_end=np.where(has_t, t_end, NONE),
        p_confidence=confidence,
    )


def _behind_spike(onset: IntArray, spike_end_s: FloatArray) -> IntArray:
    """Move an onset that lies less than ``SPIKE_LEAD_S`` before a spike's end to that end."""
    if np.isnan(spike_end_s).all():
        return onset
    spike_end = R_AT + points_of(np.nan_to_num(spike_end_s, nan=-1.0))
    led = (onset < spike_end) & (onset >= spike_end - points(SPIKE_LEAD_S))
    behind: IntArray = np.where(led, spike_end, onset)
    return behind
