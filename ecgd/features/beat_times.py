"""When beats come, against the usual RR interval of the last minute.

Three references: the usual RR (between two usual beats), a long one (a beat may be early against
the pauses of its own rhythm though half of all beats are), and a settled one, which follows a
heart that speeds up but not one that jumps: a run of early beats stays early to its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log
from statistics import fmean, median
from typing import Final

import numpy as np

from ecgd.model.signal import FloatArray

USUAL_RR_S: Final = 0.8
"""Where nothing is known."""

RECENT: Final = 24
MEAN_OF: Final = 10
LONG_OF: Final = 40
LONG_QUANTILE: Final = 0.8
IRREGULAR_OF: Final = 30
LEAST_RR: Final = 4
STEADY_IRREGULAR: Final = 0.05
FLOOR_IRREGULAR: Final = 0.03
"""How many intervals each reference takes, and the irregularity (median change of the logarithm
from one interval to the next) where too few are known."""

SEEN_AFTER_S: Final = 1.0
"""Of what follows a beat no more counts: one that becomes final has no more behind it."""

JUMP: Final = 0.12
FOLLOW: Final = 0.1
FOLLOW_DOWN: Final = 0.01
FOLLOW_UP: Final = 0.03
"""The settled RR: what is a jump (logarithm), and how fast it follows a step, and a jump."""

TIMES: Final = (
    *("early", "next", "change", "to_mean", "to_long", "irregular", "early_for_irregular"),
    *("rate", "both", "before_early", "pause", "to_settled", "before_to_settled"),
)


@dataclass(frozen=True, slots=True)
class Pace:
    """RR intervals of the last minute, oldest first, and where they have settled (s).

    ``regular`` tells which lie between two beats of the usual family. ``last_early`` and
    ``last_to_settled`` are the last beat's.
    """

    rr_s: tuple[float, ...] = ()
    regular: tuple[bool, ...] = ()
    settled_s: float | None = None
    last_early: float = 0.0
    last_to_settled: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """Traits (beat, ``TIMES``), the usual RR (s), and the settled one behind each beat."""

    traits: FloatArray
    usual_s: float
    settled_s: tuple[float, ...]


def time_beats(pace: Pace, rr_s: Sequence[float | None], after_s: Sequence[float | None]) -> Times:
    """Hold beats in order against ``pace``.

    ``rr_s`` is the interval before each, None where unknown; ``after_s`` the one behind it, None
    where no beat has followed yet.
    """
    known = [each for each in rr_s if each is not None]
    everything = list(pace.rr_s) if len(pace.rr_s) >= LEAST_RR else [*pace.rr_s, *known]
    regular = [rr for rr, is_regular in zip(pace.rr_s, pace.regular, strict=True) if is_regular]
    pool = regular if len(regular) >= LEAST_RR else everything
    pool = pool or [USUAL_RR_S]
    usual_s = median(pool[-RECENT:])
    mean_s = fmean(everything[-MEAN_OF:]) if everything else USUAL_RR_S
    long_s = _quantile(pool[-LONG_OF:], LONG_QUANTILE)
    irregular = _irregularity(pool[-IRREGULAR_OF:])
    before_s = pace.rr_s[-1] if pace.rr_s else usual_s
    before_early, before_settled = pace.last_early, pace.last_to_settled
    settled_s = pace.settled_s or usual_s
    rows, reached = [], []
    for interval_s, next_s in zip(rr_s, after_s, strict=True):
        this_s = usual_s if interval_s is None else interval_s
        behind_s = min(max(SEEN_AFTER_S, usual_s) if next_s is None else next_s, SEEN_AFTER_S)
        early = log(this_s / usual_s)
        to_settled = 0.0 if interval_s is None else log(this_s / settled_s)
        settled_s *= exp(_follow(to_settled) * to_settled)
        rows.append(
            (
                *(early, log(behind_s / usual_s), log(this_s / before_s), log(this_s / mean_s)),
                *(log(this_s / long_s), irregular, early / (irregular + FLOOR_IRREGULAR)),
                *(log(usual_s), log((this_s + behind_s) / (2 * usual_s)), before_early),
                *(log(behind_s / this_s), to_settled, before_settled),
            )
        )
        reached.append(settled_s)
        before_s, before_early, before_settled = this_s, early, to_settled
    return Times(np.array(rows).reshape(-1, len(TIMES)), usual_s, tuple(reached))


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[round(share * (len(ordered) - 1))]


def _irregularity(rr_s: Sequence[float]) -> float:
    if len(rr_s) < LEAST_RR:
        return STEADY_IRREGULAR
    return median(abs(log(b / a)) for a, b in pairwise(rr_s))


def _follow(jump: float) -> float:
    if abs(jump) < JUMP:
        return FOLLOW
    return FOLLOW_DOWN if jump < 0 else FOLLOW_UP
