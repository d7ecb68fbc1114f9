"""Slack: a message in a channel (https://api.slack.com/messaging/webhooks)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any, Final

from ecgd.alerts.answer import Answer, Reply, judged_reply, refused, seconds_of, taken, try_again
from ecgd.alerts.profiles.profile import (
    Post,
    Problem,
    Profile,
    Request,
    is_guarded,
    json_request,
    require_keys,
    secret_problems,
    unused_problems,
    web_address,
)
from ecgd.alerts.secret import Keys
from ecgd.config.settings import WebhookSettings
from ecgd.errors import DeliveryError

HEADER_LIMIT: Final = 150
SECTION_LIMIT: Final = 3000

_CURABLE: Final = {
    "no_service": "the webhook was removed: make a new one and put its address into secret_file",
    "no_team": "the workspace is gone",
    "team_disabled": "the workspace is gone",
    "invalid_token": "the address in secret_file is wrong: copy it again",
    "channel_not_found": "the channel is gone: make a new webhook",
    "channel_is_archived": "the channel is archived: make a new webhook",
    "action_prohibited": "the workspace's rules forbid the webhook to post there",
    "posting_to_general_channel_denied": "the workspace's rules forbid to post there",
}
"""Slack's names for what a person has to mend, and what to do."""

_WORD: Final = re.compile(r"[a-z_]{3,40}")
"""Slack says in one word what is wrong; a page in its place is somebody else's."""


def _compose(post: Post) -> Request:
    """Texts are plain_text: in them nothing but & < > means anything to Slack."""
    news = post.news()
    text = post.text(news)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(text.headline(HEADER_LIMIT, _escaped))},
        {"type": "section", "text": _plain(text.body(SECTION_LIMIT, _escaped))},
    ]
    page_url = post.page_url(news)
    if page_url:
        button = {"type": "button", "text": _plain(text.words.open_page), "url": page_url}
        blocks.append({"type": "actions", "elements": [button]})
    content = {"text": text.headline(SECTION_LIMIT, _escaped), "mrkdwn": False, "blocks": blocks}
    return json_request(post.keys.get("url"), content)


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _read(reply: Reply) -> Answer:
    if reply.is_success:
        return taken(reply)
    if reply.status == 429:
        wait_s = seconds_of(reply.json().get("retry_after"))
        return try_again(reply, "too many messages", wait_s)
    word = (reply.body or b"")[:100].decode("ascii", "replace").strip()
    error = str(reply.json().get("error") or word)
    if reply.status != 410 and error in _CURABLE:
        return try_again(reply, _CURABLE[error])
    if reply.status == 400 and _WORD.fullmatch(error):
        return refused(reply, "Slack does not take this message")
    return judged_reply(reply)


def _problems(settings: WebhookSettings) -> Iterator[Problem]:
    if settings.url:
        yield "url", "holds a secret at Slack: it belongs into secret_file, url=…"
    yield from secret_problems(settings)
    yield from unused_problems(settings, "recipient", "sender", "template", "acknowledge")


def _check(settings: WebhookSettings, keys: Keys) -> None:
    require_keys(settings, keys, "url")
    if not web_address(keys.get("url")) or not is_guarded(keys.get("url")):
        raise DeliveryError(
            f"webhook {settings.name}: the secret file holds no https:// address",
            f"Copy the webhook's address from Slack into {settings.secret_file}",
        )


SLACK = Profile(_compose, _read, _problems, _check, keys=("url",))
