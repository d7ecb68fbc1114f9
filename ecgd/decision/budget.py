"""What other settings would have done to the alarms, and to those that were confirmed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, NamedTuple

from ecgd.decision.alarm_family import IMPLIES
from ecgd.decision.past_alarms import PastAlarm
from ecgd.decision.past_verdict import Thresholds
from ecgd.decision.rhythm_findings import RHYTHM_KINDS
from ecgd.model.alarm import PRIORITY, Priority
from ecgd.model.alert_mark import Verdict
from ecgd.model.finding import EventType, Severity

SAME_S: Final = 60.0
"""A stored alert and a replayed alarm of its kind within so much are the same."""

ST_KINDS: Final = frozenset(
    {EventType.STEMI_DETECTED, EventType.ACUTE_MI_RISK, EventType.CARDIAC_ISCHEMIA}
)
_RATE_KINDS: Final = frozenset({EventType.EXTREME_BRADYCARDIA, EventType.EXTREME_TACHYCARDIA})
_HELD_RATES: Final = _RATE_KINDS | {EventType.PAUSE, EventType.RATE_CHANGE}
_HELD_RHYTHMS: Final = frozenset(
    {
        EventType.ATRIAL_FIBRILLATION,
        EventType.SUPRAVENTRICULAR_TACHYCARDIA,
        EventType.FREQUENT_ECTOPY,
    }
)
_PAUSES: Final = frozenset({EventType.PAUSE})
_ECTOPY: Final = frozenset({EventType.FREQUENT_ECTOPY})
_NETWORKS: Final = frozenset({EventType.CARDIAC_ANOMALY})
REPLAYED: Final = ST_KINDS | RHYTHM_KINDS | _NETWORKS
"""Kinds that stored verdicts give again; CHECK_PATIENT rests on what could not be judged."""

TOO_LATE_S: Final = {Priority.HIGH: 300.0, Priority.MEDIUM: 900.0, Priority.LOW: 900.0}
"""An alert that would have been told so much later is lost: it stood, and nobody heard."""

_ORDER: Final = (Priority.LOW, Priority.MEDIUM, Priority.HIGH)
_STEMI: Final = "Fourth Universal Definition of Myocardial Infarction (2018)"
_RATES: Final = "PhysioNet/CinC challenge 2015"


class Knob(NamedTuple):
    """A setting that decides how many alarms there are, and the values worth a look."""

    key: str
    unit: str
    kinds: frozenset[EventType]
    values: tuple[float, ...]


KNOBS: Final = (
    Knob(
        "analysis.st_elevation_mv",
        "mV",
        ST_KINDS | _NETWORKS,
        (0.05, 0.075, 0.1, 0.125, 0.15, 0.2, 0.25, 0.3),
    ),
    Knob("analysis.st_depression_mv", "mV", ST_KINDS | _NETWORKS, (0.05, 0.075, 0.1, 0.15)),
    Knob("alarms.hold_off.stemi_s", "s", ST_KINDS, (10.0, 20.0, 40.0, 60.0)),
    Knob("alarms.hold_off.high_mi_risk_s", "s", ST_KINDS, (30.0, 60.0, 120.0, 300.0)),
    Knob("alarms.hold_off.moderate_s", "s", ST_KINDS, (60.0, 180.0, 300.0, 600.0)),
    Knob("ensemble.anomaly_threshold", "", _NETWORKS, (0.7, 0.75, 0.8, 0.85, 0.9)),
    Knob("alarms.hold_off.ensemble_s", "s", _NETWORKS, (30.0, 60.0, 120.0, 300.0)),
    Knob("analysis.tachycardia_bpm", "bpm", _RATE_KINDS, (120.0, 130.0, 140.0, 150.0, 160.0)),
    Knob("analysis.bradycardia_bpm", "bpm", _RATE_KINDS, (50.0, 45.0, 40.0, 35.0, 30.0)),
    Knob("analysis.pause_s", "s", _PAUSES, (2.0, 2.5, 3.0, 3.5, 4.0)),
    Knob("alarms.hold_off.extreme_rate_s", "s", _HELD_RATES, (0.0, 5.0, 10.0, 20.0)),
    Knob("alarms.hold_off.rhythm_s", "s", _HELD_RHYTHMS, (30.0, 60.0, 120.0, 300.0, 600.0)),
    Knob("analysis.ectopy_per_min", "1/min", _ECTOPY, (5.0, 10.0, 15.0, 20.0, 30.0)),
)

BEYOND: Final = {
    "analysis.st_elevation_mv": (
        0.1,
        1,
        f"above 0.1 mV: an elevation that is a STEMI by the {_STEMI} would not count",
    ),
    "analysis.st_depression_mv": (
        0.05,
        1,
        f"above 0.05 mV: a depression that counts by the {_STEMI} would not",
    ),
    "analysis.pause_s": (3.0, 1, "above 3 s, the longest pause that is left untold as delivered"),
    "analysis.tachycardia_bpm": (140.0, 1, f"above 140 bpm, extreme by the {_RATES}"),
    "analysis.bradycardia_bpm": (40.0, -1, f"below 40 bpm, extreme by the {_RATES}"),
    "alarms.hold_off.extreme_rate_s": (
        10.0,
        1,
        "above 10 s, in which a rate beyond its limit is to be told (IEC 60601-2-27)",
    ),
}
"""Where a setting leaves a guideline's threshold: the threshold, the direction, in words."""


