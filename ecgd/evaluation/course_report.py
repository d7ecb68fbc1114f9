"""The simulated courses' part of the page: how early, how often, and how often wrongly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import median
from typing import Final

from ecgd.config.settings import EnsembleSettings
from ecgd.evaluation.course_study import (
    NETWORKS_ALARM,
    RNN,
    RULES,
    RULES_ALARM,
    CourseRecord,
    is_slight,
    told_at,
)
from ecgd.evaluation.ensemble_figures import NO_FIGURE, judge, ranking_line
from ecgd.evaluation.ensemble_study import FUSED
from ecgd.evaluation.limits import poisson_limits
from ecgd.model.network_label import HEADS

EVEN: Final = 0.5
SHOWN: Final = 0.5
"""A probability that is more likely than not; anything between 0 and 1 for what is 0 or 1."""

CANDIDATES: Final = tuple(k / 100 for k in range(1, 100))


@dataclass(frozen=True, slots=True)
class Watcher:
    """A detector at a threshold, and the rule that it is set against."""

    name: str
    detector: str
    threshold: float
    beside: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What a watcher made of all courses: delays in s by episode, None: not told."""

    delays_s: tuple[float | None, ...]
    slight: int
    false: int
    hours: float


def course_section(records: Sequence[CourseRecord]) -> str:
    """Return who told the courses when, as Markdown."""
    if not records:
        return "## Courses of ST\n\nNo model can be judged, or no recording judges it.\n"
    courses = [course for record in records for course in record.courses]
    episodes = [each for course in courses for each in course.episodes]
    slight = sum(is_slight(each) for each in episodes)
    hours = sum(record.hours for record in records)
    rows = list(chain.from_iterable(course.rows for course in courses))
    lines = [
        "## Courses of ST\n",
        f"**Simulated** over {len(records)} real recordings (QTDB, MIT-BIH) of patients who\n"
        f"taught nothing, a window every 2 s: {len(episodes) - slight} injuries of 0.08 to\n"
        f"0.4 mV that grow within 1 to 10 minutes, and {slight} slight changes as posture makes\n"
        "them. Real evolving infarctions are hardly to be had. *Wrongly*: begun in the\n"
        f"recordings as they are, {hours:.1f} h; some of their own ST or beats may deserve it.\n"
        "*Earlier*, *later* and *ahead* are against the ST rules' window, or their alarm; a\n"
        "probability at a threshold is no alarm, which has to last. One threshold of the RNN was\n"
        "chosen on these recordings.\n",
        "| what tells | told | after its beginning, median | earlier, later, alone | ahead, median "
        "| slight ones told | wrongly, in an hour |",
        "|---|---|---|---|---|---|---|",
    ]
    tallies: dict[str, Tally] = {}
    for watcher in _watchers(records):
        tallies[watcher.name] = tally(records, watcher)
        lines.append(_line(watcher, tallies[watcher.name], tallies.get(watcher.beside)))
    lines += [
        "",
        "What the RNN says every 10 s, ranked:\n",
        "| detector | label | with / without | AUC | AUPRC | Se at 95 % Sp | Sp at 90 % Se "
        "| Brier |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for label in HEADS[RNN]:
        judged = judge(rows, RNN, label)
        if judged.can_rank:
            lines.append(ranking_line(RNN, label, judged))
    return "\n".join((*lines, ""))


def _watchers(records: Sequence[CourseRecord]) -> Iterable[Watcher]:
    threshold = EnsembleSettings().anomaly_threshold
    rules = Watcher(RULES, RULES, SHOWN, "")
    allowed = tally(records, rules).false
    even = next(
        (c for c in CANDIDATES if tally(records, Watcher("", RNN, c, "")).false <= allowed), 1.0
    )
    yield rules
    yield Watcher(f"RNN, evolving ST ≥ {EVEN:g}", RNN, EVEN, RULES)
    yield Watcher(f"RNN, evolving ST ≥ {threshold:g}", RNN, threshold, RULES)
    yield Watcher(f"RNN as often wrong as the rules (≥ {even:g})", RNN, even, RULES)
    yield Watcher(f"fused ≥ {threshold:g}", FUSED, threshold, RULES)
    yield Watcher(RULES_ALARM, RULES_ALARM, SHOWN, "")
    yield Watcher(NETWORKS_ALARM, NETWORKS_ALARM, SHOWN, RULES_ALARM)


def tally(records: Sequence[CourseRecord], watcher: Watcher) -> Tally:
    """Return what a watcher told of every course, and wrongly of the recordings as they are."""
    told = [
        (each, told_at(course, each, watcher.detector, watcher.threshold))
        for record in records
        for course in record.courses
        for each in course.episodes
    ]
    false = sum(len(r.plain.onsets(watcher.detector, watcher.threshold)) for r in records)
    return Tally(
        tuple(delay_s for each, delay_s in told if not is_slight(each)),
        sum(delay_s is not None for each, delay_s in told if is_slight(each)),
        false,
        sum(record.hours for record in records),
    )


def _line(watcher: Watcher, own: Tally, rule: Tally | None) -> str:
    told_s = [delay_s for delay_s in own.delays_s if delay_s is not None]
    low, high = (limit / own.hours for limit in poisson_limits(own.false))
    cells = (
        watcher.name,
        f"{len(told_s)} of {len(own.delays_s)}",
        f"{median(told_s):.0f} s" if told_s else NO_FIGURE,
        *(_beside(own, rule) if rule is not None else (NO_FIGURE, NO_FIGURE)),
        str(own.slight),
        f"{own.false / own.hours:.1f} ({low:.1f} to {high:.1f})",
    )
    return f"| {' | '.join(cells)} |"


def _beside(own: Tally, rule: Tally) -> tuple[str, str]:
    pairs = list(zip(own.delays_s, rule.delays_s, strict=True))
    ahead_s = [other - mine for mine, other in pairs if mine is not None and other is not None]
    alone = sum(mine is not None and other is None for mine, other in pairs)
    earlier, later = sum(each > 0 for each in ahead_s), sum(each < 0 for each in ahead_s)
    words = f"{median(ahead_s):+.0f} s of {len(ahead_s)}" if ahead_s else NO_FIGURE
    return f"{earlier}, {later}, {alone}", words
