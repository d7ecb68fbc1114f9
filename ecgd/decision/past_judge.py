"""Stored windows judged under many thresholds at once: windows that are alike are judged once.

Two windows are alike when every figure lies on the same side of every threshold that is tried;
the rules ask nothing else of a figure. What they say of one is then true of the other.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Sequence
from typing import Final, NamedTuple

from ecgd.config.settings import AnalysisSettings, EnsembleSettings
from ecgd.decision.past_verdict import PastVerdict, Thresholds, st_anew, verdict_of
from ecgd.decision.st_rules import STEADY_SHARE
from ecgd.model.finding import EnsembleScore, EventType, Outcome, StFinding
from ecgd.model.past_window import PastLead, PastWindow
from ecgd.model.rhythm import SLOW_SHARE, UNKNOWN

KEPT_MAX: Final = 20_000
"""So many kinds of window are remembered: some ten megabytes."""

_ROUNDING_MV: Final = 1e-9


class Stream(NamedTuple):
    """The verdicts on kinds that belong together, under one set of thresholds."""

    family: frozenset[EventType]
    thresholds: Thresholds


class Judge:
    """Gives the verdicts of every stream on one window after the other.

    ``now`` are the thresholds under which the windows were stored. Like verdicts of a stream are
    the same object.
    """

    def __init__(self, now: Thresholds, streams: Sequence[Stream], *, has_networks: bool) -> None:
        self._now = now
        self._streams = tuple(streams)
        self._has_networks = has_networks
        tried = [now, *(stream.thresholds for stream in streams)]
        self._distinct = {_judging(each): each for each in tried}
        self._places = [
            (list(self._distinct).index(_judging(stream.thresholds)), stream.family)
            for stream in self._streams
        ]
        self._st = _StCuts([each.analysis for each in tried])
        self._rhythm = _RhythmCuts([each.analysis for each in tried])
        self._scores = _score_cuts([each.ensemble for each in tried])
        self._known: dict[Hashable, tuple[PastVerdict, ...]] = {}
        self._known_st: dict[Hashable, StFinding | None] = {}
        self._interned: dict[tuple[Hashable, ...], PastVerdict] = {}

    def verdicts(self, window: PastWindow) -> tuple[PastVerdict, ...]:
        """Return the verdict of each stream on a window."""
        key = self.likeness(window)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= KEPT_MAX:
                self._known.clear()
            known = self._known[key] = self._judge(window)
        return known

    def likeness(self, window: PastWindow) -> Hashable:
        """Return what two windows that are judged alike have in common."""
        return (
            window.outcome is Outcome.CANNOT_JUDGE,
            None if window.risk_level is None else self._st.likeness(window),
            self._rhythm.likeness(window),
            None if window.scores is None else _score_likeness(window.scores, self._scores),
            window.kinds,
        )

    def _judge(self, window: PastWindow) -> tuple[PastVerdict, ...]:
        seen = [self._st_anew(window, each.analysis) for each in self._distinct.values()]
        whole = [
            verdict_of(window, st, self._now, each, has_networks=self._has_networks)
            for st, each in zip(seen, self._distinct.values(), strict=True)
        ]
        return tuple(self._part(whole[place], family) for place, family in self._places)

    def _st_anew(self, window: PastWindow, other: AnalysisSettings) -> StFinding | None:
        if window.risk_level is None:
            return None
        key = (other, self._st.likeness(window))
        if key not in self._known_st:
            if len(self._known_st) >= KEPT_MAX:
                self._known_st.clear()
            self._known_st[key] = st_anew(window, self._now.analysis, other)
        return self._known_st[key]

    def _part(self, verdict: PastVerdict, family: frozenset[EventType]) -> PastVerdict:
        """Return what a verdict says of some kinds."""
        mine = tuple(each for each in verdict.findings if each.event_type in family)
        unjudged = verdict.unjudged & family
        facts = tuple((each.event_type, each.severity, each.lasted_s) for each in mine)
        key = (family, verdict.judged, facts, unjudged)
        return self._interned.setdefault(key, PastVerdict(verdict.judged, mine, unjudged))


def _judging(thresholds: Thresholds) -> tuple[AnalysisSettings, EnsembleSettings]:
    return thresholds.analysis, thresholds.ensemble


class _StCuts:
    """The levels, in mV, at which a verdict on ST may turn."""

    def __init__(self, tried: Sequence[AnalysisSettings]) -> None:
        raised = sorted({each.st_elevation_mv for each in tried})
        levels = sorted({*raised, *(each.st_depression_mv for each in tried)})
        self._least_mv = levels[0]
        self._levels = levels
        self._reached = [mv - _ROUNDING_MV for mv in levels]
        self._steady = [(mv - _ROUNDING_MV) * STEADY_SHARE + _ROUNDING_MV for mv in raised]
        self._changes = [mv - _ROUNDING_MV for mv in sorted({t.st_change_mv for t in tried})]

    def likeness(self, window: PastWindow) -> Hashable:
        return window.risk_level, window.rule, tuple(map(self._of_lead, window.leads))

    def _of_lead(self, lead: PastLead) -> Hashable:
        name, level_mv, error_mv, change_mv, rises = lead
        size_mv, error_mv = abs(level_mv), error_mv or 0.0
        most_mv = size_mv + error_mv
        if most_mv < self._least_mv:
            return name
        return (
            name,
            level_mv < 0,
            bisect_right(self._reached, size_mv),
            bisect_right(self._levels, most_mv),
            bisect_right(self._reached, most_mv),
            bisect_right(self._reached, size_mv - error_mv),
            bisect_left(self._steady, error_mv),
            None if change_mv is None else bisect_right(self._changes, change_mv),
            rises,
        )


class _RhythmCuts:
    """The figures of a rhythm at which its verdict may turn."""

    def __init__(self, tried: Sequence[AnalysisSettings]) -> None:
        self._pauses = _cuts(each.pause_s for each in tried)
        self._standstills = _cuts(each.asystole_s for each in tried)
        self._fast = _cuts(each.tachycardia_bpm for each in tried)
        self._slow = _cuts(SLOW_SHARE * each.bradycardia_bpm for each in tried)
        self._ectopy = _cuts(each.ectopy_per_min for each in tried)

    def likeness(self, window: PastWindow) -> Hashable:
        rhythm = window.rhythm
        if rhythm.label == UNKNOWN:
            return None
        pause_s, fast_bpm, slow_bpm = rhythm.longest_pause_s, rhythm.fast_bpm, rhythm.slow_bpm
        return (
            rhythm.label,
            rhythm.fibrillates,
            rhythm.lasted_s,
            pause_s and (_side(pause_s, self._pauses), _side(pause_s, self._standstills)),
            # A rate beyond a limit says how long its beats have lasted.
            None if fast_bpm is None else fast_bpm if fast_bpm > self._fast[0] else 0.0,
            None if slow_bpm is None else slow_bpm if slow_bpm < self._slow[-1] else 0.0,
            window.ectopy_per_min and _side(window.ectopy_per_min, self._ectopy),
        )


def _cuts(values: Iterable[float]) -> list[float]:
    return sorted(set(values))


def _side(value: float, cuts: Sequence[float]) -> tuple[int, bool]:
    """Return between which cuts a value lies, and whether it lies on one."""
    place = bisect_right(cuts, value)
    return place, place > 0 and cuts[place - 1] == value


def _score_cuts(tried: Sequence[EnsembleSettings]) -> list[float]:
    return _cuts(
        threshold
        for each in tried
        for threshold in (each.anomaly_threshold, each.high_threshold, each.critical_threshold)
    )


def _score_likeness(scores: EnsembleScore, cuts: Sequence[float]) -> Hashable:
    return (
        bisect_right(cuts, scores.fused),
        scores.is_usual,
        scores.is_clearly_new,
        bool(scores.explained_by),
        scores.labels,
    )