class Reason(StrEnum):
    """Why an alert must not be lost."""

    MARKED = "marked true"
    CRITICAL = "CRITICAL, not marked"


class Confirmed(NamedTuple):
    """A stored alert that counts as a true one."""

    alert_id: str
    event_type: EventType
    at_s: float
    reason: Reason
    later_s: float | None = None
    """How much later it would have been told: so much that it counts as lost; None: never."""


class Told(NamedTuple):
    """A stored alert of a kind that is replayed. ``at_s`` is wall time."""

    alert_id: str
    event_type: EventType
    severity: Severity
    at_s: float
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What one value of a setting does, of the kinds that it concerns.

    ``lost`` are confirmed alerts that nothing of the same priority would have told, ``untold``
    those that the replay does not even show under today's settings, so that nobody can tell.
    ``later_s`` is the longest delay of one that is kept. ``spared_false`` of ``known_false``
    alerts that people marked false would not have come.
    """

    key: str
    value: float
    unit: str
    is_now: bool
    alarms: int
    alarms_now: int
    by_kind: tuple[tuple[EventType, int], ...]
    kept: int
    lost: tuple[Confirmed, ...]
    untold: tuple[Confirmed, ...]
    later_s: float
    spared_false: int
    known_false: int
    beyond: str

    @property
    def is_harmless(self) -> bool:
        """Whether no confirmed alert is lost or in doubt, and no guideline left."""
        return not self.lost and not self.untold and not self.beyond


def confirmed_of(told: Sequence[Told]) -> tuple[Confirmed, ...]:
    """Return the alerts that must not be lost: marked true, or CRITICAL while nobody marked it."""

    def reason(alert: Told) -> Reason | None:
        if alert.verdict is Verdict.TRUE:
            return Reason.MARKED
        unmarked = alert.verdict is None and alert.severity is Severity.CRITICAL
        return Reason.CRITICAL if unmarked else None

    reasons = ((alert, reason(alert)) for alert in told)
    return tuple(
        Confirmed(alert.alert_id, alert.event_type, alert.at_s, why)
        for alert, why in reasons
        if why is not None
    )


def value_of(settings: Thresholds, key: str) -> float:
    """Return a setting by its key."""
    value: object = settings
    for name in key.split("."):
        value = getattr(value, name)
    assert isinstance(value, int | float)
    return float(value)


def with_value(settings: Thresholds, key: str, value: float) -> Thresholds:
    """Return the settings with another value; the networks' thresholds stay a ladder."""
    changed = _changed(settings, key.split("."), value)
    if key == "ensemble.anomaly_threshold":
        high = max(changed.ensemble.high_threshold, value)
        ensemble = replace(
            changed.ensemble,
            high_threshold=high,
            critical_threshold=max(changed.ensemble.critical_threshold, high),
            event_threshold=min(changed.ensemble.event_threshold, value),
        )
        return replace(changed, ensemble=ensemble)
    return changed


def _changed(settings: Thresholds, path: list[str], value: Any) -> Thresholds:
    section, *rest = path
    if section == "analysis":
        return replace(settings, analysis=replace(settings.analysis, **{rest[0]: value}))
    if section == "ensemble":
        return replace(settings, ensemble=replace(settings.ensemble, **{rest[0]: value}))
    held = replace(settings.alarms.hold_off, **{rest[1]: value})
    return replace(settings, alarms=replace(settings.alarms, hold_off=held))


def lines_of(now: Thresholds, key: str, value: float) -> Iterator[tuple[str, float]]:
    """Yield key and value of every line that the configuration would need."""
    yield key, value
    if key == "ensemble.anomaly_threshold":
        other = with_value(now, key, value)
        for name in ("event_threshold", "high_threshold", "critical_threshold"):
            full = f"ensemble.{name}"
            if value_of(other, full) != value_of(now, full):
                yield full, value_of(other, full)


