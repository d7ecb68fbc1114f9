"""Alerts and alarms have to tell the same story: what no book knows, nobody can answer."""

from __future__ import annotations

from collections.abc import Iterable

from ecgd.decision.alarm_book import latched_of, take_back
from ecgd.decision.alarm_table import UNANSWERED
from ecgd.model.alarm import Alert
from ecgd.service.parts import Parts


def waiting_ids(parts: Parts) -> set[str]:
    """Return the alerts whose alarms wait for an answer."""
    return {
        alarm.alert_id
        for subject in parts.subjects()
        for alarm in subject.alarms.book.alarms
        if alarm.alert_id and alarm.state in UNANSWERED
    }


def bring_back(parts: Parts, alerts: Iterable[Alert], now_s: float) -> None:
    """Put alerts that no book knows back into sight, as alarms that nobody has answered.

    A kill between an alert and the book of alarms leaves such ones.
    """
    for alert in alerts:
        for subject in parts.subjects():
            if subject.patient_id == alert.patient_id:
                alarm = latched_of(alert, now_s)
                subject.alarms.book = take_back(subject.alarms.book, alarm)
                parts.fan_out.keep_book(subject)
