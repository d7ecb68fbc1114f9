"""Deliveries to a real HTTP receiver: signed, retried, refused, one after the other."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from webhook_receiver import (
    PREVIOUS,
    REAL,
    SECRET,
    SIMULATED,
    answer,
    attempts_alive,
    close_amid_body,
    close_before_status,
    delivering,
    drip,
    endless_body,
    item,
    raw,
    receiving,
    reset_amid_body,
    until,
    write_secrets,
)

from ecgd.alerts.delivery import DeliveryWorker
from ecgd.alerts.retry import RetrySchedule
from ecgd.alerts.signature import verified
from ecgd.config.settings import WebhookSettings
from ecgd.model.alarm import DeliveryResult


@pytest.fixture
def secrets(tmp_path: Path) -> dict[str, Any]:
    return write_secrets(tmp_path)


def test_alert_arrives_signed_with_both_secrets(secrets: dict[str, Any]) -> None:
    with receiving(answer(200)) as receiver, delivering(receiver.url, **secrets) as delivery:
        assert delivery.worker.submit(item())
        until(lambda: delivery.reports)
        [one] = receiver.received
        assert one.body == REAL
        assert one.headers["content-type"] == "application/json"
        assert one.headers["user-agent"].startswith("ecgd/")
        assert verified(SECRET, one.headers, one.body, time.time())
        assert verified(PREVIOUS, one.headers, one.body, time.time())
        [report] = delivery.reports
        assert report.result is DeliveryResult.DELIVERED
        assert report.item.attempts == 1
        assert report.retry_after_s is None
        health = delivery.worker.health()
        assert (health.healthy, health.delivered, health.pending) == (True, 1, 0)
        assert health.last_success_age_s is not None
        assert health.last_success_age_s < 5.0


def test_connection_is_kept_between_alerts() -> None:
    with receiving(answer(200)) as receiver, delivering(receiver.url) as delivery:
        for n in range(5):
            delivery.worker.submit(item(f"msg_{n}"))
            delivery.await_reports(n + 1)
        assert len({one.client for one in receiver.received}) == 1


def test_failure_is_retried_in_seconds_with_the_same_id_and_a_fresh_timestamp(
    secrets: dict[str, Any],
) -> None:
    behaviours = (answer(500), answer(503), answer(200))
    with receiving(*behaviours) as receiver, delivering(receiver.url, **secrets) as delivery:
        delivery.worker.submit(item())
        until(lambda: DeliveryResult.DELIVERED in delivery.results())
        assert delivery.results() == [DeliveryResult.RETRY] * 2 + [DeliveryResult.DELIVERED]
        assert receiver.ids() == ["msg_1"] * 3
        assert all(verified(SECRET, r.headers, r.body, time.time()) for r in receiver.received)
        first, second, last = delivery.reports
        assert [report.item.attempts for report in delivery.reports] == [1, 2, 3]
        assert "HTTP 500" in first.detail
        assert second.retry_after_s == pytest.approx(0.1, rel=0.2)
        assert second.item.not_before_unix_s == pytest.approx(
            second.attempted_unix_s + 0.1, abs=0.5
        )
        assert delivery.worker.health().healthy, "the last attempt succeeded"
        assert last.item.message_id == "msg_1"


def test_retry_after_is_honoured() -> None:
    behaviours = (answer(429, Retry_After="1"), answer(200))
    with receiving(*behaviours) as receiver, delivering(receiver.url) as delivery:
        delivery.worker.submit(item())
        until(lambda: len(receiver.received) == 2)
        assert receiver.received[1].at_s - receiver.received[0].at_s >= 0.95
        assert delivery.reports[0].retry_after_s == 1.0


def test_410_ends_the_deliveries_to_this_target() -> None:
    with receiving(answer(410)) as receiver, delivering(receiver.url) as delivery:
        delivery.worker.submit(item("msg_1"))
        until(lambda: delivery.reports)
        delivery.worker.submit(item("msg_2"))
        until(lambda: len(delivery.reports) == 2)
        assert delivery.results() == [DeliveryResult.GONE] * 2
        assert receiver.ids() == ["msg_1"], "the second was not sent"
        health = delivery.worker.health()
        assert not health.healthy
        assert "410" in health.detail
        assert health.pending == 0


def test_410_also_ends_what_waits_for_a_retry() -> None:
    schedule = RetrySchedule(first_s=(3600.0,))
    behaviours = (answer(500), answer(410))
    with (
        receiving(*behaviours) as receiver,
        delivering(receiver.url, schedule=schedule) as delivery,
    ):
        delivery.worker.submit(item("msg_1"))
        until(lambda: delivery.reports)
        delivery.worker.submit(item("msg_2"))
        until(lambda: len(delivery.reports) == 3)
        assert delivery.results()[1:] == [DeliveryResult.GONE] * 2


def test_redirect_is_not_followed() -> None:
    with receiving(answer(200)) as elsewhere:
        behaviours = (answer(307, Location=elsewhere.url), answer(302, Location=elsewhere.url))
        with receiving(*behaviours) as receiver, delivering(receiver.url) as delivery:
            delivery.worker.submit(item())
            until(lambda: len(delivery.reports) >= 2)
            assert set(delivery.results()) == {DeliveryResult.RETRY}
            assert "redirects are not followed" in delivery.reports[0].detail
        assert elsewhere.received == []


@pytest.mark.parametrize(
    "behaviour",
    [
        close_amid_body,
        reset_amid_body,
        endless_body,
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"),
        raw(b"HTTP/1.0 200 OK\r\n\r\nok"),
        raw(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok"),
    ],
    ids=["closes", "resets", "endless", "drips", "HTTP/1.0", "chunked", "bad chunks", "bad gzip"],
)
def test_status_decides_whatever_the_body_does(
    behaviour: Callable[[BaseHTTPRequestHandler], None],
) -> None:
    with receiving(behaviour, answer(200)) as receiver, delivering(receiver.url) as delivery:
        delivery.worker.submit(item("msg_1"))
        delivery.worker.submit(item("msg_2"))
        until(lambda: len(delivery.reports) == 2, 4.0)
        assert delivery.results() == [DeliveryResult.DELIVERED] * 2
        assert receiver.ids() == ["msg_1", "msg_2"]
        until(lambda: not attempts_alive(), 8.0)


def test_close_before_the_status_is_a_failure() -> None:
    behaviours = (close_before_status, answer(200))
    with receiving(*behaviours) as receiver, delivering(receiver.url) as delivery:
        delivery.worker.submit(item())
        until(lambda: len(delivery.reports) == 2)
        assert delivery.results() == [DeliveryResult.RETRY, DeliveryResult.DELIVERED]


def test_refused_connection_is_retried_until_the_receiver_is_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    with delivering(url) as delivery:
        delivery.worker.submit(item())
        until(lambda: len(delivery.reports) >= 4)
        assert set(delivery.results()) == {DeliveryResult.RETRY}
        assert delivery.reports[0].detail == "connection refused"
        health = delivery.worker.health()
        assert (health.healthy, health.pending) == (False, 1)
        assert health.failed_attempts >= 4
        assert health.last_success_age_s is None


def test_simulated_alert_reaches_test_targets_only() -> None:
    with (
        receiving(answer(200)) as receiver,
        delivering(receiver.url) as people,
        delivering(receiver.url, test_target=True) as channel,
    ):
        people.worker.submit(item("msg_people", body=SIMULATED))
        channel.worker.submit(item("msg_channel", body=SIMULATED))
        until(lambda: people.reports and channel.reports)
        assert people.results() == [DeliveryResult.REFUSED]
        assert people.reports[0].item.attempts == 0
        assert channel.results() == [DeliveryResult.DELIVERED]
        assert receiver.ids() == ["msg_channel"]
        assert people.worker.health().healthy, "the target is not at fault"


def test_body_that_is_no_alert_is_refused() -> None:
    with receiving(answer(200)) as receiver, delivering(receiver.url) as delivery:
        delivery.worker.submit(item(body=b"\x00garbage"))
        until(lambda: delivery.reports)
        assert delivery.results() == [DeliveryResult.REFUSED]
        assert receiver.received == []


def test_message_is_given_up_in_the_end() -> None:
    schedule = RetrySchedule(first_s=(0.05,) * 9, give_up_s=0.15)
    with (
        receiving(answer(500)) as receiver,
        delivering(receiver.url, schedule=schedule) as delivery,
    ):
        delivery.worker.submit(item())
        until(lambda: DeliveryResult.REFUSED in delivery.results())
        last = delivery.reports[-1]
        assert last.result is DeliveryResult.REFUSED
        assert "given up" in last.detail
        assert "HTTP 500" in last.detail
        assert delivery.worker.health().pending == 0


def test_failing_listener_does_not_end_the_deliveries() -> None:
    def fails(_: Any) -> None:
        raise RuntimeError("boom")

    with receiving(answer(200)) as receiver:
        worker = DeliveryWorker(WebhookSettings(name="home", url=receiver.url), fails, fails)
        worker.submit(item("msg_1"))
        worker.submit(item("msg_2"))
        until(lambda: len(receiver.received) == 2)
        assert worker.health().healthy
        worker.close()
