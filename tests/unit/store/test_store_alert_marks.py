"""What people say of alerts, in a real database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from store_ages import Ages, open_ages
from store_examples import NOW_UNIX_S

from ecgd.config.settings import StoreSettings
from ecgd.model.alert_mark import AlertMark, Verdict
from ecgd.store.alert_marks import MarkAlert
from ecgd.store.damage import salvage
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter

FIRST = AlertMark(Verdict.UNSURE, "Ann", NOW_UNIX_S, "")
LATER = AlertMark(Verdict.TRUE, "Dr. Grey", NOW_UNIX_S + 60.0, "seen on the ward's monitor")


@pytest.fixture
def ages(tmp_path: Path) -> Iterator[Ages]:
    opened = open_ages(tmp_path / "db")
    opened.alert("marked", 2, None)
    opened.alert("other", 1, None)
    yield opened
    opened.connection.close()


def test_marks_are_kept_in_order_and_the_newest_counts(ages: Ages, tmp_path: Path) -> None:
    assert MarkAlert("marked", FIRST).apply(ages.connection) == 1
    assert MarkAlert("marked", LATER).apply(ages.connection) == 2
    other, marked = StoreReader(tmp_path / "db").alerts()
    assert (marked.marks, marked.verdict) == ((FIRST, LATER), Verdict.TRUE)
    assert (other.marks, other.verdict) == ((), None)
    found = StoreReader(tmp_path / "db").alert("mark")
    assert found is not None
    assert found.marks == (FIRST, LATER)


def test_an_alert_that_is_not_there_takes_no_mark(ages: Ages) -> None:
    assert MarkAlert("mark", FIRST).apply(ages.connection) == 0
    assert ages.connection.execute("SELECT count(*) FROM alert_marks").fetchone()[0] == 0


def test_marks_come_over_from_a_damaged_database(ages: Ages, tmp_path: Path) -> None:
    MarkAlert("marked", LATER).apply(ages.connection)
    with closing(open_ages(tmp_path / "new").connection) as new:
        assert salvage(tmp_path / "db", new) > 0
        rows = new.execute("SELECT alert_id, verdict, author FROM alert_marks").fetchall()
    assert rows == [("marked", "true", "Dr. Grey")]


def test_a_mark_of_nothing_is_refused_by_the_database(ages: Ages) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        ages.connection.execute(
            "INSERT INTO alert_marks (alert_id, timestamp, verdict, author, note)"
            " VALUES ('none', 0, 'true', 'me', '')"
        )


def test_the_writer_makes_it_durable(ages: Ages, tmp_path: Path) -> None:
    ages.connection.close()
    writer = StoreWriter(tmp_path / "db", StoreSettings(), boot_id="b")
    writer.start()
    assert writer.mark_alert("marked", Verdict.FALSE, "Ann", "asleep").result(10) == 1
    assert writer.mark_alert("none", Verdict.FALSE, "Ann").result(10) == 0
    assert writer.close()
    (mark,) = StoreReader(tmp_path / "db").alerts()[1].marks
    assert (mark.verdict, mark.by, mark.note) == (Verdict.FALSE, "Ann", "asleep")
