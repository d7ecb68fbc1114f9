"""Fan-out of alarm changes: pins at once, then delivery, store and log; nobody waits."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Protocol

from ecgd.alerts.courier import Courier
from ecgd.config.settings import Settings, WebhookSettings
from ecgd.decision.alarm import Changes
from ecgd.decision.alarm_record import book_to_dict
from ecgd.model.alarm import Alarm, AlarmChange, Alert, ChangeKind, DeliveryReport, OutboxItem
from ecgd.model.assessment import Assessment
from ecgd.model.finding import EventType, Severity
from ecgd.service.identity import is_clock_synchronised
from ecgd.service.live import LiveHub
from ecgd.service.logs import log_event
from ecgd.service.occurrence import Circumstances, Moment, address_alert, compose_alert
from ecgd.service.patient_tags import PatientTag, TagOf, tagged
from ecgd.service.prover import Prover
from ecgd.service.subject import Subject
from ecgd.store.writer import StoreWriter

_log = logging.getLogger(__name__)

OCCURRENCES = (ChangeKind.RAISED, ChangeKind.ESCALATED)

WithReports = Callable[[tuple[OutboxItem, ...]], tuple[OutboxItem, ...]]
"""Adds the messages of the reports that follow an alert's own."""


class Broker(Protocol):
    """Who is told of everything by topics."""

    def address(self, alert: Alert) -> tuple[OutboxItem, ...]:
        """Return what of an alert goes to it by the outbox."""

    def look_soon(self) -> None:
        """Something has changed."""


class People(Protocol):
    """Contacts, who are told one after the other until somebody answers."""

    @property
    def channels(self) -> frozenset[str]:
        """Targets that belong to contacts: nothing else goes to them."""

    def address(self, alert: Alert, supersedes: str | None) -> tuple[OutboxItem, ...]:
        """Return what goes out at once; the rest follows by itself."""

    def keep(self, alert_id: str) -> None:
        """Store how it stands with an alert that is on its way to the store."""

    def note_answer(self, alert_id: str, by: str) -> None:
        """Somebody has answered."""

    def note_delivery(self, report: DeliveryReport) -> None:
        """Take what became of one attempt."""

    def note_overflow(self, item: OutboxItem) -> None:
        """Take an item that found no room."""


class Replies(Protocol):
    """Who listens for the answers of people."""

    def note_delivery(self, report: DeliveryReport) -> None:
        """An alert has come to somebody, who may answer it."""

    def supersede(self, alert_id: str, by: str, severity: Severity) -> None:
        """Another occurrence of the same alarm has taken an alert's place."""

    def forget(self, alert_id: str) -> None:
        """An alert was answered."""


