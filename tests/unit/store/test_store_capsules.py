"""Capsules in the database: piece by piece, whole or known to be not, the oldest go first."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from store_ages import Ages, count, open_ages
from store_examples import NOW_UNIX_S

from ecgd.config.settings import StoreSettings
from ecgd.store.capsule_stream import StreamWriter, read_stream
from ecgd.store.capsules import (
    RemoveCapsule,
    StoreCapsulePart,
    damaged_capsules,
    read_capsule,
)
from ecgd.store.commit import Clocks
from ecgd.store.operations import Operation
from ecgd.store.retention import LOOK_EVERY_S, Retention
from ecgd.store.survey import check, survey


@pytest.fixture
def ages(tmp_path: Path) -> Iterator[Ages]:
    made = open_ages(tmp_path / "db")
    with closing(made.connection):
        yield made


def pieces(number: int) -> list[bytes]:
    writer = StreamWriter()
    lines = (writer.lines([["came", number, each]]) for each in range(2))
    return [*lines, writer.seal()]


def keep(connection: sqlite3.Connection, number: int, *, ended: bool = True) -> None:
    name = f"capsule-{number}"
    kept = pieces(number) if ended else pieces(number)[:-1]
    for part, data in enumerate(kept):
        last = ended and part == len(kept) - 1
        alerts = (name,) if part == 0 else (name, f"later-{number}")
        at_s = NOW_UNIX_S + number
        StoreCapsulePart(name, alerts, part, last, data, at_s).apply(connection)


def damage(connection: sqlite3.Connection, number: int) -> None:
    connection.execute(
        "UPDATE capsule_parts SET data = CAST(data || x'00' AS BLOB)"
        " WHERE part = 1 AND capsule_id = ?",
        (f"capsule-{number}",),
    )


def test_a_capsule_is_found_by_each_of_its_alerts(ages: Ages) -> None:
    keep(ages.connection, 1)
    keep(ages.connection, 1)
    for alert_id in ("capsule-1", "later-1"):
        found = read_capsule(ages.connection, alert_id)
        assert found is not None
        assert found.alert_ids == ("capsule-1", "later-1")
        assert found.has_end
        assert read_stream(found.data).is_complete
    assert read_capsule(ages.connection, "another") is None


def test_one_that_was_cut_off_is_a_beginning_and_no_damage(ages: Ages) -> None:
    keep(ages.connection, 1, ended=False)
    found = read_capsule(ages.connection, "capsule-1")
    assert found is not None
    assert not found.has_end
    assert len(read_stream(found.data).lines) == 2
    assert damaged_capsules(ages.connection) == ()


def test_a_hole_ends_it(ages: Ages) -> None:
    keep(ages.connection, 1)
    ages.connection.execute("DELETE FROM capsule_parts WHERE part = 1")
    found = read_capsule(ages.connection, "capsule-1")
    assert found is not None
    assert (len(read_stream(found.data).lines), found.has_end) == (1, False)


def test_damage_is_found_by_a_full_check_alone(ages: Ages, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        keep(ages.connection, number, ended=number != 3)
    damage(ages.connection, 2)
    damage(ages.connection, 3)
    assert check(tmp_path / "db", full=True).damaged_capsules == ("capsule-2", "capsule-3")
    assert check(tmp_path / "db", full=False).damaged_capsules is None


def test_the_survey_counts_them(ages: Ages, tmp_path: Path) -> None:
    keep(ages.connection, 1)
    tables = {each.table: each for each in survey(tmp_path / "db", 30.0, 300.0, NOW_UNIX_S).tables}
    assert tables["capsule_parts"].rows == 3
    assert tables["capsules"].oldest_unix_s == NOW_UNIX_S + 1


def test_the_oldest_go_until_the_rest_fits(ages: Ages) -> None:
    for number in range(1, 6):
        keep(ages.connection, number)
    size = sum(len(piece) for piece in pieces(1))
    step = RemoveCapsule(2.5 * size)
    while step.apply(ages.connection):
        found = [read_capsule(ages.connection, f"capsule-{number}") for number in range(1, 6)]
        assert all(each is None or each.has_end for each in found), "none is half there"
    assert [each is not None for each in found] == [False, False, False, True, True]
    assert count(ages.connection, "capsule_parts") == 6


def test_retention_removes_them(ages: Ages) -> None:
    for number in range(1, 4):
        keep(ages.connection, number)
    now_s = [0.0]
    settings = StoreSettings(capsule_mb=0.0)
    retention = Retention(settings, Clocks(lambda: now_s[0], lambda: NOW_UNIX_S + now_s[0]))

    def commit(operation: Operation) -> int:
        return operation.apply(ages.connection)

    while now_s[0] < 2 * LOOK_EVERY_S:
        retention.work(commit)
        now_s[0] += max(retention.due_in_s(), 0.01)
    assert count(ages.connection, "capsule_parts") == count(ages.connection, "capsules") == 0
    assert retention.statistics().removed_rows >= 9
