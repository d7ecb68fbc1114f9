"""ntfy: push to phones, from ntfy.sh or a server of your own (https://docs.ntfy.sh/publish/)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlsplit

from ecgd.alerts.answer import Answer, Reply, judged_reply, refused, taken, try_again
from ecgd.alerts.news import News
from ecgd.alerts.profiles.acknowledge import acknowledge_word
from ecgd.alerts.profiles.profile import (
    Canary,
    Post,
    Problem,
    Profile,
    Request,
    json_request,
    secret_problems,
    unused_problems,
    web_address,
)
from ecgd.alerts.secret import Keys
from ecgd.alerts.words import Words
from ecgd.config.settings import WebhookSettings
from ecgd.errors import DeliveryError
from ecgd.model.finding import Severity

SERVER: Final = "https://ntfy.sh"
MESSAGE_LIMIT_BYTES: Final = 4096
"""A longer message becomes an attachment, which nobody reads on a locked phone."""
TITLE_LIMIT: Final = 250
FORBIDDEN: Final = 40301
"""ntfy's own code for a topic that this user may not use."""

PRIORITIES: Final = {
    Severity.CRITICAL: 5,
    Severity.HIGH: 5,
    Severity.MEDIUM: 4,
    Severity.LOW: 3,
}
_TAGS: Final = {
    Severity.CRITICAL: "rotating_light",
    Severity.HIGH: "rotating_light",
    Severity.MEDIUM: "warning",
    Severity.LOW: "information_source",
}
_TOPIC: Final = re.compile(r"[-_A-Za-z0-9]{1,64}")
_TOPIC_LEAST: Final = 20
_REMEDY: Final = "Put topic= and what 'openssl rand -hex 16' prints into {file}, or a token="


def server(settings: WebhookSettings) -> str:
    """Return the server's address, without a slash at its end."""
    return (settings.url or SERVER).rstrip("/")


def topic_of(settings: WebhookSettings, keys: Keys) -> str:
    """Return the topic that alerts go to."""
    return keys.get("topic") or settings.recipient


def is_unguessable(topic: str) -> bool:
    """Return whether a topic looks drawn by chance: long, letters and digits well mixed.

    Words and years change between letters and digits seldom, hexadecimal digits in every second
    place: one in six is asked for, which 32 such digits missed in 165 of 200 000 draws. Letters of
    both cases with few digits among them are refused too often to be worth a rule of their own.
    """
    kinds = [char.isdigit() for char in topic if char not in "-_"]
    changes = sum(one != other for one, other in pairwise(kinds))
    return len(kinds) >= _TOPIC_LEAST and len(set(topic)) >= 8 and changes >= len(kinds) / 6


def _compose(post: Post) -> Request:
    news = post.news()
    text = post.text(news)
    message = text.body(MESSAGE_LIMIT_BYTES, size=lambda body: len(body.encode()))
    content: dict[str, Any] = {
        "topic": topic_of(post.settings, post.keys),
        "title": text.headline(TITLE_LIMIT),
        "message": message,
        "priority": PRIORITIES[news.severity],
        "tags": ["test_tube" if news.simulated else _TAGS[news.severity]],
    }
    page_url = post.page_url(news)
    if page_url:
        content["click"] = page_url
    actions = _actions(post, news, text.words)
    if actions:
        content["actions"] = actions
    token = post.keys.get("token")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return json_request(server(post.settings), content, headers)


def _actions(post: Post, news: News, words: Words) -> list[dict[str, Any]]:
    """Return a button that posts the acknowledgement to the reply topic, if there is one.

    The token that publishes alerts is never in it: every reader of the topic could see it.
    """
    reply = post.keys.get("reply")
    if not (post.settings.acknowledge and reply):
        return []
    button: dict[str, Any] = {
        "action": "http",
        "label": words.acknowledge,
        "url": f"{server(post.settings)}/{reply}",
        "method": "POST",
        "body": acknowledge_word(news.alert_id, post.settings.name),
        "clear": True,
    }
    token = post.keys.get("reply_token")
    if token:
        button["headers"] = {"Authorization": f"Bearer {token}"}
    return [button]


