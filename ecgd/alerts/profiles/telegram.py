"""Telegram: a message of a bot (https://core.telegram.org/bots/api#sendmessage)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any, Final

from ecgd.alerts.answer import Answer, Reply, judged_reply, refused, seconds_of, taken, try_again
from ecgd.alerts.news import News
from ecgd.alerts.profiles.acknowledge import acknowledge_word
from ecgd.alerts.profiles.profile import (
    Canary,
    Post,
    Problem,
    Profile,
    Request,
    hosted_problems,
    json_request,
    require_keys,
    secret_problems,
    unused_problems,
)
from ecgd.alerts.secret import Keys
from ecgd.alerts.words import Words
from ecgd.config.settings import WebhookSettings
from ecgd.errors import DeliveryError
from ecgd.model.finding import Severity

SERVER: Final = "https://api.telegram.org"
TEXT_LIMIT: Final = 4096
_TITLE_LIMIT: Final = 500
_TOKEN: Final = re.compile(r"\d{3,20}:[A-Za-z0-9_-]{20,100}")
_CHAT: Final = re.compile(r"-?\d{1,20}|@[A-Za-z][A-Za-z0-9_]{3,31}")

_CURABLE: Final = {
    401: "Telegram does not know the token in the secret file",
    403: "the person has blocked the bot, or never pressed Start",
    404: "Telegram does not know the token in the secret file",
    429: "too many messages",
}


def server(settings: WebhookSettings) -> str:
    """Return the service's address, without a slash at its end."""
    return (settings.url or SERVER).rstrip("/")


def chat_of(settings: WebhookSettings, keys: Keys) -> str:
    """Return the chat that alerts go to, and from which alone an answer counts."""
    return keys.get("chat") or settings.recipient


def _compose(post: Post) -> Request:
    news = post.news()
    text = post.text(news)
    title = text.headline(_TITLE_LIMIT, _escaped)
    whole = text.body(TEXT_LIMIT, lambda body: f"<b>{title}</b>\n\n{_escaped(body)}", _units)
    content: dict[str, Any] = {
        "chat_id": chat_of(post.settings, post.keys),
        "text": whole,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "disable_notification": news.severity is Severity.LOW,
    }
    buttons = _buttons(post, news, text.words)
    if buttons:
        content["reply_markup"] = {"inline_keyboard": [[button] for button in buttons]}
    url = f"{server(post.settings)}/bot{post.keys.get('token')}/sendMessage"
    return json_request(url, content)


def _buttons(post: Post, news: News, words: Words) -> list[dict[str, str]]:
    buttons = []
    if post.settings.acknowledge:
        word = acknowledge_word(news.alert_id, post.settings.name)
        buttons.append({"text": words.acknowledge, "callback_data": word})
    page_url = post.page_url(news)
    if page_url:
        buttons.append({"text": words.open_page, "url": page_url})
    return buttons


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _units(text: str) -> int:
    """Return a length as Telegram counts it: in units of UTF-16."""
    return len(text.encode("utf-16-le")) // 2


def _read(reply: Reply) -> Answer:
    said = reply.json()
    if reply.is_success:
        if reply.body is None or said.get("ok") is True:
            result = said.get("result")
            return taken(reply, result.get("message_id") if isinstance(result, dict) else "")
        return try_again(reply, "Telegram did not say that it took the message")
    if reply.status == 400 and said.get("ok") is False:
        return _bad_request(reply, said)
    if reply.status in _CURABLE:
        wait_s = seconds_of(_parameter(said, "retry_after"))
        return try_again(reply, _CURABLE[reply.status], wait_s)
    return judged_reply(reply)


def _bad_request(reply: Reply, said: dict[str, Any]) -> Answer:
    chat = _parameter(said, "migrate_to_chat_id")
    if isinstance(chat, int):
        return try_again(reply, f"the group has become a supergroup: its chat is now {chat}")
    if "chat not found" in str(said.get("description")).lower():
        return try_again(reply, "Telegram does not know the chat: press Start in the bot's chat")
    return refused(reply, "Telegram does not take this message")


def _parameter(said: dict[str, Any], name: str) -> object:
    parameters = said.get("parameters")
    return parameters.get(name) if isinstance(parameters, dict) else None


def _problems(settings: WebhookSettings) -> Iterator[Problem]:
    yield from hosted_problems(settings)
    yield from secret_problems(settings)
    yield from unused_problems(settings, "sender", "template")
    if settings.recipient and not _CHAT.fullmatch(settings.recipient):
        yield "recipient", "should be a chat: a number, negative for a group, or @channel"
    if settings.acknowledge and settings.recipient.startswith("@"):
        yield "acknowledge", "a channel has many readers: use the number of a chat or a group"


def _check(settings: WebhookSettings, keys: Keys) -> None:
    require_keys(settings, keys, "token")
    if not _TOKEN.fullmatch(keys.get("token")):
        raise DeliveryError(
            f"webhook {settings.name}: the token in the secret file is none of Telegram's",
            "Copy it again from @BotFather: digits, a colon, letters",
        )
    if not _CHAT.fullmatch(chat_of(settings, keys)):
        raise DeliveryError(
            f"webhook {settings.name}: no chat is named",
            "Write to the bot, then set recipient to the chat's number",
        )
    if settings.acknowledge and chat_of(settings, keys).startswith("@"):
        raise DeliveryError(
            f"webhook {settings.name}: a channel has many readers, none of whom can acknowledge",
            "Use the number of a chat or a group, or set acknowledge = false",
        )


def _compose_canary(post: Post) -> Request:
    """Show "typing…" for a moment to a person; of a group or channel, ask whether it is there.

    https://core.telegram.org/bots/api#sendchataction: a bot that is blocked may not even type.
    """
    chat = chat_of(post.settings, post.keys)
    url = f"{server(post.settings)}/bot{post.keys.get('token')}"
    if chat.startswith(("-", "@")):
        return json_request(f"{url}/getChat", {"chat_id": chat})
    return json_request(f"{url}/sendChatAction", {"chat_id": chat, "action": "typing"})


_CANARY = Canary(
    _compose_canary,
    _read,
    proves="that Telegram knows the token, and that the bot may write to the person "
    "(sendChatAction); of a group or channel, that the bot sees it (getChat)",
    leaves_open="of a group or channel, that the bot may write there; the phone",
)
TELEGRAM = Profile(_compose, _read, _problems, _check, keys=("token", "chat"), canary=_CANARY)
