"""Apprise: everything that the package knows and ecgd does not (https://appriseit.com/services/).

The package is an extra and is loaded in the target's thread. It does its own requests, so
only the attempt's deadline is ours: what it does after that is not waited for.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import unquote_plus

from ecgd.alerts.answer import Answer, judged_reply
from ecgd.alerts.profiles.phone_number import is_emergency_number
from ecgd.alerts.profiles.profile import (
    Errand,
    Post,
    Problem,
    Profile,
    secret_problems,
    unused_problems,
)
from ecgd.alerts.secret import Keys
from ecgd.config.settings import WebhookSettings
from ecgd.errors import DeliveryError
from ecgd.model.alarm import DeliveryResult
from ecgd.model.finding import Severity

TITLE_LIMIT: Final = 250
_PARTS: Final = re.compile(r"[/?&=,;]")
BODY_LIMIT: Final = 4000
_KINDS: Final = {
    Severity.CRITICAL: "failure",
    Severity.HIGH: "failure",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
}


def _compose(post: Post) -> Errand:
    news = post.news()
    text = post.text(news)
    title, body = text.headline(TITLE_LIMIT), text.body(BODY_LIMIT)
    addresses = post.keys.get("url").splitlines()
    return Errand(lambda: _notify(addresses, title, body, _KINDS[news.severity]))


def _notify(addresses: list[str], title: str, body: str, kind: str) -> Answer:
    """Hand the text to the package. It says only whether every address took it."""
    sender = _sender(addresses)
    if isinstance(sender, str):
        return Answer(DeliveryResult.RETRY, sender)
    if sender.notify(title=title, body=body, notify_type=kind, body_format="text"):
        return Answer(DeliveryResult.DELIVERED, "apprise has sent it")
    return Answer(DeliveryResult.RETRY, "apprise could not send it to every address")


def _package() -> Any:
    """Return the package, None if it is not there: an extra, and slow to import."""
    try:
        return import_module("apprise")
    except ImportError:
        return None


def _sender(addresses: list[str]) -> Any:
    """Return the package's sender with all addresses, or in words why there is none."""
    package = _package()
    if package is None:
        return "the package apprise is not installed: pip install 'ecgd[apprise]'"
    silence = logging.getLogger("apprise")  # it would write addresses with their secrets
    silence.propagate, silence.disabled = False, True
    sender = package.Apprise()
    for number, address in enumerate(addresses, 1):
        if not sender.add(address):
            return f"address {number} in the secret file is none that apprise knows"
    return sender


def _problems(settings: WebhookSettings) -> Iterator[Problem]:
    if settings.url:
        yield "url", "holds a secret for apprise: it belongs into secret_file, one a line"
    yield from secret_problems(settings)
    unused = ("recipient", "sender", "template", "acknowledge", "page_url", "ca_file")
    yield from unused_problems(settings, *unused)


def _check(settings: WebhookSettings, keys: Keys) -> None:
    if not keys.get("url"):
        raise DeliveryError(
            f"webhook {settings.name}: the secret file names no address",
            f"Write Apprise's addresses into {settings.secret_file}, one a line",
        )
    for number, address in enumerate(keys.get("url").splitlines(), 1):
        whom = address.partition("://")[2].rpartition("@")[2]
        if any(is_emergency_number(unquote_plus(part)) for part in _PARTS.split(whom)):
            raise DeliveryError(
                f"webhook {settings.name}: address {number} in the secret file names a public "
                "emergency number: no machine may call one",
                "Name a person, or a centre that you have a contract with",
            )
    if find_spec("apprise") is None:
        raise DeliveryError(
            f"webhook {settings.name}: the package apprise is not installed",
            "Run: pip install 'ecgd[apprise]'",
        )


APPRISE = Profile(_compose, judged_reply, _problems, _check, keys=("url",), prepare=_package)
