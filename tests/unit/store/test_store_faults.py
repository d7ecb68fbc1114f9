"""A disk at fault: the writer goes on, says so, keeps what is damaged, and loses no alert."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from store_examples import DEVICE, NOW_UNIX_S, make_alert, make_block, make_item

from ecgd.config.settings import StoreSettings
from ecgd.errors import StoreError
from ecgd.store.database import connect, open_checked
from ecgd.store.faults import FaultKind, fault_of
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter

WAIT_S = 15


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ecgd.sqlite3"


@pytest.fixture
def start(path: Path) -> Iterator[Callable[[], StoreWriter]]:
    started: list[StoreWriter] = []

    def start_writer() -> StoreWriter:
        writer = StoreWriter(
            path, StoreSettings(), boot_id="b", gather_s=0.05, unix_clock=lambda: NOW_UNIX_S
        )
        writer.start()
        started.append(writer)
        return writer

    yield start_writer
    for writer in started:
        writer.close()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def fill(path: Path, alerts: int = 300) -> None:
    """Make a database of some pages, closed cleanly."""
    writer = StoreWriter(path, StoreSettings(), boot_id="b", unix_clock=lambda: NOW_UNIX_S)
    writer.start()
    writer.save_alarm_book("ann", {"latched": ["STEMI_DETECTED"]})
    for number in range(alerts):
        name = f"old-{number}"
        writer.store_alert(make_alert(name), (make_item(name),))
    assert writer.close()


def overwrite(path: Path, offset: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xa5" * length)


def damaged_files(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.parent.glob("*.damaged-*[0-9]"))


def test_a_locked_database_keeps_the_alert_waiting(
    path: Path, start: Callable[[], StoreWriter]
) -> None:
    writer = start()
    writer.store_alert(make_alert("before")).result(WAIT_S)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        future = writer.store_alert(make_alert("during"))
        wait_until(lambda: not writer.health.healthy)
        assert "locks the database" in writer.health.detail
        assert "1 alert(s) wait in memory" in writer.health.detail
        assert not future.done()
        other.execute("ROLLBACK")
    assert future.result(WAIT_S) == 2
    wait_until(lambda: writer.health.healthy)
    assert [stored.alert.alert_id for stored in StoreReader(path).alerts()] == ["during", "before"]


def test_a_database_locked_at_the_start_is_opened_later(
    path: Path, start: Callable[[], StoreWriter]
) -> None:
    with closing(connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        writer = start()
        assert not writer.health.healthy
        future = writer.store_alert(make_alert())
        other.execute("ROLLBACK")
        assert future.result(WAIT_S) == 1


def test_a_full_database_keeps_the_alert_waiting(
    path: Path, start: Callable[[], StoreWriter]
) -> None:
    writer = start()
    writer.store_alert(make_alert("before")).result(WAIT_S)
    connection = writer._worker._committer._connection
    assert connection is not None
    connection.execute("PRAGMA max_page_count = 1")
    futures = [writer.store_alert(make_alert(f"during-{n}")) for n in range(100)]
    wait_until(lambda: not writer.health.healthy)
    assert "disk is full" in writer.health.detail
    assert "alert(s) wait in memory" in writer.health.detail
    assert writer.statistics.waiting_alerts > 0
    connection.execute("PRAGMA max_page_count = 100000")
    assert [future.result(WAIT_S) for future in futures] == list(range(2, 102))
    assert writer.health.healthy


def test_damage_at_the_start_is_put_aside(path: Path, start: Callable[[], StoreWriter]) -> None:
    path.write_bytes(b"this is no database at all" * 1000)
    content = path.read_bytes()
    writer = start()
    assert writer.store_alert(make_alert()).result(WAIT_S) == 1
    assert damaged_files(path) == [f"ecgd.sqlite3.damaged-{NOW_UNIX_S:.0f}"]
    aside = path.parent / damaged_files(path)[0]
    assert aside.read_bytes() == content
    assert writer.statistics.damaged_path == aside
    assert not writer.health.healthy
    assert str(aside) in writer.health.detail


def test_a_truncated_file_is_put_aside(path: Path, start: Callable[[], StoreWriter]) -> None:
    fill(path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    writer = start()
    assert writer.store_alert(make_alert("new")).result(WAIT_S) > 0
    assert len(damaged_files(path)) == 1


def test_what_can_be_read_is_carried_over(path: Path, start: Callable[[], StoreWriter]) -> None:
    fill(path)
    with closing(connect(path)) as connection:
        page_size = connection.execute("PRAGMA page_size").fetchone()[0]
        root = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'heartbeats_by_user'"
        ).fetchone()[0]
    overwrite(path, (root - 1) * page_size, page_size)
    writer = start()
    assert "602 rows of the old one were carried over" in writer.health.detail
    reader = StoreReader(path)
    assert len(reader.alerts()) == 300
    assert len(reader.pending_outbox()) == 300
    assert reader.alarm_books() == {"ann": {"latched": ["STEMI_DETECTED"]}}
    assert reader.alert("old-7") is not None
    assert reader.check().problems == ()
    assert len(damaged_files(path)) == 1


def test_alerts_on_both_sides_of_the_damage_are_carried_over(
    path: Path, start: Callable[[], StoreWriter]
) -> None:
    fill(path)
    with closing(connect(path)) as connection:
        page_size = connection.execute("PRAGMA page_size").fetchone()[0]
    middle = path.read_bytes().find(b"old-150Ann Example") // page_size
    assert middle > 0
    overwrite(path, middle * page_size, page_size)
    start()
    reader = StoreReader(path)
    kept = {stored.alert.alert_id for stored in reader.alerts()}
    assert {"old-0", "old-299"} <= kept
    assert 280 < len(kept) < 300
    assert {item.alert_id for item in reader.pending_outbox()} == kept
    assert reader.check().problems == ()


def test_the_second_damaged_file_has_its_own_name(
    path: Path, start: Callable[[], StoreWriter]
) -> None:
    for _ in range(2):
        path.write_bytes(b"garbage" * 1000)
        assert start().close()
    first, second = f"{NOW_UNIX_S:.0f}", f"{NOW_UNIX_S + 1:.0f}"
    assert damaged_files(path) == [f"ecgd.sqlite3.damaged-{n}" for n in (first, second)]


def test_damage_while_running_is_put_aside_and_alerts_go_on(
    path: Path, start: Callable[[], StoreWriter]
) -> None:
    writer = start()
    writer.ensure_user("ann", "Ann").result(WAIT_S)
    writer.save_alarm_book("ann", {"n": 1})
    recording = writer.open_recording("ann", DEVICE).result(WAIT_S)
    writer.append_waveform("ann", make_block(0, 1250)).result(WAIT_S)
    writer.store_alert(make_alert("before"), (make_item("before"),)).result(WAIT_S)
    connection = writer._worker._committer._connection
    assert connection is not None
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("PRAGMA shrink_memory")
    overwrite(path, 0, path.stat().st_size)
    after = writer.store_alert(make_alert("after"), (make_item("after"),))
    assert after.result(WAIT_S) > 0
    assert "a new one is in use" in writer.health.detail
    assert not writer.health.healthy
    reader = StoreReader(path)
    assert [stored.alert.alert_id for stored in reader.alerts()] == ["after", "before"]
    assert [item.alert_id for item in reader.pending_outbox()] == ["before", "after"]
    assert reader.alarm_books() == {"ann": {"n": 1}}
    writer.append_waveform("ann", make_block(1250, 1250)).result(WAIT_S)
    assert recording == reader.recordings("ann")[0].id
    assert reader.check().problems == ()


def test_damage_that_another_found_is_acted_upon(
    path: Path, start: Callable[[], StoreWriter]
) -> None:
    writer = start()
    writer.store_alert(make_alert("before")).result(WAIT_S)
    writer.replace_damaged("the nightly check found a lost page")
    assert writer.store_alert(make_alert("after")).result(WAIT_S) > 1
    assert len(StoreReader(path).alerts()) == 2
    assert len(damaged_files(path)) == 1


def test_a_deleted_database_is_made_anew(path: Path, start: Callable[[], StoreWriter]) -> None:
    writer = start()
    writer.store_alert(make_alert("before"), (make_item("before"),)).result(WAIT_S)
    for entry in path.parent.iterdir():
        entry.unlink()
    writer.store_alert(make_alert("after")).result(WAIT_S)
    alerts = StoreReader(path).alerts()
    assert [stored.alert.alert_id for stored in alerts] == ["after", "before"]


def test_a_missing_directory_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "later" / "ecgd.sqlite3"
    writer = StoreWriter(path, StoreSettings(), boot_id="b")
    writer.start()
    future = writer.store_alert(make_alert())
    assert not writer.health.healthy
    path.parent.mkdir()
    assert future.result(WAIT_S) == 1
    assert writer.close()


def test_what_cannot_be_written_at_the_end_says_so(tmp_path: Path) -> None:
    writer = StoreWriter(tmp_path / "missing" / "db", StoreSettings(), boot_id="b")
    writer.start()
    alert = writer.store_alert(make_alert())
    beat = writer.store_heartbeat("ann", NOW_UNIX_S, 60.0)
    assert not writer.close()
    for future in (alert, beat):
        with pytest.raises(StoreError, match="closed before this was written"):
            future.result(0)


def test_a_newer_schema_stops_the_start(path: Path) -> None:
    with closing(open_checked(path)[0]) as connection:
        connection.execute("PRAGMA user_version = 999")
    writer = StoreWriter(path, StoreSettings(), boot_id="b")
    with pytest.raises(StoreError, match="Install the version"):
        writer.start()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_BUSY, FaultKind.LOCKED),
        (sqlite3.SQLITE_FULL, FaultKind.FULL),
        (sqlite3.SQLITE_READONLY_DBMOVED, FaultKind.READ_ONLY),
        (sqlite3.SQLITE_CANTOPEN_ISDIR, FaultKind.UNREACHABLE),
        (sqlite3.SQLITE_IOERR_FSYNC, FaultKind.IO),
        (sqlite3.SQLITE_CORRUPT_INDEX, FaultKind.DAMAGED),
        (sqlite3.SQLITE_NOTADB, FaultKind.DAMAGED),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, FaultKind.REJECTED),
    ],
)
def test_errors_are_classified(code: int, kind: FaultKind) -> None:
    error = sqlite3.OperationalError("text")
    error.sqlite_errorcode = code
    assert fault_of(error).kind is kind


def test_operating_system_errors_are_io() -> None:
    assert fault_of(OSError(5, "Input/output error")).kind is FaultKind.IO
