"""The likeliest row of beats among the crests of one window: evidence and intervals together.

Each crest brings its log-odds of being a QRS, each interval a price that grows with its distance
from the usual RR, up to a limit, so that an ectopic beat, a pause or fibrillation costs no more.
The row with the highest sum is found exactly (dynamic programming; Viterbi 1967). In noise the
rhythm helps to tell a beat from an artefact; in a quiet signal the crests speak for themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Final

SAME_QRS_S: Final = 0.23
"""Two crests closer than this are one QRS."""

P_WAVE_S: Final = 0.28
P_WAVE_SHARE: Final = 0.62
T_WAVE_S: Final = 0.34
T_WAVE_SHARE: Final = 0.635
"""A crest so soon before, or after, a QRS and below this share of it is its P, or T, wave."""

LARGEST_DEVIATION: Final = 1.0
"""Logarithm of an interval over the usual one from which it costs no more."""


def likeliest_beats(
    at_s: Sequence[float],
    sizes_mv: Sequence[float],
    log_odds: Sequence[float],
    usual_rr_s: float | None,
    price: float,
) -> list[int]:
    """Return which crests are beats, as positions in order.

    ``at_s`` are the times of the crests, in order, ``sizes_mv`` their sizes. ``price`` is paid for
    an interval e times as long, or as short, as ``usual_rr_s`` (None: not known, nothing is paid).
    """
    best: list[float] = []
    before: list[int] = []
    for k, own in enumerate(log_odds):
        most, chosen = 0.0, -1
        here_s, size_mv = at_s[k], sizes_mv[k]
        for j, so_far in enumerate(best):
            if so_far <= most:
                continue
            apart_s = here_s - at_s[j]
            if apart_s < T_WAVE_S and _is_one_beat(apart_s, sizes_mv[j], size_mv):
                continue
            odd = 0.0 if usual_rr_s is None else abs(log(apart_s / usual_rr_s))
            total = so_far - price * min(odd, LARGEST_DEVIATION)
            if total > most:
                most, chosen = total, j
        best.append(most + own)
        before.append(chosen)
    return _row(best, before)


def _is_one_beat(apart_s: float, first_mv: float, second_mv: float) -> bool:
    """Tell whether one of two crests is the other's P or T wave, or part of its QRS."""
    return (
        apart_s < SAME_QRS_S
        or (apart_s < T_WAVE_S and second_mv < T_WAVE_SHARE * first_mv)
        or (apart_s < P_WAVE_S and first_mv < P_WAVE_SHARE * second_mv)
    )


def _row(best: list[float], before: list[int]) -> list[int]:
    """Return the row that ends where the sum is highest; none where nothing speaks for a beat."""
    last = max(range(len(best)), key=best.__getitem__, default=-1)
    if last < 0 or best[last] <= 0.0:
        return []
    row: list[int] = []
    while last >= 0:
        row.append(last)
        last = before[last]
    return row[::-1]
