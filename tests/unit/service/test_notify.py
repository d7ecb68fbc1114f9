"""What systemd would read from its socket."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ecgd.service.notify import Notifier


@contextmanager
def systemd(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(address)
        sock.settimeout(5.0)
        yield sock


@pytest.fixture(params=["path", "abstract"])
def notify_socket(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "notify") if request.param == "path" else f"@ecgd-test-{os.getpid()}"


def test_states_arrive_as_systemd_reads_them(notify_socket: str) -> None:
    with systemd(notify_socket.replace("@", "\0")) as sock:
        notifier = Notifier({"NOTIFY_SOCKET": notify_socket})
        assert notifier.present
        assert notifier.ready("watching 2 patients")
        assert sock.recv(4096) == b"READY=1\nSTATUS=watching 2 patients"
        assert notifier.status("one\nline\x20only")
        assert sock.recv(4096) == b"STATUS=one line only"
        assert notifier.watchdog()
        assert sock.recv(4096) == b"WATCHDOG=1"
        assert notifier.stopping()
        assert sock.recv(4096) == b"STOPPING=1"


def test_reload_carries_the_monotonic_clock(notify_socket: str) -> None:
    with systemd(notify_socket.replace("@", "\0")) as sock:
        before_usec = time.monotonic_ns() // 1000
        assert Notifier({"NOTIFY_SOCKET": notify_socket}).reloading()
        state, clock = sock.recv(4096).decode().split("\n")
    assert state == "RELOADING=1"
    name, _, usec = clock.partition("=")
    assert name == "MONOTONIC_USEC"
    assert before_usec <= int(usec) <= time.monotonic_ns() // 1000


@pytest.mark.parametrize("value", ["", "relative", "vsock:2:1234"])
def test_without_systemd_nothing_happens(value: str) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": value})
    assert not notifier.present
    assert not notifier.ready()
    assert not notifier.watchdog()


def test_dead_socket_is_told_once_and_harms_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    assert [notifier.watchdog() for _ in range(3)] == [False] * 3
    assert [r.levelno for r in caplog.records] == [logging.WARNING]


def test_socket_that_comes_back_is_used_again(tmp_path: Path) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
    assert not notifier.ready()
    with systemd(str(tmp_path / "notify")):
        assert notifier.ready()


def test_full_socket_does_not_block(tmp_path: Path) -> None:
    with systemd(str(tmp_path / "notify")):
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        began_s = time.monotonic()
        sent = [notifier.watchdog() for _ in range(5000)]
    assert sent[0]
    assert not sent[-1]
    assert time.monotonic() - began_s < 10.0


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "42"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "43"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "²"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
    ],
)
def test_watchdog_interval(environ: dict[str, str], seconds: float | None) -> None:
    assert Notifier(environ, pid=42).watchdog_s == seconds


def test_long_status_is_cut(tmp_path: Path) -> None:
    with systemd(str(tmp_path / "notify")) as sock:
        assert Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")}).status("x" * 10**6)
        assert len(sock.recv(10**6)) < 1100
