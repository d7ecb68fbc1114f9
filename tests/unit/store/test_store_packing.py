"""Finished recordings become one row; the signal around alerts is preprocessed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from store_examples import DEVICE, FS_HZ, NOW_UNIX_S, make_alert, make_block

from ecgd.config.settings import StoreSettings
from ecgd.model.signal import BoolArray, FloatArray
from ecgd.store.codec import read_all
from ecgd.store.database import open_checked
from ecgd.store.packing import Packer, Preprocess
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter

WAIT_S = 10
AROUND_S = 10.0


def halve(signal_mv: FloatArray, valid: BoolArray, fs_hz: float) -> FloatArray:
    assert (signal_mv.shape[1], fs_hz) == (valid.size, FS_HZ)
    return signal_mv / 2


def fail(_signal_mv: FloatArray, _valid: BoolArray, _fs_hz: float) -> FloatArray:
    raise RuntimeError("the filter is unstable")


def record(
    path: Path,
    preprocess: Preprocess | None,
    *,
    seconds: int = 60,
    alerts: tuple[int, ...] = (),
    recording_s: float = 600.0,
) -> StoreReader:
    """Store a recording with alerts at the given seconds."""
    settings = StoreSettings(around_alert_s=AROUND_S)
    writer = StoreWriter(
        path, settings, boot_id="b", preprocess=preprocess, recording_s=recording_s
    )
    writer.start()
    writer.open_recording("ann", DEVICE)
    for second in range(seconds):
        writer.append_waveform("ann", make_block(250 * second, 250))
        if second in alerts:
            writer.store_alert(make_alert(f"at-{second}", sample_index=250 * second))
    assert writer.close(WAIT_S)
    return StoreReader(path)


def query(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def test_a_packed_recording_has_no_pieces_left(tmp_path: Path) -> None:
    reader = record(tmp_path / "db", None, seconds=12)
    assert query(tmp_path / "db", "SELECT count(*) FROM waveform_segments") == [(0,)]
    raw, preprocessed, seconds = query(
        tmp_path / "db", "SELECT raw_data, preprocessed_data, duration_seconds FROM recordings"
    )[0]
    assert (preprocessed, seconds) == (None, 12)
    assert len(read_all(raw)[0]) == 3
    waveform = reader.recording_waveform(1)
    joined = np.concatenate([block.counts for block in waveform.blocks], axis=1)
    sent = np.concatenate([make_block(250 * n, 250).counts for n in range(12)], axis=1)
    assert np.array_equal(joined, sent)


def test_only_what_surrounds_an_alert_is_preprocessed(tmp_path: Path) -> None:
    reader = record(tmp_path / "db", halve, alerts=(20, 50))
    waveform = reader.recording_waveform(1, preprocessed=True)
    spans = [(block.start_index / FS_HZ, block.end_index / FS_HZ) for block in waveform.blocks]
    assert spans == [(10.0, 30.0), (40.0, 60.0)]
    raw = reader.recording_waveform(1)
    first = np.concatenate([block.counts for block in raw.blocks[2:6]], axis=1)
    expected_mv = (first - raw.baseline_counts) / raw.counts_per_mv / 2
    got_mv = waveform.blocks[0].counts / waveform.counts_per_mv
    assert np.abs(got_mv - expected_mv).max() <= 0.501 / waveform.counts_per_mv


def test_without_an_alert_nothing_is_preprocessed(tmp_path: Path) -> None:
    reader = record(tmp_path / "db", halve, seconds=10)
    assert not reader.recordings()[0].has_preprocessed
    assert reader.recording_waveform(1, preprocessed=True).blocks == ()


def test_a_failing_filter_costs_only_its_own_result(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reader = record(tmp_path / "db", fail, seconds=10, alerts=(5,))
    assert not reader.recordings()[0].has_preprocessed
    assert len(reader.recording_waveform(1).blocks) == 2
    assert "the filter is unstable" in caplog.text


def test_an_alert_reaches_into_the_recording_before(tmp_path: Path) -> None:
    reader = record(tmp_path / "db", halve, seconds=40, alerts=(22,), recording_s=20.0)
    newer, older = reader.recordings()
    assert (older.finish_reason, older.end_index) == ("continued", 5000)
    assert (newer.start_index, newer.stream) == (5000, older.stream)
    for recording, span in ((older, (2500, 5000)), (newer, (5000, 8750))):
        blocks = reader.recording_waveform(recording.id, preprocessed=True).blocks
        assert [(block.start_index, block.end_index) for block in blocks] == [span]
    around = reader.waveform_around_alert("at-22", 5, 5)
    spans = [(w.blocks[0].start_index, w.blocks[-1].end_index) for w in around]
    assert spans == [(3750, 5000), (5000, 7500)]


@pytest.mark.parametrize(
    ("reason", "age_s", "ready"),
    [
        ("continued", AROUND_S - 1, False),
        ("continued", AROUND_S + 1, True),
        ("continued", -AROUND_S - 1, True),
        ("stopped", 0.0, True),
    ],
)
def test_a_continued_recording_waits_for_late_alerts(
    tmp_path: Path, reason: str, age_s: float, ready: bool
) -> None:
    record(tmp_path / "db", None, seconds=6)
    with closing(open_checked(tmp_path / "db")[0]) as connection:
        connection.execute(
            "UPDATE recordings SET raw_data = NULL, finish_reason = ?, finished_unix_s = ?",
            (reason, NOW_UNIX_S - age_s),
        )
        found = Packer(AROUND_S, None).ready(connection, NOW_UNIX_S)
    assert found == (1 if ready else None)


def test_a_killed_daemons_recording_is_finished_at_the_next_start(
    tmp_path: Path, restart: Callable[[Path], StoreReader]
) -> None:
    path = tmp_path / "db"
    writer = StoreWriter(path, StoreSettings(), boot_id="b", unix_clock=lambda: NOW_UNIX_S)
    writer.start()
    writer.open_recording("ann", DEVICE)
    writer.append_waveform("ann", make_block(0, 2500))
    writer.flush().result(WAIT_S)
    copy = tmp_path / "copy"
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    assert writer.close()

    reader = restart(copy)
    recording = reader.recordings()[0]
    assert (recording.finish_reason, recording.end_index) == ("interrupted", 2500)
    assert recording.finished_unix_s == recording.started_unix_s + 10
    assert query(copy, "SELECT count(*) FROM waveform_segments") == [(0,)]


@pytest.fixture
def restart() -> Callable[[Path], StoreReader]:
    def start_and_close(path: Path) -> StoreReader:
        writer = StoreWriter(path, StoreSettings(), boot_id="b2")
        writer.start()
        assert writer.close()
        return StoreReader(path)

    return start_and_close
