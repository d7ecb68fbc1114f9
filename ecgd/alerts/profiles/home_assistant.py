"""Home Assistant: starts an automation in the house.

https://www.home-assistant.io/docs/automation/trigger/#webhook-trigger
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ecgd.alerts.answer import judged_reply
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
from ecgd.errors import DeliveryError
from ecgd.model.alarm import PRIORITY

TITLE_LIMIT: Final = 250
MESSAGE_LIMIT: Final = 4000
_WEBHOOK_ID: Final = re.compile(r"[A-Za-z0-9_.~-]{1,255}")


def _compose(post: Post) -> Request:
    """A template in an automation reads it as trigger.json.title, trigger.json.severity, …"""
    news = post.news()
    text = post.text(news)
    content = {
        "title": text.headline(TITLE_LIMIT),
        "message": text.body(MESSAGE_LIMIT),
        "severity": news.severity.name,
        "priority": PRIORITY[news.severity].value,
        "event_type": news.kind,
        "alert_id": news.alert_id,
        "patient_id": str(news.data.get("patient_id") or ""),
        "simulated": news.simulated,
        "heart_rate_bpm": news.heart_rate_bpm,
        "occurred_unix_s": news.occurred_unix_s,
    }
    base = post.settings.url.rstrip("/")
    return json_request(f"{base}/api/webhook/{post.keys.get('webhook_id')}", content)


def _problems(settings: WebhookSettings) -> Iterator[Problem]:
    yield from own_address_problems(settings)
    if "/api/webhook" in settings.url:
        yield "url", "should end before /api/webhook: its id belongs into secret_file"
    yield from secret_problems(settings)
    unused = ("recipient", "sender", "template", "acknowledge", "page_url")
    yield from unused_problems(settings, *unused)


def _check(settings: WebhookSettings, keys: Keys) -> None:
    require_keys(settings, keys, "webhook_id")
    if not _WEBHOOK_ID.fullmatch(keys.get("webhook_id")):
        raise DeliveryError(
            f"webhook {settings.name}: the secret file holds no id of a webhook",
            "Copy what stands behind /api/webhook/ in Home Assistant, without the address",
        )


def _compose_canary(post: Post) -> Request:
    """Ask for the head alone: no automation starts, unless it was told to start by HEAD."""
    base = post.settings.url.rstrip("/")
    return Request(f"{base}/api/webhook/{post.keys.get('webhook_id')}", b"", {}, "HEAD")


_CANARY = Canary(
    _compose_canary,
    judged_reply,
    proves="that Home Assistant answers at this address",
    leaves_open="the webhook's id, which it never confirms, and what the automation does",
    reads_body=False,
)
HOME_ASSISTANT = Profile(
    _compose,
    judged_reply,
    _problems,
    _check,
    keys=("webhook_id",),
    reads_body=False,
    canary=_CANARY,
)
