"""What the broker is told of everybody, and what it may ask; all in the loop's thread."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from ecgd.alerts.mqtt.commands import Command, CommandError, CommandKind
from ecgd.alerts.mqtt.discovery import Told, discovery_payload
from ecgd.alerts.mqtt.states import State, as_payload, gateway_state, patient_state
from ecgd.alerts.mqtt.topics import Topics
from ecgd.alerts.mqtt.worker import NAME, MqttWorker
from ecgd.config.fleet import MqttSettings
from ecgd.config.settings import WebhookSettings
from ecgd.decision.alarm import telling
from ecgd.model.alarm import Alert, DeliveryReport, OutboxItem
from ecgd.model.status import DaemonStatus
from ecgd.service.logs import log_event
from ecgd.service.occurrence import address_alert
from ecgd.service.parts import Parts
from ecgd.service.settings_rules import GATEWAY_ID

_log = logging.getLogger(__name__)

LOOK_S: Final = 1.0

SLOW: Final = frozenset(
    {
        *("heart_rate_bpm", "signal_quality_percent", "battery_percent"),
        *("last_delivery", "last_proven"),
    }
)
"""Values that change all the time: they are told once a period; everything else at once."""


@dataclass(slots=True)
class _Known:
    """What was last told of somebody."""

    discovery: bytes = b""
    state: State | None = None
    told_s: float = 0.0


class BrokerDesk:
    """Puts states into the worker's mailbox, addresses alarms, and obeys commands."""

    def __init__(
        self, parts: Parts, settings: MqttSettings, topics: Topics, worker: MqttWorker
    ) -> None:
        self._parts = parts
        self._settings = settings
        self._topics = topics
        self._worker = worker
        self._known: dict[str, _Known] = {}
        self._soon = asyncio.Event()
        self._target = WebhookSettings(
            name=NAME,
            url="",
            least_severity=settings.least_severity,
            test_target=True,  # simulated alarms have topics of their own
            include_name=settings.include_name,
        )

    def address(self, alert: Alert) -> tuple[OutboxItem, ...]:
        """Return what of an alert goes into the outbox; without that, tell the broker at once."""
        items = address_alert(alert, (self._target,))
        if self._settings.required:
            return items
        for item in items:
            self._worker.submit(item)
        return ()

    def look_soon(self) -> None:
        """Something has changed that the broker should know before the next look."""
        self._soon.set()

    async def run(self, status: Callable[[], DaemonStatus]) -> None:
        """Tell how everybody stands, once a second at least, until cancelled."""
        while True:
            self._soon.clear()
            self.look(status(), time.monotonic(), time.time())
            if not self._worker.has_begun:
                self._worker.begin()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._soon.wait()

    def look(self, status: DaemonStatus, now_s: float, unix_s: float) -> None:
        """Tell what changed, what is due, and that somebody is not here any more."""
        present = set()
        for told, state in self._everybody(status, now_s, unix_s):
            topic = self._topics.state(told.subject_id, simulated=told.simulated)
            present.add(topic)
            self._tell(topic, told, state, now_s, unix_s)
        for gone in self._known.keys() - present:
            del self._known[gone]
            for topic in self._topics.belonging(gone):
                self._worker.mailbox.put_document(topic, b"")

    def note(self, report: DeliveryReport) -> None:
        """Take what became of one alarm at the broker."""
        if self._settings.required:
            self._parts.note_delivery(report)
            return
        if self._parts.fan_out.prover is not None:
            self._parts.fan_out.prover.note_delivery(report)
        if report.item.is_trial:
            return
        message = f"alert {report.item.alert_id} to {NAME}: {report.result.value}, {report.detail}"
        log_event(_log, "delivery", message, alert_id=report.item.alert_id, target=NAME)

    def note_overflow(self, item: OutboxItem) -> None:
        """Take an alarm that found no room."""
        if self._settings.required or item.is_trial:
            self._parts.note_overflow(item)
        else:
            _log.error("no room to tell the broker of alert %s: it is lost to it", item.alert_id)

    def obey(self, command: Command) -> None:
        """Do what was asked, and say what became of it."""
        try:
            answer = self._done(command)
        except CommandError as error:
            log_event(_log, "command_refused", f"{command.by}: {error}", level=logging.WARNING)
            answer = {"done": False, "error": str(error)}
        self._worker.answer(command.sender, {"command": command.kind.value} | answer)

    def _done(self, command: Command) -> dict[str, object]:
        parts = self._parts
        if command.kind is CommandKind.PAUSE_AUDIO:
            return {"done": True, "pause_s": parts.pause_audio(command.by)}
        if command.patient_id not in (None, GATEWAY_ID, *parts.sessions):
            raise CommandError("no such patient", "Take patient_id from the topic of the state")
        ids = parts.acknowledge(command.alert_id, command.patient_id, command.by)
        if command.alert_id is not None and not ids:
            raise CommandError("no such alarm to acknowledge", "Take alert_id from the state")
        return {"done": True, "alert_ids": list(ids)}

    def _everybody(
        self, status: DaemonStatus, now_s: float, unix_s: float
    ) -> Iterator[tuple[Told, State]]:
        parts = self._parts
        sessions = tuple(parts.sessions.values())
        unwatched = {each.patient.id: each.why_unwatched(now_s) for each in sessions}
        gateway, topics = parts.gateway, self._topics
        yield (
            Told(GATEWAY_ID, f"ecgd {topics.gateway}", gateway.simulated),
            gateway_state(
                status,
                telling(gateway.alarms.book),
                monitored=sum(reason is None for reason in unwatched.values()),
                now_unix_s=unix_s,
            ),
        )
        via = topics.device(GATEWAY_ID, gateway.simulated)
        for session in sessions:
            patient_id = session.patient.id
            called = session.patient.label or patient_id
            name = session.name if self._settings.include_name else called
            snapshot = session.status(now_s, analysed=0, replaced=0)
            yield (
                Told(patient_id, name, session.simulated, via),
                patient_state(
                    snapshot, simulated=session.simulated, unwatched=unwatched[patient_id]
                ),
            )

    def _tell(self, topic: str, told: Told, state: State, now_s: float, unix_s: float) -> None:
        known = self._known.setdefault(topic, _Known())
        settings, mailbox = self._settings, self._worker.mailbox
        if self._topics.discovery_prefix:
            discovery = discovery_payload(
                told,
                self._topics,
                state_every_s=settings.state_every_s,
                allow_commands=settings.allow_commands,
            )
            if discovery != known.discovery:
                known.discovery = discovery
                where = self._topics.discovery(told.subject_id, simulated=told.simulated)
                mailbox.put_document(where, discovery)
        due = now_s - known.told_s >= settings.state_every_s
        if due or known.state is None or _steady(state) != _steady(known.state):
            known.state, known.told_s = state, now_s
            mailbox.put_document(topic, as_payload(state, unix_s))


def _steady(state: State) -> State:
    return {key: value for key, value in state.items() if key not in SLOW}
