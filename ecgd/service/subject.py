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
from ecgd.model.alarm import AlarmChange, AlarmState, ChangeKind, Observation
from ecgd.model.finding import Domain, Finding


@dataclass(slots=True)
class Alarms:
    """An alarm book with what steps it; each step returns what changed."""

    settings: AlarmSettings
    new_alert_id: Callable[[], str]
    book: AlarmBook = field(default_factory=AlarmBook)

    def observe(self, observation: Observation) -> Changes:
        self.book, changes = observe(self.book, observation, self.settings, self.new_alert_id)
        return changes

    def report(self, findings: tuple[Finding, ...], now_s: float) -> Changes:
        """Take in the technical findings of one moment."""
        return self.observe(Observation(Domain.TECHNICAL, now_s, True, findings))

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

    def waits_for_answer(self) -> bool:
        """Tell whether anything stands, or stood, that nobody has acknowledged."""
        unanswered = (AlarmState.ACTIVE, AlarmState.LATCHED)
        return any(alarm.state in unanswered for alarm in self.book.alarms)


@dataclass(frozen=True, slots=True)
class Subject:
    """A patient, or the gateway itself."""

    patient_id: str
    name: str
    alarms: Alarms
    simulated: bool
