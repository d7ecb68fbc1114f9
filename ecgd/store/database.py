"""Opening the database: pragmas, integrity check, schema."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ecgd.store.checkpoint import AUTOCHECKPOINT_PAGES
from ecgd.store.migrations import APPLICATION_ID, migrate, refuse_foreign

BUSY_TIMEOUT_MS = 1000
"""How long one statement waits for a lock before the writer's own retry takes over."""

WHOLE_CHECK_BYTES = 64 << 20
"""A larger file is checked wholly only on demand: reading years of waveform would delay alarms."""

_BULK_TABLES = frozenset(
    {"recordings", "waveform_segments", "analysis_results", "heartbeats", "trends"}
)
OWN_TABLES = frozenset({"alarm_state", "alerts", "outbox", "waveform_segments"})
"""Nobody else's database has all of these."""

_WAL_LIMIT_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Integrity:
    """What a check found. ``complete`` False: the bulk tables were left out."""

    problems: tuple[str, ...]
    complete: bool


def connect(path: Path) -> sqlite3.Connection:
    """Open for writing and set the pragmas; raises sqlite3.Error. Makes the file if need be.

    ``synchronous=FULL`` holds for every commit: a commit is on the disk when it returns.
    """
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_MS / 1000
    )
    try:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT_BYTES}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {AUTOCHECKPOINT_PAGES}")
        # Debian's SQLite overwrites what is deleted with zeros: three times the wear, and a card
        # that levels wear keeps the old cells all the same.
        connection.execute("PRAGMA secure_delete = OFF")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open for reading only; raises sqlite3.Error when the file is missing.

    Without the daemon there is no write-ahead log, and none can be made in a directory that may
    only be read: the file is then read as one that does not change.
    """
    try:
        return _connect_uri(path, "mode=ro")
    except sqlite3.OperationalError as error:
        cannot_open = error.sqlite_errorcode & 0xFF in (
            sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_READONLY,
        )
        if not cannot_open or not path.exists() or Path(f"{path}-wal").exists():
            raise
    return _connect_uri(path, "immutable=1")


def _connect_uri(path: Path, query: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?{query}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_TIMEOUT_MS / 1000,
    )
    try:
        connection.execute("PRAGMA schema_version")
    except BaseException:
        connection.close()
        raise
    return connection


def open_checked(path: Path) -> tuple[sqlite3.Connection, Integrity]:
    """Open, check and bring the schema up to date.

    Raises sqlite3.DatabaseError when the check finds damage, sqlite3.Error on any other trouble,
    StoreError when the file is another program's or its schema newer than this one.
    """
    integrity = inspect(path)
    connection = connect(path)
    try:
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection, integrity


def inspect(path: Path) -> Integrity:
    """Look at a file without touching it; raises what ``open_checked`` raises."""
    if not path.exists() or path.stat().st_size == 0:
        return Integrity((), complete=True)
    with closing(connect_read_only(path)) as connection:
        integrity = quick_check(connection, path)
        if integrity.problems:
            raise damage_error("; ".join(integrity.problems[:3]))
        _notice_changed_mark(connection)
        refuse_foreign(connection)
    return integrity


def _notice_changed_mark(connection: sqlite3.Connection) -> None:
    """Raise the error of damage where only the mark of the file is not ours: a bit of it flipped.

    A daemon that took its own file for another program's would never start again.
    """
    names = {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_schema")}
    owner: int = connection.execute("PRAGMA application_id").fetchone()[0]
    if owner != APPLICATION_ID and names >= OWN_TABLES:
        raise damage_error(f"its mark is {owner:#x}, not {APPLICATION_ID:#x}")


def damage_error(detail: str) -> sqlite3.DatabaseError:
    """Return the error that SQLite itself would raise for a damaged file."""
    error = sqlite3.DatabaseError(detail)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def quick_check(connection: sqlite3.Connection, path: Path) -> Integrity:
    """Check the small tables, or the whole file when it is small enough to start soon."""
    if path.stat().st_size <= WHOLE_CHECK_BYTES:
        return Integrity(_problems(connection, "PRAGMA quick_check"), complete=True)
    problems = [
        problem
        for table in _small_tables(connection)
        for problem in _problems(connection, f"PRAGMA quick_check('{table}')")
    ]
    return Integrity(tuple(problems), complete=False)


def full_check(connection: sqlite3.Connection) -> Integrity:
    """Check everything, foreign keys included; takes minutes on years of waveform."""
    problems = _problems(connection, "PRAGMA integrity_check")
    orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
    return Integrity(
        problems + tuple(f"row {row[1]} of {row[0]} refers to nothing" for row in orphans),
        complete=True,
    )


def _small_tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    return [str(name) for (name,) in rows if name not in _BULK_TABLES]


def _problems(connection: sqlite3.Connection, pragma: str) -> tuple[str, ...]:
    lines = [str(row[0]) for row in connection.execute(pragma)]
    return () if lines == ["ok"] else tuple(lines)