def _read(reply: Reply) -> Answer:
    if reply.is_success:
        return taken(reply, reply.json().get("id"))
    if reply.status in (400, 413):
        code = reply.json().get("code")
        if isinstance(code, int):
            return refused(reply, f"ntfy does not take this message (ntfy's code {code})")
    return judged_reply(reply)


def _problems(settings: WebhookSettings) -> Iterator[Problem]:
    yield from secret_problems(settings)
    yield from unused_problems(settings, "sender", "template")
    if settings.url and not web_address(settings.url):
        yield "url", "is no http:// or https:// address"
    elif urlsplit(settings.url).path not in ("", "/"):
        yield "url", "should be the server alone: the topic belongs into the secret file, topic=…"
    if settings.recipient and not _TOPIC.fullmatch(settings.recipient):
        yield "recipient", "should be a topic: 1 to 64 letters, digits, - and _"


def _check(settings: WebhookSettings, keys: Keys) -> None:
    remedy = _REMEDY.format(file=settings.secret_file)
    topics = {"topic": topic_of(settings, keys), "reply topic": keys.get("reply")}
    guards = {"topic": keys.get("token"), "reply topic": keys.get("reply_token")}
    for what, topic in topics.items():
        if not topic and what == "reply topic" and not settings.acknowledge:
            continue
        if not _TOPIC.fullmatch(topic):
            wrong = "is no ntfy topic (letters, digits, - and _)" if topic else "is missing"
            raise DeliveryError(f"webhook {settings.name}: the {what} {wrong}", remedy)
        if not guards[what] and not is_unguessable(topic):
            raise DeliveryError(
                f"webhook {settings.name}: the {what} can be guessed, and whoever guesses it reads "
                "the alerts and can send some",
                remedy,
            )
    canary = keys.get("canary")
    if canary and (not _TOPIC.fullmatch(canary) or canary in topics.values()):
        raise DeliveryError(
            f"webhook {settings.name}: the canary's topic is none, or another's",
            f"Put a topic that nobody subscribes to behind canary= in {settings.secret_file}",
        )
    if topics["topic"] == topics["reply topic"]:
        raise DeliveryError(
            f"webhook {settings.name}: topic and reply topic are the same",
            f"Put another one behind reply= in {settings.secret_file}",
        )


def _compose_canary(post: Post) -> Request:
    """Publish at the least priority where nobody listens; https://docs.ntfy.sh/publish/.

    It is neither kept (Cache) nor handed to a phone (Firebase). A token that may write to the alert
    topic alone could not do so: there the server is asked whether it knows the token.
    """
    token, own = post.keys.get("token"), post.keys.get("canary")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    topic = topic_of(post.settings, post.keys)
    if token and not own:
        return Request(f"{server(post.settings)}/{topic}/auth", b"", headers, "GET")
    silent = {"Priority": "min", "Cache": "no", "Firebase": "no", **headers}
    address = f"{server(post.settings)}/{own or f'{topic[:57]}-canary'}"
    return Request(address, b"ecgd canary: nothing has happened", silent)


def _read_canary(reply: Reply) -> Answer:
    """With a token 403 comes to one that is known and may only write; an unknown one gets 401."""
    said = reply.json()
    if reply.is_success and (said.get("id") or said.get("success") is True):
        return taken(reply, said.get("id"))
    if reply.is_success:
        return try_again(reply, "that was not ntfy, check the address")
    if reply.status == 403 and said.get("code") == FORBIDDEN:
        return try_again(reply, "ntfy does not let it publish: allow the topic of canary=…")
    return judged_reply(reply)


_CANARY = Canary(
    _compose_canary,
    _read_canary,
    proves="that the server takes a message of least priority on a topic of its own (canary=… in "
    "the secret file, else the alert topic with -canary behind it); with a token and no canary=…, "
    "that it knows the token and lets it read the alert topic",
    leaves_open="the phone; with a token, that it may write to the alert topic",
)
_KEYS: Final = ("topic", "token", "reply", "reply_token", "canary")
NTFY = Profile(_compose, _read, _problems, _check, keys=_KEYS, canary=_CANARY)
