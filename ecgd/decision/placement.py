"""Exchanged electrodes, seen in the usual beat of one window.

Three kinds of evidence, each sufficient:

* a lead between two limbs is nearly flat over the whole beat: both its electrodes lie on the
  legs (RA/RL: II, LA/RL: III, both arms: I);
* without a baseline, the axes of P, QRS and T: how much more probable they are with two
  electrodes exchanged than as they stand, by the axes of many hearts. P must speak for it: an
  infarction, a block or a ventricular rhythm turns QRS and T, and no P wave;
* against the patient's own baseline: QRS and P (or T, without P) are those of the baseline under
  one exchange, and not as they stand.

LL/RL changes no lead visibly and cannot be found. LA/LL leaves all axes plausible and is found
against a baseline only. A heart on the right side looks like LA/RA in every limb lead; what people
are told says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, exp, hypot, log, pi, radians
from typing import Final

import numpy as np

from ecgd.decision.swap import (
    IDENTITY,
    INVERSE,
    TRANSFORM,
    TURNS,
    Swap,
    Transform,
    axis_deg,
    likeness,
    loop_likeness,
    turned,
)
from ecgd.model.baseline import Baseline, MedianBeat, Vector

FLAT_MV: Final = 0.08
FLAT_SHARE: Final = 0.15
FLAT_BEFORE_POINTS: Final = 30
FLAT_AFTER_POINTS: Final = 60
"""A lead is nearly flat when its span around QRS and T is below both, the share being of the
largest lead's. Of 2,555 recordings (PTB-XL and others) none comes near: the least is 0.095 mV."""

LEAST_P_UVS: Final = 2.5
LEAST_QRS_UVS: Final = 3.0
LEAST_T_UVS: Final = 4.0
"""Waves of a smaller area have no axis worth a word."""

WIDEST_QRS_S: Final = 0.13
"""Beyond it bundle-branch blocks turn QRS and T, and P waves are often abnormal."""

SHORTEST_RR_S: Final = 0.6
"""Above 100 bpm P lies on T, and what looks like P may be a flutter wave."""

LEAST_LOG_ODDS: Final = 5.0
"""Evidence from axes: e to this power. Chosen for specificity."""

PLAUSIBLE_LOG_ODDS: Final = -3.0
"""Below it the electrodes as they are now are by far the more plausible."""

LEAST_LIKENESS: Final = 0.9
LIKENESS_GAIN: Final = 0.3
WAVE_GAIN: Final = 0.1
"""Against a baseline: how well an exchange must explain the QRS, and how much better than none
must it do so, for the QRS and for P (T without P)."""

LEAST_TURNED_LIKENESS: Final = 0.8
"""A beat whose QRS, P and T are each as alike as this to those of the baseline, as they stand or
with the heart turned, is as usual: axes alone then say nothing."""

Mixture = tuple[tuple[float, float, float], ...]

AXES: Final[dict[str, Mixture]] = {
    "p": ((0.326, 28.0, 6.8), (0.630, 58.0, 18.3)),
    "qrs": ((0.561, 0.0, 4.3), (0.427, 56.0, 9.1)),
    "t": ((0.405, 22.0, 11.0), (0.473, 49.0, 12.3)),
}
"""How the axes of hearts are distributed: (share, mean in degrees, concentration) of two von Mises
distributions; the rest is spread evenly. Fitted on PTB-XL, folds 1 to 8 (scripts/measure-swaps)."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What one window says about the electrodes.

    ``swap`` None: as they should be, so far as can be seen. ``baseline_is_wrong``: they fit the
    baseline only under an exchange, but it is the baseline that looks exchanged.
    """

    swap: Swap | None
    evidence: str = ""
    baseline_is_wrong: bool = False


def suspect_swap(beat: MedianBeat, baseline: Baseline | None) -> Suspicion:
    """Return what the usual beat of one window says about the electrodes."""
    flat = flat_swap(beat)
    if flat is not None:
        return flat
    odds = axis_log_odds(beat)
    usual = baseline.beat if baseline is not None and baseline.is_complete else None
    if usual is not None:
        changed, is_as_usual = _changed_by(beat, usual)
        if changed is not None:
            return _against_baseline(changed, odds)
        if is_as_usual:
            return Suspicion(None)
    swap = max(odds, key=lambda swap: odds[swap], default=None)
    if swap is None or odds[swap] < LEAST_LOG_ODDS:
        return Suspicion(None)
    return Suspicion(swap, "P wave and QRS point the wrong way")


def flat_swap(beat: MedianBeat) -> Suspicion | None:
    """Return the exchange with the right leg that makes a lead nearly flat, if one is."""
    first = max(0, beat.qrs_onset - FLAT_BEFORE_POINTS)
    pair = beat.signal_mv[:, first : beat.qrs_end + FLAT_AFTER_POINTS]
    one, two, three = (float(row.max() - row.min()) for row in (*pair, pair[1] - pair[0]))
    limit_mv = min(FLAT_MV, FLAT_SHARE * max(one, two, three))
    spans = (
        (two, "II", Swap.RIGHT_ARM_REFERENCE),
        (three, "III", Swap.LEFT_ARM_REFERENCE),
        (one, "I", Swap.ARMS_LEGS),
    )
    for span_mv, lead, swap in spans:
        if span_mv < limit_mv:
            return Suspicion(swap, f"lead {lead} is nearly flat ({span_mv:.2f} mV)")
    return None


