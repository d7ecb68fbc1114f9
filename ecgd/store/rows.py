"""Alerts and outbox items as rows, and back."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Mapping
from typing import Any

from ecgd.model.alarm import Alert, OutboxItem
from ecgd.model.finding import EventType, RiskLevel, Severity, Territory

_PLAIN = (
    "alert_id",
    "patient_name",
    "occurred_mono_s",
    "boot_id",
    "clock_synchronised",
    "simulated",
    "description",
    "recommended_action",
    "confidence",
    "heart_rate_bpm",
    "location",
    "sample_index",
    "models_hash",
    "config_hash",
)
_LISTS = ("clinical_notes", "evidence", "not_visible")
_FIGURES = ("scores", "st_mv", "st_change_mv", "quality")
_FLAGS = ("clock_synchronised", "simulated")


def to_json(value: Any) -> str:
    """Return compact JSON; what is not a finite number becomes null, as JSON knows no NaN."""
    return json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def alert_row(alert: Alert) -> dict[str, Any]:
    """Return an alert's columns, those of other tables' keys left out."""
    row: dict[str, Any] = {name: getattr(alert, name) for name in _PLAIN}
    row |= {name: to_json(getattr(alert, name)) for name in _LISTS}
    row |= {name: to_json(dict(getattr(alert, name))) for name in _FIGURES}
    row["timestamp"] = alert.occurred_unix_s
    row["event_type"] = alert.event_type.value
    row["severity"] = alert.severity.name
    row["territory"] = None if alert.territory is None else alert.territory.value
    row["st_risk"] = None if alert.st_risk is None else alert.st_risk.value
    return row


def alert_of(row: sqlite3.Row) -> Alert:
    """Return the alert of a row that also has its user's ``patient_id``."""
    fields: dict[str, Any] = {name: row[name] for name in _PLAIN}
    fields |= {name: bool(row[name]) for name in _FLAGS}
    fields |= {name: tuple(json.loads(row[name])) for name in _LISTS}
    fields |= {name: _figures(row[name]) for name in _FIGURES}
    return Alert(
        patient_id=row["patient_id"],
        event_type=EventType(row["event_type"]),
        severity=Severity[row["severity"]],
        occurred_unix_s=row["timestamp"],
        territory=None if row["territory"] is None else Territory(row["territory"]),
        st_risk=None if row["st_risk"] is None else RiskLevel(row["st_risk"]),
        **fields,
    )


def outbox_row(item: OutboxItem) -> dict[str, Any]:
    """Return an outbox item's columns."""
    return {
        "message_id": item.message_id,
        "alert_id": item.alert_id,
        "target": item.target,
        "severity": int(item.severity),
        "body": item.body,
        "created_unix_s": item.created_unix_s,
        "attempts": item.attempts,
        "not_before_unix_s": item.not_before_unix_s,
    }


def outbox_item_of(row: sqlite3.Row) -> OutboxItem | None:
    """Return the outbox item of a row; None: no flipped bit of it may hinder the start."""
    try:
        return OutboxItem(
            message_id=str(row["message_id"]),
            alert_id=str(row["alert_id"]),
            target=str(row["target"]),
            severity=Severity(row["severity"]),
            body=bytes(row["body"]),
            created_unix_s=float(row["created_unix_s"]),
            attempts=int(row["attempts"]),
            not_before_unix_s=float(row["not_before_unix_s"]),
        )
    except (TypeError, ValueError, OverflowError):
        return None


def insert(
    connection: sqlite3.Connection, table: str, row: dict[str, Any], *, once: str = ""
) -> int:
    """Insert one row and return its id. Table and column names are the program's own.

    ``once`` names the columns by which a row may exist already; it then stays as it is.
    """
    names = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)
    conflict = f" ON CONFLICT ({once}) DO NOTHING" if once else ""
    cursor = connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks}){conflict}", row)
    return int(cursor.lastrowid or 0)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _figures(column: str) -> tuple[tuple[str, float], ...]:
    figures = json.loads(column).items()
    return tuple((name, math.nan if figure is None else figure) for name, figure in figures)
