"""What a profile is: a request made of an alert, and the meaning of what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any
from urllib.parse import urlsplit

from ecgd.alerts.answer import Answer, Reply
from ecgd.alerts.news import News, read_news
from ecgd.alerts.secret import Keys
from ecgd.alerts.telling import Text, tell
from ecgd.config.settings import WebhookSettings
from ecgd.errors import DeliveryError

Problem = tuple[str, str]
"""(key of the target's table, what is wrong with it)."""


@dataclass(frozen=True, slots=True)
class Post:
    """One attempt's material. ``body`` is the stored alert, ``signing`` the webhook's secrets.

    ``message_id`` stays the same over all attempts, ``sent_unix_s`` does not.
    """

    settings: WebhookSettings
    message_id: str
    body: bytes
    sent_unix_s: int
    keys: Keys = field(default_factory=Keys)
    signing: tuple[bytes, ...] = field(default=(), repr=False)
    emergency_number: str = ""
    zone: tzinfo | None = None

    def news(self) -> News:
        """Return the alert's facts. Raises DeliveryError if the body is no alert."""
        return read_news(self.body)

    def text(self, news: News) -> Text:
        """Return the alert in the target's language."""
        language, number = self.settings.language, self.emergency_number
        return tell(news, language, number, self.zone, self.sent_unix_s)

    def page_url(self, news: News) -> str:
        """Return the page that a tap opens, empty for none."""
        return self.settings.page_url.replace("{alert_id}", news.alert_id)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. Address, headers and body may hold secrets, and are not shown."""

    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Errand:
    """What is done by a library of its own in place of a request; ``run`` may block."""

    run: Callable[[], Answer] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Canary:
    """How a service is asked whether an alert would get there, so that nobody is woken by it.

    ``proves`` says in words what its success proves, ``leaves_open`` what it does not. ``read`` is
    asked once the whole answer has come, unless ``reads_body`` is False: half a word proves
    nothing. Both functions are pure.
    """

    compose: Callable[[Post], Request]
    read: Callable[[Reply], Answer]
    proves: str
    leaves_open: str
    reads_body: bool = True

    @property
    def counts_by_status(self) -> bool:
        """Whether the status alone decides."""
        return not self.reads_body


@dataclass(frozen=True, slots=True)
class Profile:
    """How one service is told an alert.

    ``compose`` and ``read`` are pure. ``read`` is asked once with the status alone, and with the
    body when it has come, unless ``reads_body`` is False. ``problems`` are those of the
    configuration, ``check`` raises DeliveryError for what only the secret file shows. ``keys`` are
    the names that this file may hold; None: it is a webhook's signing secret. ``prepare`` is called
    in the target's thread before the first alert comes, and does not raise. ``canary`` None: the
    service offers nothing that would wake nobody. ``pause_s``: a line is busy for so long after a
    message, and another one would be lost.
    """

    compose: Callable[[Post], Request | Errand]
    read: Callable[[Reply], Answer]
    problems: Callable[[WebhookSettings], Iterator[Problem]]
    check: Callable[[WebhookSettings, Keys], None]
    keys: tuple[str, ...] | None = None
    reads_body: bool = True
    prepare: Callable[[], object] = bool
    canary: Canary | None = None
    pause_s: float = 0.0

    @property
    def counts_by_status(self) -> bool:
        """Whether the status counts where no words follow it in time: an alert may be there."""
        return True


def json_request(url: str, content: Any, headers: dict[str, str] | None = None) -> Request:
    """Return a POST of JSON in UTF-8."""
    body = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    sent = {"content-type": "application/json", **(headers or {})}
    return Request(url, body.encode("utf-8", "replace"), sent)


def web_address(url: str) -> bool:
    """Return whether it is an http:// or https:// address of some host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def is_guarded(url: str) -> bool:
    """Return whether nobody on the way can read it: https, or it stays on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1")


def own_address_problems(settings: WebhookSettings) -> Iterator[Problem]:
    """Yield what is wrong with an address that the user has to give."""
    if not web_address(settings.url):
        yield "url", "is no http:// or https:// address"


def hosted_problems(settings: WebhookSettings) -> Iterator[Problem]:
    """Yield what is wrong with the address of a service that has one of its own."""
    if settings.url and not web_address(settings.url):
        yield "url", "is no https:// address, and may be empty"
    elif settings.url and not is_guarded(settings.url):
        yield "url", "should begin with https://: the service's key would go out unencrypted"


def secret_problems(settings: WebhookSettings) -> Iterator[Problem]:
    """Yield what is wrong with the naming of the secret file of a service that needs keys."""
    if not settings.secret_file:
        wanted = "is required: the file with the service's keys, see docs/phones.md"
        yield "secret_file", wanted
    if settings.previous_secret_file:
        yield "previous_secret_file", "is for webhooks alone: put the new key into secret_file"


def unused_problems(settings: WebhookSettings, *names: str) -> Iterator[Problem]:
    """Yield the settings that this profile would pass over in silence."""
    for name in names:
        if getattr(settings, name):
            yield name, f"says nothing to the profile {settings.profile!r}"


def require_keys(settings: WebhookSettings, keys: Keys, *names: str) -> None:
    """Raise DeliveryError for names that the secret file lacks."""
    missing = [f"{name}=…" for name in names if not keys.get(name)]
    if missing:
        raise DeliveryError(
            f"webhook {settings.name}: the secret file lacks {', '.join(missing)}",
            f"Add it to {settings.secret_file}",
        )
