"""Whose alarms they are, and the book that holds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ecgd.config.settings import AlarmSettings
from ecgd.decision.alarm import (
    AlarmBook,
    Annunciation,
    Changes,
    acknowledge,
    annunciate,
    observe,
    pause_audio,
    tick,
)
from ecgd.decision.alarm_table import UNANSWERED
from ecgd.model.alarm import AlarmChange, AlarmState, ChangeKind, Observation
from ecgd.model.finding import Domain, EventType, Finding


@dataclass(slots=True)
class Alarms:
    """An alarm book with what steps it; each step returns what changed."""

    settings: AlarmSettings
    new_alert_id: Callable[[], str]
    book: AlarmBook = field(default_factory=AlarmBook)

    def observe(self, observation: Observation) -> Changes:
        self.book, changes = observe(self.book, observation, self.settings, self.new_alert_id)
        return changes

    def report(
        self,
        findings: tuple[Finding, ...],
        now_s: float,
        unjudged: frozenset[EventType] = frozenset(),
    ) -> Changes:
        """Take in one moment's technical findings; absence of ``unjudged`` kinds says nothing."""
        return self.observe(Observation(Domain.TECHNICAL, now_s, True, findings, unjudged))

    def tick(self, now_s: float) -> Changes:
        self.book, changes = tick(self.book, now_s, self.settings, self.new_alert_id)
        return changes

    def acknowledge(self, alert_id: str | None, by: str, now_s: float) -> Changes:
        self.book, changes = acknowledge(self.book, alert_id, by, now_s)
        return changes

    def pause_audio(self, now_s: float) -> None:
        self.book = pause_audio(self.book, now_s, self.settings)

    def annunciate(self, now_s: float) -> Annunciation:
        return annunciate(self.book, now_s)

    def close_all(self, by: str, now_s: float) -> Changes:
        """End every alarm, answered by ``by``: the patient is not watched any longer."""
        answered = self.acknowledge(None, by, now_s)
        standing = (a for a in self.book.alarms if a.state is AlarmState.ACKNOWLEDGED)
        cleared = (replace(alarm, state=AlarmState.CLEARED) for alarm in standing)
        ended = tuple(AlarmChange(ChangeKind.CLEARED, alarm) for alarm in cleared)
        self.book = AlarmBook()
        return (*answered, *ended)

    def waiting(self, until_s: float) -> tuple[str, ...]:
        """Return the alerts raised by then that nobody has acknowledged, gravest first."""
        return tuple(
            alarm.alert_id
            for alarm in self.book.alarms
            if alarm.state in UNANSWERED and alarm.alert_id is not None
            if alarm.raised_s is None or alarm.raised_s <= until_s
        )


@dataclass(frozen=True, slots=True)
class Subject:
    """A patient, or the gateway itself."""

    patient_id: str
    name: str
    alarms: Alarms
    simulated: bool
