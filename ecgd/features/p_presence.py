"""Whether a beat has a P wave: by what it shows itself, and by the beats before it.

One beat leaves it in doubt where P is flat, or lies on a T wave. P comes again and again at the
same distance from the QRS complex; what fibrillating atria or noise draw comes anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from statistics import fmean, median
from typing import Final

REMEMBERED: Final = 5
MEMORY_S: Final = (0.15, 15.0)
"""So many beats are looked back upon, from this to that far back."""

CONSTANT: Final = -7.0
OWN_WEIGHT: Final = 0.26
EARLIER_WEIGHT: Final = 0.50
UNSTEADY_WEIGHT: Final = -2.3
"""Log odds by three signs: this beat's own, the mean of the earlier ones', and the logarithm of how
unsteady its place is: its spread and how far it is from theirs. Where nothing is, the place is
steady too, but widely spread. A logistic regression over 4,340 beats of LUDB, the QT Database and
PTB-XL (125 patients without P waves), each judged by a network that did not know it; checked
patient-wise, four times a quarter by the others. A P wave is told at a probability of 0.32."""

FIRST_MOVED_S: Final = 0.010
"""Without a beat before."""

LEAST_SPREAD_S: Final = 0.002


@dataclass(frozen=True, slots=True)
class PSign:
    """What one beat alone shows of a P wave: log odds, and the place and its spread, from R."""

    r_peak_s: float
    log_odds: float
    place_s: float
    spread_s: float


def weigh_p_waves(
    signs: Sequence[PSign], earlier: Sequence[PSign] = ()
) -> tuple[list[float], tuple[PSign, ...]]:
    """Return the log odds of a P wave of each beat, and what the next ones need to know.

    ``signs`` are in order of time, ``earlier`` are those of beats before them.
    """
    known, weighed = list(earlier), []
    for sign in signs:
        weighed.append(_log_odds(sign, _behind(sign, known)))
        if not known or sign.r_peak_s - known[-1].r_peak_s > MEMORY_S[0]:
            known.append(sign)
    return weighed, tuple(known[-REMEMBERED:])


def _behind(sign: PSign, known: list[PSign]) -> list[PSign]:
    near_s, far_s = MEMORY_S
    seen = [each for each in known if near_s < sign.r_peak_s - each.r_peak_s <= far_s]
    return seen[-REMEMBERED:]


def _log_odds(sign: PSign, seen: list[PSign]) -> float:
    earlier = fmean(each.log_odds for each in seen) if seen else sign.log_odds
    moved_s = FIRST_MOVED_S
    if seen:
        moved_s = median(abs(each.place_s - sign.place_s) for each in seen)
    unsteady_s = moved_s + max(sign.spread_s, LEAST_SPREAD_S)
    return (
        CONSTANT
        + OWN_WEIGHT * sign.log_odds
        + EARLIER_WEIGHT * earlier
        + UNSTEADY_WEIGHT * log(unsteady_s)
    )
