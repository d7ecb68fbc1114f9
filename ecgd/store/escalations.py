"""Who was told of an alert, and who answered."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from ecgd.model.alarm import OutboxItem
from ecgd.store.rows import insert, outbox_row


@dataclass(frozen=True, slots=True)
class SaveEscalation:
    """How one escalation stands, with what goes out by it: a step is never noted without its item.

    ``withdrawn`` are messages that nobody needs any more; ``why`` says so.
    """

    alert_id: str
    is_open: bool
    record: str
    items: tuple[OutboxItem, ...]
    withdrawn: tuple[str, ...]
    why: str
    at_unix_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        cursor = connection.execute(
            "INSERT OR REPLACE INTO escalations (alert_id, is_open, record, saved_unix_s)"
            " VALUES (?, ?, ?, ?)",
            (self.alert_id, self.is_open, self.record, self.at_unix_s),
        )
        for item in self.items:
            insert(connection, "outbox", outbox_row(item), once="message_id, target")
        for message_id in self.withdrawn:
            connection.execute(
                "UPDATE outbox SET state = 'refused', last_detail = ?"
                " WHERE message_id = ? AND state = 'pending'",
                (self.why, message_id),
            )
        return cursor.rowcount
