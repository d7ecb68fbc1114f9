"""What waits for one target: bounded, gravest first."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ecgd.alerts.retry import RetrySchedule
from ecgd.model.alarm import OutboxItem
from ecgd.model.finding import Severity


@dataclass(frozen=True, slots=True)
class Waiting:
    """An item that may be tried from ``due_s`` on, in this process since ``accepted_s``."""

    item: OutboxItem
    due_s: float
    accepted_s: float

    @property
    def rank(self) -> tuple[bool, int, bool, float, str]:
        """The least goes first: graver before lighter, new before tried, older before newer.

        Behind them all goes what is no alarm.
        """
        item = self.item
        tried, since_s = item.attempts > 0, item.created_unix_s
        return (item.is_trial, -item.severity, tried, since_s, item.message_id)


class Backlog:
    """At most ``limit`` items of one target; times are monotonic seconds, passed in."""

    def __init__(self, limit: int, schedule: RetrySchedule) -> None:
        self._limit = limit
        self._schedule = schedule
        self._waiting: dict[str, Waiting] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, message_id: str) -> bool:
        return message_id in self._waiting

    @property
    def gravest(self) -> Severity | None:
        """The greatest severity that waits."""
        return max((one.item.severity for one in self._waiting.values()), default=None)

    def put(self, waiting: Waiting) -> OutboxItem | None:
        """Add an item; return the one that had to leave: the lightest, of these the oldest."""
        self._waiting[waiting.item.message_id] = waiting
        if len(self._waiting) <= self._limit:
            return None
        leaving = min(
            (one.item for one in self._waiting.values()),
            key=lambda item: (
                not item.is_trial,
                item.severity,
                -item.attempts,
                item.created_unix_s,
            ),
        )
        del self._waiting[leaving.message_id]
        return leaving

    def take(self, now_s: float, held_until_s: float) -> Waiting | None:
        """Remove and return the first of those that may be tried now, None if none may."""
        ready = [w for w in self._waiting.values() if self._ready_s(w, held_until_s) <= now_s]
        if not ready:
            return None
        first = min(ready, key=lambda waiting: waiting.rank)
        return self._waiting.pop(first.item.message_id)

    def hasten(self, now_s: float) -> None:
        """Let everything be tried from now on: the target is back, and the order counts again."""
        self._waiting = {
            name: replace(waiting, due_s=min(waiting.due_s, now_s))
            for name, waiting in self._waiting.items()
        }

    def drop(self, message_id: str) -> bool:
        """Remove an item that nobody needs any more; return whether it was here."""
        return self._waiting.pop(message_id, None) is not None

    def next_ready_s(self, held_until_s: float) -> float | None:
        """Return when the next item may be tried, None if nothing waits."""
        return min((self._ready_s(w, held_until_s) for w in self._waiting.values()), default=None)

    def _ready_s(self, waiting: Waiting, held_until_s: float) -> float:
        if self._schedule.is_urgent(waiting.item):
            return waiting.due_s
        return max(waiting.due_s, held_until_s)
