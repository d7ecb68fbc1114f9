"""Hears the answers of people by the services that told them; in the loop's thread."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from ecgd.alerts.payload import is_answer
from ecgd.alerts.profiles import ntfy, telegram
from ecgd.alerts.profiles.registry import profile_of
from ecgd.alerts.replies.listener import Listener
from ecgd.alerts.replies.paths import (
    Answered,
    Member,
    NtfyPath,
    Path,
    PushoverPath,
    TelegramPath,
)
from ecgd.alerts.secret import Keys, load_keys
from ecgd.config.settings import Settings, WebhookSettings
from ecgd.errors import StoreError
from ecgd.model.alarm import AlarmState, DeliveryReport, DeliveryResult
from ecgd.model.finding import Severity
from ecgd.model.status import PartHealth
from ecgd.service.parts import Parts
from ecgd.store.escalation_reader import EscalationReader

_log = logging.getLogger(__name__)

Call = Callable[..., None]
"""Calls a function in the loop's thread, from any other."""

_SERVERS: Final[Mapping[str, Callable[[WebhookSettings], str]]] = {
    "ntfy": ntfy.server,
    "telegram": telegram.server,
}

RETRY_S: Final = 5.0
"""What the last run told is looked up again this often, if the database could not be read."""

_WAITS_FOR_ANSWER: Final = (AlarmState.ACTIVE, AlarmState.LATCHED)
_PATHS: Final[Mapping[str, Callable[[Sequence[Member]], Path]]] = {
    "ntfy": NtfyPath,
    "pushover": PushoverPath,
    "telegram": TelegramPath,
}


@dataclass(frozen=True, slots=True)
class _Heir:
    """The occurrence that has taken an older one's place at ``since_s`` (monotonic)."""

    alert_id: str
    since_s: float


