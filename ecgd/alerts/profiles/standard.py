"""Standard Webhooks 1.0: the stored alert, signed. The profile of a program of your own."""

from __future__ import annotations

from collections.abc import Iterator

from ecgd.alerts.answer import judged_reply
from ecgd.alerts.profiles.profile import (
    Canary,
    Post,
    Problem,
    Profile,
    Request,
    own_address_problems,
    unused_problems,
)
from ecgd.alerts.secret import Keys
from ecgd.alerts.signature import signature_headers
from ecgd.config.settings import WebhookSettings


def _compose(post: Post) -> Request:
    headers = signature_headers(post.signing, post.message_id, post.sent_unix_s, post.body)
    return Request(post.settings.url, post.body, {"content-type": "application/json", **headers})


def _problems(settings: WebhookSettings) -> Iterator[Problem]:
    yield from own_address_problems(settings)
    yield from unused_problems(settings, "recipient", "sender", "page_url", "template")


def _check(settings: WebhookSettings, keys: Keys) -> None:
    """The signing secrets are checked where they are loaded."""


_CANARY = Canary(
    _compose,
    judged_reply,
    proves="address, TLS, and that the receiver takes a signed message of type ecgd.canary",
    leaves_open="what the receiver does with an alert",
    reads_body=False,
)
STANDARD = Profile(_compose, judged_reply, _problems, _check, reads_body=False, canary=_CANARY)
