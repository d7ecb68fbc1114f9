"""What people say of alerts, on its way into the database, and alerts with it on the way out."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Final

from ecgd.model.alert_mark import AlertMark, Verdict
from ecgd.store.entries import StoredAlert
from ecgd.store.rows import alert_of, insert

ALERTS: Final = (
    "SELECT alerts.*, users.patient_id, (SELECT json_group_array(json_array(verdict, author,"
    " timestamp, note)) FROM (SELECT * FROM alert_marks WHERE alert_marks.alert_id ="
    " alerts.alert_id ORDER BY id)) AS marks"
    " FROM alerts JOIN users ON users.id = alerts.user_id WHERE "
)
"""Every column that ``stored_alert`` needs; conditions follow."""


@dataclass(frozen=True, slots=True)
class MarkAlert:
    """One more verdict on an alert; 0: no alert has this id."""

    alert_id: str
    mark: AlertMark

    def apply(self, connection: sqlite3.Connection) -> int:
        found = connection.execute("SELECT 1 FROM alerts WHERE alert_id = ?", (self.alert_id,))
        if found.fetchone() is None:
            return 0
        mark = self.mark
        row = {"alert_id": self.alert_id, "timestamp": mark.at_unix_s, "author": mark.by}
        row |= {"verdict": mark.verdict.value, "note": mark.note}
        return insert(connection, "alert_marks", row)


def stored_alert(row: sqlite3.Row) -> StoredAlert:
    """Return one row of ``ALERTS``."""
    return StoredAlert(
        id=row["id"],
        alert=alert_of(row),
        recording_id=row["recording_id"],
        user_notified=bool(row["user_notified"]),
        acknowledged_unix_s=row["acknowledged_unix_s"],
        acknowledged_by=row["acknowledged_by"],
        cleared_unix_s=row["cleared_unix_s"],
        marks=tuple(
            AlertMark(Verdict(verdict), by, at_unix_s, note)
            for verdict, by, at_unix_s, note in json.loads(row["marks"])
        ),
    )
