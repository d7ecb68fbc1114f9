"""Reading who was told of alerts, and who answered."""

from __future__ import annotations

import json
from typing import Any

from ecgd.store.entries import AlertDelivery
from ecgd.store.reader import StoreReader


class EscalationReader(StoreReader):
    """Reads escalations and deliveries. Raises StoreError as every reader does."""

    def open_escalations(self) -> dict[str, dict[str, Any]]:
        """Return the escalations that go on, by the alert's id; empty where that is no record."""
        rows = self._rows("SELECT alert_id, record FROM escalations WHERE is_open")
        return {row[0]: _record_of(row[1]) for row in rows}

    def escalation(self, alert_id: str) -> dict[str, Any] | None:
        """Return who was told of an alert and who answered, None where nobody was to be told."""
        rows = self._rows("SELECT record FROM escalations WHERE alert_id = ?", (alert_id,))
        return _record_of(rows[0][0]) if rows else None

    def deliveries(self, alert_id: str) -> tuple[AlertDelivery, ...]:
        """Return what became of an alert's messages, in the order in which they went out."""
        rows = self._rows(
            "SELECT target, state, attempts, created_unix_s, last_attempt_unix_s, last_detail,"
            " ifnull(receipt, '') FROM outbox WHERE alert_id = ? ORDER BY id",
            (alert_id,),
        )
        return tuple(AlertDelivery(*row) for row in rows)


def _record_of(text: str) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}
