"""Wave boundaries of each beat, per lead and over all leads, by a small network.

A point's place is the mean of the probability that the network gives to each time: of all
estimates it has the least mean square error. Over all leads the scores are averaged first.
"""

from __future__ import annotations

from dataclasses import dataclass
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
from ecgd.features.segments import BEFORE_S, GRID_HZ, R_AT, Segments
from ecgd.model.signal import Float32Array, FloatArray, IntArray

NONE = -1
"""A boundary that was not found."""

SPIKE_LEAD_S: Final = 0.050
LEAST_LEG_S: Final = 0.010
"""A QRS complex begins and ends at least so far from its R peak."""

OWN_SHARE: Final = 0.5
P_DOUBT: Final = 1.0
"""A lead has a P or T wave by what it shows itself and what all leads show. Fibrillating atria
draw small waves too: P waves take better evidence than the network was taught with."""

P_MARK, T_MARK = MARKS.index("p_peak"), MARKS.index("t_peak")
_TIMES_S: Final = np.arange(STEPS) * STEP_S - BEFORE_S


@dataclass(frozen=True, slots=True, eq=False)
class Boundaries:
    """Grid points, shape (row,); ``NONE`` where not found. Rows are beats, or beats × leads.

    ``p_confidence`` (row,) is the probability of a P wave, 0 to 1.
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


def points(seconds: float) -> int:
    """Return a duration as a number of grid points."""
    return round(seconds * GRID_HZ)


def delineate(
    segments: Segments,
    rr_before_s: FloatArray,
    rr_after_s: FloatArray,
    spike_end_s: FloatArray | None = None,
    network: Network | None = None,
) -> tuple[Boundaries, Boundaries]:
    """Return the boundaries over all leads (row = beat) and per lead (row = beat × lead).

    ``rr_before_s`` and ``rr_after_s`` (beat,) tell where the neighbouring beats are. A QRS
    begins no sooner than the pacing spike that calls it up: ``spike_end_s`` (beat,), from the R
    peak, NaN where there is none.
    """
    beats, leads, _ = segments.fine_mv.shape
    seen = network_input(segments, rr_before_s, rr_after_s)
    own = score_marks(network or shipped_network(), seen)
    common = own.reshape(beats, leads, len(MARKS), STEPS).mean(axis=1)
    whole_s, whole_presence = _places(common)
    lead_s, lead_presence = _places(own)
    each = np.repeat(np.arange(beats), leads)
    lead_presence = OWN_SHARE * lead_presence + (1 - OWN_SHARE) * whole_presence[each]
    spikes_s = np.full(beats, np.nan) if spike_end_s is None else spike_end_s
    return (
        _bounds(whole_s, whole_presence, spikes_s),
        _bounds(lead_s, lead_presence, spikes_s[each]),
    )


def points_of(seconds: FloatArray) -> IntArray:
    """Return durations as numbers of grid points."""
    rounded: IntArray = np.round(seconds * GRID_HZ).astype(np.int64)
    return rounded


def _places(scores: Float32Array) -> tuple[FloatArray, FloatArray]:
    """Return each mark's place, in s from the R peak (row, mark), and the presence of P and T.

    Presence (row, 2) is the score of a wave over that of none: a log odds.
    """
    top = scores.max(axis=2)
    weight = np.exp(scores - top[:, :, None])
    total = weight.sum(axis=2)
    places_s = (weight @ _TIMES_S.astype(np.float32)) / total
    waves = [P_MARK, T_MARK]
    presence = top[:, waves] + np.log(total[:, waves]) - (ABSENCE_SCORE + P_DOUBT, ABSENCE_SCORE)
    return places_s.astype(np.float64), presence.astype(np.float64)


def _bounds(places_s: FloatArray, presence: FloatArray, spike_end_s: FloatArray) -> Boundaries:
    """Return grid points in their order of time; a wave whose points are not in order is none."""
    at = dict(zip(MARKS, (R_AT + points_of(places_s)).T, strict=True))
    leg = points(LEAST_LEG_S)
    onset = np.minimum(at["qrs_onset"], R_AT - leg)
    end = np.maximum(at["qrs_end"], R_AT + leg)
    onset = np.minimum(_behind_spike(onset, spike_end_s), R_AT - 1)
    p_onset, p_peak, p_end = at["p_onset"], at["p_peak"], np.minimum(at["p_end"], onset)
    t_onset, t_peak, t_end = np.maximum(at["t_onset"], end), at["t_peak"], at["t_end"]
    has_p = (presence[:, 0] > 0) & (p_onset < p_peak) & (p_peak < p_end)
    has_t = (presence[:, 1] > 0) & (t_onset < t_peak) & (t_peak < t_end)
    confidence = 1.0 / (1.0 + np.exp(-np.clip(presence[:, 0], -30.0, 30.0)))
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
    spike_end = R_AT + points_of(np.nan_to_num(spike_end_s, nan=-1.0))
    led = (onset < spike_end) & (onset >= spike_end - points(SPIKE_LEAD_S))
    behind: IntArray = np.where(led, spike_end, onset)
    return behind
