"""What still has to be delivered: the start of deliveries after a restart, and their ages."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from ecgd.model.alarm import OutboxItem
from ecgd.store.rows import outbox_item_of


@dataclass(frozen=True, slots=True)
class TargetBacklog:
    """One target's share of the outbox. ``oldest_unix_s`` None: nothing waits."""

    target: str
    pending: int
    delivered: int
    given_up: int
    oldest_unix_s: float | None


def pending_items(connection: sqlite3.Connection, limit: int) -> tuple[OutboxItem, ...]:
    """Return what waits, the gravest first, then the oldest; rows that make no sense are left."""
    rows = connection.execute(
        "SELECT * FROM outbox WHERE state = 'pending' ORDER BY severity DESC, id LIMIT ?", (limit,)
    )
    return tuple(item for row in rows if (item := outbox_item_of(row)) is not None)


def backlogs(connection: sqlite3.Connection) -> tuple[TargetBacklog, ...]:
    """Return every target's counts, by name."""
    rows = connection.execute(
        "SELECT target, sum(state = 'pending'), sum(state = 'delivered'),"
        " sum(state IN ('gone', 'refused')),"
        " min(iif(state = 'pending', created_unix_s, NULL))"
        " FROM outbox GROUP BY target ORDER BY target"
    )
    return tuple(TargetBacklog(*row) for row in rows)
