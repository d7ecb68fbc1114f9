"""Gotify: push from a server of your own (https://gotify.net/api-docs, POST /message)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ecgd.alerts.answer import (
    Answer,
    Reply,
    judged_reply,
    refused,
    status_phrase,
    taken,
    try_again,
)
from ecgd.alerts.profiles.profile import (
    Canary,
    Post,
    Problem,
    Profile,
    Request,
    json_request,
    own_address_problems,
    require_keys,
    secret_problems,
    unused_problems,
)
from ecgd.alerts.secret import Keys
from ecgd.config.settings import WebhookSettings
from ecgd.model.alarm import DeliveryResult
from ecgd.model.finding import Severity

MESSAGE_LIMIT: Final = 4000
TITLE_LIMIT: Final = 250
PRIORITIES: Final = {
    Severity.CRITICAL: 10,
    Severity.HIGH: 8,
    Severity.MEDIUM: 5,
    Severity.LOW: 2,
}
"""The app sounds from 4 and heads up from 8 (https://github.com/gotify/android)."""


def _compose(post: Post) -> Request:
    news = post.news()
    text = post.text(news)
    extras: dict[str, Any] = {
        "client::display": {"contentType": "text/plain"},
        "ecgd::alert": {
            "alert_id": news.alert_id,
            "event_type": news.kind,
            "severity": news.severity.name,
            "simulated": news.simulated,
        },
    }
    page_url = post.page_url(news)
    if page_url:
        extras["client::notification"] = {"click": {"url": page_url}}
    content = {
        "title": text.headline(TITLE_LIMIT),
        "message": text.body(MESSAGE_LIMIT),
        "priority": PRIORITIES[news.severity],
        "extras": extras,
    }
    headers = {"X-Gotify-Key": post.keys.get("token")}
    return json_request(f"{post.settings.url.rstrip('/')}/message", content, headers)


def _read(reply: Reply) -> Answer:
    if reply.is_foreign:
        return try_again(reply, "that was not Gotify, check the address")
    if reply.is_success:
        return taken(reply, reply.json().get("id"))
    if reply.status == 400 and "errorCode" in reply.json():
        return refused(reply, "Gotify does not take this message")
    return judged_reply(reply)


def _problems(settings: WebhookSettings) -> Iterator[Problem]:
    yield from own_address_problems(settings)
    yield from secret_problems(settings)
    yield from unused_problems(settings, "recipient", "sender", "template", "acknowledge")


def _check(settings: WebhookSettings, keys: Keys) -> None:
    require_keys(settings, keys, "token")


def _compose_canary(post: Post) -> Request:
    """Send a message without the one field that it must have: it is refused, after the token."""
    headers = {"X-Gotify-Key": post.keys.get("token")}
    return json_request(f"{post.settings.url.rstrip('/')}/message", {"priority": 0}, headers)


def _read_canary(reply: Reply) -> Answer:
    if reply.status == 400 and reply.json().get("errorCode") == 400:
        words = f"{status_phrase(reply.status)}, as it must be of a message without words"
        return Answer(DeliveryResult.DELIVERED, words)
    if reply.is_success:
        return try_again(reply, "that was not Gotify, check the address")
    return judged_reply(reply)


_CANARY = Canary(
    _compose_canary,
    _read_canary,
    proves="that the server knows the application's token: it refuses a message without words (400)"
    ", and an unknown token before that (401)",
    leaves_open="storing a message, and the phone",
)
GOTIFY = Profile(_compose, _read, _problems, _check, keys=("token",), canary=_CANARY)
