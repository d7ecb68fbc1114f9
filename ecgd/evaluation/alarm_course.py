"""The daemon's alarm machine over the windows of an analysed recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from ecgd.config.settings import Settings
from ecgd.decision.alarm import AlarmBook, observe
from ecgd.decision.alarm_table import STANDING
from ecgd.evaluation.stream import Analysed
from ecgd.model.alarm import Alarm, ChangeKind
from ecgd.model.assessment import Assessment
from ecgd.model.finding import EventType, Severity
from ecgd.pipeline.observation import observe_heart


@dataclass(frozen=True, slots=True)
class AlarmStep:
    """What stands after the window that ends at ``time_s``.

    ``raised`` are the alarms that it raised or made graver, ``shown`` the events it gives
    evidence of.
    """

    time_s: float
    book: AlarmBook
    raised: tuple[Alarm, ...]
    shown: frozenset[EventType]


def follow_alarms(assessments: Iterable[Assessment]) -> Iterator[AlarmStep]:
    """Yield a step a window, hold-off as it is set."""
    settings, book, ids = Settings().alarms, AlarmBook(), count(1)
    for each in assessments:
        seen = observe_heart(each, each.time_s)
        book, changes = observe(book, seen, settings, lambda: f"{next(ids)}")
        raised = tuple(
            change.alarm
            for change in changes
            if change.kind in (ChangeKind.RAISED, ChangeKind.ESCALATED)
        )
        shown = frozenset(finding.event_type for finding in seen.findings)
        yield AlarmStep(each.time_s, book, raised, shown)


def count_critical(assessments: Iterable[Assessment]) -> dict[str, int]:
    """Return how many CRITICAL alarms of each kind are raised."""
    kinds = (
        alarm.event_type.value
        for step in follow_alarms(assessments)
        for alarm in step.raised
        if alarm.severity is Severity.CRITICAL
    )
    return dict(Counter(kinds))


def count_by_networks(analysed: Analysed) -> int:
    """Return how often the networks alone raise an alarm, or make theirs graver.

    Where the rules of that window see the same kind (the pattern of high potassium), or it is
    they that raise it, it is not the networks' alone.
    """
    if not analysed.opinions:
        return 0
    steps = list(follow_alarms(analysed.in_turn))
    return sum(
        alarm.event_type is EventType.CARDIAC_ANOMALY
        for by_rules, by_networks in zip(steps[::2], steps[1::2], strict=True)
        if EventType.CARDIAC_ANOMALY not in by_rules.shown
        for alarm in by_networks.raised
    )


def raised_events(assessments: Iterable[Assessment], from_s: float) -> frozenset[EventType]:
    """Return the kinds of alarm that stand, with evidence of their own, at or after ``from_s``."""
    return frozenset(
        alarm.event_type
        for step in follow_alarms(assessments)
        if step.time_s >= from_s
        for alarm in step.book.alarms
        if alarm.state in STANDING and alarm.event_type in step.shown
    )
