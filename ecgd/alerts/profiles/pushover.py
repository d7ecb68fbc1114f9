"""Pushover: push that repeats until somebody confirms it (https://pushover.net/api)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode

from ecgd.alerts.answer import (
    Answer,
    Reply,
    judged_reply,
    refused,
    seconds_of,
    taken,
    try_again,
)
from ecgd.alerts.news import News
from ecgd.alerts.profiles.profile import (
    Canary,
    Post,
    Problem,
    Profile,
    Request,
    hosted_problems,
    require_keys,
    secret_problems,
    unused_problems,
)
from ecgd.alerts.secret import Keys
from ecgd.config.settings import WebhookSettings
from ecgd.model.finding import Severity

SERVER: Final = "https://api.pushover.net"
TITLE_LIMIT: Final = 250
MESSAGE_LIMIT: Final = 1024
URL_LIMIT: Final = 512
EMERGENCY: Final = 2
PRIORITIES: Final = {
    Severity.CRITICAL: EMERGENCY,
    Severity.HIGH: EMERGENCY,
    Severity.MEDIUM: 1,
    Severity.LOW: 0,
}


def server(settings: WebhookSettings) -> str:
    """Return the service's address, without a slash at its end."""
    return (settings.url or SERVER).rstrip("/")


def _compose(post: Post) -> Request:
    news = post.news()
    text = post.text(news)
    fields: dict[str, str | int] = {
        "token": post.keys.get("token"),
        "user": post.keys.get("user"),
        "title": text.headline(TITLE_LIMIT),
        "message": text.body(MESSAGE_LIMIT),
        "priority": PRIORITIES[news.severity],
    }
    if news.occurred_unix_s and news.clock_synchronised:
        fields["timestamp"] = int(news.occurred_unix_s)
    page_url = post.page_url(news)
    if 0 < len(page_url) <= URL_LIMIT:
        fields |= {"url": page_url, "url_title": text.words.open_page}
    fields |= _emergency(post, news)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    body = urlencode(fields, errors="replace").encode("ascii")
    return Request(f"{server(post.settings)}/1/messages.json", body, headers)


def _emergency(post: Post, news: News) -> dict[str, str | int]:
    """Return what makes it repeat; by the tag, everything of this alert can be ended at once."""
    if PRIORITIES[news.severity] != EMERGENCY:
        return {}
    return {
        "retry": int(post.settings.repeat_s),
        "expire": int(post.settings.repeat_for_s),
        "tags": news.alert_id,
    }


def _read(reply: Reply) -> Answer:
    said = reply.json()
    if reply.is_success:
        if reply.body is None or said.get("status") == 1:
            return taken(reply, said.get("receipt"))
        return try_again(reply, "Pushover did not say that it took the message")
    if reply.status == 429:
        return try_again(reply, "the month's messages are used up", _until_reset_s(reply))
    invalid = [key for key in ("token", "user") if said.get(key) == "invalid"]
    if invalid:
        return try_again(reply, f"Pushover does not know the {invalid[0]} in the secret file")
    if 400 <= reply.status < 500 and said.get("status") == 0:
        return refused(reply, "Pushover does not take this message")
    return judged_reply(reply)


def _until_reset_s(reply: Reply) -> float | None:
    """Return the seconds until the quota is filled again (X-Limit-App-Reset, Unix time)."""
    text = reply.headers.get("X-Limit-App-Reset", "")
    left = int(text[:12]) - reply.now_unix_s if text.isascii() and text.isdigit() else None
    return seconds_of(left)


def _problems(settings: WebhookSettings) -> Iterator[Problem]:
    yield from hosted_problems(settings)
    yield from secret_problems(settings)
    yield from unused_problems(settings, "recipient", "sender", "template", "acknowledge")
    if settings.repeat_s > settings.repeat_for_s:
        yield "repeat_s", "is longer than repeat_for_s"
    if len(settings.page_url) > URL_LIMIT - 32:
        yield "page_url", f"is longer than Pushover's {URL_LIMIT} characters with an alert's id"


def _check(settings: WebhookSettings, keys: Keys) -> None:
    require_keys(settings, keys, "token", "user")


def _compose_canary(post: Post) -> Request:
    """Ask whether token and user are right (https://pushover.net/api#verification)."""
    fields = {"token": post.keys.get("token"), "user": post.keys.get("user")}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    body = urlencode(fields, errors="replace").encode("ascii")
    return Request(f"{server(post.settings)}/1/users/validate.json", body, headers)


_CANARY = Canary(
    _compose_canary,
    _read,
    proves="that Pushover knows token and user, and that the user has a device which is switched "
    "on for it (users/validate.json)",
    leaves_open="that messages are left in this month's quota, and the phone",
)
PUSHOVER = Profile(_compose, _read, _problems, _check, keys=("token", "user"), canary=_CANARY)
