"""The ST decision over a table of ST levels: the daemon's rules without its signal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import floor
from typing import Final

import numpy as np

from ecgd.config.settings import AnalysisSettings
from ecgd.decision.hold_off import LASTING_SHARE, Judgement, lasting_s
from ecgd.decision.st_change import ChangeWatch, StBeat
from ecgd.model.finding import RiskLevel, StFinding
from ecgd.model.st_change import StChange, StVector
from ecgd.pipeline.st_stream import StMoment, judge_moment
from ecgd.sources.st_levels_file import StLevelsTable

ROUNDING_S: Final = 1e-6

HELD_S: Final = 15.0
"""A risk level by the absolute rules counts once it has lasted so long."""


@dataclass(frozen=True, slots=True)
class StVerdict:
    """What a table of levels came to.

    ``verdict`` is the gravest level that lasted, None: nothing could be judged; ``decided_s`` when
    it had, ``st`` what was seen then. ``change`` is the first lasting change from what was usual
    and ``changed_s`` its time, ``largest`` the change that went furthest. ``judged_s`` is how much
    of ``duration_s`` could be judged.
    """

    verdict: RiskLevel | None
    decided_s: float | None
    st: StFinding | None
    change: StChange | None
    changed_s: float | None
    largest: StChange | None
    usual: StVector | None
    beats: int
    duration_s: float
    judged_s: float
    notes: tuple[str, ...] = ()


def judge_table(table: StLevelsTable, settings: AnalysisSettings) -> StVerdict:
    """Judge a table of levels as the daemon judges beats, every ``hop_s``."""
    tally = _Tally()
    for moment in _moments(table, settings):
        tally.take(moment)
    return tally.verdict(table, settings.hop_s)


def _moments(table: StLevelsTable, settings: AnalysisSettings) -> Iterator[StMoment]:
    watch = ChangeWatch()
    known = [bool(np.isfinite(pair).all()) for pair in table.pair_mv]
    beats = [_beat(t, *pair) for t, pair in zip(table.times_s, table.pair_mv, strict=True)]
    first_s, at = float(table.times_s[0]), 0
    time_s = first_s
    while at < len(beats):
        time_s += settings.hop_s
        if beats[at].time_s > time_s:
            # Over a hole nothing is judged, however long it is.
            time_s += settings.hop_s * max(0, floor((beats[at].time_s - time_s) / settings.hop_s))
        new = at
        while new < len(beats) and beats[new].time_s <= time_s + ROUNDING_S:
            new += 1
        fresh = [beats[k] for k in range(at, new) if known[k]]
        at = new
        moment = judge_moment(watch, fresh, time_s, settings)
        watch = moment.watch
        yield moment


def _beat(time_s: float, one_mv: float, two_mv: float) -> StBeat:
    vector = StVector.of_leads(float(one_mv), float(two_mv))
    return StBeat(float(time_s), vector.x_mv, vector.y_mv)


def _rank(level: RiskLevel) -> int:
    return len(RiskLevel) - tuple(RiskLevel).index(level)


def _lasts(said: tuple[Judgement, ...], least: int) -> bool:
    lasted_s = lasting_s(said, lambda judgement: judgement.severity >= least, LASTING_SHARE)
    return lasted_s is not None and lasted_s >= HELD_S - ROUNDING_S


class _Tally:
    """What the moments have amounted to so far."""

    def __init__(self) -> None:
        self._said: tuple[Judgement, ...] = ()
        self._judged = 0
        self._gravest: tuple[RiskLevel, float, StFinding] | None = None
        self._first: tuple[float, StChange] | None = None
        self._largest: StChange | None = None
        self._usual: StVector | None = None

    def take(self, moment: StMoment) -> None:
        change = moment.watch.change
        if change is not None:
            self._first = self._first or (moment.time_s, change)
            if self._largest is None or change.vector.size_mv > self._largest.vector.size_mv:
                self._largest = change
        if self._usual is None and moment.watch.reference is not None:
            self._usual = moment.watch.reference.level
        if moment.st is None:
            return
        self._judged += 1
        said = (s for s in self._said if s.time_s > moment.time_s - 2 * HELD_S)
        self._said = (*said, Judgement(moment.time_s, _rank(moment.st.risk_level)))
        level = self._lasting(change is not None)
        known = 0 if self._gravest is None else _rank(self._gravest[0])
        if level is not None and _rank(level) > known:
            self._gravest = (level, moment.time_s, moment.st)

    def _lasting(self, is_changed: bool) -> RiskLevel | None:
        """Return the gravest level that has lasted; a change has, when it is told."""
        for level in RiskLevel:
            if is_changed and level is RiskLevel.MODERATE_RISK:
                return level
            if _lasts(self._said, _rank(level)):
                return level
        return None

    def verdict(self, table: StLevelsTable, hop_s: float) -> StVerdict:
        level, decided_s, st = self._gravest or (None, None, None)
        changed_s, change = self._first or (None, None)
        return StVerdict(
            verdict=level,
            decided_s=decided_s,
            st=st,
            change=change,
            changed_s=changed_s,
            largest=self._largest,
            usual=self._usual,
            beats=len(table.times_s),
            duration_s=float(table.times_s[-1] - table.times_s[0]),
            judged_s=self._judged * hop_s,
            notes=table.notes,
        )
