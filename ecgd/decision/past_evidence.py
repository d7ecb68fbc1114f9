"""At which windows of a stretch an alarm could change, by sums over all of them at once.

The alarm machine asks at every window for how long evidence has lasted, and most answers change
nothing. Here it is told where an answer may: never too few windows, at times too many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ecgd.config.hold_off import HoldOffSettings
from ecgd.decision.alarm_family import with_implied
from ecgd.decision.hold_off import (
    GONE_SHARE,
    LASTING_SHARE,
    STALE_S,
    Judgement,
    clear_s,
    hold_off_s,
)
from ecgd.decision.past_verdict import PastVerdict
from ecgd.model.finding import EventType, Severity
from ecgd.model.signal import BoolArray, FloatArray, IntArray

_NEARLY: Final = 1e-4
_ANOTHER: Final = 1e5
"""Sums of a later stretch lie so far below those of one before a hole that none is mixed up."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """One kind in a stretch of windows. ``places`` are the windows that judge it, in order.

    ``lasts`` says at each of those of which least severity evidence may have lasted for the
    hold-off (0: none), ``gone`` whether it may have been absent for the clearing time.
    """

    kind: EventType
    places: IntArray
    times_s: FloatArray
    severities: IntArray
    lasts: IntArray
    gone: BoolArray

    def judgements(self, place: int, horizon_s: float) -> tuple[Judgement, ...]:
        """Return what was judged before a window, no further back than ``horizon_s``."""
        end = int(np.searchsorted(self.places, place))
        if not end:
            return ()
        begin = int(np.searchsorted(self.times_s[:end], self.times_s[end - 1] - horizon_s))
        return tuple(
            map(Judgement, self.times_s[begin:end].tolist(), self.severities[begin:end].tolist())
        )

    def seen_before_s(self, place: int) -> float | None:
        """Return when evidence was last seen before a window; None: never in this stretch."""
        end = int(np.searchsorted(self.places, place))
        found = np.flatnonzero(self.severities[:end])
        return float(self.times_s[found[-1]]) if len(found) else None

    def next_lasting(self, place: int, above: int) -> int | None:
        """Return the first window from ``place`` on where something graver may have lasted."""
        return self._first(place, self.lasts > above)

    def next_gone(self, place: int) -> int | None:
        """Return the first window from ``place`` on where it may be gone."""
        return self._first(place, self.gone)

    def next_evidence(self, place: int) -> int | None:
        """Return the first window from ``place`` on with evidence."""
        return self._first(place, self.severities > 0)

    def _first(self, place: int, wanted: BoolArray) -> int | None:
        begin = int(np.searchsorted(self.places, place))
        rest = wanted[begin:]
        found = int(np.argmax(rest)) if len(rest) else 0
        return int(self.places[begin + found]) if len(rest) and rest[found] else None


def gather(
    kind: EventType,
    times_s: FloatArray,
    numbers: IntArray,
    verdicts: Sequence[PastVerdict],
    settings: HoldOffSettings,
) -> Evidence:
    """Return the evidence of a kind: window ``i`` has the verdict ``verdicts[numbers[i]]``."""
    found = [with_implied(verdict.findings).get(kind) for verdict in verdicts]
    judges = [
        verdict.judged and (finding is not None or kind not in verdict.unjudged)
        for verdict, finding in zip(verdicts, found, strict=True)
    ]
    grave = np.array([0 if each is None else int(each.severity) for each in found])
    already_s = np.array([0.0 if each is None else each.lasted_s for each in found])
    places = np.flatnonzero(np.array(judges)[numbers])
    mine, numbers = times_s[places], numbers[places]
    severities = grave[numbers]
    hold_s = hold_off_s(kind, settings) - already_s[numbers]
    lasts = np.zeros(len(places), dtype=np.int64)
    for level in Severity:
        agrees = severities >= level
        if agrees.any():
            lasts[_may_have_lasted(mine, agrees, hold_s, LASTING_SHARE)] = level
    clear = np.full(len(places), clear_s(kind, settings))
    gone = _may_have_lasted(mine, severities == 0, clear, GONE_SHARE)
    return Evidence(kind, places, mine, severities, lasts, gone)


def _may_have_lasted(
    times_s: FloatArray, agrees: BoolArray, hold_s: FloatArray, share: float
) -> BoolArray:
    """Tell where ``hold_off.lasting_s`` may reach ``hold_s``: where the share was kept since then.

    The share from one window to another is kept where the sum of what agrees, less the share of
    all, has not fallen between the two.
    """
    if not len(times_s):
        return agrees
    holes = np.cumsum(np.diff(times_s, prepend=times_s[0]) > STALE_S)
    sums = np.cumsum(agrees - share)
    before = np.concatenate(([0.0], sums[:-1])) - _ANOTHER * holes
    least = np.minimum.accumulate(before)
    start = np.searchsorted(times_s, times_s - np.maximum(hold_s, 0.0) + _NEARLY, "right") - 1
    kept = least[np.maximum(start, 0)] <= sums - _ANOTHER * holes + _NEARLY
    whole: BoolArray = agrees & (start >= 0) & kept
    return whole
