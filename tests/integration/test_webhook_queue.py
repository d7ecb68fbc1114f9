"""Which of several messages goes first to a real HTTP receiver, and which waits or leaves."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import phone_schemas as schemas
import pytest
from phone_services import serving
from webhook_receiver import answer, delivering, drip, hang, item, receiving, until

from ecgd.alerts.profiles import registry
from ecgd.alerts.profiles.twilio import TWILIO_CALL
from ecgd.alerts.retry import RetrySchedule
from ecgd.model.alarm import DeliveryResult
from ecgd.model.finding import Severity

QUICK_CALL = replace(TWILIO_CALL, pause_s=0.5)


def test_throttled_target_still_gets_a_new_high_alarm_at_once_but_no_light_one() -> None:
    behaviours = (answer(429, Retry_After="30"), answer(200))
    with receiving(*behaviours) as receiver, delivering(receiver.url) as delivery:
        delivery.worker.submit(item("msg_low", Severity.LOW))
        until(lambda: delivery.reports)
        assert delivery.reports[0].retry_after_s == 30.0
        delivery.worker.submit(item("msg_medium", Severity.MEDIUM))
        delivery.worker.submit(item("msg_high", Severity.HIGH))
        until(lambda: DeliveryResult.DELIVERED in delivery.results())
        until(lambda: len(receiver.ids()) >= 3)
        assert receiver.ids()[:2] == ["msg_low", "msg_high"]


def test_open_breaker_does_not_delay_a_new_high_alarm() -> None:
    schedule = RetrySchedule(first_s=(0.01, 0.01, 0.01), cap_s=600.0, jitter=0.0)
    down = threading.Event()

    def while_down(handler: BaseHTTPRequestHandler) -> None:
        answer(200 if down.is_set() else 500)(handler)

    with receiving(while_down) as receiver, delivering(receiver.url, schedule=schedule) as delivery:
        for n in range(4):
            delivery.worker.submit(item(f"msg_{n}"))
        until(lambda: len(delivery.reports) >= 16)
        delivery.worker.submit(item("msg_light", Severity.LOW))
        down.set()
        delivery.worker.submit(item("msg_new", Severity.HIGH))
        until(lambda: DeliveryResult.DELIVERED in delivery.results(), 5.0)
        delivered = next(r for r in delivery.reports if r.result is DeliveryResult.DELIVERED)
        assert delivered.item.message_id == "msg_new"
        assert "msg_light" not in receiver.ids()[: len(delivery.reports)]


def test_new_high_alarm_does_not_wait_for_a_dripping_light_one() -> None:
    with (
        receiving(drip(b""), answer(200)) as receiver,
        delivering(receiver.url, timeout_s=30.0) as delivery,
    ):
        delivery.worker.submit(item("msg_low", Severity.LOW))
        until(lambda: receiver.received)
        submitted_s = time.monotonic()
        delivery.worker.submit(item("msg_high"))
        until(lambda: DeliveryResult.DELIVERED in delivery.results())
        assert receiver.ids()[1] == "msg_high"
        assert receiver.received[1].at_s - submitted_s < 4.0


def test_one_bad_receiver_does_not_hold_up_another() -> None:
    with (
        receiving(drip(b"")) as bad,
        receiving(answer(200)) as good,
        delivering(bad.url, timeout_s=30.0) as stuck,
        delivering(good.url) as delivery,
    ):
        stuck.worker.submit(item())
        until(lambda: bad.received)
        delivery.worker.submit(item())
        until(lambda: delivery.results() == [DeliveryResult.DELIVERED], 5.0)
        assert stuck.reports == []


def test_calls_to_one_person_follow_each_other_gravest_first_and_an_answer_ends_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three calls in one second: two of them met a busy line, and nobody knew."""
    monkeypatch.setattr(registry, "PROFILES", {**registry.PROFILES, "twilio-call": QUICK_CALL})
    keys = tmp_path / "keys"
    keys.write_text(f"account={schemas.TWILIO_ACCOUNT}\ntoken={schemas.TWILIO_TOKEN}\n")
    keys.chmod(0o600)
    numbers: dict[str, Any] = {"recipient": "+4917012345678", "sender": "+15017122661"}
    with (
        serving(schemas.twilio) as service,
        delivering(
            service.url, profile="twilio-call", secret_file=str(keys), **numbers
        ) as delivery,
    ):
        delivery.worker.submit(item("msg_first", Severity.HIGH))
        until(lambda: delivery.reports)
        began_s = time.monotonic()
        delivery.worker.submit(item("msg_high", Severity.HIGH))
        delivery.worker.submit(item("msg_answered"))
        delivery.worker.submit(item("msg_critical"))
        delivery.worker.withdraw("msg_answered")
        assert delivery.worker.health().pending == 2
        delivery.await_reports(3)
        assert time.monotonic() - began_s >= 2 * QUICK_CALL.pause_s - 0.2
        told = [report.item.message_id for report in delivery.reports]
        assert told == ["msg_first", "msg_critical", "msg_high"]
        assert len(service.taken) == 3


def test_overflow_is_reported_and_the_gravest_stay() -> None:
    with receiving(hang) as receiver, delivering(receiver.url, limit=3) as delivery:
        delivery.worker.submit(item("msg_under_way"))
        until(lambda: receiver.received)
        for n in range(3):
            assert delivery.worker.submit(item(f"msg_low_{n}", Severity.LOW, created_unix_s=n))
        assert delivery.worker.submit(item("msg_critical"))
        assert not delivery.worker.submit(item("msg_low_3", Severity.LOW, created_unix_s=0.5))
        assert [one.message_id for one in delivery.overflowed] == ["msg_low_0", "msg_low_3"]
        health = delivery.worker.health()
        assert health.pending == 4
        assert "2 found no room" in health.detail


def test_same_message_is_not_queued_twice() -> None:
    with receiving(hang) as receiver, delivering(receiver.url) as delivery:
        for _ in range(3):
            assert delivery.worker.submit(item("msg_1"))
        until(lambda: receiver.received)
        assert delivery.worker.submit(item("msg_1"))
        assert delivery.worker.health().pending == 1


def test_attempts_of_an_earlier_life_count_and_a_wrong_clock_cannot_hold_an_alert() -> None:
    schedule = RetrySchedule(first_s=(0.05,), cap_s=0.2)
    with (
        receiving(answer(200)) as receiver,
        delivering(receiver.url, schedule=schedule) as delivery,
    ):
        delivery.worker.submit(item(attempts=7, not_before_unix_s=time.time() + 1e9))
        until(lambda: delivery.reports)
        assert delivery.reports[0].item.attempts == 8