def axis_log_odds(beat: MedianBeat) -> dict[Swap, float]:
    """Return the log odds of LA/RA and RA/LL by the axes alone; empty where they say nothing.

    Without a P wave, with a wide QRS and in tachycardia, axes say nothing.
    """
    if _size(beat.p_area_uvs) < LEAST_P_UVS or beat.qrs_s > WIDEST_QRS_S:
        return {}
    if beat.rr_s < SHORTEST_RR_S:
        return {}
    waves = {"p": (beat.p_area_uvs, LEAST_P_UVS), "qrs": (beat.qrs_area_uvs, LEAST_QRS_UVS)}
    waves["t"] = (beat.t_area_uvs, LEAST_T_UVS)
    seen = [(name, area) for name, (area, least) in waves.items() if area and _size(area) >= least]
    as_they_are = sum(_log_density(name, area) for name, area in seen)
    return {
        swap: sum(_log_density(name, turned(area, TRANSFORM[INVERSE[swap]])) for name, area in seen)
        - as_they_are
        for swap in (Swap.ARMS, Swap.RIGHT_ARM_LEFT_LEG)
    }


def _log_density(wave: str, area: Vector) -> float:
    parts, axis = AXES[wave], axis_deg(area)
    even = (1.0 - sum(share for share, _, _ in parts)) / (2 * pi)
    return log(
        even
        + sum(
            share * _PEAK[k] * exp(k * (cos(radians(axis - mean)) - 1.0))
            for share, mean, k in parts
        )
    )


_PEAK: Final = {
    k: float(np.exp(k) / (2 * pi * np.i0(k))) for parts in AXES.values() for _, _, k in parts
}
"""The density of a von Mises distribution at its mean, by concentration."""


def _changed_by(beat: MedianBeat, usual: MedianBeat) -> tuple[Swap | None, bool]:
    """Return the exchange that turns the usual beat into this one, and whether it is as usual.

    An exchange counts if it explains QRS and P (T without P) far better than no change. As usual
    is also a heart that has turned.
    """
    alike = loop_likeness(beat, usual, (IDENTITY, *TRANSFORM.values(), *TURNS))
    as_usual, by_swap = alike[0], dict(zip(TRANSFORM, alike[1:], strict=False))
    turned_likes = dict(zip((IDENTITY, *TURNS), (as_usual, *alike[-len(TURNS) :]), strict=True))
    is_usual = any(
        min(likes, *_waves_alike(beat, usual, transform), 1.0) >= LEAST_TURNED_LIKENESS
        for transform, likes in turned_likes.items()
    )
    explained = {
        swap: likes + sum(_waves_alike(beat, usual, TRANSFORM[swap]))
        for swap, likes in by_swap.items()
        if likes >= LEAST_LIKENESS
        and likes - as_usual >= LIKENESS_GAIN
        and _wave_gain(beat, usual, swap) >= WAVE_GAIN
    }
    return max(explained, key=lambda swap: explained[swap], default=None), is_usual


def _wave_pairs(beat: MedianBeat, usual: MedianBeat) -> tuple[tuple[Vector, Vector], ...]:
    """Return P and T of both beats, as far as both show them."""
    waves = (
        (beat.p_area_uvs, usual.p_area_uvs, LEAST_P_UVS),
        (beat.t_area_uvs, usual.t_area_uvs, LEAST_T_UVS),
    )
    return tuple(
        (area, before)
        for area, before, least_uvs in waves
        if area and before and min(_size(area), _size(before)) >= least_uvs
    )


def _waves_alike(beat: MedianBeat, usual: MedianBeat, transform: Transform) -> tuple[float, ...]:
    pairs = _wave_pairs(beat, usual)
    return tuple(likeness(area, turned(before, transform)) for area, before in pairs)


def _wave_gain(beat: MedianBeat, usual: MedianBeat, swap: Swap) -> float:
    """Return how much more alike P is under an exchange, or T without P; 0 without both."""
    for area, before in _wave_pairs(beat, usual)[:1]:
        return likeness(area, turned(before, TRANSFORM[swap])) - likeness(area, before)
    return 0.0


def _against_baseline(swap: Swap, odds: dict[Swap, float]) -> Suspicion:
    """Weigh whether the electrodes are exchanged now, or were when the baseline was learned."""
    if odds.get(swap, 0.0) <= PLAUSIBLE_LOG_ODDS:
        return Suspicion(None, baseline_is_wrong=True)
    return Suspicion(swap, "the beat is the patient's usual one with electrodes exchanged")


def _size(area: Vector | None) -> float:
    return 0.0 if area is None else hypot(*area)
