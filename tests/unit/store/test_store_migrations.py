"""Every schema version leads to the same schema, and nothing foreign is touched."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ecgd.errors import StoreError
from ecgd.store import migrations
from ecgd.store.database import connect, open_checked
from ecgd.store.migrations import migrate, newest_version, version_of


def dump(path: Path) -> list[str]:
    with closing(connect(path)) as connection:
        return [*connection.iterdump(), str(version_of(connection))]


def test_numbers_have_no_holes() -> None:
    steps = migrations.migrations()
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))


def test_opening_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ecgd.sqlite3"
    open_checked(path)[0].close()
    first = dump(path)
    open_checked(path)[0].close()
    assert dump(path) == first
    assert any("CREATE TABLE alerts" in line for line in first)


@pytest.mark.parametrize("version", range(newest_version() + 1))
def test_every_version_becomes_the_newest(tmp_path: Path, version: int) -> None:
    fresh, old = tmp_path / "fresh", tmp_path / "old"
    open_checked(fresh)[0].close()
    with closing(connect(old)) as connection:
        migrate(connection, up_to=version)
        assert version_of(connection) == version
    open_checked(old)[0].close()
    assert dump(old) == dump(fresh)


def test_a_failing_step_leaves_the_version_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "CREATE TABLE extra (id);\nCREATE TABLE extra (id);\n"
    known = newest_version()
    bad = migrations.Migration(known + 1, "bad.sql", script)
    steps = (*migrations.migrations(), bad)
    monkeypatch.setattr(migrations, "migrations", lambda: steps)
    with closing(connect(tmp_path / "db")) as connection:
        with pytest.raises(sqlite3.OperationalError, match="already exists"):
            migrate(connection)
        assert version_of(connection) == known
        assert connection.execute(
            "SELECT count(*) FROM sqlite_schema WHERE name = 'extra'"
        ).fetchone() == (0,)


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ecgd.sqlite3"
    with closing(open_checked(path)[0]) as connection:
        connection.execute("PRAGMA user_version = 999")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"version 999.*Install the version"):
        open_checked(path)
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ecgd.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE users (name)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        open_checked(path)
    assert path.read_bytes() == before


def test_the_pragmas_that_durability_rests_on(tmp_path: Path) -> None:
    with closing(open_checked(tmp_path / "db")[0]) as connection:
        values = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "auto_vacuum")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "auto_vacuum": 2}
