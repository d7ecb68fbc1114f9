"""The daemon as a process: a real line, a real disk, real signals."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemon_process import (
    SECRET,
    Daemon,
    config,
    full_disk,
    node,
    notify_socket,
    receiving,
    wait_for,
)

from ecgd.alerts.signature import verified
from ecgd.store.reader import StoreReader


@pytest.fixture
def daemon(short_dir: Path) -> Iterator[Daemon]:
    made = Daemon(short_dir, config())
    yield made
    made.end()


def test_an_infarction_on_the_line_reaches_pins_disk_and_receiver(short_dir: Path) -> None:
    with receiving() as receiver, node(short_dir):
        daemon = Daemon(short_dir, config(receiver.url))
        daemon.start()
        try:
            (headers, body) = wait_for(lambda: receiver.received[:1], "the webhook")[0]
            (alarm,) = wait_for(lambda: daemon.alarms("active"), "the alarm")
            assert alarm["event_type"] == "STEMI_DETECTED"
            assert alarm["severity"] == "CRITICAL"
            assert verified(SECRET, headers, body, time.time())
            assert b'"STEMI_DETECTED"' in body
            assert b"Anna" not in body
            buzzer = wait_for(
                lambda: [line for line in daemon.pin_lines() if " buzzer " in line], "the buzzer"
            )
            assert buzzer[0].endswith(" 1")
            (answered,) = daemon.client().post(
                "/v1/alerts/acknowledge", {"patient": "anna", "by": "Bert"}
            )["acknowledged"]
            assert answered == alarm["alert_id"]
            assert [a["acknowledged_by"] for a in daemon.alarms("acknowledged")] == ["Bert"]
            status = daemon.status()
            assert status is not None
            assert status["sounding"] is None
        finally:
            assert daemon.stop() == 0
        with sqlite3.connect(daemon.state_dir / "ecgd.sqlite3") as database:
            rows = database.execute(
                "SELECT alert_id, user_notified, acknowledged_by FROM alerts"
                " WHERE event_type = 'STEMI_DETECTED'"
            ).fetchall()
            (kept_s,) = database.execute("SELECT sum(duration_seconds) FROM recordings").fetchone()
            events = database.execute("SELECT event_type, message FROM health_events").fetchall()
        assert rows == [(alarm["alert_id"], 1, "Bert")]
        assert kept_s > 5
        assert ("alarm_acknowledged", "Anna: STEMI_DETECTED acknowledged") in events
        assert "Traceback" not in daemon.said()


def test_a_killed_daemon_sounds_again_within_five_seconds(short_dir: Path, daemon: Daemon) -> None:
    with node(short_dir):
        daemon.start()
        (alarm,) = wait_for(lambda: daemon.alarms("active"), "the alarm")
        # What counts as kept is what has reached the disk: a commit is some milliseconds away.
        books = StoreReader(daemon.state_dir / "ecgd.sqlite3")
        wait_for(lambda: alarm["alert_id"] in str(books.alarm_books()), "the alarm on the disk")
        daemon.stop(signal.SIGKILL)
        before = len(daemon.pin_lines())
    # No device any more: what sounds is what was remembered.
    daemon.start()
    started_s = time.monotonic()
    wait_for(lambda: daemon.pin_lines()[before:], "the buzzer after the restart")
    assert time.monotonic() - started_s < 5.0
    daemon.wait_until_up()
    (again,) = daemon.alarms("active")
    assert again["alert_id"] == alarm["alert_id"]


def test_a_pulled_cable_is_an_alarm_and_a_new_one_goes_on(short_dir: Path, daemon: Daemon) -> None:
    with node(short_dir, source="synthetic:?rate=72"):
        daemon.start()
        wait_for(
            lambda: bool(daemon.status()) and daemon.patient()["assessment"] is not None,
            "an assessment",
        )
    wait_for(lambda: daemon.patient()["link"]["state"] == "lost" or None, "the lost link")
    (alarm,) = wait_for(lambda: daemon.alarms("active"), "the link alarm")
    assert alarm["event_type"] == "LINK_LOST"
    with node(short_dir, source="synthetic:?rate=72"):
        wait_for(lambda: daemon.patient()["link"]["state"] == "up" or None, "the link again")
        assert daemon.stop() == 0


def test_a_missing_device_is_said_and_waited_for(daemon: Daemon) -> None:
    daemon.start()
    daemon.wait_until_up()
    link = wait_for(lambda: daemon.patient()["link"]["reason"] or None, "the reason")
    assert "hc05" in link
    assert daemon.stop() == 0


def test_garbage_on_the_line_is_counted_and_survived(short_dir: Path, daemon: Daemon) -> None:
    with node(short_dir, "--garbage-at-start", "3000", "--bit-errors", "0.0001"):
        daemon.start()
        wait_for(lambda: daemon.alarms("active"), "the alarm through the noise")
        statistics = daemon.patient()["link"]["statistics"]
        parts = ("bytes_accepted", "bytes_discarded", "bytes_pending")
        assert statistics["bytes_in"] == sum(statistics[part] for part in parts)
        assert daemon.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_when_asked(short_dir: Path, daemon: Daemon, number: int) -> None:
    with node(short_dir):
        daemon.start()
        daemon.wait_until_up()
        asked_s = time.monotonic()
        assert daemon.stop(number) == 0
        assert time.monotonic() - asked_s < 5.0
    assert not (daemon.state_dir / "control.sock").exists()
    assert "Traceback" not in daemon.said()


def test_a_second_daemon_is_refused_and_harms_nothing(daemon: Daemon) -> None:
    daemon.start()
    daemon.wait_until_up()
    assert daemon.process is not None
    second = subprocess.run(
        [
            *(sys.executable, "-m", "ecgd.service", "--config", daemon.config),
            *("--state-dir", daemon.state_dir),
        ],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 1
    assert str(daemon.process.pid) in second.stderr
    assert "Traceback" not in second.stderr
    assert daemon.status() is not None


def test_a_damaged_database_is_put_aside_and_the_daemon_alarms_on(short_dir: Path) -> None:
    with receiving() as receiver, node(short_dir):
        daemon = Daemon(short_dir, config(receiver.url))
        (daemon.state_dir / "ecgd.sqlite3").write_bytes(os.urandom(50_000))
        daemon.start()
        try:
            wait_for(lambda: receiver.received, "the webhook")
            (aside,) = daemon.state_dir.glob("ecgd.sqlite3.damaged-*")
            assert aside.stat().st_size == 50_000
            status = daemon.status()
            assert status is not None
            (database,) = (part for part in status["parts"] if part["part"] == "database")
            assert aside.name in database["detail"]
        finally:
            daemon.end()


def test_a_locked_database_delays_no_alarm_and_loses_none(short_dir: Path) -> None:
    with receiving() as receiver, node(short_dir):
        daemon = Daemon(short_dir, config(receiver.url, stemi_s=6.0))
        daemon.start()
        try:
            daemon.wait_until_up()
            other = sqlite3.connect(daemon.state_dir / "ecgd.sqlite3", isolation_level=None)
            wait_for(lambda: _begin_exclusive(other), "the lock")
            wait_for(
                lambda: any(b'"STEMI_DETECTED"' in body for body in receiver.bodies()),
                "the heart's alarm",
            )
            assert any(" buzzer " in line for line in daemon.pin_lines())
            waiting = daemon.client().get("/v1/diagnostics")["queue_depths"]
            assert sum(waiting[name] for name in ("store alerts", "store urgent")) > 0
            other.execute("ROLLBACK")
            other.close()
            stored = wait_for(lambda: _stored_alerts(daemon), "the alert on the disk")
            assert "STEMI_DETECTED" in stored
        finally:
            daemon.end()


def test_a_full_disk_is_an_alarm_and_stops_no_other(short_dir: Path) -> None:
    with receiving() as receiver, full_disk(short_dir / "state"), node(short_dir):
        daemon = Daemon(short_dir, config(receiver.url))
        filler = daemon.state_dir / "filler"
        daemon.start()
        try:
            daemon.wait_until_up()
            _fill(filler)
            wait_for(
                lambda: any(b'"STEMI_DETECTED"' in body for body in receiver.bodies()),
                "the heart's alarm",
            )
            wait_for(
                lambda: any(b'"DATABASE_FAULT"' in body for body in receiver.bodies()),
                "the disk's alarm",
            )
            filler.unlink()
            stored = wait_for(lambda: _stored_alerts(daemon), "the alerts on the disk")
            assert "STEMI_DETECTED" in stored
        finally:
            daemon.end()


def _begin_exclusive(database: sqlite3.Connection) -> bool:
    try:
        database.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        return False
    return True


def _stored_alerts(daemon: Daemon) -> list[str]:
    with sqlite3.connect(f"file:{daemon.state_dir}/ecgd.sqlite3?mode=ro", uri=True) as database:
        return [kind for (kind,) in database.execute("SELECT event_type FROM alerts")]


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            assert error.errno == errno.ENOSPC


def test_systemd_is_told_and_its_watchdog_fed(short_dir: Path, daemon: Daemon) -> None:
    with notify_socket(short_dir) as (path, messages):
        daemon.start(NOTIFY_SOCKET=path, WATCHDOG_USEC="1000000")
        wait_for(lambda: sum("WATCHDOG=1" in m for m in messages) >= 3 or None, "the watchdog")
        assert any("READY=1" in message for message in messages)
        assert any("STATUS=" in message and "Anna" in message for message in messages)
        assert daemon.stop() == 0
        wait_for(lambda: any("STOPPING=1" in message for message in messages) or None, "stopping")


def test_a_frozen_daemon_feeds_no_watchdog(short_dir: Path, daemon: Daemon) -> None:
    with notify_socket(short_dir) as (path, messages):
        daemon.start(NOTIFY_SOCKET=path, WATCHDOG_USEC="400000")
        wait_for(lambda: any("WATCHDOG=1" in message for message in messages) or None, "a sign")
        daemon.send(signal.SIGSTOP)
        time.sleep(0.3)
        before = len(messages)
        time.sleep(1.0)
        assert len(messages) == before
        daemon.send(signal.SIGCONT)
        assert daemon.stop() == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[analysis]\nwindow_s = 99\nwindov_s = 1\n", ("line 2", "line 3", "windov_s")),
        ("[[patients]\n", ("line 1",)),
    ],
)
def test_a_wrong_configuration_is_told_whole(
    short_dir: Path, text: str, words: tuple[str, ...]
) -> None:
    daemon = Daemon(short_dir, text)
    daemon.start()
    assert daemon.process is not None
    assert daemon.process.wait(20) == 78
    for word in words:
        assert word in daemon.said()
    assert "Traceback" not in daemon.said()


def test_a_state_directory_that_cannot_be_is_told(short_dir: Path) -> None:
    daemon = Daemon(short_dir, config())
    blocked = short_dir / "file"
    blocked.write_text("in the way")
    daemon.state_dir = blocked
    daemon.start()
    assert daemon.process is not None
    assert daemon.process.wait(20) == 1
    assert "--state-dir" in daemon.said()
    assert "Traceback" not in daemon.said()


def test_the_alarm_s_way_from_window_to_pin_is_measured(short_dir: Path, daemon: Daemon) -> None:
    with node(short_dir):
        daemon.start()
        wait_for(lambda: daemon.alarms("active"), "the alarm")
        stages = wait_for(lambda: _stages(daemon, "total"), "the figure of the pin edge")
        for stage in ("preprocessing", "features", "rules", "alert", "pin edge", "total"):
            assert stages[stage]["count"] >= 1
            assert stages[stage]["p50_ms"] >= 0.0
        assert stages["total"]["max_ms"] >= stages["pin edge"]["max_ms"]
        assert daemon.stop() == 0


def _stages(daemon: Daemon, needed: str) -> dict[str, dict[str, float]] | None:
    figures = daemon.client().get("/v1/diagnostics")["latency"]
    stages = {figure["stage"]: figure for figure in figures}
    return stages if needed in stages else None
