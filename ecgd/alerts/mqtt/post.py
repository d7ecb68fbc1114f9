"""What becomes of each letter: when it goes, whether it arrived, what is told of that."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import inf
from typing import Any, Final

from ecgd.alerts.mqtt.line import FAILURE, NOBODY, Outcome
from ecgd.alerts.mqtt.mailbox import Letter, Mailbox
from ecgd.alerts.mqtt.states import to_json
from ecgd.alerts.mqtt.topics import Topics
from ecgd.alerts.payload import is_simulated
from ecgd.config.fleet import MqttSettings
from ecgd.model.alarm import DeliveryReport, DeliveryResult, OutboxItem, Purpose

_log = logging.getLogger(__name__)

LATE_S: Final = 60.0
"""An alarm older than this goes to the topic of late ones: no light should flash for it now."""

GIVE_UP_S: Final = 240 * 3600.0
"""An alarm that was refused, or not listened to, for so long is given up."""

AGAIN_S: Final = (2.0, 5.0, 10.0, 30.0, 60.0)
"""Pauses before an alarm is sent again that the broker refused, or that nobody listened to."""


class Post:
    """Keeps the account of the mailbox. ``take`` may be called by any thread, the rest by one."""

    def __init__(
        self,
        settings: MqttSettings,
        topics: Topics,
        mailbox: Mailbox,
        overflow: Callable[[OutboxItem], None],
    ) -> None:
        self._settings = settings
        self._topics = topics
        self._mailbox = mailbox
        self._overflow = overflow
        self._first = f"{topics.discovery_prefix}/" if topics.discovery_prefix else ""
        self._sent_s: dict[str, float] = {}
        self._next_s = inf
        self._unheard = 0
        self._overflowed = 0
        self._last_success_s: float | None = None
        self._refused: dict[str, str] = {}
        self.delivered = 0
        self.failed = 0

    @property
    def trouble(self) -> str:
        """What the broker refuses at present; empty: nothing."""
        return next(iter(tuple(self._refused.values())), "")

    def take(self, item: OutboxItem, *, is_new: bool) -> bool:
        """Take an alarm in; False: it was the one to leave for want of room."""
        letter = self._letter(item, is_new=is_new)
        if letter is None:
            return True
        leaving = self._mailbox.put_event(letter)
        self._note_overflow(leaving)
        return leaving is not item

    def take_if_room(self, item: OutboxItem) -> bool:
        """Take in an alarm of an earlier run that takes nobody's place."""
        letter = self._letter(item, is_new=False)
        return letter is None or self._mailbox.put_event_if_room(letter)

    def next(self, now_s: float) -> Letter | None:
        """Return the letter to be sent now, an alarm with its topic, which depends on its age."""
        letter = self._mailbox.take(now_s, self._goes_first)
        if letter is None or letter.item is None:
            return letter
        self._sent_s[letter.item.message_id] = now_s
        age_s = letter.age_s + now_s - letter.accepted_s
        topic = letter.topic if age_s <= LATE_S else f"{letter.topic.rpartition('/')[0]}/late"
        return replace(letter, topic=topic)

    def wait_s(self, now_s: float) -> float:
        """Return for how long there is surely nothing to do again."""
        left_s = self._next_s - now_s
        if left_s <= 0.0:
            self._next_s = inf
            return 0.0
        return left_s

    def settle(self, outcome: Outcome, now_s: float, unix_s: float) -> DeliveryReport | None:
        """Take what the broker said of a letter; return what is reported of an alarm."""
        letter = outcome.letter
        refused = outcome.reason >= FAILURE
        if letter.item is not None and letter.item.is_trial:
            return self._settle_trial(letter, letter.item, outcome, now_s, unix_s)
        if refused:
            self.failed += 1
            words = f"the broker refuses {letter.topic} ({outcome.words}): check its rules"
            self._refused[letter.topic] = words
        else:
            self._refused.pop(letter.topic, None)
        if letter.item is None:
            self._mailbox.accepted(letter)
            return None
        return self._settle_alarm(letter, letter.item, outcome, now_s, unix_s)

    def give_back(self, letter: Letter) -> None:
        """Take back a letter of which nobody knows whether it arrived."""
        if letter.item is not None:
            self._sent_s.pop(letter.item.message_id, None)
        if letter.item is not None and letter.item.is_trial:
            self._mailbox.accepted(letter)  # who sent it stops waiting by himself
            return
        self._note_overflow(self._mailbox.give_back(letter))

    def forget_stranger(self, state: str) -> None:
        """Remove what an earlier run left at the broker of somebody who is not here any more."""
        if self._mailbox.knows(state):
            return
        for topic in self._topics.belonging(state):
            self._mailbox.put_document(topic, b"")

    def note_refused(self, topics: tuple[str, ...]) -> None:
        """Note topics that the broker does not let the gateway listen to."""
        if self._topics.commands in topics:
            words = "the broker lets the gateway hear no commands: check its rules"
            self._refused[self._topics.commands] = words

    def words(self) -> Iterator[str]:
        """Yield what else is to be said."""
        if self.trouble:
            yield self.trouble
        if self._unheard:
            yield f"alarms that nobody was subscribed to: {self._unheard}"
        if self._overflowed:
            yield f"alarms that found no room in the queue: {self._overflowed}"

    def last_success_age_s(self, now_s: float) -> float | None:
        return None if self._last_success_s is None else now_s - self._last_success_s

    def _goes_first(self, topic: str) -> bool:
        return bool(self._first) and topic.startswith(self._first)

    def _letter(self, item: OutboxItem, *, is_new: bool) -> Letter | None:
        if item.purpose is Purpose.CANARY:
            now_s = time.monotonic()
            return Letter(self._topics.canary, item.body, item=item, accepted_s=now_s)
        data = _data_of(item.body)
        if data is None:
            _log.error("message %s of the outbox is no alert", item.message_id)
            return None
        topic = self._topics.event(
            str(data["patient_id"]), simulated=bool(data["simulated"]), late=False
        )
        age_s = 0.0 if is_new else time.time() - item.created_unix_s
        # A clock that is behind the alert's own time cannot tell how old it is: old enough.
        known_s = age_s if age_s >= 0.0 else inf
        return Letter(topic, to_json(data), item=item, accepted_s=time.monotonic(), age_s=known_s)

    def _settle_trial(
        self, letter: Letter, item: OutboxItem, outcome: Outcome, now_s: float, unix_s: float
    ) -> DeliveryReport:
        """Return what became of a test or canary: tried once, and no trouble of the line's own."""
        duration_s = now_s - self._sent_s.pop(item.message_id, now_s)
        self._mailbox.accepted(letter)
        tried = replace(item, attempts=item.attempts + 1)
        if outcome.reason >= FAILURE:
            result = DeliveryResult.RETRY
            why = f"the broker refuses {letter.topic} ({outcome.words}): check its rules"
        else:
            result = DeliveryResult.DELIVERED
            unheard = outcome.reason == NOBODY
            why = "the broker has it, nobody is subscribed" if unheard else "the broker has it"
        return DeliveryReport(tried, result, unix_s - duration_s, duration_s, why)

    def _settle_alarm(
        self, letter: Letter, item: OutboxItem, outcome: Outcome, now_s: float, unix_s: float
    ) -> DeliveryReport | None:
        duration_s = now_s - self._sent_s.pop(item.message_id, now_s)
        tried = replace(item, attempts=item.attempts + 1)
        unheard = outcome.reason == NOBODY
        self._unheard += unheard and item.attempts == 0
        failed = outcome.reason >= FAILURE or (unheard and self._settings.required)
        wait_s: float | None = None
        if failed and now_s - letter.accepted_s > GIVE_UP_S:
            self._mailbox.accepted(letter)
            result, why = DeliveryResult.REFUSED, f"given up after {tried.attempts} attempts"
        elif failed:
            wait_s = AGAIN_S[min(item.attempts, len(AGAIN_S) - 1)]
            tried = replace(tried, not_before_unix_s=unix_s + wait_s)
            self._next_s = min(self._next_s, now_s + wait_s)
            back = replace(letter, item=tried, topic=_event_topic(letter.topic))
            self._note_overflow(self._mailbox.give_back(back, now_s + wait_s))
            why = "nobody is subscribed" if unheard else f"the broker refuses: {outcome.words}"
            result = DeliveryResult.RETRY
        else:
            self._mailbox.accepted(letter)
            result = DeliveryResult.DELIVERED
            why = "the broker has it, nobody is subscribed" if unheard else "the broker has it"
            if not unheard:
                self.delivered += 1
                self._last_success_s = now_s
        return DeliveryReport(tried, result, unix_s - duration_s, duration_s, why, wait_s)

    def _note_overflow(self, leaving: OutboxItem | None) -> None:
        if leaving is None:
            return
        self._overflowed += 1
        try:
            self._overflow(leaving)
        except Exception:  # noqa: BLE001 - a faulty listener must not end the line
            _log.exception("an alarm that found no room was not told")


def _event_topic(topic: str) -> str:
    return f"{topic.rpartition('/')[0]}/event"


def _data_of(body: bytes) -> dict[str, Any] | None:
    if is_simulated(body) is None:
        return None
    data: dict[str, Any] = json.loads(body)["data"]
    return data if isinstance(data.get("patient_id"), str) else None
