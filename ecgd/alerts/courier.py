"""What brings outbox items to one target, whatever the way."""

from __future__ import annotations

from typing import Protocol

from ecgd.model.alarm import OutboxItem
from ecgd.model.status import TargetHealth


class Courier(Protocol):
    """Takes items at once and brings them in its own time; nothing here blocks or raises."""

    def submit(self, item: OutboxItem) -> bool:
        """Queue an item; False: it was not taken, and stays in the outbox."""

    def submit_if_room(self, item: OutboxItem) -> bool:
        """Queue an item that takes nobody's place; False: it is left where it is."""

    def withdraw(self, message_id: str) -> None:
        """Try an item no more, as far as that is still possible."""

    @property
    def has_room(self) -> bool:
        """Whether half of the queue is free."""

    @property
    def overdue_s(self) -> float:
        """For how long a thread has hung that should have come back; 0: none."""

    def health(self) -> TargetHealth:
        """Return a snapshot."""

    def stop(self, grace_s: float = 0.75) -> None:
        """Take nothing more, and return at once."""

    def close(self, timeout_s: float = 1.5) -> None:
        """Stop, and wait for ``timeout_s`` at most."""
