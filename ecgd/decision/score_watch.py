"""Whether a score of the networks is news: against the patient's own distribution of scores.

An old infarct or a lasting arrhythmia keeps a score high for years. It is told when it is first
seen; what the first ten minutes show is what the patient came with, later news belongs to what is
usual once there is an hour of it. Only scores whose odds are twice those of the usual ones are news
again, and only those with four times the odds are clearly new. Nothing is learned while the rules
see an acute finding, and of what they explain by themselves no more than that nothing is left.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import exp, inf, log
from typing import Final, NamedTuple

import numpy as np

from ecgd.config.settings import EnsembleSettings
from ecgd.decision.findings import ST_EVENTS
from ecgd.model.finding import Finding, Severity
from ecgd.model.signal import FloatArray

STEP: Final = 0.2
LARGEST: Final = 5.0
BINS: Final = 50
"""The distribution is of log-odds, from -5 to 5, in steps of 0.2."""

FORGET_S: Final = 24 * 3600.0
"""Time in which what was seen is mostly forgotten, in seconds of scored signal."""

KNOWN_S: Final = 600.0
"""A distribution says something from so many seconds of scored signal on; until then news belongs
to what is usual after as long."""

ADOPT_S: Final = 3600.0
"""Scores that are news belong to what is usual after so many seconds, which fade like the rest."""

ADOPTED_SHARE: Final = 0.2
"""What is adopted has at least this share of what is usual."""

USUAL_SHARE: Final = 0.95
"""What is usual reaches up to this share of the distribution."""

TWICE: Final = log(2.0)
"""News has odds at least twice as high as what is usual."""

FOUR_TIMES: Final = log(4.0)
"""What is clearly new has odds four times as high."""

EXPLAINED: Final = 0.5
"""An anomaly that the rules explain leaves no more than indecision to be learned."""

LONGEST_S: Final = 5.0
"""A longer time between two scores was not seen."""

_ST_KINDS: Final = frozenset(event_type for event_type, _ in ST_EVENTS.values())


class ScoreLesson(NamedTuple):
    """One fused score and its time; ``may_teach`` False: the rules saw something acute.

    ``is_explained``: the rules know by themselves what the networks see.
    """

    fused: float
    time_s: float
    may_teach: bool
    is_explained: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ScoreWatch:
    """Seconds of scored signal by log-odds of the score: usual ones, and those that are news.

    ``adoptions`` counts how often news has become usual. ``time_s`` is the last score's.
    """

    usual_s: FloatArray = field(default_factory=lambda: np.zeros(BINS))
    news_s: FloatArray = field(default_factory=lambda: np.zeros(BINS))
    adoptions: int = 0
    time_s: float = -inf

    def anew(self) -> ScoreWatch:
        """Return what is known without the time at which it was seen."""
        return replace(self, time_s=-inf)

    @property
    def usual_up_to(self) -> float | None:
        """The score that usual ones exceed in one second of twenty; None: not known yet."""
        total_s = float(self.usual_s.sum())
        if total_s < KNOWN_S:
            return None
        reached = np.cumsum(self.usual_s) >= USUAL_SHARE * total_s
        return _score((int(np.argmax(reached)) + 1) * STEP - LARGEST)

    def is_usual(self, fused: float) -> bool:
        """Tell whether a score is no news for this patient."""
        return self.usual_up_to is not None and not self._is_above(fused, TWICE)

    def is_clearly_new(self, fused: float) -> bool:
        """Tell whether a score is far above what is known to be usual; False: nothing is known."""
        return self._is_above(fused, FOUR_TIMES)

    def _is_above(self, fused: float, by: float) -> bool:
        level = self.usual_up_to
        return level is not None and _log_odds(fused) >= _log_odds(level) + by


def learn_score(before: ScoreWatch, lesson: ScoreLesson, settings: EnsembleSettings) -> ScoreWatch:
    """Return the watch after one score.

    A score below the anomaly threshold, or within what is usual, is learned at once; another is
    kept apart until there are ``ADOPT_S`` of them, or ``KNOWN_S`` while nothing is known.
    """
    passed_s = lesson.time_s - before.time_s
    after = replace(before, time_s=lesson.time_s)
    if not lesson.may_teach or not 0.0 < passed_s <= LONGEST_S:
        return after
    kept = exp(-passed_s / FORGET_S)
    seen_s = np.zeros(BINS)
    fused = min(lesson.fused, EXPLAINED) if lesson.is_explained else lesson.fused
    seen_s[_bin(fused)] = passed_s
    news = fused >= settings.anomaly_threshold and not before.is_usual(fused)
    after = replace(
        after,
        usual_s=before.usual_s * kept + (0.0 if news else seen_s),
        news_s=before.news_s * kept + (seen_s if news else 0.0),
    )
    enough_s = KNOWN_S if before.usual_up_to is None else ADOPT_S
    return _adopted(after) if float(after.news_s.sum()) >= enough_s else after


def may_teach(by_rules: Iterable[Finding]) -> bool:
    """Tell whether a window's score may become usual: the rules see nothing acute in it."""
    return not any(
        each.severity >= Severity.CRITICAL
        or (each.event_type in _ST_KINDS and each.severity >= Severity.MEDIUM)
        for each in by_rules
    )


def _adopted(watch: ScoreWatch) -> ScoreWatch:
    usual_s, news_s = float(watch.usual_s.sum()), float(watch.news_s.sum())
    weight = max(1.0, ADOPTED_SHARE / (1.0 - ADOPTED_SHARE) * usual_s / news_s)
    return replace(
        watch,
        usual_s=watch.usual_s + weight * watch.news_s,
        news_s=np.zeros(BINS),
        adoptions=watch.adoptions + 1,
    )


def _log_odds(score: float) -> float:
    edge = _score(LARGEST)
    inside = min(edge, max(1.0 - edge, score))
    return log(inside / (1.0 - inside))


def _score(log_odds: float) -> float:
    return 1.0 / (1.0 + exp(-log_odds))


def _bin(score: float) -> int:
    return min(BINS - 1, max(0, int((_log_odds(score) + LARGEST) / STEP)))
