"""Fan-out of alarm changes: pins at once, then delivery, store and log; nobody waits."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace

from ecgd.alerts.delivery import DeliveryWorker
from ecgd.config.settings import Settings
from ecgd.decision.alarm import Changes
from ecgd.decision.alarm_record import book_to_dict
from ecgd.model.alarm import Alarm, AlarmChange, Alert, ChangeKind
from ecgd.model.assessment import Assessment
from ecgd.model.finding import EventType
from ecgd.service.identity import is_clock_synchronised
from ecgd.service.live import LiveHub
from ecgd.service.logs import log_event
from ecgd.service.occurrence import Circumstances, Moment, address_alert, compose_alert
from ecgd.service.subject import Subject
from ecgd.store.writer import StoreWriter

_log = logging.getLogger(__name__)

OCCURRENCES = (ChangeKind.RAISED, ChangeKind.ESCALATED)


class FanOut:
    """Takes what changed in one subject's alarms to everything that has to know."""

    def __init__(
        self,
        settings: Settings,
        circumstances: Circumstances,
        store: StoreWriter,
        workers: Mapping[str, DeliveryWorker],
        live: LiveHub,
    ) -> None:
        self._settings = settings
        self.circumstances = circumstances
        self._store = store
        self._workers = workers
        self._live = live
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
            self._live.note_changes(subject, changes)
            self.keep_book(subject)

    def keep_book(self, subject: Subject) -> None:
        """Store a subject's alarms for a restart."""
        if self.holds_books:
            return
        record = {
            "book": book_to_dict(subject.alarms.book),
            "boot_id": self.circumstances.boot_id,
            "mono_s": time.monotonic(),
            "unix_s": time.time(),
        }
        _report_failure(self._store.save_alarm_book(subject.patient_id, record), "alarm state")

    def _send(self, subject: Subject, assessment: Assessment | None, change: AlarmChange) -> None:
        alert = self._compose(subject, assessment, change.alarm)
        items = address_alert(alert, self._settings.webhooks)
        for item in items:
            self._workers[item.target].submit(item)
        _report_failure(self._store.store_alert(alert, items), f"alert {alert.alert_id}")
        self._log_alert(alert, change.kind)
        self._live.note_alert(alert)

    def _compose(self, subject: Subject, assessment: Assessment | None, alarm: Alarm) -> Alert:
        moment = Moment(time.time(), time.monotonic(), is_clock_synchronised())
        return compose_alert(
            alarm,
            patient_id=subject.patient_id,
            patient_name=subject.name,
            assessment=assessment,
            moment=moment,
            circumstances=replace(self.circumstances, simulated=subject.simulated),
            settings=self._settings.alarms,
        )

    def _note(self, subject: Subject, change: AlarmChange) -> None:
        alarm = change.alarm
        if alarm.alert_id is None:
            return
        if change.kind is ChangeKind.ACKNOWLEDGED:
            self._store.acknowledge_alert(alarm.alert_id, alarm.acknowledged_by or "somebody")
        if change.kind in (ChangeKind.CLEARED, ChangeKind.LATCHED):
            self._store.clear_alert(alarm.alert_id)
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
