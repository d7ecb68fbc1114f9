"""Signs of life against real local receivers: answers, silence, dripping, and no address told."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from daemon_process import receiving, wait_for
from phone_services import serving, told
from webhook_receiver import black_hole, self_signed

from ecgd.alerts.heartbeat import HANGING_LIMIT, Heartbeat
from ecgd.config.fleet import HeartbeatSettings


def settings(url: str, **more: float) -> HeartbeatSettings:
    return HeartbeatSettings(url=url, every_s=60.0, timeout_s=more.get("timeout_s", 5.0))


def beaten(heartbeat: Heartbeat) -> str:
    """Send one and return its trouble."""
    before = heartbeat.pulse
    heartbeat.beat(time.monotonic())
    wait_for(lambda: heartbeat.pulse != before or None, "the answer")
    return heartbeat.pulse.trouble


@contextmanager
def dripping() -> Iterator[str]:
    """A receiver that takes the request and answers with a byte now and then, for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip(peer: socket.socket) -> None:
            try:
                for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000:
                    peer.sendall(bytes([byte]))
                    time.sleep(0.05)
            except OSError:
                return

        def serve() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=drip, args=(peer,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/secret-path"


def test_sign_of_life_is_an_empty_post_without_identity() -> None:
    with receiving() as receiver:
        heartbeat = Heartbeat(settings(receiver.url))
        assert heartbeat.is_due(0.0)
        assert beaten(heartbeat) == ""
        [(headers, body)] = receiver.received
        assert body == b""
        assert headers["User-Agent"].startswith("ecgd/")
        assert not heartbeat.is_due(time.monotonic() + 50.0)
        assert heartbeat.is_due(time.monotonic() + 61.0)


@pytest.mark.parametrize("status", [301, 404, 500])
def test_anything_but_success_is_told_and_tried_again_within_seconds(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with receiving() as receiver:
        receiver.status = status
        heartbeat = Heartbeat(settings(receiver.url))
        assert beaten(heartbeat) == f"answered with HTTP {status}"
        now_s = time.monotonic()
        assert not heartbeat.is_due(now_s + 1.0)
        assert heartbeat.is_due(now_s + 2.5)
        assert beaten(heartbeat)
        assert len(caplog.records) == 1, "told once, not each time"
        receiver.status = 200
        assert beaten(heartbeat) == ""
        assert heartbeat.pulse.failed == 2


def test_dripping_receiver_is_left_at_the_deadline_and_delays_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with dripping() as url:
        heartbeat = Heartbeat(settings(url, timeout_s=1.0))
        began_s = time.monotonic()
        heartbeat.beat(began_s)
        assert time.monotonic() - began_s < 0.5
        assert not heartbeat.is_due(began_s + 0.9)
        assert not heartbeat.is_due(began_s + 1.1), "given up, and due again after a pause"
        assert heartbeat.pulse.trouble == "no answer within 1 s"
        assert heartbeat.is_due(began_s + 4.0)
        assert "secret-path" not in caplog.text


def test_connection_that_was_given_up_is_cut_so_that_no_thread_stays() -> None:
    with dripping() as url:
        heartbeat = Heartbeat(settings(url, timeout_s=1.0))
        now_s = time.monotonic()
        for _ in range(3 * HANGING_LIMIT):
            assert heartbeat.is_due(now_s)
            heartbeat.beat(now_s)
            wait_for(lambda: heartbeat.is_open, "the connection")
            now_s += 100.0
            heartbeat.is_due(now_s)
            wait_for(lambda: _threads() <= HANGING_LIMIT, "the threads to end")
            now_s += 100.0
        assert heartbeat.pulse.trouble == "no answer within 1 s"
        wait_for(lambda: _threads() == 0, "the last thread to end")


def _threads() -> int:
    return sum(thread.name == "ecgd-heartbeat" for thread in threading.enumerate())


def test_name_that_does_not_resolve_in_time_leaves_a_few_threads_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = threading.Event()

    def resolve(*_: object, **__: object) -> None:
        release.wait(30)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    heartbeat = Heartbeat(settings("http://name.invalid/s3cret", timeout_s=1.0))
    now_s = time.monotonic()
    for _ in range(3 * HANGING_LIMIT):
        if heartbeat.is_due(now_s):
            heartbeat.beat(now_s)
        now_s += 100.0
    heartbeat.is_due(now_s)
    assert _threads() == HANGING_LIMIT
    assert "still hang" in heartbeat.pulse.trouble
    release.set()
    wait_for(lambda: _threads() == 0, "their end")


def test_address_comes_from_a_file_that_nobody_else_reads(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "ecgd")
    path = tmp_path / "address"
    with receiving() as receiver:
        path.write_text(f"{receiver.url}?token=s3cret\n")
        path.chmod(0o640)
        heartbeat = Heartbeat(HeartbeatSettings(url_file=str(path)))
        assert "chmod 0600" in beaten(heartbeat)
        path.chmod(0o600)
        assert beaten(heartbeat) == ""
        path.write_text("ftp://nowhere/s3cret\n")
        assert "holds no http" in beaten(heartbeat)
    assert "s3cret" not in caplog.text


def test_nobody_at_the_address_is_told_without_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert beaten(Heartbeat(settings(f"http://127.0.0.1:{port}/s3cret"))) == "no connection"


def test_the_certificate_is_checked(tmp_path: Path) -> None:
    authority, context = self_signed(tmp_path)
    with serving(lambda _service, _got: told({}), context) as service:
        trusted = HeartbeatSettings(url=service.url, timeout_s=5.0, ca_file=authority)
        assert beaten(Heartbeat(trusted)) == ""
        assert "certificate was refused" in beaten(Heartbeat(settings(service.url)))
        assert len(service.got) == 1


def test_a_dead_address_does_not_take_the_whole_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where IPv6 leads nowhere, every sign of life failed, and the watcher cried wolf."""
    with receiving() as receiver, black_hole() as dead:
        alive = ("127.0.0.1", int(receiver.url.split(":")[2].partition("/")[0]))
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", each) for each in (dead, alive)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        assert beaten(Heartbeat(settings("http://two.example/"))) == ""