class ReplyDesk:
    """Lets listeners know which alerts wait, and acknowledges what they hear.

    Who answers an older message of an alarm that has been raised anew means the alarm, as long as
    it has not become graver since, and as the answer is surely no older than that.
    """

    def __init__(
        self, parts: Parts, settings: Settings, call: Call, credentials_dir: str | None
    ) -> None:
        self._parts = parts
        self._settings = settings
        self._call = call
        self._credentials_dir = credentials_dir
        self._paths: dict[str, str] = {}
        self._listeners: dict[str, Listener] = {}
        self._told: dict[str, Severity] = {}
        self._heirs: dict[str, _Heir] = {}
        self._tried: set[str] = set()
        self._has_begun = False
        for group in _groups(settings.webhooks):
            listener = self._open(group)
            for target in group:
                self._paths[target.name] = target.profile
                self._listeners[target.name] = listener
        parts.replies_health = self.health

    def begin(self) -> None:
        """Listen for answers to what the last run has told; what cannot be read waits for ``run``.

        Which alarms wait is known once their books have been read.
        """
        if self._parts.fan_out.holds_books:
            return
        reader = EscalationReader(self._parts.places.database_path)
        try:
            for alert_id, severity in self._waiting().items():
                for delivery in reader.deliveries(alert_id):
                    listener = self._listeners.get(delivery.target)
                    if listener is not None and delivery.state == "delivered":
                        self._told[alert_id] = severity
                        listener.expect(alert_id, delivery.receipt)
            self._has_begun = True
        except StoreError as error:
            _log.warning("answers to the last run's alerts are not heard yet: %s", error)

    async def run(self) -> None:
        """Begin as soon as the database lets it."""
        while not self._has_begun:
            await asyncio.sleep(RETRY_S)
            self.begin()

    def note_delivery(self, report: DeliveryReport) -> None:
        """An alert has come to somebody, who may answer it."""
        listener, alert_id = self._listeners.get(report.item.target), report.item.alert_id
        if (
            listener is None
            or report.result is not DeliveryResult.DELIVERED
            or is_answer(report.item.body)
        ):
            return
        listener.expect(alert_id, report.receipt)
        told = self._told.get(alert_id, Severity.LOW)
        self._told[alert_id] = max(told, report.item.severity)  # its report may come as a LOW one
        if report.item.is_trial:
            self._tried.add(alert_id)  # no alarm stands: whoever tries it ends it
        wanted = self._waiting().keys() | self._heirs.keys() | self._tried
        for over in self._told.keys() - wanted:
            self.forget(over)

    def supersede(self, alert_id: str, by: str, severity: Severity) -> None:
        """Another occurrence of the same alarm has taken an alert's place."""
        heir = _Heir(by, time.monotonic())
        line = [old for old, each in self._heirs.items() if each.alert_id == alert_id]
        for old in (*line, alert_id):
            if old in self._told and self._told[old] >= severity:
                self._heirs[old] = heir
                for listener in self._each():
                    listener.outlive(old)
            else:
                self._drop(old)

    def forget(self, alert_id: str) -> None:
        """An alert was answered, or is over; so are those whose place it took."""
        line = [old for old, each in self._heirs.items() if each.alert_id == alert_id]
        for old in (*line, alert_id):
            self._drop(old)

    def health(self) -> PartHealth | None:
        """Say whether answers can come; None where no service can bring any."""
        if not self._listeners:
            return None
        troubles = {
            f"{name}: {listener.trouble}"
            for name, listener in self._listeners.items()
            if listener.trouble
        }
        paths = ", ".join(f"{name} by {path}" for name, path in self._paths.items())
        return PartHealth("answers", not troubles, "; ".join(sorted(troubles)) or paths)

    def stop(self) -> None:
        """End all listeners, and return at once."""
        for listener in self._each():
            listener.stop()

    def _open(self, group: tuple[WebhookSettings, ...]) -> Listener:
        """Open the way back from targets of one service."""
        members = tuple(Member(target, partial(self._keys, target)) for target in group)
        name = ", ".join(target.name for target in group)
        path = _PATHS[group[0].profile](members)
        return Listener(name, path, lambda answered: self._call(self._take, answered))

    def _keys(self, target: WebhookSettings) -> Keys:
        """Return what the secret file holds now. Raises DeliveryError."""
        profile = profile_of(target)
        keys = load_keys(target.secret_file, profile.keys or (), self._credentials_dir)
        profile.check(target, keys)
        return keys

    def _take(self, answered: Answered) -> None:
        """Acknowledge; who has answered is the contact whose channel it was."""
        heir = self._heirs.get(answered.alert_id)
        if heir is not None and answered.after_s < heir.since_s:
            _log.warning("an answer to %s is older than %s", answered.alert_id, heir.alert_id)
            return
        who = next(
            (each.id for each in self._settings.contacts if answered.target in each.channels),
            answered.target,
        )
        person = f"/{answered.person}" if answered.person else ""
        by = f"{self._paths[answered.target]}:{who}{person}"
        meant = answered.alert_id if heir is None else heir.alert_id
        self._parts.acknowledge(meant, None, by)
        self.forget(meant)

    def _drop(self, alert_id: str) -> None:
        self._told.pop(alert_id, None)
        self._heirs.pop(alert_id, None)
        self._tried.discard(alert_id)
        for listener in self._each():
            listener.forget(alert_id)

    def _each(self) -> Iterator[Listener]:
        yield from {id(listener): listener for listener in self._listeners.values()}.values()

    def _waiting(self) -> dict[str, Severity]:
        """Return the alerts that wait for an answer."""
        return {
            alarm.alert_id: alarm.severity
            for subject in self._parts.subjects()
            for alarm in subject.alarms.book.alarms
            if alarm.alert_id and alarm.state in _WAITS_FOR_ANSWER
        }


def _groups(targets: tuple[WebhookSettings, ...]) -> Iterator[tuple[WebhookSettings, ...]]:
    """Yield the targets that bring answers back, those together that one listener asks for.

    One bot has one queue of presses, and one ntfy server counts how often it is asked.
    """
    groups: dict[tuple[str, ...], list[WebhookSettings]] = {}
    for target in targets:
        if target.profile == "pushover":
            groups[(target.profile, target.name)] = [target]
        elif target.profile in _SERVERS and target.acknowledge:
            key = (target.profile, _SERVERS[target.profile](target), target.ca_file)
            groups.setdefault(key, []).append(target)
    yield from map(tuple, groups.values())
