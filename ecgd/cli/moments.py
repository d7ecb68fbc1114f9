"""Points in time as people write them on a command line, and as pages show them."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any, Final

import click

FORMS: Final = (
    "write -2h, -90m, -1h30m, 14:05, today 14:05, yesterday 21:30, 2026-11-21, "
    "2026-11-21 14:05:30, 2026-11-21T14:05Z, @1795269600 or now"
)
"""What ``parse_moment`` understands, in words."""

_UNIT_S: Final = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_AGO: Final = re.compile(r"-(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_CLOCK: Final = re.compile(r"(?:(today|yesterday)\s+)?(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d{1,6})?))?")
_UNIX: Final = re.compile(r"@(\d+(?:\.\d+)?)")


def parse_moment(text: str, now_unix_s: float) -> float:
    """Return Unix seconds; times without a zone are this machine's.

    Of a local time that occurs twice (the clock went back) the first is meant.
    Raises ValueError for what is no time.
    """
    words = text.strip().lower()
    if words == "now":
        return now_unix_s
    if words in ("today", "yesterday"):
        words += " 00:00"
    if found := _UNIX.fullmatch(words):
        return float(found[1])
    if found := _AGO.fullmatch(words):
        parts = zip(found.groups(), _UNIT_S.values(), strict=True)
        return now_unix_s - sum(int(number) * unit_s for number, unit_s in parts if number)
    if found := _CLOCK.fullmatch(words):
        return _on_day(found, _local(now_unix_s).date())
    return datetime.fromisoformat(text.strip()).timestamp()


def _on_day(found: re.Match[str], today: date) -> float:
    day = today - timedelta(days=1) if found[1] == "yesterday" else today
    seconds = float(found[4] or 0.0)
    clock = time_of_day(int(found[2]), int(found[3]), int(seconds))
    return datetime.combine(day, clock).timestamp() + seconds % 1.0


def _local(unix_s: float) -> datetime:
    return datetime.fromtimestamp(unix_s, UTC).astimezone()


class Moment(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """A point in time on the command line; gives Unix seconds."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return Unix seconds of what was written."""
        if isinstance(value, float):
            return value
        try:
            return parse_moment(str(value), time.time())
        except (ValueError, OverflowError, OSError):
            self.fail(f"{value!r} is no time; {FORMS}", param, ctx)


def local_time(unix_s: float, *, seconds: bool = True) -> str:
    """Return a local date and time for a page."""
    shape = "%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"
    return _local(unix_s).strftime(shape)


def zoned_time(unix_s: float) -> str:
    """Return date and time to the microsecond with the zone's offset (ISO 8601)."""
    return _local(unix_s).isoformat(timespec="microseconds")
