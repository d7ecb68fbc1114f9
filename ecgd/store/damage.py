"""A damaged database: put aside, never deleted, and what can still be read is carried over."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from ecgd.store.database import connect_read_only

_SIDE_FILES = ("", "-wal", "-shm")
_SALVAGED = (
    "users",
    "devices",
    "alerts",
    "alert_marks",
    "outbox",
    "escalations",
    "alarm_state",
    "baselines",
    "evolutions",
    "coverage",
    "st_episodes",
    "health_events",
    "notes",
)
"""Small tables, each after those that it refers to. Waveform stays in the file put aside."""


def set_aside(path: Path, now_unix_s: float) -> Path:
    """Rename the database and what belongs to it; returns the new path. Raises OSError."""
    stamp = int(now_unix_s)
    target = path.with_name(f"{path.name}.damaged-{stamp}")
    while any(Path(f"{target}{side}").exists() for side in _SIDE_FILES):
        stamp += 1
        target = path.with_name(f"{path.name}.damaged-{stamp}")
    for side in reversed(_SIDE_FILES):
        source = Path(f"{path}{side}")
        if source.exists():
            source.rename(f"{target}{side}")
    return target


def salvage(damaged: Path, connection: sqlite3.Connection) -> int:
    """Copy what can be read of the small tables into a new database; returns how many rows.

    Runs inside a transaction of ``connection``. Reading never raises: what is damaged is left out.
    """
    try:
        source = connect_read_only(damaged)
    except (sqlite3.Error, UnicodeDecodeError):
        return 0
    try:
        return sum(_copy(source, connection, table) for table in _SALVAGED)
    finally:
        source.close()


def _copy(source: sqlite3.Connection, connection: sqlite3.Connection, table: str) -> int:
    known = {str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")}
    copied = 0
    for row in _readable_rows(source, table):
        kept = {name: value for name, value in row.items() if name in known}
        if "recording_id" in kept:
            kept["recording_id"] = None
        copied += _try_insert(connection, table, kept)
    return copied


def _readable_rows(source: sqlite3.Connection, table: str) -> Iterator[dict[str, object]]:
    """Give rows upwards until the damage, then downwards until the damage."""
    seen: set[object] = set()
    for direction in ("ASC", "DESC"):
        try:
            cursor = source.execute(f"SELECT rowid, * FROM {table} ORDER BY rowid {direction}")
            names = [column[0] for column in cursor.description][1:]
            for rowid, *values in cursor:
                if rowid in seen:
                    return
                seen.add(rowid)
                yield dict(zip(names, values, strict=True))
        except (sqlite3.Error, UnicodeDecodeError):
            continue


def _try_insert(connection: sqlite3.Connection, table: str, row: dict[str, object]) -> int:
    names = ", ".join(row)
    marks = ", ".join("?" for _ in row)
    try:
        cursor = connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values())
        )
    except sqlite3.IntegrityError:
        return 0
    return cursor.rowcount
