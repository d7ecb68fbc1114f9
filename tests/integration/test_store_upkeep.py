"""Retention, backup and restore with a full disk, a reader in between, and the real daemon."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from daemon_process import Daemon, config, node, wait_for
from store_ages import DAY_S, open_ages
from store_examples import NOW_UNIX_S

from ecgd.config.settings import StoreSettings
from ecgd.errors import StoreError
from ecgd.store import backup
from ecgd.store.backup import back_up
from ecgd.store.database import connect_read_only
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter

WAIT_S = 20
SETTINGS = StoreSettings(alert_waveform_s=30.0)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def fill(path: Path, now_unix_s: float = NOW_UNIX_S, patient: str = "ann") -> None:
    """Four old recordings, one with an alert, and a young one."""
    shift = (NOW_UNIX_S - now_unix_s) / DAY_S
    ages = open_ages(path)
    ages.connection.execute("BEGIN")
    for number in range(4):
        age = 40 + shift - number / 144
        stream = ages.record(patient, age, seconds=300)
        ages.heartbeats(patient, age, [70.0] * 300)
    ages.alert("kept", age, stream, patient_id=patient, sample_index=1000)
    ages.record(patient, 0.1 + shift, seconds=60)
    ages.connection.execute("COMMIT")
    ages.connection.close()


def start(path: Path) -> StoreWriter:
    writer = StoreWriter(path, SETTINGS, boot_id="b", unix_clock=lambda: NOW_UNIX_S)
    writer.start()
    return writer


def thinned(path: Path) -> list[int]:
    """Rows of recordings that are left, each with the number of its pieces."""
    reader = StoreReader(path)
    return [len(reader.recording_waveform(r.id).blocks) for r in reader.recordings()]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def fill_up(path: Path) -> None:
    with path.open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(b"\0" * 4096)
        except OSError:
            return


def test_retention_goes_on_when_a_full_disk_has_room_again(small_disk: Path) -> None:
    path = small_disk / "ecgd.sqlite3"
    fill(path)
    fill_up(small_disk / "ballast")
    writer = start(path)
    try:
        wait_until(lambda: "the disk is full" in writer.health.detail)
        assert writer.statistics.retention.thinned_recordings < 4
        (small_disk / "ballast").unlink()
        wait_until(lambda: writer.statistics.retention.thinned_recordings == 4)
        wait_until(lambda: writer.health.healthy)
    finally:
        assert writer.close()
    assert thinned(path) == [12, 7]
    assert StoreReader(path).check().problems == ()


def test_a_backup_to_a_full_disk_fails_and_leaves_nothing(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ecgd.sqlite3"
    fill(path)
    monkeypatch.setattr(backup, "STEP_PAGES", 8)
    ballast = small_disk / "ballast"
    with pytest.raises(StoreError, match="the disk is full"):
        back_up(path, small_disk / "b", force=False, progress=lambda *_: fill_up(ballast))
    assert [entry.name for entry in small_disk.iterdir()] == ["ballast"]
    with pytest.raises(StoreError, match="the copy needs"):
        back_up(path, small_disk / "b", force=False, progress=lambda *_: None)


def test_a_reader_sees_one_moment_while_retention_removes(tmp_path: Path) -> None:
    path = tmp_path / "ecgd.sqlite3"
    fill(path)
    query = "SELECT id, length(raw_data), (SELECT count(*) FROM heartbeats) FROM recordings"
    with closing(connect_read_only(path)) as reading:
        reading.execute("BEGIN")
        before = reading.execute(query).fetchall()
        writer = start(path)
        wait_until(lambda: writer.statistics.retention.thinned_recordings == 4)
        assert reading.execute(query).fetchall() == before
        reading.execute("COMMIT")
        assert reading.execute(query).fetchall() != before
    assert writer.close()


def ecgctl(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from ecgd.cli.main import main; main()", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def answer(*words: str | Path) -> dict[str, Any]:
    done = ecgctl(*words, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path, config(more="[store]\nalert_waveform_s = 30.0\n"))
    fill(daemon.state_dir / "ecgd.sqlite3", time.time(), "anna")
    yield daemon
    daemon.end()


def test_a_day_in_the_life_of_the_database(daemon: Daemon, tmp_path: Path) -> None:
    path, copy = daemon.state_dir / "ecgd.sqlite3", tmp_path / "copy"
    socket = ("--socket", daemon.state_dir / "control.sock")
    with node(tmp_path):
        daemon.start()
        daemon.wait_until_up()
        done = answer("db", "backup", copy, *socket)
        assert done["source"] == str(path)
        wait_for(lambda: len(StoreReader(path).recordings()) <= 3, "old recordings to go")
        found = answer("db", "info", "--config", daemon.config, "--database", path)
        assert found["forecast"]["alert_waveform_s"] == 30.0
        assert answer("db", "check", "--full", *socket)["problems"] == []
        refused = ecgctl("db", "restore", copy, "--database", path)
        assert refused.returncode == 1
        assert "Stop it" in refused.stderr
        assert daemon.stop() == 0
    assert (path.stat().st_size, thinned(path)[-1]) < (copy.stat().st_size, 12)

    restored = answer("db", "restore", copy, "--config", daemon.config, "--database", path)
    assert Path(restored["aside"]).exists()
    daemon.start()
    daemon.wait_until_up()
    status = daemon.status()
    assert status is not None
    health = next(part for part in status["parts"] if part["part"] == "database")
    assert health["healthy"], health
    assert "kept" in {stored.alert.alert_id for stored in StoreReader(path).alerts()}
    assert daemon.stop() == 0


def test_a_clock_ten_years_ahead_costs_the_daemon_no_recording(
    daemon: Daemon, tmp_path: Path
) -> None:
    """The database is moved instead of the clock: it ends ten years before the daemon starts."""
    path = daemon.state_dir / "ecgd.sqlite3"
    path.unlink()
    fill(path, time.time() - 3650 * DAY_S, "anna")
    before = thinned(path)
    with node(tmp_path):
        daemon.start()
        daemon.wait_until_up()
        wait_for(lambda: distrusted(path), "the clock to be judged")
        time.sleep(3)
        assert daemon.stop() == 0
    assert thinned(path)[-len(before) :] == before


def distrusted(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT 1 FROM meta WHERE key = 'stamps not believed'")
        return found.fetchone() is not None


def test_a_check_shows_damaged_waveform(tmp_path: Path) -> None:
    path, other = tmp_path / "ecgd.sqlite3", tmp_path / "other"
    fill(path)
    shutil.copy(path, other)
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("UPDATE recordings SET raw_data = zeroblob(5000) WHERE id = 2")
        connection.commit()
    assert ecgctl("db", "check", "--full", "--database", path).returncode == 0
    found = ecgctl("db", "check", "--full", "--database", other)
    assert (found.returncode, found.stdout.splitlines()[1].strip()) == (
        4,
        "recording 2: pieces cannot be read",
    )
    assert ecgctl("db", "check", "--database", other).returncode == 0
