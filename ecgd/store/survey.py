"""What a database holds, how fast it grows, and what retention will do: for ``ecgctl db info``."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from ecgd.errors import StoreError
from ecgd.store import codec
from ecgd.store.capsules import damaged_capsules
from ecgd.store.database import Integrity, connect_read_only, full_check, quick_check
from ecgd.store.faults import fault_of
from ecgd.store.marks import NOT_BELIEVED, due_rows
from ecgd.store.migrations import newest_version, refuse_foreign, version_of

DAY_S = 86400.0

_TIMES = {
    "recordings": "timestamp",
    "waveform_segments": "timestamp",
    "analysis_results": "timestamp",
    "alerts": "timestamp",
    "alert_marks": "timestamp",
    "outbox": "created_unix_s",
    "device_status": "timestamp",
    "heartbeats": "timestamp",
    "health_events": "timestamp",
    "notes": "timestamp",
    "trends": "timestamp",
    "clock_marks": "unix_s",
    "coverage": "hour_unix_s",
    "capsules": "timestamp",
    "st_episodes": "timestamp",
    "users": "created_at",
    "devices": "first_seen",
}


@dataclass(frozen=True, slots=True)
class TableSize:
    """One table with its indices. Times None: it is empty, or has none."""

    table: str
    rows: int
    size_bytes: int
    oldest_unix_s: float | None
    newest_unix_s: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What retention will do. ``due_recordings`` are older than ``waveform_days`` now."""

    waveform_days: float
    alert_waveform_s: float
    due_recordings: int
    due_bytes: int
    running_days: float


@dataclass(frozen=True, slots=True)
class Survey:
    """Everything about one database file. ``bytes_per_patient_day`` None: under an hour of signal.

    ``recorded_days`` are days of signal, of all patients together, that are still whole.
    """

    path: Path
    size_bytes: int
    log_bytes: int
    free_bytes: int
    disk_free_bytes: int
    schema_version: int
    newest_schema_version: int
    patients: int
    recorded_days: float
    bytes_per_patient_day: float | None
    tables: tuple[TableSize, ...]
    forecast: Forecast | None


@dataclass(frozen=True, slots=True)
class Check:
    """What a check found. ``damaged_...`` None: waveform and capsules were not read."""

    path: Path
    schema_version: int
    integrity: Integrity
    damaged_recordings: tuple[int, ...] | None
    damaged_capsules: tuple[str, ...] | None = None


def survey(path: Path, waveform_days: float, alert_waveform_s: float, now_unix_s: float) -> Survey:
    """Look at a database beside its writer. Raises StoreError when it cannot be read."""
    with _Look(path) as connection:
        version = version_of(connection)
        tables = _tables(connection)
        page_bytes = _pragma(connection, "page_size")
        recorded_s = _recorded_s(connection)
        detail = sum(each.size_bytes for each in tables if each.table in _GROWING)
        current = version == newest_version()
        return Survey(
            path=path,
            size_bytes=_pragma(connection, "page_count") * page_bytes,
            log_bytes=_size(Path(f"{path}-wal")),
            free_bytes=_pragma(connection, "freelist_count") * page_bytes,
            disk_free_bytes=_disk_free(path),
            schema_version=version,
            newest_schema_version=newest_version(),
            patients=connection.execute("SELECT count(*) FROM users").fetchone()[0],
            recorded_days=recorded_s / DAY_S,
            bytes_per_patient_day=detail / recorded_s * DAY_S if recorded_s >= 3600 else None,
            tables=tables,
            forecast=_forecast(connection, waveform_days, alert_waveform_s, now_unix_s)
            if current
            else None,
        )


_GROWING = ("recordings", "waveform_segments", "analysis_results", "heartbeats", "device_status")
"""Tables whose old rows go; what they hold is as many days as there is whole signal."""


def check(path: Path, *, full: bool) -> Check:
    """Check a database: as the daemon does at its start, or everything, each piece of waveform too.

    Raises StoreError when it is no database of ecgd, or newer than this program.
    """
    with _Look(path) as connection:
        try:
            integrity = full_check(connection) if full else quick_check(connection, path)
            damaged = _damaged_recordings(connection) if full else None
            capsules = damaged_capsules(connection) if full and is_current(connection) else None
        except sqlite3.DatabaseError as error:
            integrity, damaged = Integrity((str(error),), complete=False), None
            capsules = None
        return Check(path, version_of(connection), integrity, damaged, capsules)


