"""The deadline of an attempt holds, whatever a real receiver or the resolver does."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from webhook_receiver import (
    answer,
    attempts_alive,
    delivering,
    drip,
    hang,
    item,
    receiving,
    self_signed,
    until,
)

from ecgd.alerts.retry import RetrySchedule
from ecgd.model.alarm import DeliveryResult


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ssl.SSLContext]:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize(
    "behaviour",
    [hang, drip(b""), drip(b"HTTP/1.1 200 OK\r\nX-Slow: "), drip(b"HTTP/1.1 ")],
    ids=["hangs", "drips at once", "drips a header", "drips the status"],
)
def test_deadline_holds_and_the_next_attempt_succeeds(
    behaviour: Callable[[BaseHTTPRequestHandler], None],
) -> None:
    with (
        receiving(behaviour, answer(200)) as receiver,
        delivering(receiver.url, timeout_s=1.0) as delivery,
    ):
        delivery.worker.submit(item())
        until(lambda: DeliveryResult.DELIVERED in delivery.results())
        first = delivery.reports[0]
        assert first.result is DeliveryResult.RETRY
        assert 0.9 <= first.duration_s < 5.0
        assert "no answer within" in first.detail
        until(lambda: not attempts_alive(), 8.0)


def test_deadline_holds_on_a_warm_connection_too() -> None:
    behaviours = (answer(200), drip(b"HTTP/1.1 200 OK\r\nX-Slow: "), answer(200))
    with receiving(*behaviours) as receiver, delivering(receiver.url, timeout_s=0.6) as delivery:
        delivery.worker.submit(item("msg_1"))
        delivery.await_reports(1)
        delivery.worker.submit(item("msg_2"))
        delivery.await_reports(3)
        assert receiver.ids() == ["msg_1", "msg_2", "msg_2"]
        first, second, third = (one.client for one in receiver.received)
        assert first == second != third
        until(lambda: not attempts_alive(), 8.0)


def test_hanging_name_resolution_is_given_up_and_its_threads_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release, resolve = threading.Event(), socket.getaddrinfo

    def slow(host: Any, *args: Any, **options: Any) -> Any:
        if host == "hangs.invalid":
            release.wait(30.0)
        return resolve(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    try:
        schedule = RetrySchedule(first_s=(0.05,) * 9)
        url = "http://hangs.invalid/"
        with delivering(url, schedule=schedule, timeout_s=0.1) as delivery:
            delivery.worker.submit(item())
            until(lambda: len(delivery.reports) >= 6)
            assert "no answer within 0.1 s" in delivery.reports[0].detail
            assert "still hang" in delivery.reports[-1].detail
            assert len(attempts_alive()) == 4
            release.set()
            until(lambda: not attempts_alive())
    finally:
        release.set()


@pytest.mark.parametrize("behaviour", [hang, drip(b"HTTP/1.1 200 OK\r\nX: ")])
def test_close_is_prompt_while_an_attempt_is_under_way(
    behaviour: Callable[[BaseHTTPRequestHandler], None],
) -> None:
    with receiving(behaviour) as receiver, delivering(receiver.url, timeout_s=60.0) as delivery:
        delivery.worker.submit(item("msg_1"))
        until(lambda: receiver.received)
        began_s = time.monotonic()
        delivery.worker.close()
        assert time.monotonic() - began_s < 5.0
        assert not [t for t in threading.enumerate() if t.name == "ecgd-deliver-home"]
        assert not delivery.worker.submit(item("msg_2")), "closed"
        assert [r.result for r in delivery.reports] == [DeliveryResult.RETRY]


def test_many_workers_end_together() -> None:
    with receiving(hang) as receiver, ExitStack() as stack:
        all_of_them = [
            stack.enter_context(delivering(receiver.url, timeout_s=60.0)) for _ in range(5)
        ]
        for delivery in all_of_them:
            delivery.worker.submit(item())
        until(lambda: len(receiver.received) == 5)
        began_s = time.monotonic()
        for delivery in all_of_them:
            delivery.worker.stop()
        for delivery in all_of_them:
            delivery.worker.close()
        assert time.monotonic() - began_s < 5.0


def test_dripping_answer_over_tls_is_cut_at_the_deadline(
    certificate: tuple[str, ssl.SSLContext],
) -> None:
    cert, context = certificate
    with (
        receiving(drip(b"HTTP/1.1 "), answer(200), tls=context) as receiver,
        delivering(receiver.url, ca_file=cert, timeout_s=0.6) as delivery,
    ):
        delivery.worker.submit(item())
        until(lambda: DeliveryResult.DELIVERED in delivery.results())
        assert delivery.reports[0].duration_s < 5.0
        until(lambda: not attempts_alive(), 8.0)


def test_handshake_that_never_ends_is_cut_at_the_deadline() -> None:
    stop = threading.Event()

    def drip_handshake(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.sendall(b"\x16\x03\x03\x40\x00")
            while not stop.wait(0.05):
                connection.sendall(b"\x02")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=drip_handshake, args=(listening,), daemon=True).start()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/"
        with delivering(url, timeout_s=0.6) as delivery:
            delivery.worker.submit(item())
            until(lambda: delivery.reports)
            assert delivery.reports[0].duration_s < 5.0
            until(lambda: not attempts_alive(), 8.0)
    stop.set()
