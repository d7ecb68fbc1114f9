"""When a contact is on duty, and when only grave alerts may come; local time is passed in."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ecgd.config.people import ContactSettings

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_HOURS: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_DAY_MIN: Final = 24 * 60


class LocalTime(NamedTuple):
    """A moment by the clock on the wall: day of the week from Monday = 0, minute of the day."""

    weekday: int
    minute: int


def hours_problem(hours: str) -> str:
    """Return what is wrong with a span of hours, empty if nothing is."""
    span = _span_min(hours)
    if hours and span is None:
        return f'should be a span such as "08:00-18:00" or "22:00-07:00", not {hours!r}'
    if span is not None and span[0] == span[1]:
        return "begins and ends at the same time: leave it empty for the whole day"
    return ""


def is_on_duty(contact: ContactSettings, local: LocalTime) -> bool:
    """Tell whether a contact may be asked first; a span over midnight belongs to its first day."""
    span = _span_min(contact.hours) or (0, _DAY_MIN)
    begun = _begun(span, local)
    return begun is not None and (not contact.days or DAYS[begun] in contact.days)


def is_quiet(contact: ContactSettings, local: LocalTime) -> bool:
    """Tell whether only HIGH and CRITICAL alerts may come to a contact."""
    span = _span_min(contact.quiet_hours)
    return span is not None and _begun(span, local) is not None


def _span_min(hours: str) -> tuple[int, int] | None:
    """Return minutes of the day, None without a span."""
    found = _HOURS.fullmatch(hours)
    if found is None:
        return None
    begin_h, begin_min, end_h, end_min = (int(part) for part in found.groups())
    return begin_h * 60 + begin_min, end_h * 60 + end_min


def _begun(span_min: tuple[int, int], local: LocalTime) -> int | None:
    """Return the weekday on which the span that holds ``local`` began, None outside."""
    begin_min, end_min = span_min
    if begin_min < end_min:
        return local.weekday if begin_min <= local.minute < end_min else None
    if local.minute >= begin_min:
        return local.weekday
    return (local.weekday - 1) % 7 if local.minute < end_min else None