class _Look:
    """A read-only connection with one snapshot; SQLite's errors become StoreError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> sqlite3.Connection:
        if not self._path.is_file():
            raise StoreError(
                f"There is no database at {self._path}",
                "Name it with --database, or its configuration with --config",
            )
        try:
            self._connection = connect_read_only(self._path)
            refuse_foreign(self._connection)
            self._connection.execute("BEGIN")
        except sqlite3.Error as error:
            raise StoreError(f"Cannot read {self._path}: {fault_of(error)}") from error
        return self._connection

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if self._connection is not None:
            self._connection.close()
        if isinstance(error, sqlite3.Error):
            raise StoreError(f"Cannot read {self._path}: {fault_of(error)}") from error


def is_current(connection: sqlite3.Connection) -> bool:
    """Tell whether the schema is this program's own: an older one has no capsules."""
    return version_of(connection) == newest_version()


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _tables(connection: sqlite3.Connection) -> tuple[TableSize, ...]:
    """Return every table, the largest first; dbstat reads the whole file's page headers."""
    sizes = connection.execute(
        "SELECT schema.tbl_name, sum(stat.pgsize) FROM dbstat AS stat"
        " JOIN sqlite_schema AS schema ON schema.name = stat.name"
        " WHERE stat.aggregate = TRUE AND schema.tbl_name NOT LIKE 'sqlite_%' GROUP BY 1"
    ).fetchall()
    found = [_table(connection, str(name), int(size)) for name, size in sizes]
    return tuple(sorted(found, key=lambda each: -each.size_bytes))


def _table(connection: sqlite3.Connection, name: str, size_bytes: int) -> TableSize:
    rows = connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
    column = _TIMES.get(name)
    if column is None:
        return TableSize(name, rows, size_bytes, None, None)
    span = connection.execute(f"SELECT min({column}), max({column}) FROM {name}").fetchone()
    return TableSize(name, rows, size_bytes, *span)


def _recorded_s(connection: sqlite3.Connection) -> float:
    whole = "" if version_of(connection) < 2 else " WHERE thinned_unix_s IS NULL"
    found = connection.execute(f"SELECT sum(duration_seconds) FROM recordings{whole}").fetchone()
    return float(found[0] or 0.0)


def _forecast(
    connection: sqlite3.Connection, days: float, around_s: float, now_unix_s: float
) -> Forecast:
    distrusted = connection.execute("SELECT 1 FROM meta WHERE key = ?", (NOT_BELIEVED,)).fetchone()
    due = due_rows(connection, "recordings", days, None if distrusted else now_unix_s)
    count, size = connection.execute(
        "SELECT count(*), sum(length(raw_data)) FROM recordings WHERE thinned_unix_s IS NULL"
        " AND raw_data IS NOT NULL AND (id <= ? OR (id <= ?"
        " AND timestamp + duration_seconds < ?))",
        (due.marked_id, due.stamped_id, due.before_unix_s),
    ).fetchone()
    ran_s = connection.execute("SELECT max(running_s) FROM clock_marks").fetchone()[0]
    return Forecast(days, around_s, count, size or 0, (ran_s or 0.0) / DAY_S)


def _damaged_recordings(connection: sqlite3.Connection) -> tuple[int, ...]:
    damaged: list[int] = []
    pieces = "SELECT recording_id, data FROM waveform_segments"
    whole = "SELECT id, raw_data FROM recordings WHERE raw_data IS NOT NULL"
    shown = "SELECT id, preprocessed_data FROM recordings WHERE preprocessed_data IS NOT NULL"
    for query in (whole, shown, pieces):
        for recording, data in connection.execute(query):
            if codec.spans(data)[1]:
                damaged.append(recording)
    return tuple(sorted(set(damaged)))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _disk_free(path: Path) -> int:
    disk = os.statvfs(path.parent)
    return disk.f_bavail * disk.f_frsize
