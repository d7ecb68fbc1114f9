"""How old a row is, by the time that the gateway has run: no wall clock can make it older.

Every few minutes a mark notes the newest row of each table and how long the gateway has run in
all, by the monotonic clock. A row is due when a mark that came after it is old enough. Only rows
from before the first mark are dated by their own wall time, and only as long as it is believed.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from ecgd.store.rows import insert

MARK_EVERY_S = 300.0
STEP_COUNTED_S = 600.0
"""So much of one silence of the writer's thread counts: a stopped process ages nothing."""

GAP_MAX_S = 100 * 86400.0
"""A gateway may be off for so long; a clock that is farther ahead of the last row has jumped."""

DRIFT_MAX_S = 3600.0
"""A wall clock that moves so far against the monotonic one, in one run, has jumped."""

NOT_BELIEVED = "stamps not believed"
"""Key in ``meta``: rows from before the first mark age from the first mark on."""

_DAY_S = 86400.0
_TABLES = {
    "recordings": "recording_id",
    "analysis_results": "result_id",
    "heartbeats": "heartbeat_id",
    "device_status": "status_id",
}
_NEWEST_STAMPS = (
    "SELECT max(stamp) FROM ("
    " SELECT unix_s AS stamp FROM (SELECT unix_s FROM clock_marks ORDER BY id DESC LIMIT 1)"
    " UNION ALL SELECT timestamp + duration_seconds"
    "  FROM (SELECT timestamp, duration_seconds FROM recordings ORDER BY id DESC LIMIT 1)"
    " UNION ALL SELECT timestamp FROM (SELECT timestamp FROM heartbeats ORDER BY id DESC LIMIT 1)"
    " UNION ALL SELECT timestamp"
    "  FROM (SELECT timestamp FROM device_status ORDER BY id DESC LIMIT 1))"
)


@dataclass(frozen=True, slots=True)
class Due:
    """Which rows of one table are due: those up to ``marked_id``, whatever their time says;

    and those up to ``stamped_id`` whose own wall time is before ``before_unix_s``.
    """

    marked_id: int
    stamped_id: int
    before_unix_s: float


@dataclass(frozen=True, slots=True)
class SetMark:
    """Note the newest rows and the time run, and forget marks that are of no more use."""

    ran_s: float
    unix_s: float
    keep_days: float

    def apply(self, connection: sqlite3.Connection) -> int:
        row = {"running_s": _running_s(connection) + self.ran_s, "unix_s": self.unix_s}
        newest = {column: _newest(connection, table) for table, column in _TABLES.items()}
        mark = insert(connection, "clock_marks", row | newest)
        connection.execute(
            "DELETE FROM clock_marks WHERE id <"
            " (SELECT max(id) FROM clock_marks WHERE running_s <= ?)",
            (row["running_s"] - self.keep_days * _DAY_S,),
        )
        return mark


@dataclass(frozen=True, slots=True)
class BelieveStamps:
    """Judge at the start whether old rows may be dated by their own wall time; 1: they may.

    They may not when the clock is too far ahead of the newest row, or behind it by a day.
    """

    now_unix_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        known = connection.execute("SELECT 1 FROM meta WHERE key = ?", (NOT_BELIEVED,)).fetchone()
        if known is not None:
            return 0
        newest_unix_s = connection.execute(_NEWEST_STAMPS).fetchone()[0]
        gap_s = 0.0 if newest_unix_s is None else self.now_unix_s - newest_unix_s
        if gap_s <= GAP_MAX_S:
            return int(gap_s >= -_DAY_S)
        return DistrustStamps(self.now_unix_s).apply(connection)


@dataclass(frozen=True, slots=True)
class DistrustStamps:
    """The clock has jumped: from now on no row is dated by its own wall time."""

    now_unix_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        connection.execute(
            "INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)",
            (NOT_BELIEVED, str(self.now_unix_s)),
        )
        return 0


def due_rows(
    connection: sqlite3.Connection, table: str, keep_days: float, now_unix_s: float | None
) -> Due:
    """Return what is older than ``keep_days``; ``now_unix_s`` None: no wall time is believed."""
    column = _TABLES[table]
    oldest_kept_s = _running_s(connection) - keep_days * _DAY_S
    marked = connection.execute(
        f"SELECT max({column}) FROM clock_marks WHERE running_s <= ?", (oldest_kept_s,)
    ).fetchone()[0]
    if now_unix_s is None:
        return Due(marked or 0, 0, 0.0)
    first = connection.execute(f"SELECT min({column}) FROM clock_marks").fetchone()[0]
    stamped = _newest(connection, table) if first is None else first
    return Due(marked or 0, int(stamped), now_unix_s - keep_days * _DAY_S)


def _running_s(connection: sqlite3.Connection) -> float:
    """Return how long the gateway had run, in all, when the last mark was set."""
    row = connection.execute(
        "SELECT running_s FROM clock_marks ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return 0.0 if row is None else float(row[0])


def _newest(connection: sqlite3.Connection, table: str) -> int:
    """Return the newest row that is complete; a recording is when it is packed."""
    newest = connection.execute(f"SELECT max(id) FROM {table}").fetchone()[0] or 0
    if table != "recordings":
        return int(newest)
    growing = connection.execute("SELECT min(id) FROM recordings WHERE raw_data IS NULL")
    oldest = growing.fetchone()[0]
    return int(newest if oldest is None else oldest - 1)
