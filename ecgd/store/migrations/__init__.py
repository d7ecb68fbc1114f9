"""Numbered schema changes, each an SQL file that is never edited once released."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from ecgd.errors import StoreError

APPLICATION_ID = 0x45434744
"""Marks the file as ecgd's ("ECGD"); the first step sets it."""


@dataclass(frozen=True, slots=True)
class Migration:
    """The step that leads from version ``number`` - 1 to ``number``."""

    number: int
    name: str
    script: str


def migrations() -> tuple[Migration, ...]:
    """Return every step, in order."""
    files = (entry for entry in resources.files(__name__).iterdir() if entry.name.endswith(".sql"))
    steps = [
        Migration(int(entry.name[:4]), entry.name, entry.read_text(encoding="utf-8"))
        for entry in files
    ]
    return tuple(sorted(steps, key=lambda step: step.number))


def newest_version() -> int:
    """Return the schema version that this program writes."""
    return migrations()[-1].number


def version_of(connection: sqlite3.Connection) -> int:
    """Return the schema version of an open database; 0: it is empty."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def refuse_foreign(connection: sqlite3.Connection) -> None:
    """Raise StoreError when the database is another program's, or newer than this program.

    Nothing is touched.
    """
    owner: int = connection.execute("PRAGMA application_id").fetchone()[0]
    empty = connection.execute("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)").fetchone()[0]
    if owner != APPLICATION_ID and not empty:
        raise StoreError(
            "The file is a database of another program",
            "Choose another state directory or file name; it was left untouched",
        )
    version, known = version_of(connection), newest_version()
    if version > known:
        raise StoreError(
            f"The database has schema version {version}, this program knows up to {known}",
            "Install the version of ecgd that wrote it or a newer one, or choose another state "
            "directory; the database was left untouched",
        )


def migrate(connection: sqlite3.Connection, up_to: int | None = None) -> None:
    """Bring the schema up to date, one transaction a step. ``up_to`` stops at an older version."""
    refuse_foreign(connection)
    for step in migrations():
        if version_of(connection) < step.number and (up_to is None or step.number <= up_to):
            _apply(connection, step)


def _apply(connection: sqlite3.Connection, step: Migration) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in _statements(step.script):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {step.number}")
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _statements(script: str) -> Iterator[str]:
    """Split a script; sqlite3's own ``executescript`` would commit before it begins."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
