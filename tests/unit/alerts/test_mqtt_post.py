"""When an alarm goes to which topic, and what is told of it."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
from store_examples import make_alert

from ecgd.alerts.mqtt.line import NOBODY, Outcome
from ecgd.alerts.mqtt.mailbox import Letter, Mailbox
from ecgd.alerts.mqtt.post import GIVE_UP_S, LATE_S, Post
from ecgd.alerts.mqtt.topics import Topics
from ecgd.alerts.payload import alert_body
from ecgd.config.fleet import MqttSettings
from ecgd.model.alarm import DeliveryResult, OutboxItem
from ecgd.model.finding import Severity

TOPICS = Topics("ecgd", "pi", "homeassistant")
NOT_AUTHORISED = 135


def made(*, required: bool = False) -> tuple[Post, Mailbox, list[OutboxItem]]:
    lost: list[OutboxItem] = []
    box = Mailbox()
    return Post(MqttSettings(enabled=True, required=required), TOPICS, box, lost.append), box, lost


def item(*, patient_id: str = "anna", simulated: bool = False, age_s: float = 0.0) -> OutboxItem:
    alert = replace(make_alert(), patient_id=patient_id, simulated=simulated)
    created_s = time.time() - age_s
    return OutboxItem("m", alert.alert_id, "mqtt", Severity.HIGH, alert_body(alert), created_s)


def sent(post: Post, later_s: float = 0.0) -> Letter:
    letter = post.next(time.monotonic() + later_s)
    assert letter is not None
    return letter


@pytest.mark.parametrize(
    ("patient_id", "simulated", "topic"),
    [
        ("anna", False, "ecgd/pi/patient/anna/event"),
        ("anna", True, "ecgd/pi/test/anna/event"),
        ("gateway", False, "ecgd/pi/gateway/event"),
        ("gateway", True, "ecgd/pi/test/gateway/event"),
    ],
)
def test_topic_follows_from_whose_alarm_it_is(patient_id: str, simulated: bool, topic: str) -> None:
    post, _, _ = made()
    post.take(item(patient_id=patient_id, simulated=simulated), is_new=True)
    letter = sent(post)
    assert letter.topic == topic
    assert not letter.retain
    assert json.loads(letter.payload)["patient_id"] == patient_id


def test_alarm_that_waited_too_long_goes_to_the_late_ones() -> None:
    post, _, _ = made()
    post.take(item(), is_new=True)
    letter = sent(post, later_s=LATE_S + 1.0)
    assert letter.topic == "ecgd/pi/patient/anna/late"
    post.give_back(letter)


@pytest.mark.parametrize(("age_s", "word"), [(3.0, "event"), (3600.0, "late"), (-3600.0, "late")])
def test_age_of_an_alarm_of_the_run_before_counts(age_s: float, word: str) -> None:
    post, _, _ = made()
    post.take_if_room(item(age_s=age_s))
    assert sent(post).topic.endswith(word)


def test_refused_alarm_is_kept_and_tried_again() -> None:
    post, box, _ = made()
    post.take(item(), is_new=True)
    report = post.settle(Outcome(sent(post), NOT_AUTHORISED, "Not authorized"), 5.0, 1e9)
    assert report is not None
    assert report.result is DeliveryResult.RETRY
    assert report.item.attempts == 1
    assert report.retry_after_s == 2.0
    assert "check its rules" in post.trouble
    assert box.waiting == 1
    assert post.wait_s(5.0) == 2.0


def test_success_at_the_same_topic_ends_the_trouble_another_does_not() -> None:
    post, box, _ = made()
    box.put_document("a", b"1")
    box.put_document("b", b"1")
    post.settle(Outcome(sent(post), NOT_AUTHORISED, "Not authorized"), 0.0, 0.0)
    post.settle(Outcome(sent(post), 0, "Success"), 0.0, 0.0)
    assert post.trouble.startswith("the broker refuses a ")
    box.put_document("a", b"2")
    post.settle(Outcome(sent(post), 0, "Success"), 0.0, 0.0)
    assert post.trouble == ""


@pytest.mark.parametrize("required", [False, True])
def test_alarm_that_nobody_heard_is_no_delivery(required: bool) -> None:
    post, box, _ = made(required=required)
    post.take(item(), is_new=True)
    report = post.settle(Outcome(sent(post), NOBODY, "No matching subscribers"), 5.0, 1e9)
    assert report is not None
    assert report.result is (DeliveryResult.RETRY if required else DeliveryResult.DELIVERED)
    assert "nobody is subscribed" in report.detail
    assert box.waiting == (1 if required else 0)
    assert post.delivered == 0
    assert list(post.words()) == ["alarms that nobody was subscribed to: 1"]


def test_alarm_is_given_up_after_days() -> None:
    post, box, _ = made(required=True)
    post.take(item(), is_new=True)
    end_s = time.monotonic() + GIVE_UP_S + 1.0
    report = post.settle(Outcome(sent(post), NOT_AUTHORISED, "no"), end_s, 1e9)
    assert report is not None
    assert report.result is DeliveryResult.REFUSED
    assert box.waiting == 0


def test_what_is_no_alert_is_left_out() -> None:
    post, box, _ = made()
    assert post.take(replace(item(), body=b"\xff"), is_new=True)
    assert box.waiting == 0