def beyond_guideline(key: str, value: float) -> str:
    """Return which guideline a value leaves, in words; empty: none."""
    if key not in BEYOND:
        return ""
    limit, direction, words = BEYOND[key]
    return words if (value - limit) * direction > 1e-9 else ""


def compare(
    knob: Knob,
    value: float,
    *,
    is_now: bool,
    now: Sequence[PastAlarm],
    other: Sequence[PastAlarm],
    told: Sequence[Told],
) -> Outcomes:
    """Return what a value does, by the alarms of a replay with it and of one with today's."""
    concerned = [alert for alert in told if alert.event_type in knob.kinds]
    false = [alert for alert in concerned if alert.verdict is Verdict.FALSE]
    replayed_false = [found for alert in false if (found := _same(alert, now)) is not None]
    kept, lost, untold, later_s = 0, [], [], 0.0
    for alert in confirmed_of(concerned):
        before = _same(alert, now)
        after = None if before is None else _speaks_for(before, other)
        if before is None:
            untold.append(alert)
        elif after is None:
            lost.append(alert)
        elif after.raised_s - before.raised_s > TOO_LATE_S[PRIORITY[before.severity]]:
            lost.append(alert._replace(later_s=after.raised_s - before.raised_s))
        else:
            kept, later_s = kept + 1, max(later_s, after.raised_s - before.raised_s)
    mine = [alarm for alarm in other if alarm.event_type in knob.kinds]
    return Outcomes(
        key=knob.key,
        value=value,
        unit=knob.unit,
        is_now=is_now,
        alarms=len(mine),
        alarms_now=sum(alarm.event_type in knob.kinds for alarm in now),
        by_kind=tuple(
            (kind, count)
            for kind in EventType
            if (count := sum(alarm.event_type is kind for alarm in mine))
        ),
        kept=kept,
        lost=tuple(lost),
        untold=tuple(untold),
        later_s=later_s,
        spared_false=sum(_speaks_for(alarm, other) is None for alarm in replayed_false),
        known_false=len(false),
        beyond=beyond_guideline(knob.key, value),
    )


def added(one: Outcomes, other: Outcomes) -> Outcomes:
    """Return the outcomes of one value for two patients together."""
    kinds = dict(one.by_kind)
    for kind, count in other.by_kind:
        kinds[kind] = kinds.get(kind, 0) + count
    return replace(
        one,
        alarms=one.alarms + other.alarms,
        alarms_now=one.alarms_now + other.alarms_now,
        by_kind=tuple((kind, kinds[kind]) for kind in EventType if kind in kinds),
        kept=one.kept + other.kept,
        lost=(*one.lost, *other.lost),
        untold=(*one.untold, *other.untold),
        later_s=max(one.later_s, other.later_s),
        spared_false=one.spared_false + other.spared_false,
        known_false=one.known_false + other.known_false,
    )


def suggest(outcomes: Sequence[Outcomes]) -> Outcomes | None:
    """Return the value with the fewest alarms that does no harm; None: none is better than today's.

    Without a single confirmed alert to lose nothing is suggested: silence would always win.
    """
    harmless = [
        each
        for each in outcomes
        if each.is_harmless and each.kept and each.alarms < each.alarms_now
    ]
    return min(harmless, key=lambda each: (each.alarms, each.later_s), default=None)


def _same(alert: Told | Confirmed, alarms: Sequence[PastAlarm]) -> PastAlarm | None:
    """Return the replayed alarm that a stored alert was."""
    near = (
        (abs(alarm.raised_s - alert.at_s), place)
        for place, alarm in enumerate(alarms)
        if alarm.event_type is alert.event_type and abs(alarm.raised_s - alert.at_s) <= SAME_S
    )
    found = min(near, default=None)
    return None if found is None else alarms[found[1]]


def _speaks_for(before: PastAlarm, alarms: Sequence[PastAlarm]) -> PastAlarm | None:
    """Return the first alarm of the same family and priority while the evidence was there."""
    family = _family(before.event_type)
    least = _ORDER.index(PRIORITY[before.severity])
    speaking = (
        alarm
        for alarm in alarms
        if alarm.event_type in family
        and _ORDER.index(PRIORITY[alarm.severity]) >= least
        and alarm.raised_s <= before.ended_s
        and alarm.ended_s >= before.since_s
    )
    return min(speaking, key=lambda alarm: alarm.raised_s, default=None)


def _family(kind: EventType) -> frozenset[EventType]:
    milder = {each for each, _ in IMPLIES.get(kind, ())}
    graver = {each for each, implied in IMPLIES.items() if kind in {name for name, _ in implied}}
    return frozenset({kind, *milder, *graver})
