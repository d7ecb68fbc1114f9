"""Which found event belongs to which of the reference (ANSI/AAMI EC57)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from ecgd.evaluation.scores import Counts

BEAT_MATCH_S = 0.15
"""EC57's window on either side of a reference beat."""


@dataclass(frozen=True, slots=True)
class Match:
    """Pairs (reference, found) of times in s, and what is left on either side."""

    pairs: tuple[tuple[float, float], ...]
    missed_s: tuple[float, ...]
    extra_s: tuple[float, ...]

    @property
    def counts(self) -> Counts:
        return Counts(len(self.pairs), len(self.missed_s), len(self.extra_s))

    @property
    def errors_s(self) -> list[float]:
        """Found minus reference, of each pair."""
        return [found - reference for reference, found in self.pairs]


def match_events(
    reference_s: Sequence[float], found_s: Sequence[float], window_s: float = BEAT_MATCH_S
) -> Match:
    """Pair events of two ordered lists, nearest first, each at most once."""
    near = sorted(
        (abs(found - reference), r, f)
        for r, reference in enumerate(reference_s)
        for f, found in _around(found_s, reference, window_s)
    )
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for _, r, f in near:
        if r not in partner and f not in taken:
            partner[r] = f
            taken.add(f)
    pairs = tuple((reference_s[r], found_s[f]) for r, f in sorted(partner.items()))
    missed = tuple(time_s for r, time_s in enumerate(reference_s) if r not in partner)
    extra = tuple(time_s for f, time_s in enumerate(found_s) if f not in taken)
    return Match(pairs, missed, extra)


def _around(times_s: Sequence[float], middle_s: float, window_s: float) -> list[tuple[int, float]]:
    first = bisect_left(times_s, middle_s - window_s)
    last = bisect_right(times_s, middle_s + window_s)
    return [(k, times_s[k]) for k in range(first, last)]
