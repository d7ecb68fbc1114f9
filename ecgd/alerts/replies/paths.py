"""How each service tells that a person has answered: questions to ask, and what the answers mean.

ntfy: https://docs.ntfy.sh/subscribe/api/. Pushover: https://pushover.net/api/receipts.
Telegram: https://core.telegram.org/bots/api#getupdates.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode

from ecgd.alerts.answer import Reply
from ecgd.alerts.profiles import ntfy, pushover, telegram
from ecgd.alerts.profiles.acknowledge import read_acknowledgement
from ecgd.alerts.replies.line import Question
from ecgd.alerts.secret import Keys
from ecgd.alerts.telling import clean, cut
from ecgd.config.settings import WebhookSettings
from ecgd.errors import DeliveryError

BACK: Final = "12h"
"""ntfy keeps messages for so long: the first look goes back over all of them."""

PERSON_LIMIT: Final = 32

UPDATES: Final = 10
"""Telegram sends each press with the whole message: more of them would be a long answer."""

ROUNDS: Final = 20
"""So often in one look more presses are asked for, if there are more."""

Waiting = Mapping[str, tuple[str, ...]]
"""Alerts that may be answered, with the receipts of their messages that still ring."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A person has answered an alert at a target; ``person`` where the service names who.

    It was after ``after_s`` (monotonic): the look before found no answer yet.
    """

    alert_id: str
    target: str
    person: str = ""
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Member:
    """A target, and what gives its keys at this moment: a new one counts without a restart."""

    settings: WebhookSettings
    keys: Callable[[], Keys]


class Path(Protocol):
    """The way back from targets of one service. Every method may raise DeliveryError."""

    poll_s: float

    def questions(self, waiting: Waiting) -> Iterator[Question]:
        """Yield what to ask now."""

    def read(self, question: Question, reply: Reply, waiting: Waiting) -> Iterator[Answered]:
        """Yield who has answered what, by one reply."""

    def thanks(self) -> Iterator[Question]:
        """Yield what is to be said after that."""

    def release(self, receipt: str) -> Iterator[Question]:
        """Yield what ends the repetition of a message that was answered elsewhere."""


class NtfyPath:
    """Polls the reply topics of one server. Whoever may write there may answer."""

    poll_s = 10.0
    """ntfy grants a visitor one request in 5 s: the other half is for the alerts themselves."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = members
        self._since: dict[str, str] = {}

    def questions(self, waiting: Waiting) -> Iterator[Question]:
        topics: dict[tuple[str, str], dict[str, None]] = {}
        failures: list[DeliveryError] = []
        for member in self._members if waiting else ():
            try:
                keys = member.keys()
            except DeliveryError as error:
                failures.append(error)
                continue
            token = keys.get("token") or keys.get("reply_token")  # the latter may write alone
            topics.setdefault((token, member.settings.ca_file), {})[keys.get("reply")] = None
        for (token, ca_file), replies in topics.items():
            yield self._poll(",".join(replies), token, ca_file)
        if failures:
            raise failures[0]

    def read(self, question: Question, reply: Reply, waiting: Waiting) -> Iterator[Answered]:
        names = {member.settings.name for member in self._members}
        for line in (reply.body or b"").splitlines():
            message = _object(line)
            if message.get("event") != "message":
                continue
            self._since[question.about] = str(message.get("id") or BACK)
            found = read_acknowledgement(str(message.get("message") or ""))
            if found is not None and found[1] in names and found[0] in waiting:
                yield Answered(*found)

    def thanks(self) -> Iterator[Question]:
        yield from ()

    def release(self, receipt: str) -> Iterator[Question]:
        yield from ()

    def _poll(self, topics: str, token: str, ca_file: str) -> Question:
        query = urlencode({"poll": "1", "since": self._since.get(topics, BACK)})
        server = ntfy.server(self._members[0].settings)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        address = f"{server}/{quote(topics, safe=',')}/json?{query}"
        return Question(address, headers=headers, about=topics, ca_file=ca_file, by_lines=True)


