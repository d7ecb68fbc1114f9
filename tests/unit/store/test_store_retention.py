"""Retention in the writer's thread: small steps, and no clock that jumps can hurt."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from store_ages import DAY_S, Ages, count, open_ages
from store_examples import NOW_UNIX_S

from ecgd.config.settings import StoreSettings
from ecgd.store.commit import Clocks
from ecgd.store.marks import GAP_MAX_S, MARK_EVERY_S
from ecgd.store.operations import Operation
from ecgd.store.reader import StoreReader
from ecgd.store.retention import LOOK_EVERY_S, SLACK_PART, VACUUM_PAGES, GiveBack, Retention
from ecgd.store.writer import StoreWriter

DAYS = 2.0
SETTINGS = StoreSettings(waveform_days=DAYS)


@dataclass
class Keeper:
    """Retention over one connection, and the two clocks that it sees."""

    connection: sqlite3.Connection
    unix_s: float = NOW_UNIX_S
    mono_s: float = 0.0
    retention: Retention = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        clocks = Clocks(lambda: self.mono_s, lambda: self.unix_s)
        self.retention = Retention(SETTINGS, clocks)

    def commit(self, operation: Operation) -> int | None:
        self.connection.execute("BEGIN IMMEDIATE")
        result = operation.apply(self.connection)
        self.connection.execute("COMMIT")
        return result

    def run(self, seconds: float) -> None:
        """Let time pass as it does while the writer's thread works."""
        end_s = self.mono_s + seconds
        while self.mono_s < end_s:
            self.retention.work(self.commit)
            step_s = min(max(self.retention.due_in_s(), 0.01), end_s - self.mono_s)
            self.mono_s += step_s
            self.unix_s += step_s


@pytest.fixture
def ages(tmp_path: Path) -> Iterator[Ages]:
    made = open_ages(tmp_path / "db")
    with closing(made.connection):
        yield made


@pytest.fixture
def keeper(ages: Ages) -> Keeper:
    return Keeper(ages.connection)


def fill(ages: Ages, *age_days: float) -> None:
    for age in age_days:
        ages.record("ann", age)
        ages.heartbeats("ann", age, [70.0] * 60)
        ages.result("ann", NOW_UNIX_S - age * DAY_S)


def left(ages: Ages) -> tuple[int, int, int]:
    tables = ("recordings", "heartbeats", "analysis_results")
    return tuple(count(ages.connection, table) for table in tables)  # type: ignore[return-value]


def test_what_is_old_at_the_first_start_goes(ages: Ages, keeper: Keeper) -> None:
    fill(ages, 5, 3, 1)
    keeper.run(LOOK_EVERY_S)
    assert left(ages) == (1, 60, 1)
    done = keeper.retention.statistics()
    assert (done.removed_rows, done.thinned_recordings) == (122, 2)
    assert done.removed_bytes > 1000
    assert done.last_unix_s is not None
    assert done.wall_time_believed


@pytest.mark.parametrize("jump_days", [3650.0, 101.0])
def test_a_start_with_a_clock_years_ahead_removes_nothing(
    ages: Ages, keeper: Keeper, jump_days: float
) -> None:
    fill(ages, 1, 0.01)
    keeper.unix_s += jump_days * DAY_S
    keeper.run(DAYS * DAY_S - LOOK_EVERY_S)
    assert left(ages) == (2, 120, 2)
    keeper.unix_s -= jump_days * DAY_S
    keeper.restart()
    keeper.run(LOOK_EVERY_S)
    assert left(ages) == (2, 120, 2), "and back again neither"
    keeper.run(DAYS * DAY_S)
    assert left(ages) == (0, 0, 0), "but it has become old since"


@pytest.mark.parametrize("jump_days", [3650.0, 3.0])
def test_a_clock_that_jumps_while_the_gateway_runs_removes_nothing(
    ages: Ages, keeper: Keeper, jump_days: float
) -> None:
    fill(ages, 0.02, 0.01)
    keeper.run(LOOK_EVERY_S)
    keeper.unix_s += jump_days * DAY_S
    keeper.run(DAY_S)
    assert left(ages) == (2, 120, 2)
    assert not keeper.retention.statistics().wall_time_believed
    keeper.restart()
    keeper.run(LOOK_EVERY_S)
    assert left(ages) == (2, 120, 2), "a restart does not make the clock believed again"


