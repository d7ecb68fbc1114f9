"""Tells the broker, from a thread of its own; nobody ever waits for it."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from ecgd.alerts.mqtt.commands import Command
from ecgd.alerts.mqtt.gate import Gate
from ecgd.alerts.mqtt.line import Arrival, Line, failure_words
from ecgd.alerts.mqtt.mailbox import Letter, Mailbox
from ecgd.alerts.mqtt.post import Post
from ecgd.alerts.mqtt.states import to_json
from ecgd.alerts.mqtt.topics import OFFLINE, ONLINE, Topics
from ecgd.config.fleet import MqttSettings
from ecgd.errors import DeliveryError
from ecgd.model.alarm import DeliveryReport, OutboxItem
from ecgd.model.status import TargetHealth

_log = logging.getLogger(__name__)

NAME: Final = "mqtt"
"""What the broker is called among the targets."""

WAITS_S: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Pauses between attempts to connect; the last one stays."""

STEADY_S: Final = 30.0
"""A connection that has lasted so long was a good one: the next pause is the shortest."""

OFTEN: Final = 3
"""Connections that broke soon, one after the other, are more than chance."""

WINDOW: Final = 16
"""Messages on their way at once: a slow broker holds up these, the rest stays in the mailbox."""


class MqttWorker:
    """A ``Courier`` to the broker that also keeps the states there. Any thread may call it.

    ``report`` is called for every attempt to deliver an item, ``overflow`` for one that found no
    room, ``command`` for each command that was understood: in the worker's thread, and none may
    block. Nothing is sent before ``begin``: first everything that is known is put.
    """

    def __init__(
        self,
        settings: MqttSettings,
        topics: Topics,
        report: Callable[[DeliveryReport], None],
        overflow: Callable[[OutboxItem], None],
        command: Callable[[Command], None],
        *,
        credentials_dir: str | None = None,
        waits_s: tuple[float, ...] = WAITS_S,
    ) -> None:
        self._settings = settings
        self._topics = topics
        self._report = report
        self._command = command
        self._credentials_dir = credentials_dir
        self._waits_s = waits_s
        self._changed = threading.Condition()
        self._line: Line | None = None
        self._closing = False
        self._grace_until_s = 0.0
        self._connects_failed = 0
        self._gate = Gate(is_open=settings.allow_commands, now_s=time.monotonic())
        self._trouble = "not connected yet"
        self._told: set[str] = set()
        self._broken = 0
        self.mailbox = Mailbox(self._wake)
        self._post = Post(settings, topics, self.mailbox, overflow)
        self._thread = threading.Thread(target=self._run, name="ecgd-mqtt", daemon=True)

    def begin(self) -> None:
        """Start to connect; called once, when the documents of everybody have been put."""
        self._thread.start()

    @property
    def has_begun(self) -> bool:
        return self._thread.ident is not None

    def submit(self, item: OutboxItem) -> bool:
        """Queue an alarm that has just been raised."""
        return not self._closing and self._post.take(item, is_new=True)

    def submit_if_room(self, item: OutboxItem) -> bool:
        """Queue an alarm of the outbox, which takes nobody's place."""
        return not self._closing and self._post.take_if_room(item)

    def withdraw(self, message_id: str) -> None:
        """Send a message no more, if it has not gone yet."""
        self.mailbox.drop(message_id)

    @property
    def has_room(self) -> bool:
        return self.mailbox.has_room

    @property
    def overdue_s(self) -> float:
        """Always 0: every step has a deadline of its own but name resolution, which is no alarm."""
        return 0.0

    def health(self) -> TargetHealth:
        """Return a snapshot."""
        alive = self._thread.is_alive() or not self.has_begun or self._closing
        with self._changed:
            trouble = self._trouble if alive else "the thread of the broker has ended"
        words = [trouble or "connected", *self._post.words()]
        if self._gate.refused:
            words.append(f"commands refused: {self._gate.refused}")
        return TargetHealth(
            name=NAME,
            healthy=not trouble and not self._post.trouble,
            pending=self.mailbox.waiting,
            delivered=self._post.delivered,
            failed_attempts=self._connects_failed + self._post.failed,
            last_success_age_s=self._post.last_success_age_s(time.monotonic()),
            detail="; ".join(words),
            gravest=self.mailbox.gravest,
        )

    def stop(self, grace_s: float = 0.75) -> None:
        """Take nothing more; what is on its way, and that the gateway is offline, gets a moment."""
        with self._changed:
            if not self._closing:
                self._grace_until_s = time.monotonic() + grace_s
            self._closing = True
            self._changed.notify_all()
        self._wake()

    def close(self, timeout_s: float = 1.5) -> None:
        """Stop and wait for ``timeout_s`` at most."""
        self.stop(timeout_s / 2.0)
        if self.has_begun:
            self._thread.join(timeout_s)

    def answer(self, command_sender: str, words: dict[str, object]) -> None:
        """Tell who sent a command what became of it."""
        topic = self._topics.answer(command_sender)
        self.mailbox.put_answer(Letter(topic, to_json(words)))

    def _wake(self) -> None:
        line = self._line
        if line is not None:
            line.wake()

    def _run(self) -> None:
        tries = 0
        while not self._closing:
            began_s = time.monotonic()
            was_up = False
            try:
                was_up = self._connect_and_serve()
            except (OSError, DeliveryError) as error:
                self._note_trouble(failure_words(error))
            except Exception as error:  # noqa: BLE001 - the broker must never end anything
                _log.exception("the line to the broker failed")
                self._note_trouble(failure_words(error))
            steady = was_up and time.monotonic() - began_s >= STEADY_S
            if steady:
                self._told.clear()
                self._broken = 0
            tries = 0 if steady else tries + 1
            self._rest(self._waits_s[min(tries, len(self._waits_s)) - 1 if tries else 0])

    def _connect_and_serve(self) -> bool:
        """Connect, and serve until the line ends; return whether it was up."""
        line = Line(self._settings, self._topics, self._credentials_dir)
        try:
            self._line = line
            line.open(lambda: not self._closing)
            if not line.is_up:
                self._note_trouble(line.trouble or "the broker hung up")
                return False
            self._greet(line)
            self._serve(line)
            if not self._closing:
                self._broken += 1
                self._note_trouble(line.trouble or self._broken_words())
            return True
        finally:
            self._line = None
            for letter in line.close():
                self._post.give_back(letter)

    def _greet(self, line: Line) -> None:
        with self._changed:
            self._trouble = ""
        self._say(logging.INFO, "connected")
        self.mailbox.put_document(self._topics.availability, ONLINE)
        self.mailbox.tell_all_anew()
        for topic in self._topics.kept:
            line.subscribe(topic)
        if self._settings.allow_commands:
            line.subscribe(self._topics.commands)

    def _serve(self, line: Line) -> None:
        while line.is_open and not self._closing:
            self._exchange(line, 1.0)
        if line.is_open:
            self._part(line)

    def _part(self, line: Line) -> None:
        """Say that the gateway is offline: the broker tells the last will only of the dead."""
        self.mailbox.put_document(self._topics.availability, OFFLINE)
        while line.is_open and time.monotonic() < self._grace_until_s:
            self._exchange(line, 0.05)
            if not line.in_flight and not self.mailbox.is_due(self._topics.availability):
                break
        with suppress(OSError, ValueError):
            line.say_goodbye()

    def _exchange(self, line: Line, timeout_s: float) -> None:
        while line.is_open and line.in_flight < WINDOW:
            letter = self._post.next(time.monotonic())
            if letter is None:
                break
            line.send(letter)
        line.turn(min(timeout_s, self._post.wait_s(time.monotonic())))
        self._take_outcomes(line)
        self._take_arrivals(line)

    def _take_outcomes(self, line: Line) -> None:
        outcomes, line.outcomes = line.outcomes, []
        for outcome in outcomes:
            report = self._post.settle(outcome, time.monotonic(), time.time())
            if report is not None:
                self._tell(report)
        if line.refused_topics:
            self._post.note_refused(tuple(line.refused_topics))

    def _take_arrivals(self, line: Line) -> None:
        arrivals, line.arrivals = line.arrivals, []
        for arrival in arrivals:
            sender = self._topics.sender(arrival.topic)
            if sender is not None or "/command/" in arrival.topic:
                self._take_command(sender, arrival)
            elif arrival.retained and arrival.payload:
                self._post.forget_stranger(arrival.topic)

    def _take_command(self, sender: str | None, arrival: Arrival) -> None:
        passed = self._gate.pass_on(
            sender, arrival.payload, retained=arrival.retained, now_s=time.monotonic()
        )
        if isinstance(passed, Command):
            self._command(passed)
        elif sender is not None:
            self.answer(sender, {"done": False, "error": str(passed)})

    def _note_trouble(self, words: str) -> None:
        with self._changed:
            self._connects_failed += 1
            self._trouble = words
        self._say(logging.WARNING, words)

    def _broken_words(self) -> str:
        """Say that a line broke; a broker that gives its place to a namesake hangs up so, too."""
        if self._broken < OFTEN:
            return "the connection broke"
        return "the connection breaks again and again: is mqtt.gateway another client's name too?"

    def _say(self, level: int, words: str) -> None:
        """Log something once, until a connection has lasted: no broker fills the log."""
        if words not in self._told:
            self._told.add(words)
            _log.log(level, "broker at %s: %s", self._settings.host, words)

    def _rest(self, wait_s: float) -> None:
        spread_s = wait_s * random.uniform(0.8, 1.2)
        with self._changed:
            self._changed.wait_for(lambda: self._closing, spread_s)

    def _tell(self, report: DeliveryReport) -> None:
        try:
            self._report(report)
        except Exception:  # noqa: BLE001 - a faulty listener must not end the line
            _log.exception("the report of a delivery was not taken")
