"""What is kept of a patient: baseline, archive mark, notes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from store_examples import NOW_UNIX_S

from ecgd.config.settings import StoreSettings
from ecgd.store.database import connect
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter

WAIT_S = 15


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ecgd.sqlite3"


@pytest.fixture
def writer(path: Path) -> Iterator[StoreWriter]:
    writer = StoreWriter(path, StoreSettings(), boot_id="b", unix_clock=lambda: NOW_UNIX_S)
    writer.start()
    writer.ensure_user("ann", "Ann").result(WAIT_S)
    yield writer
    writer.close()


def test_a_baseline_comes_back_as_it_was_saved(writer: StoreWriter, path: Path) -> None:
    assert StoreReader(path).baselines() == {}
    writer.save_baseline("ann", {"st_mv": {"II": 0.05}, "quality": float("nan")}).result(WAIT_S)
    writer.save_baseline("bob", {"st_mv": {}}).result(WAIT_S)
    assert StoreReader(path).baselines() == {
        "ann": {"st_mv": {"II": 0.05}, "quality": None},
        "bob": {"st_mv": {}},
    }


def test_of_baselines_that_wait_only_the_newest_is_written(writer: StoreWriter, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        book = writer.save_alarm_book("ann", {"tracks": []})
        futures = [writer.save_baseline("ann", {"number": number}) for number in range(100)]
        assert writer.statistics.waiting_urgent <= 4
        other.execute("ROLLBACK")
    assert {future.result(WAIT_S) for future in futures} == {1}
    assert book.result(WAIT_S) == 1
    assert StoreReader(path).baselines() == {"ann": {"number": 99}}
    assert StoreReader(path).alarm_books() == {"ann": {"tracks": []}}


def test_the_newest_course_of_st_comes_back(writer: StoreWriter, path: Path) -> None:
    assert StoreReader(path).evolutions() == {}
    writer.save_evolution("ann", {"moments": []}).result(WAIT_S)
    writer.save_evolution("ann", {"moments": [1]}).result(WAIT_S)
    assert StoreReader(path).evolutions() == {"ann": {"moments": [1]}}


def test_a_baseline_that_makes_no_sense_is_none(writer: StoreWriter, path: Path) -> None:
    writer.save_baseline("ann", {}).result(WAIT_S)
    with closing(connect(path)) as connection:
        connection.execute("UPDATE baselines SET record = 'no record'")
    assert StoreReader(path).baselines() == {"ann": {}}


def test_a_baseline_and_an_archive_mark_outlive_a_damaged_database(
    writer: StoreWriter, path: Path
) -> None:
    writer.save_baseline("ann", {"number": 1}).result(WAIT_S)
    writer.archive_user("ann", True).result(WAIT_S)
    writer.replace_damaged("test")
    writer.flush().result(WAIT_S)
    assert writer.statistics.damaged_path is not None
    assert StoreReader(path).baselines() == {"ann": {"number": 1}}
    assert StoreReader(path).patients()[0].archived_unix_s == NOW_UNIX_S


def test_a_patient_is_archived_and_taken_back(writer: StoreWriter, path: Path) -> None:
    reader = StoreReader(path)
    assert reader.patients()[0].archived_unix_s is None
    assert writer.archive_user("ann", True).result(WAIT_S) == 1
    assert reader.patients()[0].archived_unix_s == NOW_UNIX_S
    assert writer.archive_user("ann", False).result(WAIT_S) == 1
    assert reader.patients()[0].archived_unix_s is None
    assert writer.archive_user("nobody", True).result(WAIT_S) == 0


def test_notes_are_listed_newest_first_for_one_patient(writer: StoreWriter, path: Path) -> None:
    for number in range(3):
        writer.store_note("ann", "nurse", f"note {number}").result(WAIT_S)
    writer.store_note("bob", "nurse", "another").result(WAIT_S)
    notes = StoreReader(path).notes("ann", limit=2)
    assert [(note.text, note.author) for note in notes] == [
        ("note 2", "nurse"),
        ("note 1", "nurse"),
    ]
    assert StoreReader(path).notes("ann", NOW_UNIX_S + 1) == ()
