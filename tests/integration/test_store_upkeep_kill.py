"""kill -9 at any moment of retention, backup, restore and migration: nothing is half done."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from store_ages import open_ages
from store_examples import FS_HZ
from store_program import begin
from store_schemas import SCHEMAS

from ecgd.store.database import connect, open_checked
from ecgd.store.migrations import newest_version
from ecgd.store.reader import StoreReader

KILLS = 4


def kill_during(moments: random.Random, longest_s: float, *words: str | Path) -> bool:
    """Return whether the kill came before the end."""
    child = begin(*words)
    time.sleep(moments.uniform(0, longest_s))
    child.send_signal(signal.SIGKILL)
    return child.wait(10) == -signal.SIGKILL


def fill(path: Path) -> None:
    """Forty old recordings of two patients with figures, three of them with alerts."""
    ages = open_ages(path)
    ages.connection.execute("BEGIN")
    for number in range(40):
        patient = ("ann", "bob")[number % 2]
        age = 60 - number / 144
        stream = ages.record(patient, age, seconds=200)
        ages.heartbeats(patient, age, [60.0 + number + n / 7 for n in range(200)])
        if number % 13 == 7:
            name = f"alert-{number}"
            ages.alert(name, age, stream, patient_id=patient, sample_index=round(100 * FS_HZ))
    ages.heartbeats("ann", 1, [70.0] * 60)
    ages.record("ann", 1, seconds=60)
    ages.connection.execute("COMMIT")
    ages.connection.close()


def kept(path: Path) -> dict[str, list[Any]]:
    """Everything that retention touches."""
    queries = {
        "trends": "SELECT * FROM trends",
        "heartbeats": "SELECT * FROM heartbeats",
        "recordings": "SELECT id, stream, raw_data FROM recordings ORDER BY id",
        "alerts": "SELECT alert_id, recording_id FROM alerts ORDER BY id",
    }
    with closing(sqlite3.connect(path)) as connection:
        return {name: connection.execute(query).fetchall() for name, query in queries.items()}


def test_retention_that_is_killed_again_and_again_ends_as_if_it_never_had_been(
    tmp_path: Path,
) -> None:
    original, undisturbed, killed = tmp_path / "original", tmp_path / "whole", tmp_path / "killed"
    fill(original)
    shutil.copy(original, undisturbed)
    shutil.copy(original, killed)
    assert begin("retain", undisturbed).wait(60) == 0
    moments = random.Random(7)
    cut = sum(kill_during(moments, 0.6, "retain", killed) for _ in range(KILLS))
    middle = kept(killed)
    assert begin("retain", killed).wait(60) == 0
    assert cut == KILLS
    assert middle != kept(original), "work had been done when it was killed"
    assert kept(killed) == kept(undisturbed)
    assert len(kept(killed)["heartbeats"]) == 60
    assert sum(row[3] for row in kept(killed)["trends"]) == 40 * 200
    assert [row[0] for row in kept(killed)["recordings"]] == [8, 21, 34, 41]
    assert StoreReader(killed).check().problems == ()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    state.mkdir()
    path = state / "ecgd.sqlite3"
    fill(path)
    return path


def names(path: Path) -> set[str]:
    return {stored.alert.alert_id for stored in StoreReader(path).alerts()}


def test_a_backup_that_is_killed_leaves_the_one_before(database: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    assert begin("back-up", database, target).wait(30) == 0
    before = names(target)
    ages = open_ages(database)
    ages.alert("new", 0, None)
    ages.connection.close()
    moments = random.Random(8)
    cut = [kill_during(moments, 0.5, "back-up", database, target) for _ in range(KILLS)]
    assert any(cut)
    assert names(target) in (before, before | {"new"})
    assert begin("back-up", database, target).wait(30) == 0
    assert names(target) == before | {"new"}
    assert StoreReader(target).check().problems == ()
    assert not (tmp_path / "backup.partial").exists()


def test_a_restore_that_is_killed_leaves_one_of_the_two(database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    assert begin("back-up", database, copy).wait(30) == 0
    old = names(database)
    moments = random.Random(9)
    seen: list[set[str]] = []
    for number in range(KILLS):
        ages = open_ages(database)
        ages.alert(f"new-{number}", 0, None)
        ages.connection.close()
        present = names(database)
        kill_during(moments, 0.5, "restore", copy, database)
        assert names(database) in (present, old)
        assert StoreReader(database).check().problems == ()
        seen.append(names(database))
    everywhere = set().union(*map(names, database.parent.glob("*before-restore-*[0-9]")))
    lost = {f"new-{number}" for number in range(KILLS)} - everywhere - names(database)
    assert not lost, "what was replaced is kept"
    assert begin("restore", copy, database).wait(30) == 0
    assert names(database) == old


def test_a_migration_that_is_killed_is_whole_or_has_not_been(tmp_path: Path) -> None:
    path = tmp_path / "db"
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.executescript((SCHEMAS / "v1.sql").read_text(encoding="utf-8"))
    moments = random.Random(10)
    for number in range(KILLS):
        one = tmp_path / f"db-{number}"
        shutil.copy(path, one)
        kill_during(moments, 0.02, "migrate", one)
        with closing(sqlite3.connect(one)) as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            columns = connection.execute("PRAGMA table_info(recordings)").fetchall()
        # Each version is reached whole: the second brought this column.
        assert (version >= 2) == any(row[1] == "thinned_unix_s" for row in columns)
        open_checked(one)[0].close()
        assert StoreReader(one).schema_version() == newest_version()
        assert len(StoreReader(one).alerts()) == 1
