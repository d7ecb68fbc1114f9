"""Kinds of alarm of which the graver speaks for the milder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from ecgd.decision.alarm_book import Track
from ecgd.decision.alarm_table import STANDING
from ecgd.model.finding import EventType, Finding, Severity

IMPLIES: Final[dict[EventType, tuple[tuple[EventType, Severity], ...]]] = {
    EventType.STEMI_DETECTED: (
        (EventType.ACUTE_MI_RISK, Severity.HIGH),
        (EventType.CARDIAC_ISCHEMIA, Severity.MEDIUM),
    ),
    EventType.ACUTE_MI_RISK: ((EventType.CARDIAC_ISCHEMIA, Severity.MEDIUM),),
    EventType.ASYSTOLE: ((EventType.PAUSE, Severity.MEDIUM),),
    EventType.BATTERY_CRITICAL: ((EventType.BATTERY_LOW, Severity.LOW),),
}
"""Evidence of the graver kind is evidence of the milder too, so that a verdict that changes
between the two is not lost between their hold-offs; while the graver stands, the milder is not
raised beside it."""


def with_implied(findings: Iterable[Finding]) -> dict[EventType, Finding]:
    """Return the gravest finding of each kind, milder kinds that a graver one implies included."""
    found: dict[EventType, Finding] = {}
    for finding in findings:
        implied = (
            replace(finding, event_type=kind, severity=severity)
            for kind, severity in IMPLIES.get(finding.event_type, ())
        )
        for each in (finding, *implied):
            known = found.get(each.event_type)
            if known is None or each.severity > known.severity:
                found[each.event_type] = each
    return found


def graver_kinds(event_type: EventType) -> tuple[EventType, ...]:
    return tuple(k for k, milder in IMPLIES.items() if event_type in {kind for kind, _ in milder})


def gravest_kind_first(kinds: Iterable[EventType]) -> list[EventType]:
    """Order kinds so that a graver one is stepped before those it implies."""
    order = list(EventType)
    return sorted(kinds, key=lambda kind: (len(graver_kinds(kind)), order.index(kind)))


def is_subsumed(event_type: EventType, tracks: Mapping[EventType, Track]) -> bool:
    """Tell whether a graver alarm of the same family stands and speaks for this one."""
    return any(
        kind in tracks and tracks[kind].alarm.state in STANDING for kind in graver_kinds(event_type)
    )
