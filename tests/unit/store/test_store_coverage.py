"""Coverage in the database: parts of an hour add up, restarts included."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ecgd.config.settings import StoreSettings
from ecgd.model.coverage import CoverageSum, Danger
from ecgd.store.coverage_reader import CoverageReader
from ecgd.store.writer import StoreWriter

HOUR = 1_699_999_200
HALF = CoverageSum(HOUR, HOUR + 60.0, 1800.0, {Danger.STEMI: {"mains hum": 30.25}})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ecgd.sqlite3"


def run_once(path: Path, *parts: CoverageSum) -> None:
    """One run of a daemon that adds these parts."""
    writer = StoreWriter(path, StoreSettings(), boot_id="boot", gather_s=0.0)
    writer.start()
    futures = [writer.add_coverage("ann", each) for each in parts]
    assert writer.close()
    assert all(future.result(1) for future in futures)


def test_an_hour_goes_on_after_a_restart(path: Path) -> None:
    run_once(path, HALF)
    run_once(path, CoverageSum(HOUR, HOUR + 3000.0, 600.0, {Danger.STEMI: {"mains hum": 1.0}}))
    (stored,) = CoverageReader(path).covered_hours("ann", 0.0)
    (hour,) = stored.hours
    assert (hour.from_unix_s, hour.watched_s) == (HOUR + 60.0, 2400.0)
    assert hour.unseen_s == {Danger.STEMI: {"mains hum": 31.25}}
    assert stored.began_unix_s == HOUR + 60.0


def test_hours_before_the_wanted_ones_only_tell_when_it_began(path: Path) -> None:
    run_once(path, HALF, CoverageSum(HOUR + 3600, HOUR + 3600.0, 60.0))
    (stored,) = CoverageReader(path).covered_hours(None, HOUR + 3600.0)
    assert [each.hour_unix_s for each in stored.hours] == [HOUR + 3600]
    assert stored.began_unix_s == HOUR + 60.0
    assert CoverageReader(path).covered_hours("nobody", 0.0) == []


@pytest.mark.parametrize("record", ["no json", "[]", '{"stemi": 3}', '{"unheard of": {}}'])
def test_a_damaged_row_counts_as_not_watched(path: Path, record: str) -> None:
    run_once(path, HALF)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE coverage SET unseen = ?", (record,))
    (stored,) = CoverageReader(path).covered_hours("ann", 0.0)
    assert stored.hours[0].seen_share(Danger.STEMI) == 0.0
    assert stored.hours[0].watched_s == 0.0
