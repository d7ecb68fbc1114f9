"""Delivers alerts to one target from a thread of its own."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import TypeVar

from ecgd.alerts.answer import Answer
from ecgd.alerts.backlog import Backlog, Waiting
from ecgd.alerts.payload import is_simulated
from ecgd.alerts.retry import CircuitBreaker, RetrySchedule
from ecgd.alerts.webhook import BODY_S, Attempt, WebhookTarget
from ecgd.config.settings import WebhookSettings
from ecgd.errors import DeliveryError
from ecgd.model.alarm import DeliveryReport, DeliveryResult, OutboxItem, Purpose
from ecgd.model.finding import Severity
from ecgd.model.status import TargetHealth

_log = logging.getLogger(__name__)
_Told = TypeVar("_Told")

LIMIT = 256
"""Items that may wait for one target."""

WITHDRAWN = "somebody answered before it could be brought"

PATIENCE_S = 2.0
"""A new HIGH alarm waits no longer for a lighter or repeated attempt that is under way."""


class DeliveryWorker:
    """Brings outbox items to one target, gravest first, until each is delivered or refused.

    ``report`` is called for every attempt, ``overflow`` for every item that found no room: it
    stays in the outbox and may be submitted again. ``report`` is called in the target's thread,
    ``overflow`` there or in the caller's of ``submit``; neither may block. A report's ``item``
    counts the attempt and holds when the next one comes (``not_before_unix_s``);
    ``retry_after_s`` says the same as a delay. Nothing here raises into the caller. ``complete``
    adds to a stored body what is known only when it goes out; it does not block.
    """

    def __init__(
        self,
        settings: WebhookSettings,
        report: Callable[[DeliveryReport], None],
        overflow: Callable[[OutboxItem], None],
        *,
        credentials_dir: str | None = None,
        emergency_number: str = "",
        complete: Callable[[bytes], bytes] = bytes,
        schedule: RetrySchedule | None = None,
        limit: int = LIMIT,
        rng: random.Random | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        unix_time: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._report = report
        self._overflow = overflow
        self._schedule = schedule or RetrySchedule()
        self._rng = rng or random.Random()
        self._monotonic = monotonic
        self._unix_time = unix_time
        self._target = WebhookTarget(settings, credentials_dir, emergency_number, complete)
        self._limit = limit
        self._backlog = Backlog(limit, self._schedule)
        self._breaker = CircuitBreaker()
        self._changed = threading.Condition()
        self._closing = False
        self._gone = False
        self._under_way: OutboxItem | None = None
        self._withdrawn = ""
        self._deadline_s = 0.0
        self._rests_until_s = 0.0
        self._delivered = 0
        self._failed_attempts = 0
        self._overflowed = 0
        self._last_success_s: float | None = None
        self._trouble = self._checked()
        self._thread = threading.Thread(
            target=self._run, name=f"ecgd-deliver-{settings.name}", daemon=True
        )
        self._thread.start()

    def submit(self, item: OutboxItem) -> bool:
        """Queue an item; return False if it was not taken: closed, or graver ones fill the queue.

        An item that is already here is not queued twice.
        """
        now_s = self._monotonic()
        with self._changed:
            if self._closing:
                return False
            if item.message_id in self._backlog or self._is_under_way(item.message_id):
                return True
            leaving = self._backlog.put(Waiting(item, now_s + self._wait_s(item), now_s))
            self._hurry(item, now_s)
            self._changed.notify_all()
            if leaving is not None:
                self._overflowed += 1
        if leaving is not None:
            self._tell(self._overflow, leaving)
        return leaving is not item

    def submit_if_room(self, item: OutboxItem) -> bool:
        """Queue an item that takes nobody's place; False: it is left where it is."""
        with self._changed:
            full = len(self._backlog) >= self._limit
            known = item.message_id in self._backlog or self._is_under_way(item.message_id)
        return known or (not full and self.submit(item))

    def withdraw(self, message_id: str) -> None:
        """Try an item no more; an attempt that is under way is not called back, nor repeated."""
        with self._changed:
            self._backlog.drop(message_id)
            if self._is_under_way(message_id):
                self._withdrawn = message_id

    @property
    def has_room(self) -> bool:
        """Whether half of the queue is free."""
        return len(self._backlog) <= self._limit // 2

    @property
    def overdue_s(self) -> float:
        """For how long the attempt under way has been past its deadline; 0: it is not.

        Only a thread that hangs gets there: one that could not be started for want of memory.
        """
        with self._changed:
            late_s = self._monotonic() - self._deadline_s
            return max(0.0, late_s) if self._under_way is not None else 0.0

    def health(self) -> TargetHealth:
        """Return a snapshot."""
        now_s = self._monotonic()
        with self._changed:
            alive = self._thread.is_alive() or self._closing
            pending = len(self._backlog) + (self._under_way is not None)
            since_s = self._last_success_s
            return TargetHealth(
                name=self._settings.name,
                healthy=alive and not self._trouble,
                pending=pending,
                delivered=self._delivered,
                failed_attempts=self._failed_attempts,
                last_success_age_s=None if since_s is None else now_s - since_s,
                detail=self._detail(alive=alive),
                gravest=self._gravest(),
            )

    def stop(self, grace_s: float = 0.75) -> None:
        """Take nothing more, and return at once; an attempt under way gets ``grace_s``."""
        with self._changed:
            self._closing = True
            self._deadline_s = min(self._deadline_s, self._monotonic() + grace_s)
            self._changed.notify_all()

    def close(self, timeout_s: float = 1.5) -> None:
        """Stop and wait for ``timeout_s`` at most; what is not delivered stays in the outbox.

        Several workers end together if ``stop`` is called on each of them first.
        """
        self.stop(timeout_s / 2.0)
        self._thread.join(timeout_s)

    def _checked(self) -> str:
        try:
            self._target.check()
        except DeliveryError as error:
            _log.error("delivery to %s: %s", self._settings.name, error)
            return str(error)
        return ""

    def _detail(self, *, alive: bool) -> str:
        if not alive:
            return "the delivery thread has ended"
        lost = f"; {self._overflowed} found no room in the queue" if self._overflowed else ""
        return (self._trouble or "ready") + lost

    def _gravest(self) -> Severity | None:
        """Return the greatest severity of what waits or is being tried."""
        current = self._under_way
        severities = (self._backlog.gravest, current.severity if current is not None else None)
        return max((each for each in severities if each is not None), default=None)

    def _is_under_way(self, message_id: str) -> bool:
        return self._under_way is not None and self._under_way.message_id == message_id

    def _wait_s(self, item: OutboxItem) -> float:
        """Seconds until an item's next attempt; no wrong clock makes it wait longer than the cap.

        A gateway without a clock of its own starts in the past, and so behind every such time.
        """
        left_s = item.not_before_unix_s - self._unix_time() if item.attempts else 0.0
        return min(max(left_s, 0.0), self._schedule.cap_s)

    def _hurry(self, item: OutboxItem, now_s: float) -> None:
        """Give an attempt that is less urgent than a new HIGH alarm only a moment more.

        What is no alarm gives way at once, to any that is one.
        """
        current = self._under_way
        if current is not None and current.is_trial and not item.is_trial:
            self._deadline_s = min(self._deadline_s, now_s)
        if current is None or item.is_trial or item.severity < Severity.HIGH or item.attempts:
            return
        if current.severity < Severity.HIGH or current.attempts:
            self._deadline_s = min(self._deadline_s, now_s + PATIENCE_S)

    def _run(self) -> None:
        try:
            self._target.prepare()
            while (waiting := self._next()) is not None:
                self._deliver(waiting)
        except Exception:  # noqa: BLE001 - health tells it, the outbox keeps the messages
            _log.exception("delivery to %s has stopped", self._settings.name)
        finally:
            self._target.close()

    def _next(self) -> Waiting | None:
        """Wait for the next item that may be tried; None when closing."""
        with self._changed:
            while not self._closing:
                now_s = self._monotonic()
                if now_s < self._rests_until_s and not self._gone:
                    self._changed.wait(self._rests_until_s - now_s)
                    continue
                held_until_s = 0.0 if self._gone else self._breaker.held_until_s
                waiting = self._backlog.take(inf if self._gone else now_s, held_until_s)
                if waiting is not None:
                    self._under_way = waiting.item
                    self._deadline_s = now_s + self._settings.timeout_s
                    return waiting
                ready_s = self._backlog.next_ready_s(held_until_s)
                self._changed.wait(None if ready_s is None else max(0.0, ready_s - now_s))
        return None

    def _deliver(self, waiting: Waiting) -> None:
        began_s, began_unix_s = self._monotonic(), self._unix_time()
        refusal = self._refusal(waiting.item)
        attempt = refusal or self._start(waiting.item, began_unix_s)
        answer = attempt if isinstance(attempt, Answer) else self._answer(attempt, began_s)
        duration_s = self._monotonic() - began_s
        tried = waiting.item.attempts + (0 if refusal else 1)
        item = replace(waiting.item, attempts=tried)
        if answer.result is DeliveryResult.RETRY and self._withdrawn == item.message_id:
            words = f"{answer.detail}; {WITHDRAWN}"
            answer = replace(answer, result=DeliveryResult.WITHDRAWN, detail=words)
        if answer.result is DeliveryResult.RETRY and item.purpose is not Purpose.CANARY:
            item, answer = self._again(waiting, item, answer)
        self._settle(item, answer, attempted=refusal is None)
        self._tell(
            self._report,
            DeliveryReport(
                item,
                answer.result,
                began_unix_s,
                duration_s,
                answer.detail,
                answer.retry_after_s,
                answer.receipt,
            ),
        )
        if isinstance(attempt, Attempt):
            self._target.finish(attempt)

    def _refusal(self, item: OutboxItem) -> Answer | None:
        """Return why an item must not be sent at all, None if it may be."""
        if self._gone:
            return Answer(DeliveryResult.GONE, "the target wants no more messages (HTTP 410)")
        if item.purpose is Purpose.CANARY:
            return None
        simulated = is_simulated(item.body)
        if simulated is None:
            return Answer(DeliveryResult.REFUSED, "the stored message is no alert")
        if simulated and not self._settings.test_target:
            return Answer(
                DeliveryResult.REFUSED, "a simulated alert goes to test targets only, never here"
            )
        return None

    def _start(self, item: OutboxItem, unix_s: float) -> Attempt:
        try:
            silently = item.purpose is Purpose.CANARY
            return self._target.start(
                item.message_id, item.body, int(unix_s), self._wake, silently=silently
            )
        except Exception as error:  # noqa: BLE001 - out of threads or memory: tried again later
            what = f"the attempt could not start ({type(error).__name__})"
            return Attempt(None, Answer(DeliveryResult.RETRY, what))

    def _answer(self, attempt: Attempt, began_s: float) -> Answer:
        """Wait for an attempt's answer, to the deadline at most."""
        words_due_s = inf
        with self._changed:
            while attempt.answer is None:
                now_s = self._monotonic()
                if attempt.by_status is not None:
                    words_due_s = min(words_due_s, now_s + BODY_S)
                left_s = min(self._deadline_s, words_due_s) - now_s
                if left_s <= 0.0:
                    break
                self._changed.wait(left_s)
            answer = attempt.answer or attempt.by_status
        waited_s = self._monotonic() - began_s
        return answer or Answer(DeliveryResult.RETRY, f"no answer within {waited_s:.1f} s")

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _again(
        self, waiting: Waiting, item: OutboxItem, answer: Answer
    ) -> tuple[OutboxItem, Answer]:
        """Queue a failed item for its next attempt, or give it up after days."""
        now_s = self._monotonic()
        if now_s - waiting.accepted_s > self._schedule.give_up_s:
            hours = self._schedule.give_up_s / 3600.0
            what = f"given up after {hours:.0f} h and {item.attempts} attempts: {answer.detail}"
            return item, Answer(DeliveryResult.REFUSED, what)
        delay_s = self._schedule.delay_s(item.attempts, self._rng.random(), answer.retry_after_s)
        item = replace(item, not_before_unix_s=self._unix_time() + delay_s)
        with self._changed:
            self._breaker.failed(now_s, self._schedule.honoured_s(answer.retry_after_s))
            leaving = self._backlog.put(Waiting(item, now_s + delay_s, waiting.accepted_s))
            self._overflowed += leaving is not None
        if leaving is not None:
            self._tell(self._overflow, leaving)
        return item, replace(answer, retry_after_s=delay_s)

    def _settle(self, item: OutboxItem, answer: Answer, *, attempted: bool) -> None:
        with self._changed:
            self._under_way = None
            if item.purpose is Purpose.CANARY:
                return  # it says nothing of alerts: who sent it keeps the account
            if answer.result is DeliveryResult.DELIVERED:
                self._delivered += 1
                self._last_success_s = self._monotonic()
                self._rests_until_s = self._last_success_s + self._target.pause_s
                self._trouble = ""
                if self._breaker.is_open:
                    self._backlog.hasten(self._monotonic())
                self._breaker.succeeded()
            elif attempted and not item.is_trial:
                self._failed_attempts += 1
                self._trouble = answer.detail
            self._gone = self._gone or answer.result is DeliveryResult.GONE

    def _tell(self, listener: Callable[[_Told], None], what: _Told) -> None:
        try:
            listener(what)
        except Exception:  # noqa: BLE001 - a faulty listener must not end the deliveries
            _log.exception("the report of a delivery was not taken")