class FanOut:
    """Takes what changed in one subject's alarms to everything that has to know."""

    def __init__(
        self,
        settings: Settings,
        circumstances: Circumstances,
        store: StoreWriter,
        workers: Mapping[str, Courier],
        live: LiveHub,
    ) -> None:
        self._settings = settings
        self.circumstances = circumstances
        self._store = store
        self._workers = workers
        self._live = live
        self.broker: Broker | None = None
        self.people: People | None = None
        self.replies: Replies | None = None
        self.prover: Prover | None = None
        self.tag_of: TagOf = lambda patient_id: PatientTag()
        self.with_reports: WithReports = lambda items: items
        self.holds_books = False
        """Whether the last run's books are still unread: none is stored over them then."""

    def spread(self, subject: Subject, assessment: Assessment | None, changes: Changes) -> None:
        """Send out occurrences, note acknowledgements and endings, keep the book."""
        for change in changes:
            if change.kind in OCCURRENCES:
                self._send(subject, assessment, change)
            elif change.kind is not ChangeKind.UPDATED:
                self._note(subject, change)
        if changes:
            if self.broker is not None:
                self.broker.look_soon()
            self._live.note_changes(subject, changes)
            self.keep_book(subject)

    def keep_book(self, subject: Subject) -> None:
        """Store a subject's alarms for a restart."""
        if self.holds_books:
            return
        record = self.book_record(subject)
        _report_failure(self._store.save_alarm_book(subject.patient_id, record), "alarm state")

    def book_record(self, subject: Subject) -> dict[str, Any]:
        """Return a subject's alarms as they are stored."""
        return {
            "book": book_to_dict(subject.alarms.book),
            "boot_id": self.circumstances.boot_id,
            "mono_s": time.monotonic(),
            "unix_s": time.time(),
        }

    def _send(self, subject: Subject, assessment: Assessment | None, change: AlarmChange) -> None:
        alert = self._compose(subject, assessment, change.alarm)
        if change.supersedes is not None and self.replies is not None:
            self.replies.supersede(change.supersedes, alert.alert_id, alert.severity)
        if change.supersedes is not None:
            self._store.clear_alert(change.supersedes)
        items = address_alert(alert, self._direct_targets())
        if self.broker is not None:
            items += self.broker.address(alert)
        if self.people is not None:
            items += self.people.address(alert, change.supersedes)
        items = self.with_reports(items)
        for item in items:
            self._workers[item.target].submit(item)
        _report_failure(self._store.store_alert(alert, items), f"alert {alert.alert_id}")
        if self.people is not None:
            self.people.keep(alert.alert_id)
        if self.prover is not None:
            self.prover.note_alarm(alert)
        self._log_alert(alert, change.kind)
        self._live.note_alert(alert)

    def _direct_targets(self) -> tuple[WebhookSettings, ...]:
        """Return the targets that are nobody's channel."""
        channels = self.people.channels if self.people is not None else frozenset()
        return tuple(each for each in self._settings.webhooks if each.name not in channels)

    def _compose(self, subject: Subject, assessment: Assessment | None, alarm: Alarm) -> Alert:
        moment = Moment(time.time(), time.monotonic(), is_clock_synchronised())
        alert = compose_alert(
            alarm,
            patient_id=subject.patient_id,
            patient_name=subject.name,
            assessment=assessment,
            moment=moment,
            circumstances=replace(self.circumstances, simulated=subject.simulated),
            settings=self._settings.alarms,
        )
        return tagged(alert, self.tag_of(subject.patient_id))

    def _note(self, subject: Subject, change: AlarmChange) -> None:
        alarm = change.alarm
        if alarm.alert_id is None:
            return
        if change.kind is ChangeKind.ACKNOWLEDGED:
            by = alarm.acknowledged_by or "somebody"
            self._store.acknowledge_alert(alarm.alert_id, by)
            if self.people is not None:
                self.people.note_answer(alarm.alert_id, by)
            if self.replies is not None:
                self.replies.forget(alarm.alert_id)
        if change.kind in (ChangeKind.CLEARED, ChangeKind.LATCHED):
            self._store.clear_alert(alarm.alert_id)
        if change.kind is ChangeKind.RETURNED:
            self._store.reopen_alert(alarm.alert_id)
        what = f"alarm_{change.kind.value}"
        message = f"{subject.name}: {alarm.event_type.value} {change.kind.value}"
        facts = {
            "event_type": alarm.event_type.value,
            "severity": alarm.severity.name,
            "alert_id": alarm.alert_id,
            "by": alarm.acknowledged_by,
        }
        self._store.store_health_event(subject.patient_id, what, message, facts)
        log_event(
            _log,
            what,
            message,
            patient=subject.patient_id,
            event_type=alarm.event_type,
            severity=alarm.severity,
            alert_id=alarm.alert_id,
            by=alarm.acknowledged_by,
        )

    def _log_alert(self, alert: Alert, kind: ChangeKind) -> None:
        simulated = " (simulated)" if alert.simulated else ""
        log_event(
            _log,
            "alert",
            f"{alert.severity.name} {alert.event_type.value}{simulated}, "
            f"{alert.patient_name}: {alert.description}{_opinion(alert)}",
            level=logging.WARNING,
            patient=alert.patient_id,
            event_type=alert.event_type,
            severity=alert.severity,
            alert_id=alert.alert_id,
            kind=kind,
            simulated=alert.simulated,
            territory=alert.territory,
            confidence=alert.confidence,
            networks=dict(alert.scores).get("fused"),
        )


def _opinion(alert: Alert) -> str:
    """Return the second opinion for the log; an alarm of the networks' own says it already."""
    notes = [note for note in alert.clinical_notes if note.startswith("Networks: ")]
    if not notes or alert.event_type is EventType.CARDIAC_ANOMALY:
        return ""
    return f" {notes[0]}"


def _report_failure(future: Future[int], what: str) -> None:
    def tell(done: Future[int]) -> None:
        if not done.cancelled() and (error := done.exception()) is not None:
            _log.error("%s was not stored: %s", what, error)

    future.add_done_callback(tell)
