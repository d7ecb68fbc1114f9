"""Listens at one service for answers, in a thread of its own, while somebody may answer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from ecgd.alerts.replies.line import Question, ask
from ecgd.alerts.replies.paths import Answered, Path
from ecgd.errors import DeliveryError

_log = logging.getLogger(__name__)

LONGEST_S: Final = 60.0
"""A service that fails is asked less and less often, but this often at least."""

WAITING_LIMIT: Final = 64
"""The oldest alerts are listened for no more: nobody presses their buttons now."""

RECEIPTS_LIMIT: Final = 8
"""Of one alert, told again and again: the newest messages that still ring."""

RELEASES_MAX: Final = 60
"""So often it is tried to end the ringing of what was answered elsewhere."""


class Listener:
    """Asks while alerts wait for an answer, and is silent while none does.

    ``heard`` is called in the listener's thread and must not block. Nothing here raises into the
    caller. ``poll_s`` None: as often as the service allows.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        heard: Callable[[Answered], None],
        poll_s: float | None = None,
    ) -> None:
        self._name = name
        self._path = path
        self._heard = heard
        self._poll_s = path.poll_s if poll_s is None else poll_s
        self._wait_s = self._poll_s
        self._changed = threading.Condition()
        self._waiting: dict[str, tuple[str, ...]] = {}
        self._released: dict[str, int] = {}
        self._is_hurried = False
        self._closing = False
        self._trouble = ""
        self._looked_s = 0.0
        self._thread = threading.Thread(target=self._run, name=f"ecgd-hear-{name}", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> str:
        """Why answers do not come now, empty if they do, or nobody has to answer."""
        with self._changed:
            if not self._thread.is_alive() and not self._closing:
                return "the thread has ended"
            return self._trouble if self._waiting else ""

    def expect(self, alert_id: str, receipt: str = "") -> None:
        """An alert has reached somebody, who may answer it."""
        with self._changed:
            known = self._waiting.get(alert_id, ())
            fresh = (receipt,) if receipt and receipt not in known else ()
            self._waiting[alert_id] = (*known, *fresh)[-RECEIPTS_LIMIT:]
            while len(self._waiting) > WAITING_LIMIT:
                del self._waiting[next(iter(self._waiting))]
            self._changed.notify_all()

    def outlive(self, alert_id: str) -> None:
        """Another has taken an alert's place: it rings no more, but who answers it is heard."""
        with self._changed:
            if alert_id in self._waiting:
                self._release(alert_id)

    def forget(self, alert_id: str) -> None:
        """An alert was answered: nobody has to answer it any more."""
        with self._changed:
            if alert_id in self._waiting:
                self._release(alert_id)
                del self._waiting[alert_id]

    def stop(self) -> None:
        """End, and return at once: nothing is lost by a question without an answer."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()

    def _release(self, alert_id: str) -> None:
        receipts = self._waiting[alert_id]
        self._waiting[alert_id] = ()
        self._released |= dict.fromkeys(receipts, 0)
        if receipts:
            self._is_hurried = True
            self._changed.notify_all()

    def _run(self) -> None:
        while self._rest():
            try:
                self._look()
            except DeliveryError as error:
                self._note(str(error))
            except Exception as error:  # noqa: BLE001 - a strange answer must not end the hearing
                _log.error("answers by %s: %s", self._name, type(error).__name__)
                self._note(type(error).__name__)
            else:
                self._note("")

    def _rest(self) -> bool:
        """Wait until there is something to ask; False: it is over."""
        with self._changed:
            while not (self._closing or self._waiting or self._released):
                self._changed.wait()
            if not (self._closing or self._is_hurried):
                self._changed.wait(self._wait_s)
            self._is_hurried = False
            return not self._closing

    def _look(self) -> None:
        """Ask everything that there is to ask. Raises the first failure once all was asked."""
        with self._changed:
            released, waiting = dict(self._released), dict(self._waiting)
        for receipt, tries in released.items():
            self._end(receipt, tries + 1)
        began_s, failures = time.monotonic(), list(self._ask_all(waiting))
        for question in self._path.thanks():
            self._say(question)
        if failures:
            raise failures[0]
        self._looked_s = began_s

    def _ask_all(self, waiting: dict[str, tuple[str, ...]]) -> Iterator[DeliveryError]:
        """Ask question after question, and yield what failed."""
        questions = self._path.questions(waiting)
        while True:
            try:
                question = next(questions, None)
                if question is None:
                    return
                reply = ask(question)
            except DeliveryError as error:
                yield error
                continue
            for answered in self._path.read(question, reply, waiting):
                self._heard(replace(answered, after_s=self._looked_s))

    def _end(self, receipt: str, tries: int) -> None:
        """End the ringing of a message, now or with the next look."""
        try:
            said = all(tuple(self._say(each) for each in self._path.release(receipt)))
        except DeliveryError:
            said = False
        with self._changed:
            if said or tries >= RELEASES_MAX:
                self._released.pop(receipt, None)
            else:
                self._released[receipt] = tries

    def _say(self, question: Question) -> bool:
        """Say something that is no question; return whether it was heard."""
        try:
            ask(question)
        except DeliveryError as error:
            _log.info("%s: %s", self._name, error)
            return False
        return True

    def _note(self, trouble: str) -> None:
        with self._changed:
            if trouble and trouble != self._trouble:
                _log.warning("answers by %s do not come: %s", self._name, trouble)
            self._trouble = trouble
            self._wait_s = min(self._wait_s * 2.0, LONGEST_S) if trouble else self._poll_s
