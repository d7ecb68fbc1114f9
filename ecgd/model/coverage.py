"""How much of the time each danger could have been seen, and why not of the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from ecgd.model.finding import EventType

HOUR_S: Final = 3600

UNDER_WAY_S: Final = 2.0
"""Time that may not be summed up yet: it is put down once a second."""

NOT_RUNNING: Final = "the gateway was off, or did not watch this patient"
"""Why nothing was seen in time that no account covers."""


class Danger(StrEnum):
    """What the account is kept of."""

    STEMI = "stemi"
    VENTRICULAR = "ventricular"
    STANDSTILL = "standstill"
    ATRIAL_FIBRILLATION = "atrial_fibrillation"


TITLES: Final[Mapping[Danger, str]] = {
    Danger.STEMI: "STEMI",
    Danger.VENTRICULAR: "VF/VT",
    Danger.STANDSTILL: "pauses",
    Danger.ATRIAL_FIBRILLATION: "AF",
}

EVENTS: Final[Mapping[Danger, frozenset[EventType]]] = {
    Danger.STEMI: frozenset({EventType.STEMI_DETECTED}),
    Danger.VENTRICULAR: frozenset(
        {EventType.VENTRICULAR_FIBRILLATION, EventType.VENTRICULAR_TACHYCARDIA}
    ),
    Danger.STANDSTILL: frozenset({EventType.ASYSTOLE, EventType.PAUSE}),
    Danger.ATRIAL_FIBRILLATION: frozenset({EventType.ATRIAL_FIBRILLATION}),
}
"""Alarms that must all be possible for a danger to count as seen."""

Unseen = Mapping[Danger, Mapping[str, float]]
"""Seconds in which a danger could not be seen, by the reason in words."""


@dataclass(frozen=True, slots=True)
class CoverageSum:
    """What is known of one patient's hour; such sums add up, over restarts too.

    ``from_unix_s`` is the first moment that counts, ``watched_s`` for how long the gateway ran
    and the patient was its own, ``unseen_s`` what could not be seen in that time.
    """

    hour_unix_s: int
    from_unix_s: float
    watched_s: float = 0.0
    unseen_s: Unseen = field(default_factory=dict)

    def __add__(self, other: CoverageSum) -> CoverageSum:
        return CoverageSum(
            self.hour_unix_s,
            min(self.from_unix_s, other.from_unix_s),
            self.watched_s + other.watched_s,
            added(self.unseen_s, other.unseen_s),
        )

    def seen_share(self, danger: Danger) -> float:
        """Return the share of the watched time, 0 to 1; 0 where there was none."""
        if self.watched_s <= 0:
            return 0.0
        unseen_s = sum(self.unseen_s.get(danger, {}).values())
        return min(1.0, max(0.0, 1.0 - unseen_s / self.watched_s))


def added(one: Unseen, other: Unseen) -> Unseen:
    """Return the sums of both, reason by reason."""
    total = {danger: dict(reasons) for danger, reasons in one.items()}
    for danger, reasons in other.items():
        sums = total.setdefault(danger, {})
        for reason, unseen_s in reasons.items():
            sums[reason] = sums.get(reason, 0.0) + unseen_s
    return total


def total_of(sums: Iterable[CoverageSum]) -> CoverageSum | None:
    """Return everything added up; None where there is nothing."""
    total: CoverageSum | None = None
    for each in sums:
        total = each if total is None else total + each
    return total


def whole_hours(
    stored: Iterable[CoverageSum], first_hour: int, *, began_unix_s: float, end_unix_s: float
) -> tuple[CoverageSum, ...]:
    """Return one account per hour from ``first_hour`` on, in which every second counts.

    A patient's time runs from ``began_unix_s`` (first ever watched) to ``end_unix_s``. What no
    sum covers was not seen, whatever the reason: it is put down as ``NOT_RUNNING``.
    """
    by_hour: dict[int, CoverageSum] = {}
    for each in stored:
        before = by_hour.get(each.hour_unix_s)
        by_hour[each.hour_unix_s] = each if before is None else before + each
    begins = max(first_hour, hour_of(began_unix_s))
    return tuple(
        _filled(by_hour.get(hour), hour, began_unix_s, end_unix_s)
        for hour in range(begins, hour_of(end_unix_s) + 1, HOUR_S)
        if min(hour + HOUR_S, end_unix_s) > max(float(hour), began_unix_s)
    )


def _filled(
    known: CoverageSum | None, hour: int, began_unix_s: float, end_unix_s: float
) -> CoverageSum:
    begin_s = max(float(hour), began_unix_s)
    elapsed_s = min(hour + HOUR_S, end_unix_s) - begin_s
    known = known or CoverageSum(hour, begin_s)
    absent_s = elapsed_s - known.watched_s
    if absent_s <= UNDER_WAY_S:
        return known
    nothing = {danger: {NOT_RUNNING: absent_s} for danger in Danger}
    return replace(known, watched_s=elapsed_s, unseen_s=added(known.unseen_s, nothing))


def hour_of(unix_s: float) -> int:
    """Return the beginning of the hour (UTC)."""
    return int(unix_s // HOUR_S) * HOUR_S
