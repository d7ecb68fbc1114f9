"""Tells contacts of an alert, one after the other, until somebody answers; in the loop's thread."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from ecgd.alerts.payload import alert_body, answer_body
from ecgd.config.settings import Settings
from ecgd.decision import escalation as course
from ecgd.decision.duty import LocalTime
from ecgd.decision.escalation import Escalation, Phase, Step, StepEvent
from ecgd.decision.escalation_plan import plan
from ecgd.decision.escalation_record import escalation_from_dict, escalation_to_dict
from ecgd.errors import StoreError
from ecgd.model.alarm import UNKNOWN_BOOT, Alert, DeliveryReport, DeliveryResult, OutboxItem
from ecgd.model.finding import EventType, Severity
from ecgd.model.status import PartHealth
from ecgd.service.logs import log_event
from ecgd.service.parts import Parts
from ecgd.service.patient_tags import PatientTag, TagOf, tagged
from ecgd.service.people_rules import emergency_channels
from ecgd.service.people_words import spoken
from ecgd.service.restart import clock_shift_s
from ecgd.service.stray_alerts import bring_back, waiting_ids
from ecgd.store.escalation_reader import EscalationReader

_log = logging.getLogger(__name__)

LOOK_S: Final = 1.0
ATTEMPTS_MAX: Final = 2
"""A channel that has refused so many attempts counts as lost for now; its retries go on."""

WAIT_MAX_S: Final = 20.0
"""So does one that asks for a longer wait (Retry-After)."""

WITHDRAWN: Final = "answered before it could be brought"


def open_people(parts: Parts, settings: Settings) -> EscalationDesk | None:
    """Return the desk where there are contacts, joined to what it has to know and to tell."""
    if not settings.contacts:
        return None
    desk = EscalationDesk(parts, settings)
    parts.fan_out.people = desk
    parts.unanswered = desk.unanswered
    parts.people_health = desk.health
    return desk


class EscalationDesk:
    """Steps every open escalation, hands over what is due, and keeps how it stands."""

    def __init__(self, parts: Parts, settings: Settings) -> None:
        self._parts = parts
        self._settings = settings
        self._contacts = {contact.id: contact for contact in settings.contacts}
        self._targets = {target.name: target for target in settings.webhooks}
        self._open: dict[str, Escalation] = {}
        self._alerts: dict[str, Alert] = {}
        self._is_resumed = False
        self._unconfirmed: set[str] = set()
        """What the last run left, until the books of alarms are known too."""
        self._centres = emergency_channels(settings)
        self.tag_of: TagOf = lambda patient_id: PatientTag()

    @property
    def channels(self) -> frozenset[str]:
        """Targets that belong to contacts."""
        return frozenset(each for who in self._settings.contacts for each in who.channels)

    def address(self, alert: Alert, supersedes: str | None) -> tuple[OutboxItem, ...]:
        """Begin an alert's escalation; return what goes out at once."""
        now_s = time.monotonic()
        earlier = self._open.get(supersedes or "")
        if alert.event_type is EventType.NOBODY_ANSWERED:
            return ()
        begun = self._begin(alert, now_s, earlier)
        if earlier is not None:
            self._put(course.supersede(earlier, now_s))
            self._save(course.supersede(earlier, now_s))
        if begun is None:
            return ()
        self._alerts[alert.alert_id] = alert
        stepped, due = self._advance(begun, now_s)
        self._put(stepped)
        return tuple(self._item(stepped, alert, step.channel) for step in due)

    def keep(self, alert_id: str) -> None:
        """Store an escalation as it stands."""
        if alert_id in self._open:
            self._save(self._open[alert_id])

    def note_answer(self, alert_id: str, by: str) -> None:
        """Stop an escalation, and tell those who were alarmed who has answered."""
        standing = self._open.get(alert_id)
        if standing is None:
            return
        answered = course.answer(standing, by, time.monotonic())
        alert = self._alerts[alert_id]
        withdrawn = tuple(
            _message_id(alert_id, step.channel, standing.turn_count)
            for step in standing.steps
            if step.at_s is not None
        )
        for step in standing.steps:
            if step.channel in self._parts.targets and step.at_s is not None:
                message_id = _message_id(alert_id, step.channel, standing.turn_count)
                self._parts.targets[step.channel].withdraw(message_id)
        items = tuple(self._notice(alert, by, each) for each in standing.told)
        self._put(answered)
        self._submit(items)
        self._save(answered, items, withdrawn)
        told = ", ".join(standing.told) or "nobody"
        words = f"alert {alert_id} answered by {by}; {told} hear of it"
        log_event(_log, "escalation_answered", words, alert_id=alert_id, by=by)

    def note_delivery(self, report: DeliveryReport) -> None:
        """Take what became of one attempt; what cannot be brought goes to the next at once."""
        if report.result is DeliveryResult.DELIVERED:
            self._befall(report.item, StepEvent.DELIVERED)
        elif (
            report.result is not DeliveryResult.RETRY
            or report.item.attempts >= ATTEMPTS_MAX
            or (report.retry_after_s or 0.0) > WAIT_MAX_S
        ):
            self._befall(report.item, StepEvent.UNDELIVERABLE)

    def note_overflow(self, item: OutboxItem) -> None:
        """Take an item that found no room: the next is told at once."""
        self._befall(item, StepEvent.UNDELIVERABLE)

    def unanswered(self) -> tuple[str, ...]:
        """Return in words the alerts of which everybody was told without an answer."""
        whole = self._parts.circumstances.simulated
        return tuple(
            f"{each.severity.name} {each.event_type.value} of "
            f"{self.tag_of(each.patient_id).words()}: "
            f"{self._names(each) or 'no contact could be told'}"
            for each in self._open.values()
            if each.is_unanswered and (whole or not each.simulated)
        )

    def health(self) -> PartHealth:
        """Say whom it is waiting for."""
        waiting = [each for each in self._open.values() if each.phase is not Phase.TOLD]
        words = "; ".join(
            f"{each.event_type.value} of {each.patient_id}: {self._names(each) or 'nobody told'}"
            + (", nobody has answered" if each.is_unanswered else ", no answer yet")
            for each in waiting
        )
        calm = f"{len(self._contacts)} configured, nobody has to be told"
        return PartHealth("contacts", not self.unanswered(), words or calm)

    def begin(self) -> None:
        """Take up what the last run left, if it can be read; ``run`` tries again."""
        try:
            self._resume(*self._load())
        except StoreError as error:
            _log.warning("whom the last run has told is not known yet: %s", error)

    async def run(self) -> None:
        """Let time pass, once a second, until cancelled."""
        while True:
            if not self._is_resumed:
                await self._retry()
            self.end_strays(time.monotonic())
            self.tick(time.monotonic())
            await asyncio.sleep(LOOK_S)

    def tick(self, now_s: float) -> None:
        """Tell everybody whose time has come."""
        for alert_id in tuple(self._open):
            self._step(alert_id, now_s)

    def _begin(self, alert: Alert, now_s: float, earlier: Escalation | None) -> Escalation | None:
        """Return an escalation; None where nobody is to be told."""
        steps = self._plan(alert)
        if not steps and (alert.severity < Severity.HIGH or alert.simulated):
            return None
        return course.begin(
            alert.alert_id,
            alert.patient_id,
            alert.event_type,
            alert.severity,
            simulated=alert.simulated,
            steps=steps,
            now_s=now_s,
            earlier=earlier,
        )

    def _plan(self, alert: Alert) -> tuple[Step, ...]:
        usable = frozenset(
            target.name
            for target in self._settings.webhooks
            if target.test_target or not alert.simulated
        )
        now = datetime.now().astimezone()
        local = LocalTime(now.weekday(), now.hour * 60 + now.minute)
        return plan(self._settings.contacts, alert.patient_id, alert.severity, local, usable)

    def _advance(self, standing: Escalation, now_s: float) -> tuple[Escalation, tuple[Step, ...]]:
        alert = self._alerts[standing.alert_id]
        pace = self._settings.escalation
        return course.advance(standing, now_s, pace, lambda: self._plan(alert))

    def _step(self, alert_id: str, now_s: float) -> None:
        """Step one escalation until nothing more is due at this moment."""
        standing = self._open.get(alert_id)
        while standing is not None and standing.is_open:
            stepped, due = self._advance(standing, now_s)
            if stepped == standing:
                return
            if stepped.is_unanswered and not standing.is_unanswered:
                words = f"alert {alert_id}: everybody was told, nobody has answered"
                log_event(_log, "unanswered", words, level=logging.ERROR, alert_id=alert_id)
            self._put(stepped)
            self._send(stepped, due)
            standing = self._open.get(alert_id)

    def _send(self, standing: Escalation, due: tuple[Step, ...]) -> None:
        """Hand over what is due; of the turn before nothing is tried any more."""
        alert = self._alerts[standing.alert_id]
        before = standing.turn_count - 1
        old = tuple(_message_id(alert.alert_id, step.channel, before) for step in due)
        for step, message_id in zip(due, old, strict=True):
            if before >= 0 and step.channel in self._parts.targets:
                self._parts.targets[step.channel].withdraw(message_id)
            words = f"alert {alert.alert_id} goes to {step.contact_id} by {step.channel}"
            log_event(_log, "escalation", words, alert_id=alert.alert_id, target=step.channel)
        present = [step for step in due if step.channel in self._targets]
        made = tuple(self._item(standing, alert, step.channel) for step in present)
        items = self._parts.fan_out.with_reports(made)
        self._save(standing, items, old if before >= 0 else ())
        for step in due:
            if step not in present:
                self._put(course.befall(standing, step.channel, StepEvent.UNDELIVERABLE))
        self._submit(items)

    def _submit(self, items: Iterable[OutboxItem]) -> None:
        for item in items:
            if not self._parts.targets[item.target].submit(item):
                self._parts.crowded.add(item.target)

    def _befall(self, item: OutboxItem, event: StepEvent) -> None:
        standing = self._open.get(item.alert_id)
        if item.target not in self.channels:
            return  # told beside the contacts, such as a broker
        if standing is None or item.message_id != _message_id(
            item.alert_id, item.target, standing.turn_count
        ):
            return
        known = course.befall(standing, item.target, event)
        if known != standing:
            self._put(known)
            self._save(known)
            self._step(item.alert_id, time.monotonic())

    def _put(self, standing: Escalation) -> None:
        if standing.is_open:
            self._open[standing.alert_id] = standing
        else:
            self._open.pop(standing.alert_id, None)
            self._alerts.pop(standing.alert_id, None)

    def _save(
        self,
        standing: Escalation,
        items: tuple[OutboxItem, ...] = (),
        withdrawn: tuple[str, ...] = (),
    ) -> None:
        record = escalation_to_dict(standing) | {
            "boot_id": self._parts.circumstances.boot_id,
            "mono_s": time.monotonic(),
            "unix_s": time.time(),
        }
        kept = self._parts.store.save_escalation(
            standing.alert_id,
            record,
            items,
            is_open=standing.is_open,
            withdrawn=withdrawn,
            why=WITHDRAWN,
        )
        kept.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _item(self, standing: Escalation, alert: Alert, channel: str) -> OutboxItem:
        target = self._targets[channel]
        return OutboxItem(
            message_id=_message_id(alert.alert_id, channel, standing.turn_count),
            alert_id=alert.alert_id,
            target=channel,
            severity=alert.severity,
            body=alert_body(
                alert,
                include_name=target.include_name,
                include_location=channel in self._centres and alert.severity >= Severity.HIGH,
            ),
            created_unix_s=time.time() if standing.turn_count else alert.occurred_unix_s,
        )

    def _notice(self, alert: Alert, by: str, channel: str) -> OutboxItem:
        include_name = self._targets[channel].include_name
        return OutboxItem(
            message_id=_message_id(alert.alert_id, channel, 0, "answered"),
            alert_id=alert.alert_id,
            target=channel,
            severity=Severity.LOW,
            body=answer_body(alert, spoken(by, self._contacts), include_name=include_name),
            created_unix_s=time.time(),
        )

    def _names(self, standing: Escalation) -> str:
        told = dict.fromkeys(
            f"{step.contact_id} {step.state.value} ({step.channel})"
            for step in standing.steps
            if step.at_s is not None
        )
        return ", ".join(told)

    async def _retry(self) -> None:
        try:
            loaded = await asyncio.to_thread(self._load)
        except StoreError:
            return
        self._resume(*loaded)

    def _load(self) -> tuple[list[Escalation], dict[str, Alert]]:
        """Read what is open, and the unanswered alarms that have no escalation yet."""
        reader = EscalationReader(self._parts.places.database_path)
        now_s, unix_s = time.monotonic(), time.time()
        boot_id = self._parts.circumstances.boot_id
        found = []
        for alert_id, record in reader.open_escalations().items():
            same_boot = record.get("boot_id") == boot_id != UNKNOWN_BOOT
            shift_s = 0.0 if same_boot else clock_shift_s(record, now_s, unix_s)
            try:
                found.append(escalation_from_dict(record, shift_s, now_s))
            except ValueError as error:
                _log.warning("whom alert %s was told is unreadable: %s", alert_id, error)
        ids = {each.alert_id for each in found} | waiting_ids(self._parts)
        stored = {alert_id: reader.alert(alert_id) for alert_id in ids}
        known = (each.alert for each in stored.values() if each is not None)
        return found, {each.alert_id: tagged(each, self.tag_of(each.patient_id)) for each in known}

    def _resume(self, found: list[Escalation], alerts: dict[str, Alert]) -> None:
        self._is_resumed = True
        self._unconfirmed = {each.alert_id for each in found if each.needs_answer}
        for each in found:
            if each.alert_id in alerts and each.alert_id not in self._open:
                self._alerts[each.alert_id] = alerts[each.alert_id]
                self._put(self._without_lost(each))
        waiting = waiting_ids(self._parts)
        for alert_id, alert in alerts.items():
            is_new = alert_id not in self._open and alert_id in waiting
            if is_new and alert.event_type is not EventType.NOBODY_ANSWERED:
                begun = self._begin(alert, time.monotonic(), None)
                if begun is not None:
                    self._alerts[alert_id] = alert
                    self._put(begun)
        self.end_strays(time.monotonic())
        self.tick(time.monotonic())

    def end_strays(self, now_s: float) -> None:
        """End what nobody can answer: its alarm has another id now, or its patient has gone."""
        if self._parts.fan_out.holds_books:
            return
        unknown = self._unconfirmed & self._open.keys() - waiting_ids(self._parts)
        bring_back(self._parts, (self._alerts[each] for each in unknown), now_s)
        self._unconfirmed.clear()
        for alert_id in self._open.keys() - waiting_ids(self._parts):
            ended = course.supersede(self._open[alert_id], now_s)
            self._put(ended)
            self._save(ended)
            _log.warning("alert %s is told to no more contacts: its alarm is over", alert_id)

    def _without_lost(self, standing: Escalation) -> Escalation:
        """Give up channels that are configured no more: the next is told at once."""
        for step in standing.steps:
            if step.channel not in self._targets and step.at_s is not None:
                standing = course.befall(standing, step.channel, StepEvent.UNDELIVERABLE)
        told = tuple(each for each in standing.alarmed if each in self._targets)
        return replace(standing, alarmed=told)


def _message_id(alert_id: str, target: str, turn_count: int, what: str = "") -> str:
    """Return the name of a message; the first is called as one to a target of nobody's."""
    tail = f"/{what}" if what else f"/{turn_count}" if turn_count else ""
    return f"msg_{uuid5(NAMESPACE_URL, f'{alert_id}/{target}{tail}').hex}"
