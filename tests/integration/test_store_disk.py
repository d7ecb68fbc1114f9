"""A disk that is really full, and one that is really read-only. Both need the right to mount."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ecgd.config.settings import StoreSettings
from ecgd.model.alarm import Alert
from ecgd.model.finding import EventType, Severity
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter

WAIT_S = 15
DISK = "size=1m"


def mount(*arguments: str) -> bool:
    try:
        done = subprocess.run(["mount", *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if not mount("-t", "tmpfs", "-o", DISK, "tmpfs", str(disk)):
        pytest.skip("needs the right to mount")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def make_alert(name: str) -> Alert:
    return Alert(
        alert_id=name,
        patient_id="ann",
        patient_name="Ann",
        event_type=EventType.ASYSTOLE,
        severity=Severity.CRITICAL,
        occurred_unix_s=1.75e9,
        occurred_mono_s=1.0,
        boot_id="boot",
        clock_synchronised=True,
        simulated=True,
        description="x" * 500,
        recommended_action="",
    )


def wait_until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def fill_up(path: Path) -> None:
    with path.open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(b"\0" * 4096)
        except OSError:
            return


def test_alerts_wait_in_memory_while_the_disk_is_full(small_disk: Path) -> None:
    path = small_disk / "ecgd.sqlite3"
    writer = StoreWriter(path, StoreSettings(), boot_id="b")
    writer.start()
    writer.store_alert(make_alert("before")).result(WAIT_S)
    fill_up(small_disk / "ballast")
    futures = [writer.store_alert(make_alert(f"during-{n}")) for n in range(200)]
    wait_until(lambda: "the disk is full" in writer.health.detail)
    assert not writer.health.healthy
    assert not futures[-1].done()
    assert StoreReader(path).alerts()[-1].alert.alert_id == "before"

    (small_disk / "ballast").unlink()
    assert all(future.result(WAIT_S) > 0 for future in futures)
    wait_until(lambda: writer.health.healthy)
    assert len(StoreReader(path).alerts()) == 201
    assert StoreReader(path).check().problems == ()
    assert writer.close()


def test_a_read_only_disk_is_said_and_waited_for(small_disk: Path) -> None:
    path = small_disk / "ecgd.sqlite3"
    first = StoreWriter(path, StoreSettings(), boot_id="b")
    first.start()
    first.store_alert(make_alert("before")).result(WAIT_S)
    assert first.close()
    assert mount("-o", "remount,ro", str(small_disk))
    assert len(StoreReader(path).alerts()) == 1

    writer = StoreWriter(path, StoreSettings(), boot_id="b")
    writer.start()
    future = writer.store_alert(make_alert("during"))
    wait_until(lambda: "1 alert(s) wait in memory" in writer.health.detail)
    assert "mounted read-only" in writer.health.detail
    assert mount("-o", "remount,rw", str(small_disk))
    assert future.result(WAIT_S) == 2
    assert writer.close()
