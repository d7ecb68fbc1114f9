"""The write-ahead log: folded in by the clock, and bounded whoever reads."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from store_examples import DEVICE, make_alert, make_block
from store_program import begin

from ecgd.config.settings import StoreSettings
from ecgd.store import checkpoint, retention
from ecgd.store.checkpoint import reading_processes
from ecgd.store.database import connect_read_only
from ecgd.store.queues import Pending
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter

WAIT_S = 60
LOG_MAX_BYTES = 1 << 20
CROWDED_BYTES = 1 << 19


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ecgd.sqlite3"


@pytest.fixture
def writer(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreWriter]:
    monkeypatch.setattr(checkpoint, "CHECKPOINT_EVERY_S", 0.05)
    monkeypatch.setattr(checkpoint, "BLOCKED_LOG_BYTES", CROWDED_BYTES)
    monkeypatch.setattr(checkpoint, "LOG_MAX_BYTES", LOG_MAX_BYTES)
    monkeypatch.setattr(retention, "LOOK_EVERY_S", 0.05)
    writer = StoreWriter(path, StoreSettings(segment_s=1), boot_id="b", gather_s=0.01)
    writer.start()
    writer.open_recording("ann", DEVICE)
    writer.store_alert(make_alert("before")).result(WAIT_S)
    yield writer
    writer.close()


@pytest.fixture
def holder(writer: StoreWriter, path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that reads one moment and does not let go."""
    assert writer.health.healthy
    child = begin("hold", path)
    yield child
    child.kill()
    child.wait(10)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def write_until(writer: StoreWriter, condition: Callable[[], bool]) -> int:
    """Hand over ten seconds of signal at a time; returns how many samples in all."""
    deadline_s = time.monotonic() + WAIT_S
    index = 0
    while not condition():
        assert time.monotonic() < deadline_s
        writer.append_waveform("ann", make_block(index, 2500, arrived_s=time.monotonic()))
        index += 2500
        time.sleep(0.01)
    return index


def test_without_readers_the_log_stays_short(writer: StoreWriter, path: Path) -> None:
    write_until(writer, lambda: writer.statistics.checkpoint.checkpoints >= 10)
    assert writer.statistics.checkpoint.blocked_s == 0
    assert Path(f"{path}-wal").stat().st_size < LOG_MAX_BYTES
    assert writer.health.healthy


def test_a_reader_that_stays_is_named_and_the_log_is_bounded(
    writer: StoreWriter,
    path: Path,
    holder: subprocess.Popen[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_until(writer, lambda: not writer.health.healthy)
    writer.flush().result(WAIT_S)
    rounds = 0
    take = writer._inbox.take

    def count_rounds(timeout_s: float) -> tuple[list[Pending], list[Pending]]:
        nonlocal rounds
        rounds += 1
        return take(timeout_s)

    monkeypatch.setattr(writer._inbox, "take", count_rounds)
    time.sleep(0.5)
    assert rounds < 150, "it waits for the next commit's time, and does not spin"
    assert f"pid {holder.pid}" in writer.health.detail
    assert "end that process" in writer.health.detail

    samples = write_until(writer, lambda: writer.statistics.checkpoint.log_bytes >= LOG_MAX_BYTES)
    for _ in range(50):
        writer.append_waveform("ann", make_block(samples, 2500, arrived_s=time.monotonic()))
        samples += 2500
    wait_until(lambda: writer.statistics.waiting_telemetry > 50)
    assert writer.store_alert(make_alert("during")).result(WAIT_S) == 2, "alerts are written"
    size = Path(f"{path}-wal").stat().st_size
    time.sleep(0.5)
    assert Path(f"{path}-wal").stat().st_size <= size < 3 * LOG_MAX_BYTES

    holder.send_signal(signal.SIGKILL)
    wait_until(lambda: writer.health.healthy)
    writer.flush().result(WAIT_S)
    recordings = StoreReader(path).recordings()
    assert sum((r.end_index or 0) - (r.start_index or 0) for r in recordings) == samples
    assert writer.statistics.dropped_telemetry == 0


def test_a_reader_is_found_by_its_lock_and_this_process_is_not(
    writer: StoreWriter, path: Path, holder: subprocess.Popen[str]
) -> None:
    with_own = connect_read_only(path)
    with_own.execute("BEGIN")
    with_own.execute("SELECT * FROM alerts").fetchall()
    assert reading_processes(path) == (holder.pid,)
    with_own.close()
    assert writer.health.healthy
    assert reading_processes(path.with_name("nothing")) == ()
