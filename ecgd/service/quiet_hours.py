"""Hours in which less sounds. High priority always does, and the light stays."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from ecgd.config.settings import AlarmSettings
from ecgd.model.alarm import Priority
from ecgd.model.status import PartHealth
from ecgd.service.identity import is_clock_synchronised

_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def span_problem(text: str) -> str:
    """Say why a text is no span of the day; empty: it is one, or is empty itself."""
    span = _SPAN.fullmatch(text)
    if text and span is None:
        return f"should be two times of 24 hours, such as 22:00-06:00, not {text!r}"
    if span is not None and span.groups()[:2] == span.groups()[2:]:
        return "begins and ends at the same time: quiet for the whole day is not offered"
    return ""


class QuietHours:
    """Quiet hours by the local time of day; without a synchronised clock there are none.

    ``time_of_day`` returns minutes since local midnight.
    """

    def __init__(
        self,
        settings: AlarmSettings,
        time_of_day: Callable[[], int] = lambda: _minutes(time.localtime()),
        is_synchronised: Callable[[], bool] = is_clock_synchronised,
    ) -> None:
        self._text = settings.quiet_hours
        self._least = Priority(settings.quiet_least_priority)
        self._time_of_day = time_of_day
        self._is_synchronised = is_synchronised
        span = _SPAN.fullmatch(settings.quiet_hours)
        hours = [int(each) for each in span.groups()] if span else [0, 0, 0, 0]
        self._begin_min, self._end_min = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]

    def least_priority(self) -> Priority | None:
        """Return the least priority that sounds now; None: all sound."""
        return self._least if self._holds() and self._is_synchronised() else None

    def health(self) -> PartHealth | None:
        """Say what sounds; None where no quiet hours are configured."""
        if not self._text:
            return None
        if not self._is_synchronised():
            what = f"quiet hours {self._text} are not kept: the clock is not synchronised"
            return PartHealth("sound", True, what)
        until = "now" if self._holds() else "not now"
        least = "only high priority sounds"
        if self._least is Priority.MEDIUM:
            least = "only medium and high priority sound"
        return PartHealth("sound", True, f"quiet hours {self._text} ({until}): {least}")

    def _holds(self) -> bool:
        if self._begin_min == self._end_min:
            return False
        since_min = (self._time_of_day() - self._begin_min) % 1440
        return since_min < (self._end_min - self._begin_min) % 1440


def _minutes(local: time.struct_time) -> int:
    return local.tm_hour * 60 + local.tm_min
