"""What waits for the broker: of states the newest, of alarms every one, the gravest first."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final

from ecgd.model.alarm import OutboxItem
from ecgd.model.finding import Severity

EVENTS_LIMIT: Final = 256
"""Alarms that may wait."""

DOCUMENTS_LIMIT: Final = 256
"""Topics that may hold a state."""

ANSWERS_LIMIT: Final = 32
"""Answers to commands that may wait; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message. ``item``: it is an alarm; ``age_s``: how old that was at ``accepted_s``."""

    topic: str
    payload: bytes
    retain: bool = False
    item: OutboxItem | None = None
    accepted_s: float = 0.0
    due_s: float = 0.0
    age_s: float = 0.0

    @property
    def rank(self) -> tuple[bool, int, bool, float, str]:
        """The least goes first: graver before lighter, new before tried, older before newer.

        Behind them all goes what is no alarm.
        """
        assert self.item is not None
        item = self.item
        tried, since_s = item.attempts > 0, item.created_unix_s
        return (item.is_trial, -item.severity, tried, since_s, item.message_id)


class Mailbox:
    """Holds the present documents for good, and every alarm until it is taken and accepted.

    Documents are retained at the broker, so a newer one takes the older one's place, and all are
    told anew after a new connection. Of more alarms than there is room for, the lightest leaves,
    of these the oldest; ``put_event`` returns it, and it never goes unnoticed. For any thread.
    """

    def __init__(self, wake: Callable[[], None] = lambda: None, limit: int = EVENTS_LIMIT) -> None:
        self._wake = wake
        self._limit = limit
        self._lock = Lock()
        self._documents: dict[str, bytes] = {}
        self._due: dict[str, None] = {}
        self._events: dict[str, Letter] = {}
        self._under_way: set[str] = set()
        self._answers: deque[Letter] = deque(maxlen=ANSWERS_LIMIT)

    @property
    def waiting(self) -> int:
        """How many alarms wait or are under way."""
        with self._lock:
            return len(self._events) + len(self._under_way)

    @property
    def gravest(self) -> Severity | None:
        """The greatest severity of the alarms that wait; those under way are not counted."""
        with self._lock:
            items = (letter.item for letter in self._events.values())
            return max((item.severity for item in items if item is not None), default=None)

    @property
    def has_room(self) -> bool:
        """Whether half of the room for alarms is free."""
        return self.waiting <= self._limit // 2

    def put_document(self, topic: str, payload: bytes) -> bool:
        """Hold what a topic says from now on; empty removes it. False: there is no room."""
        with self._lock:
            if topic not in self._documents and len(self._documents) >= DOCUMENTS_LIMIT:
                return False
            self._documents[topic] = payload
            self._due.setdefault(topic)
        self._wake()
        return True

    def knows(self, topic: str) -> bool:
        """Whether a topic has a document, or is being emptied."""
        with self._lock:
            return topic in self._documents

    def is_due(self, topic: str) -> bool:
        """Whether a topic's document has not been sent yet."""
        with self._lock:
            return topic in self._due

    def tell_all_anew(self) -> None:
        """Tell every document again: the broker may have forgotten."""
        with self._lock:
            self._due = dict.fromkeys(self._documents)

    def put_event(self, letter: Letter) -> OutboxItem | None:
        """Take an alarm; return the one that had to leave. One that is here is not taken twice."""
        assert letter.item is not None
        with self._lock:
            message_id = letter.item.message_id
            if message_id in self._events or message_id in self._under_way:
                return None
            self._events[message_id] = letter
            leaving = self._overflow()
        self._wake()
        return leaving

    def put_event_if_room(self, letter: Letter) -> bool:
        """Take an alarm that takes nobody's place."""
        assert letter.item is not None
        with self._lock:
            known = letter.item.message_id in {*self._events, *self._under_way}
            full = len(self._events) >= self._limit
        return known or (not full and self.put_event(letter) is None)

    def drop(self, message_id: str) -> None:
        """Remove a letter that waits and that nobody needs any more."""
        with self._lock:
            self._events.pop(message_id, None)

    def put_answer(self, letter: Letter) -> None:
        with self._lock:
            self._answers.append(letter)
        self._wake()

    def take(self, now_s: float, is_first: Callable[[str], bool]) -> Letter | None:
        """Return what goes next, None if nothing may now.

        Documents of which ``is_first`` goes before alarms, alarms before all other documents.
        """
        with self._lock:
            first = next(filter(is_first, self._due), None)
            if first is not None:
                return self._document(first)
            ready = [letter for letter in self._events.values() if letter.due_s <= now_s]
            if ready:
                letter = min(ready, key=lambda each: each.rank)
                assert letter.item is not None
                del self._events[letter.item.message_id]
                self._under_way.add(letter.item.message_id)
                return letter
            if self._due:
                return self._document(next(iter(self._due)))
            return self._answers.popleft() if self._answers else None

    def accepted(self, letter: Letter) -> None:
        """Note that the broker has a letter."""
        with self._lock:
            if letter.item is not None:
                self._under_way.discard(letter.item.message_id)
            elif letter.retain and not letter.payload and not self._documents.get(letter.topic):
                self._documents.pop(letter.topic, None)

    def give_back(self, letter: Letter, due_s: float = 0.0) -> OutboxItem | None:
        """Take back what the broker has not got; return an alarm that had to leave for it."""
        with self._lock:
            if letter.item is not None:
                self._under_way.discard(letter.item.message_id)
                self._events[letter.item.message_id] = replace(letter, due_s=due_s)
                return self._overflow()
            if letter.retain and letter.topic in self._documents:
                self._due.setdefault(letter.topic)
        return None

    def _document(self, topic: str) -> Letter:
        del self._due[topic]
        return Letter(topic, self._documents[topic], retain=True)

    def _overflow(self) -> OutboxItem | None:
        if len(self._events) <= self._limit:
            return None
        items = (letter.item for letter in self._events.values() if letter.item is not None)
        leaving = min(
            items,
            key=lambda one: (
                not one.is_trial,
                one.severity,
                -one.attempts,
                one.created_unix_s,
            ),
        )
        del self._events[leaving.message_id]
        return leaving
