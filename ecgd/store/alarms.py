"""Changes to alerts, outbox and alarm books."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Final

from ecgd.model.alarm import Alert, DeliveryReport, DeliveryResult, OutboxItem
from ecgd.store.operations import latest_recording_id, replace_record, user_id
from ecgd.store.rows import alert_row, insert, outbox_row
from ecgd.store.streams import Stream

_STATES = {
    DeliveryResult.DELIVERED: "delivered",
    DeliveryResult.RETRY: "pending",
    DeliveryResult.GONE: "gone",
    DeliveryResult.REFUSED: "refused",
    DeliveryResult.WITHDRAWN: "refused",
}


@dataclass(frozen=True, slots=True)
class StoreAlert:
    """One occurrence and its outbox items; repeating it changes nothing."""

    alert: Alert
    items: tuple[OutboxItem, ...]
    stream: Stream | None

    def apply(self, connection: sqlite3.Connection) -> int:
        alert = self.alert
        row = alert_row(alert) | {
            "user_id": user_id(
                connection, alert.patient_id, alert.occurred_unix_s, alert.patient_name
            ),
            "recording_id": latest_recording_id(connection, self.stream),
        }
        insert(connection, "alerts", row, once="alert_id")
        for item in self.items:
            insert(connection, "outbox", outbox_row(item), once="message_id, target")
        found = connection.execute("SELECT id FROM alerts WHERE alert_id = ?", (alert.alert_id,))
        return int(found.fetchone()[0])


@dataclass(frozen=True, slots=True)
class AcknowledgeAlert:
    """Somebody has seen it; the first one counts."""

    alert_id: str
    by: str
    at_unix_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        cursor = connection.execute(
            "UPDATE alerts SET acknowledged_unix_s = ?, acknowledged_by = ?"
            " WHERE alert_id = ? AND acknowledged_unix_s IS NULL",
            (self.at_unix_s, self.by, self.alert_id),
        )
        return cursor.rowcount


@dataclass(frozen=True, slots=True)
class ClearAlert:
    """The evidence is gone; ``at_unix_s`` None: it is there again."""

    alert_id: str
    at_unix_s: float | None

    def apply(self, connection: sqlite3.Connection) -> int:
        cursor = connection.execute(
            "UPDATE alerts SET cleared_unix_s = ?1"
            " WHERE alert_id = ?2 AND (cleared_unix_s IS NULL) <> (?1 IS NULL)",
            (self.at_unix_s, self.alert_id),
        )
        return cursor.rowcount


@dataclass(frozen=True, slots=True)
class CorrectAlertTimes:
    """The wall clock is right at last: what this boot's alerts were dated by before is put right.

    ``offset_s`` is wall clock minus monotonic clock, ``now_unix_s`` the moment. An answer or an end
    moves with its alert if that leaves it between the alert and now; else it came after the clock
    was set.
    """

    boot_id: str
    offset_s: float
    now_unix_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        cursor = connection.execute(
            _CORRECT, {"boot": self.boot_id, "offset": self.offset_s, "now": self.now_unix_s}
        )
        return cursor.rowcount


_MOVED: Final = """CASE WHEN {0} + :offset + occurred_mono_s - timestamp
    BETWEEN occurred_mono_s + :offset AND :now
    THEN {0} + :offset + occurred_mono_s - timestamp ELSE {0} END"""
_CORRECT: Final = f"""
UPDATE alerts SET timestamp = occurred_mono_s + :offset, clock_synchronised = 1,
    acknowledged_unix_s = {_MOVED.format("acknowledged_unix_s")},
    cleared_unix_s = {_MOVED.format("cleared_unix_s")}
WHERE boot_id = :boot AND clock_synchronised = 0"""


@dataclass(frozen=True, slots=True)
class RecordDelivery:
    """One attempt and what follows: delivered, tried again at ``next_unix_s``, or given up.

    A target that is gone (410) takes everything with it that still waits for it.
    """

    report: DeliveryReport
    next_unix_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        report, item = self.report, self.report.item
        cursor = connection.execute(
            "UPDATE outbox SET state = ?, attempts = max(attempts, ?), not_before_unix_s = ?,"
            " last_attempt_unix_s = ?, last_detail = ?, receipt = nullif(?, '')"
            " WHERE message_id = ? AND target = ? AND state = 'pending'",
            (
                _STATES[report.result],
                item.attempts,
                self.next_unix_s,
                report.attempted_unix_s,
                report.detail,
                report.receipt,
                item.message_id,
                item.target,
            ),
        )
        if report.result is DeliveryResult.DELIVERED:
            connection.execute(
                "UPDATE alerts SET user_notified = 1 WHERE alert_id = ?", (item.alert_id,)
            )
        if report.result is DeliveryResult.GONE:
            connection.execute(
                "UPDATE outbox SET state = 'gone', last_detail = ?"
                " WHERE target = ? AND state = 'pending'",
                (report.detail, item.target),
            )
        return cursor.rowcount


@dataclass(frozen=True, slots=True)
class SaveAlarmBook:
    """The alarms of one patient, to be restored after a restart."""

    patient_id: str
    book: str
    at_unix_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        user = user_id(connection, self.patient_id, self.at_unix_s)
        replace_record(connection, ("alarm_state", "book"), user, self.book, self.at_unix_s)
        return user


@dataclass(frozen=True, slots=True)
class SaveBaseline:
    """What is usual for one patient, to be taken up after a restart."""

    patient_id: str
    record: str
    at_unix_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        user = user_id(connection, self.patient_id, self.at_unix_s)
        replace_record(connection, ("baselines", "record"), user, self.record, self.at_unix_s)
        return user
