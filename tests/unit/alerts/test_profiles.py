"""What each profile accepts in configuration and secret file, and how it ranks an alert."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest

from ecgd.alerts.payload import alert_body
from ecgd.alerts.profiles.acknowledge import (
    WORD_LIMIT_BYTES,
    acknowledge_word,
    read_acknowledgement,
)
from ecgd.alerts.profiles.ntfy import is_unguessable
from ecgd.alerts.profiles.profile import Post, Request
from ecgd.alerts.profiles.registry import PROFILES, profile_of, profile_problems
from ecgd.alerts.secret import Keys
from ecgd.config.settings import WebhookSettings
from ecgd.errors import ConfigError, DeliveryError
from ecgd.model.alarm import Alert
from ecgd.model.finding import EventType, Severity
from ecgd.service.settings import parse_settings

TOPIC, OTHER = "5f3a9c1e07b24d68a1f0c3e97b5d2846", "0c9e4b7f1a2d5836e8b7c6a5d4f3e210"
NUMBERS = {"recipient": "+4917012345678", "sender": "+15017122661", "secret_file": "k"}
TEMPLATE = '{"text": "{title}"}'
GOOD: dict[str, dict[str, Any]] = {
    "standard": {"url": "https://h/"},
    "ntfy": {"secret_file": "k"},
    "gotify": {"url": "https://h/gotify/", "secret_file": "k"},
    "pushover": {"secret_file": "k"},
    "slack": {"secret_file": "k"},
    "telegram": {"secret_file": "k", "recipient": "-100123"},
    "home-assistant": {"url": "http://homeassistant.local:8123", "secret_file": "k"},
    "twilio-sms": NUMBERS,
    "twilio-call": NUMBERS,
    "json": {"url": "https://h/", "template": TEMPLATE},
    "apprise": {"secret_file": "k"},
}
ALERT = Alert(
    alert_id="0123456789abcdef01234567",
    patient_id="p1",
    patient_name="",
    event_type=EventType.ASYSTOLE,
    severity=Severity.CRITICAL,
    occurred_unix_s=1_700_000_000.0,
    occurred_mono_s=5.0,
    boot_id="b",
    clock_synchronised=True,
    simulated=False,
    description="No heart beat seen.",
    recommended_action="Go to the patient now.",
)


def target(profile: str, **settings: Any) -> WebhookSettings:
    return WebhookSettings(name="phone", profile=profile, **{**GOOD[profile], **settings})


def problems(profile: str, **settings: Any) -> dict[str, str]:
    return dict(profile_problems(target(profile, **settings)))


def composed(profile: str, keys: Mapping[str, str], alert: Alert = ALERT, **settings: Any) -> Any:
    post = Post(target(profile, **settings), "m", alert_body(alert), 1, keys=Keys(dict(keys)))
    work = profile_of(post.settings).compose(post)
    assert isinstance(work, Request)
    is_form = work.headers["content-type"].endswith("urlencoded")
    return dict(parse_qsl(work.body.decode())) if is_form else json.loads(work.body)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_has_a_configuration_that_is_right(profile: str) -> None:
    assert problems(profile) == {}


WRONG: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("standard", {"url": ""}, "url", "no http"),
    ("standard", {"recipient": "+49"}, "recipient", "says nothing"),
    ("ntfy", {"secret_file": ""}, "secret_file", "is required"),
    ("ntfy", {"url": "https://ntfy.sh/my-topic"}, "url", "the server alone"),
    ("ntfy", {"url": "ntfy.sh"}, "url", "no http"),
    ("ntfy", {"recipient": "my topic"}, "recipient", "should be a topic"),
    ("ntfy", {"page_url": "javascript:x"}, "page_url", "no http"),
    ("gotify", {"url": ""}, "url", "no http"),
    ("gotify", {"acknowledge": True}, "acknowledge", "says nothing"),
    ("pushover", {"url": "http://pushover.example"}, "url", "unencrypted"),
    ("pushover", {"repeat_s": 90.0, "repeat_for_s": 60.0}, "repeat_s", "longer"),
    ("pushover", {"page_url": "http://h/" + "a" * 500}, "page_url", "longer than Pushover"),
    ("slack", {"url": "https://hooks.slack.com/services/T/B/X"}, "url", "belongs into secret_file"),
    ("telegram", {"recipient": "Anna"}, "recipient", "should be a chat"),
    (
        "telegram",
        {"recipient": "@news_of_anna", "acknowledge": True},
        "acknowledge",
        "many readers",
    ),
    ("telegram", {"previous_secret_file": "k"}, "previous_secret_file", "webhooks alone"),
    ("home-assistant", {"url": "http://ha:8123/api/webhook/x"}, "url", "should end before"),
    ("twilio-sms", {"recipient": "112"}, "recipient", "no machine may call one"),
    ("twilio-call", {"recipient": "+1911"}, "recipient", "no machine may call one"),
    ("twilio-call", {"recipient": "017012345678"}, "recipient", "country code"),
    ("twilio-call", {"sender": "Gateway"}, "sender", "Twilio number"),
    ("twilio-call", {"sender": "+4917012345678"}, "sender", "recipient itself"),
    ("twilio-sms", {"sender": "Gateway of Anna"}, "sender", "messaging service"),
    ("json", {"template": ""}, "template", "is required"),
    ("json", {"template": '{"a": "{x}"}'}, "template", "no field"),
    ("apprise", {"url": "json://h"}, "url", "belongs into secret_file"),
)


@pytest.mark.parametrize(("profile", "settings", "key", "says"), WRONG)
def test_wrong_configuration_is_told(
    profile: str, settings: dict[str, Any], key: str, says: str
) -> None:
    assert says in problems(profile, **settings).get(key, "")


def test_names_of_a_sender_and_a_messaging_service_may_send_texts() -> None:
    for sender in ("Gateway", "MG" + "0" * 32):
        assert problems("twilio-sms", sender=sender) == {}
    keys = {"account": "AC" + "0" * 32, "token": "t"}
    sent = composed("twilio-sms", keys, sender="MG" + "0" * 32)
    assert "From" not in sent
    assert sent["MessagingServiceSid"] == "MG" + "0" * 32


def test_emergency_number_ends_the_start_with_its_line() -> None:
    text = (
        '[[patients]]\nid = "a"\nsource = "synthetic:"\n[[webhooks]]\nname = "x"\n'
        'profile = "twilio-call"\nsecret_file = "k"\nsender = "+15017122661"\nrecipient = "911"\n'
    )
    with pytest.raises(ConfigError, match=r"line 9: webhooks\[0\]\.recipient: '911' is a public"):
        parse_settings(text, "c.toml")


TELEGRAM = "123456:" + "a" * 35
UNUSABLE: tuple[tuple[str, dict[str, Any], dict[str, str], str], ...] = (
    ("ntfy", {}, {}, "topic is missing"),
    ("ntfy", {}, {"topic": "mum"}, "topic can be guessed"),
    ("ntfy", {"recipient": "mum"}, {}, "topic can be guessed"),
    ("ntfy", {}, {"topic": "a/b", "token": "t"}, "no ntfy topic"),
    ("ntfy", {"acknowledge": True}, {"topic": TOPIC}, "reply topic is missing"),
    ("ntfy", {}, {"topic": TOPIC, "reply": "mum-answers"}, "reply topic can be guessed"),
    ("ntfy", {}, {"topic": TOPIC, "reply": TOPIC}, "are the same"),
    ("gotify", {}, {}, "lacks token="),
    ("pushover", {}, {"token": "t"}, "lacks user="),
    ("slack", {}, {"url": "http://hooks.slack.com/x"}, "no https"),
    ("telegram", {}, {"token": "nonsense"}, "none of Telegram's"),
    ("telegram", {"recipient": ""}, {"token": "123456:" + "a" * 35}, "no chat"),
    ("home-assistant", {}, {"webhook_id": "http://ha/api/webhook/x"}, "no id"),
    ("twilio-call", {}, {"account": "AC1", "token": "t"}, "account in the secret file is no SID"),
    ("twilio-sms", {}, {"account": "AC" + "0" * 32, "token": "t", "key": "x"}, "key in the secret"),
    ("json", {"url": "", "secret_file": "k"}, {}, "no address"),
    ("json", {"secret_file": "k"}, {"Content-Length": "1"}, "Content-Length cannot be set"),
    ("apprise", {}, {}, "names no address"),
    (
        "apprise",
        {},
        {"url": "json://a\ntwilio://AC1:token@+15017122661/112"},
        "address 2 .*emergency",
    ),
    ("apprise", {}, {"url": "sms://key@112?to=x"}, "emergency"),
    ("apprise", {}, {"url": "sms://key@host/?to=%2B49112"}, "emergency"),
    ("telegram", {"acknowledge": True}, {"token": TELEGRAM, "chat": "@news"}, "many readers"),
)


@pytest.mark.parametrize(("profile", "settings", "keys", "says"), UNUSABLE)
def test_unusable_keys_are_told_with_what_to_do(
    profile: str, settings: dict[str, Any], keys: dict[str, str], says: str
) -> None:
    with pytest.raises(DeliveryError, match=says) as caught:
        profile_of(target(profile)).check(target(profile, **settings), Keys(keys))
    assert caught.value.remedy
    assert "http://" not in str(caught.value)


@pytest.mark.parametrize(
    "topic", [TOPIC, OTHER, "u4Jk9-2bQx7_Zr1mN8vLp3", "550e8400-e29b-41d4-a716-446655440000"]
)
def test_topic_that_was_drawn_is_taken(topic: str) -> None:
    assert is_unguessable(topic)
    profile_of(target("ntfy")).check(target("ntfy"), Keys({"topic": topic}))


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "mum",
        "ecg-mueller-1965",
        "heart-alarm-of-grandmother-1938-berlin",
        "a" * 40,
        "12345678901234567890",
        "a1" * 20,
        "5f3a9c1e07b24d6",
    ],
)
def test_topic_that_can_be_guessed_is_not(topic: str) -> None:
    assert not is_unguessable(topic)


RANKS = {
    "ntfy": ({"topic": TOPIC}, "priority", [3, 4, 5, 5]),
    "gotify": ({"token": "t"}, "priority", [2, 5, 8, 10]),
    "pushover": ({"token": "t", "user": "u"}, "priority", ["0", "1", "2", "2"]),
    "telegram": ({"token": "t"}, "disable_notification", [True, False, False, False]),
    "home-assistant": ({"webhook_id": "x"}, "priority", ["low", "medium", "high", "high"]),
}


@pytest.mark.parametrize("profile", RANKS)
def test_graver_alerts_rank_higher(profile: str) -> None:
    keys, name, ranks = RANKS[profile]
    alerts = [replace(ALERT, severity=severity) for severity in Severity]
    assert [composed(profile, keys, alert)[name] for alert in alerts] == ranks


def test_pushover_repeats_as_configured_and_can_be_ended_by_the_alert() -> None:
    keys = {"token": "t", "user": "u"}
    sent = composed("pushover", keys, repeat_s=45.0, repeat_for_s=1800.0)
    assert (sent["retry"], sent["expire"], sent["tags"]) == ("45", "1800", ALERT.alert_id)
    assert sent["timestamp"] == "1700000000"
    unsure = composed("pushover", keys, replace(ALERT, clock_synchronised=False))
    assert "timestamp" not in unsure


@pytest.mark.parametrize("profile", ["ntfy", "telegram"])
def test_button_is_offered_only_when_somebody_listens(profile: str) -> None:
    keys = {"topic": TOPIC, "reply": OTHER, "token": "123456:" + "a" * 35}
    assert {"actions", "reply_markup"} & set(composed(profile, keys, acknowledge=True))
    assert not {"actions", "reply_markup"} & set(composed(profile, keys))


def test_request_and_post_show_no_secret() -> None:
    keys = Keys({"token": "123456:very-secret"})
    post = Post(target("telegram"), "m", alert_body(ALERT), 1, keys=keys, signing=(b"very-secret",))
    assert "very-secret" not in f"{post!r} {profile_of(post.settings).compose(post)!r}"


def test_same_material_gives_the_same_request() -> None:
    keys = {"token": "123456:" + "a" * 35}
    assert composed("telegram", keys) == composed("telegram", keys)


def test_acknowledgement_goes_out_and_comes_back() -> None:
    word = acknowledge_word("0123456789abcdef01234567", "n" * 32)
    assert len(word.encode()) <= WORD_LIMIT_BYTES
    assert read_acknowledgement(f"{word}\n") == ("0123456789abcdef01234567", "n" * 32)
    for other in (
        "",
        "ack",
        "ack a1",
        "ack a1 b c",
        "nack a1 b",
        "ack a/1 b",
        "ack a1 " + "b" * 33,
    ):
        assert read_acknowledgement(other) is None