def test_both_clocks_years_ahead_remove_nothing(ages: Ages, keeper: Keeper) -> None:
    fill(ages, 0.02)
    keeper.run(2 * MARK_EVERY_S)
    keeper.unix_s += GAP_MAX_S + 1
    keeper.mono_s += GAP_MAX_S + 1
    keeper.run(DAY_S)
    assert left(ages) == (1, 60, 1)


def test_a_clock_far_behind_removes_nothing_and_nor_does_its_correction(
    ages: Ages, keeper: Keeper
) -> None:
    keeper.unix_s = 0.0
    keeper.run(10)
    ages.record("ann", NOW_UNIX_S / DAY_S)
    keeper.run(20 * MARK_EVERY_S)
    keeper.unix_s = NOW_UNIX_S
    keeper.run(DAY_S)
    assert left(ages)[0] == 1, "stamped in 1970, a day old"
    keeper.run(DAYS * DAY_S)
    assert left(ages)[0] == 0


def test_rows_of_the_future_go_when_the_gateway_has_run_long_enough(
    ages: Ages, keeper: Keeper
) -> None:
    fill(ages, -3650)
    keeper.run(DAYS * DAY_S + 2 * MARK_EVERY_S)
    assert left(ages) == (0, 0, 0)


def test_running_time_adds_up_over_restarts(ages: Ages, keeper: Keeper) -> None:
    keeper.unix_s = 0.0
    fill(ages, 0)
    for _ in range(12):
        keeper.restart()
        keeper.run(DAYS * DAY_S / 10)
    assert left(ages) == (0, 0, 0)


def test_a_stopped_process_ages_nothing(ages: Ages, keeper: Keeper) -> None:
    keeper.run(2 * MARK_EVERY_S)
    fill(ages, 0)
    keeper.run(2 * MARK_EVERY_S)
    for _ in range(5):
        keeper.mono_s += 10 * DAY_S
        keeper.unix_s += 10 * DAY_S
        keeper.run(LOOK_EVERY_S)
    assert left(ages) == (1, 60, 1)


def test_marks_that_are_of_no_use_any_more_go(ages: Ages, keeper: Keeper) -> None:
    keeper.run(4 * DAYS * DAY_S)
    assert count(ages.connection, "clock_marks") <= DAYS * DAY_S / MARK_EVERY_S + 2


def test_the_file_gives_back_what_it_does_not_need(ages: Ages) -> None:
    ages.connection.execute("CREATE TABLE ballast (data)")
    for _ in range(50):
        ages.connection.execute("INSERT INTO ballast VALUES (zeroblob(200000))")
    ages.connection.execute("DELETE FROM ballast")
    pages = ages.connection.execute("PRAGMA page_count").fetchone()[0]
    assert GiveBack().apply(ages.connection) == VACUUM_PAGES, "a little at a time"
    while GiveBack().apply(ages.connection):
        pass
    free = ages.connection.execute("PRAGMA freelist_count").fetchone()[0]
    after = ages.connection.execute("PRAGMA page_count").fetchone()[0]
    assert free <= after // SLACK_PART
    assert after < pages / 10


def wait_until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def test_the_writer_removes_what_is_old_and_shrinks_its_file(tmp_path: Path) -> None:
    path = tmp_path / "ecgd.sqlite3"
    ages = open_ages(path)
    for number in range(4):
        ages.record("ann", 40 - number / 100, seconds=600)
    stream = ages.record("ann", 39, seconds=600)
    ages.alert("kept", 39 - 300 / DAY_S, stream, sample_index=75_000)
    ages.connection.close()
    before = path.stat().st_size
    writer = StoreWriter(
        path, StoreSettings(alert_waveform_s=30.0), boot_id="b", unix_clock=lambda: NOW_UNIX_S
    )
    writer.start()
    try:
        wait_until(lambda: writer.statistics.retention.thinned_recordings == 5)
        wait_until(lambda: writer.statistics.retention.freed_pages > 400)
        assert writer.health.healthy
    finally:
        assert writer.close()
    assert path.stat().st_size < before / 3
    (recording,) = StoreReader(path).recordings()
    assert len(StoreReader(path).recording_waveform(recording.id).blocks) == 12
    assert StoreReader(path).check().problems == ()
