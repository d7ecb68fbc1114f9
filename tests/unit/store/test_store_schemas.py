"""A database of every version is brought up to date, whole, with the same schema as a new one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from store_schemas import SCHEMAS, dump, empty_tables, write_rows

from ecgd.config.settings import StoreSettings
from ecgd.store.database import connect, open_checked
from ecgd.store.migrations import migrate, newest_version
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter

VERSIONS = range(1, newest_version() + 1)
Rows = dict[str, list[tuple[Any, ...]]]


def load(path: Path, version: int) -> None:
    """Make a database of an old version, with its rows."""
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.executescript((SCHEMAS / f"v{version}.sql").read_text(encoding="utf-8"))


def schema(path: Path) -> dict[str, Any]:
    """Return tables with their columns, and indices with theirs."""
    with closing(sqlite3.connect(path)) as connection:
        found: dict[str, Any] = {"version": connection.execute("PRAGMA user_version").fetchone()}
        objects = "SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_sequence'"
        for kind, name in connection.execute(objects).fetchall():
            pragma = "table_xinfo" if kind == "table" else "index_xinfo"
            found[f"{kind} {name}"] = connection.execute(f"PRAGMA {pragma}('{name}')").fetchall()
            if kind == "table":
                keys = connection.execute(f"PRAGMA foreign_key_list('{name}')").fetchall()
                found[f"keys of {name}"] = keys
        wheres = "SELECT name, sql FROM sqlite_schema WHERE sql LIKE 'CREATE INDEX%'"
        return found | {f"sql of {name}": sql for name, sql in connection.execute(wheres)}


def rows(path: Path, columns: dict[str, list[str]]) -> Rows:
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: sorted(connection.execute(f"SELECT {', '.join(names)} FROM {table}"), key=repr)
            for table, names in columns.items()
        }


def columns_of(path: Path) -> dict[str, list[str]]:
    with closing(sqlite3.connect(path)) as connection:
        tables = "SELECT name FROM sqlite_schema WHERE type = 'table'"
        return {
            table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            for (table,) in connection.execute(tables).fetchall()
            if not table.startswith("sqlite_")
        }


def test_each_version_has_its_dump_and_no_other() -> None:
    assert {entry.name for entry in SCHEMAS.iterdir()} == {f"v{each}.sql" for each in VERSIONS}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_dump_has_rows_in_every_table_of_its_version(tmp_path: Path, version: int) -> None:
    path, bare = tmp_path / "db", tmp_path / "bare"
    load(path, version)
    assert empty_tables(path) == []
    with closing(connect(bare)) as connection:
        migrate(connection, up_to=version)
    assert schema(path) == schema(bare), "the dump is what the migrations make"


@pytest.mark.parametrize("version", VERSIONS)
def test_an_old_version_opened_twice_is_new_and_has_all_its_rows(
    tmp_path: Path, version: int
) -> None:
    old, fresh = tmp_path / "old", tmp_path / "fresh"
    load(old, version)
    columns = columns_of(old)
    before = rows(old, columns)
    open_checked(fresh)[0].close()
    for _ in range(2):
        open_checked(old)[0].close()
        assert schema(old) == schema(fresh)
        assert rows(old, columns) == before
    assert StoreReader(old).check().problems == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_an_old_version_is_read_and_written_by_the_new_program(
    tmp_path: Path, version: int
) -> None:
    path = tmp_path / "db"
    load(path, version)
    writer = StoreWriter(path, StoreSettings(), boot_id="b")
    writer.start()
    writer.store_note("ann", "nurse", "awake").result(10)
    assert writer.close()
    reader = StoreReader(path)
    assert [note.text for note in reader.notes("ann")] == ["awake", "sleeps"]
    assert [stored.alert.alert_id for stored in reader.alerts()] == ["alert-1"]
    assert len(reader.pending_outbox()) == 1
    for recording in reader.recordings("ann"):
        assert recording.finished_unix_s is not None
        assert reader.recording_waveform(recording.id).damaged == 0


def test_the_newest_dump_is_what_this_program_writes(tmp_path: Path) -> None:
    write_rows(tmp_path / "db")
    text = (SCHEMAS / f"v{newest_version()}.sql").read_text(encoding="utf-8")
    assert text.splitlines() == "\n".join(dump(tmp_path / "db")).splitlines()
