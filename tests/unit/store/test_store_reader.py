"""The reader: filters, missing and foreign files, and a writer that is never hindered."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from store_examples import DEVICE, NOW_UNIX_S, make_alert, make_block

from ecgd.config.settings import StoreSettings
from ecgd.errors import StoreError
from ecgd.store.database import connect, connect_read_only
from ecgd.store.migrations import newest_version
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter

WAIT_S = 10


@pytest.fixture
def clock() -> list[float]:
    return [NOW_UNIX_S]


@pytest.fixture
def writer(tmp_path: Path, clock: list[float]) -> Iterator[StoreWriter]:
    writer = StoreWriter(
        tmp_path / "db",
        StoreSettings(),
        boot_id="b",
        clock=lambda: clock[0] - NOW_UNIX_S,
        unix_clock=lambda: clock[0],
    )
    writer.start()
    yield writer
    writer.close()


@pytest.fixture
def reader(tmp_path: Path, writer: StoreWriter) -> StoreReader:
    assert writer.health.healthy
    return StoreReader(tmp_path / "db")


def test_alerts_are_found_by_patient_time_and_id(writer: StoreWriter, reader: StoreReader) -> None:
    for number, patient in enumerate(("ann", "bob", "ann")):
        writer.store_alert(make_alert(f"alert-{number}", patient_id=patient)).result(WAIT_S)
    assert [s.alert.alert_id for s in reader.alerts(patient_id="ann")] == ["alert-2", "alert-0"]
    assert [s.alert.alert_id for s in reader.alerts(limit=1)] == ["alert-2"]
    assert [s.id for s in reader.alerts(after_id=1)] == [3, 2]
    assert reader.alerts(since_unix_s=NOW_UNIX_S + 1) == ()
    assert len(reader.alerts(since_unix_s=NOW_UNIX_S)) == 3
    assert [p.unacknowledged for p in reader.patients()] == [2, 1]


def test_an_alert_is_found_by_a_unique_beginning(writer: StoreWriter, reader: StoreReader) -> None:
    for name in ("abc-1", "abc-2", "abc", "x_y", "xzy"):
        writer.store_alert(make_alert(name)).result(WAIT_S)
    found = [reader.alert(name) for name in ("abc", "abc-", "abc-2", "x_", "nothing")]
    assert [stored and stored.alert.alert_id for stored in found] == [
        "abc",
        None,
        "abc-2",
        "x_y",
        None,
    ]


def test_waveform_is_found_by_wall_time(
    writer: StoreWriter, reader: StoreReader, clock: list[float]
) -> None:
    writer.open_recording("ann", DEVICE)
    for second in range(20):
        clock[0] = NOW_UNIX_S + second + 1
        writer.append_waveform("ann", make_block(250 * second, 250, arrived_s=second + 1.0))
    writer.flush().result(WAIT_S)
    found = reader.waveform("ann", NOW_UNIX_S + 6, NOW_UNIX_S + 11)
    assert [block.start_index for w in found for block in w.blocks] == [1250, 2500]
    assert found[0].unix_s == pytest.approx((NOW_UNIX_S + 5, NOW_UNIX_S + 10))
    assert reader.waveform("ann", NOW_UNIX_S + 20, NOW_UNIX_S + 30) == ()
    assert reader.waveform("bob", NOW_UNIX_S, NOW_UNIX_S + 20) == ()


def test_a_damaged_piece_costs_only_itself(
    writer: StoreWriter, reader: StoreReader, tmp_path: Path
) -> None:
    writer.open_recording("ann", DEVICE)
    writer.append_waveform("ann", make_block(0, 3750))
    writer.flush().result(WAIT_S)
    with closing(connect(tmp_path / "db")) as connection:
        connection.execute(
            "UPDATE waveform_segments SET data = zeroblob(length(data)) WHERE start_index = 1250"
        )
    waveform = reader.recording_waveform(1)
    assert [block.start_index for block in waveform.blocks] == [0, 2500]
    assert waveform.damaged == 1


def test_unknown_recordings_and_alerts(reader: StoreReader) -> None:
    with pytest.raises(StoreError, match="no recording 7"):
        reader.recording_waveform(7)
    assert reader.waveform_around_alert("unknown", 5, 5) == ()


def test_reading_never_writes(writer: StoreWriter, tmp_path: Path) -> None:
    writer.flush().result(WAIT_S)
    with (
        closing(connect_read_only(tmp_path / "db")) as connection,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        connection.execute("DELETE FROM users")


def test_a_long_read_does_not_hinder_the_writer(
    writer: StoreWriter, reader: StoreReader, tmp_path: Path
) -> None:
    writer.store_alert(make_alert("first")).result(WAIT_S)
    with closing(connect_read_only(tmp_path / "db")) as connection:
        connection.execute("BEGIN")
        assert connection.execute("SELECT count(*) FROM alerts").fetchone() == (1,)
        assert writer.store_alert(make_alert("second")).result(WAIT_S) == 2
        assert connection.execute("SELECT count(*) FROM alerts").fetchone() == (1,)
    assert len(reader.alerts()) == 2


def test_one_call_sees_one_moment(writer: StoreWriter, reader: StoreReader) -> None:
    writer.store_alert(make_alert("first")).result(WAIT_S)
    with reader._snapshot() as connection:
        counts = [connection.execute("SELECT count(*) FROM alerts").fetchone()[0]]
        writer.store_alert(make_alert("second")).result(WAIT_S)
        counts.append(connection.execute("SELECT count(*) FROM alerts").fetchone()[0])
    assert counts == [1, 1]


def test_the_check_finds_what_refers_to_nothing(
    writer: StoreWriter, reader: StoreReader, tmp_path: Path
) -> None:
    writer.store_note("ann", "nurse", "text").result(WAIT_S)
    assert reader.check().problems == ()
    with closing(sqlite3.connect(tmp_path / "db")) as connection, connection:
        connection.execute("UPDATE notes SET user_id = 99")
    assert reader.check().problems == ("row 1 of notes refers to nothing",)


def test_a_missing_database_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no database at .*Start the daemon"):
        StoreReader(tmp_path / "db").alerts()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("version", "text"), [(0, "Start the daemon once"), (999, "Install the version")]
)
def test_other_schema_versions_say_what_to_do(
    tmp_path: Path, reader: StoreReader, version: int, text: str
) -> None:
    assert reader.schema_version() == newest_version()
    with closing(connect(tmp_path / "db")) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(StoreError, match=text):
        reader.alerts()


def test_garbage_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "db").write_bytes(b"garbage" * 1000)
    with pytest.raises(StoreError, match="the database is damaged"):
        StoreReader(tmp_path / "db").alerts()
