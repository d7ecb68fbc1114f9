"""What is no alarm goes behind every alarm: in queues, at the broker, and when a queue is full."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
from store_examples import make_alert

from ecgd.alerts.backlog import Backlog, Waiting
from ecgd.alerts.mqtt.line import NOBODY, Outcome
from ecgd.alerts.mqtt.mailbox import Letter, Mailbox
from ecgd.alerts.mqtt.post import Post
from ecgd.alerts.mqtt.topics import Topics
from ecgd.alerts.payload import alert_body, canary_body, is_answer, is_simulated, is_test
from ecgd.alerts.retry import RetrySchedule
from ecgd.config.fleet import MqttSettings
from ecgd.model.alarm import DeliveryResult, OutboxItem, Purpose
from ecgd.model.finding import EventType, Severity

NOT_AUTHORISED = 135
SCHEDULE = RetrySchedule()


def item(
    name: str, severity: Severity = Severity.LOW, purpose: Purpose = Purpose.ALARM
) -> OutboxItem:
    body = alert_body(replace(make_alert(), simulated=purpose is not Purpose.ALARM))
    if purpose is Purpose.CANARY:
        body = canary_body(name, 1.7e9)
    return OutboxItem(name, name, "mqtt", severity, body, 1.0, purpose=purpose)


@pytest.mark.parametrize("purpose", [Purpose.TEST, Purpose.CANARY])
def test_in_a_queue_it_goes_last_whatever_its_words_say(purpose: Purpose) -> None:
    backlog = Backlog(8, SCHEDULE)
    for each in (item("trial", Severity.CRITICAL, purpose), item("lightest", Severity.LOW)):
        backlog.put(Waiting(each, 0.0, 0.0))
    first, second = backlog.take(1.0, 0.0), backlog.take(1.0, 0.0)
    assert first is not None and second is not None
    assert (first.item.message_id, second.item.message_id) == ("lightest", "trial")


def test_of_a_full_queue_it_leaves_first() -> None:
    backlog = Backlog(1, SCHEDULE)
    backlog.put(Waiting(item("test", Severity.CRITICAL, Purpose.TEST), 0.0, 0.0))
    leaving = backlog.put(Waiting(item("lightest"), 0.0, 0.0))
    assert leaving is not None and leaving.message_id == "test"
    box = Mailbox(limit=1)
    for each in (item("test", Severity.CRITICAL, Purpose.TEST), item("lightest")):
        leaving = box.put_event(Letter("t", b"", item=each))
    assert leaving is not None and leaving.message_id == "test"


def test_a_breaker_holds_back_a_canary_but_no_test() -> None:
    assert SCHEDULE.is_urgent(item("test", purpose=Purpose.TEST))
    assert not SCHEDULE.is_urgent(item("canary", purpose=Purpose.CANARY))


def test_a_letter_that_is_withdrawn_does_not_go() -> None:
    box = Mailbox()
    box.put_event(Letter("t", b"", item=item("test", purpose=Purpose.TEST)))
    box.drop("test")
    box.drop("another")
    assert (box.take(9.0, lambda _: False), box.waiting) == (None, 0)


def post(*, required: bool = True) -> tuple[Post, Mailbox]:
    box = Mailbox()
    settings = MqttSettings(enabled=True, required=required)
    return Post(settings, Topics("ecgd", "pi", "homeassistant"), box, lambda left: None), box


@pytest.mark.parametrize("purpose", [Purpose.TEST, Purpose.CANARY])
@pytest.mark.parametrize("reason", [0, NOBODY, NOT_AUTHORISED])
def test_at_the_broker_it_is_tried_once_and_troubles_nobody(purpose: Purpose, reason: int) -> None:
    desk, box = post()
    desk.take(item("trial", purpose=purpose), is_new=True)
    letter = desk.next(time.monotonic())
    assert letter is not None
    report = desk.settle(Outcome(letter, reason, "not authorised"), time.monotonic(), 1.7e9)
    assert report is not None
    delivered = report.result is DeliveryResult.DELIVERED
    assert delivered == (reason != NOT_AUTHORISED)
    assert (box.waiting, desk.trouble, desk.failed, desk.delivered) == (0, "", 0, 0)
    assert list(desk.words()) == []


def test_a_canary_has_a_topic_of_its_own() -> None:
    desk, _ = post()
    desk.take(item("canary_1", purpose=Purpose.CANARY), is_new=True)
    letter = desk.next(time.monotonic())
    assert letter is not None
    assert (letter.topic, letter.retain) == ("ecgd/pi/canary", False)
    assert json.loads(letter.payload)["data"]["canary_id"] == "canary_1"


def test_one_that_was_lost_with_its_line_is_not_sent_again() -> None:
    desk, box = post()
    desk.take(item("canary_1", purpose=Purpose.CANARY), is_new=True)
    letter = desk.next(time.monotonic())
    assert letter is not None
    desk.give_back(letter)
    assert box.waiting == 0


def test_bodies_say_what_they_are() -> None:
    canary = canary_body("canary_1", 1.7e9)
    assert (is_simulated(canary), is_test(canary), is_answer(canary)) == (True, False, False)
    test = alert_body(replace(make_alert(), event_type=EventType.TEST_ALARM, simulated=True))
    assert is_test(test)
    assert not is_test(alert_body(make_alert()))
    assert not any(is_test(body) for body in (b"", b"[]", b'{"data": 3}', b"\xff"))