class PushoverPath:
    """Asks about each receipt of one target; an alert answered elsewhere stops ringing."""

    poll_s = 5.0
    """As often as Pushover allows."""

    def __init__(self, members: Sequence[Member]) -> None:
        (member,) = members
        self._settings = member.settings
        self._keys = member.keys

    def questions(self, waiting: Waiting) -> Iterator[Question]:
        asked = [(alert_id, each) for alert_id, receipts in waiting.items() for each in receipts]
        query = urlencode({"token": self._keys().get("token")}) if asked else ""
        for alert_id, receipt in asked:
            yield self._about(receipt, f".json?{query}", alert_id)

    def read(self, question: Question, reply: Reply, waiting: Waiting) -> Iterator[Answered]:
        if question.about in waiting and reply.json().get("acknowledged") == 1:
            yield Answered(question.about, self._settings.name)

    def thanks(self) -> Iterator[Question]:
        yield from ()

    def release(self, receipt: str) -> Iterator[Question]:
        body = urlencode({"token": self._keys().get("token")}).encode("ascii")
        yield self._about(receipt, "/cancel.json", "", body)

    def _about(self, receipt: str, what: str, alert_id: str, body: bytes | None = None) -> Question:
        address = f"{pushover.server(self._settings)}/1/receipts/{quote(receipt)}{what}"
        kind = {"content-type": "application/x-www-form-urlencoded"} if body else {}
        method = "POST" if body else "GET"
        return Question(address, method, body, kind, alert_id, self._settings.ca_file)


class TelegramPath:
    """Takes the presses of buttons from bots, for all targets that use them.

    Only what comes from the chat that the target's alerts go to counts.
    """

    poll_s = 5.0

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = members
        self._chats: dict[str, dict[str, str]] = {}
        self._offsets: dict[str, int] = {}
        self._pressed: list[tuple[str, str]] = []
        self._is_full = False

    def questions(self, waiting: Waiting) -> Iterator[Question]:
        self._chats = {}
        failures: list[DeliveryError] = []
        for member in self._members if waiting else ():
            try:
                keys = member.keys()
            except DeliveryError as error:
                failures.append(error)
                continue
            chats = self._chats.setdefault(keys.get("token"), {})
            chats[member.settings.name] = telegram.chat_of(member.settings, keys)
        for token in tuple(self._chats):
            for _ in range(ROUNDS):
                yield self._updates(token)
                if not self._is_full:
                    break
        if failures:
            raise failures[0]

    def read(self, question: Question, reply: Reply, waiting: Waiting) -> Iterator[Answered]:
        found = reply.json().get("result")
        updates = found if isinstance(found, list) else []
        self._is_full = len(updates) >= UPDATES
        for update in updates:
            number = update.get("update_id") if isinstance(update, dict) else None
            if not isinstance(number, int):
                continue
            offset = self._offsets.get(question.about, 0)
            self._offsets[question.about] = max(offset, number + 1)
            answered = self._read_press(question.about, update.get("callback_query"))
            if answered is not None and answered.alert_id in waiting:
                yield answered

    def thanks(self) -> Iterator[Question]:
        pressed, self._pressed = self._pressed, []
        for token, press in pressed:
            yield self._post(token, "answerCallbackQuery", {"callback_query_id": press})

    def release(self, receipt: str) -> Iterator[Question]:
        yield from ()

    def _updates(self, token: str) -> Question:
        self._is_full = False
        content = {
            "offset": self._offsets.get(token, 0),
            "limit": UPDATES,
            "timeout": 0,
            "allowed_updates": ["callback_query"],
        }
        return self._post(token, "getUpdates", content)

    def _read_press(self, token: str, press: object) -> Answered | None:
        """Return what a button says; None for another chat's, another bot's, or nonsense."""
        if not isinstance(press, dict):
            return None
        found = read_acknowledgement(str(press.get("data") or ""))
        message = press.get("message")
        chat = message.get("chat") if isinstance(message, dict) else None
        chat_id = str(chat.get("id")) if isinstance(chat, dict) else ""
        if found is None or not chat_id or self._chats[token].get(found[1]) != chat_id:
            return None
        self._pressed.append((token, str(press.get("id") or "")))
        return Answered(*found, _person(press.get("from")) if chat_id.startswith("-") else "")

    def _post(self, token: str, method: str, content: dict[str, Any]) -> Question:
        address = f"{telegram.server(self._members[0].settings)}/bot{token}/{method}"
        headers = {"content-type": "application/json"}
        body = json.dumps(content).encode()
        return Question(address, "POST", body, headers, token, self._members[0].settings.ca_file)


def _person(user: object) -> str:
    """Return the name of who pressed in a group (https://core.telegram.org/bots/api#user)."""
    names = [user.get("first_name"), user.get("last_name")] if isinstance(user, dict) else []
    return cut(clean(" ".join(str(name) for name in names if name)), PERSON_LIMIT)


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
