"""One patient's alarm book with a clock, for tests that tell a story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from ecgd.config.settings import AlarmSettings
from ecgd.decision import alarm
from ecgd.model.alarm import Alarm, AlarmChange, ChangeKind, Observation
from ecgd.model.finding import Domain, EventType, Finding, Severity

HEART, TECHNICAL = Domain.HEART, Domain.TECHNICAL

STEMI = Finding(EventType.STEMI_DETECTED, Severity.CRITICAL, HEART, ("II +0.30 mV",))
MI_RISK = Finding(EventType.ACUTE_MI_RISK, Severity.HIGH, HEART, ("III, aVR",))
ISCHAEMIA = Finding(EventType.CARDIAC_ISCHEMIA, Severity.MEDIUM, HEART, ("I -0.10 mV",))
FAINT_ISCHAEMIA = Finding(EventType.CARDIAC_ISCHEMIA, Severity.LOW, HEART, ("as always",))
ASYSTOLE = Finding(EventType.ASYSTOLE, Severity.CRITICAL, HEART, ("no beat",))
ANOMALY = Finding(EventType.CARDIAC_ANOMALY, Severity.MEDIUM, HEART, ("networks 0.76",))
GRAVE_ANOMALY = Finding(EventType.CARDIAC_ANOMALY, Severity.CRITICAL, HEART, ("networks 0.95",))
ELECTRODE = Finding(EventType.ELECTRODE_OFF, Severity.MEDIUM, TECHNICAL, ("LA",))
LINK = Finding(EventType.LINK_LOST, Severity.MEDIUM, TECHNICAL, ("silent",))
BATTERY = Finding(EventType.BATTERY_LOW, Severity.LOW, TECHNICAL, ("15 %",))
EMPTY_BATTERY = Finding(EventType.BATTERY_CRITICAL, Severity.MEDIUM, TECHNICAL, ("5 %",))


def counted_ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"alert-{next(numbers)}"


@dataclass
class Ward:
    """Steps one book second by second and keeps every change."""

    settings: AlarmSettings = field(default_factory=AlarmSettings)
    now_s: float = 1000.0
    book: alarm.AlarmBook = field(default_factory=alarm.AlarmBook)
    changes: list[AlarmChange] = field(default_factory=list)
    new_id: Callable[[], str] = field(default_factory=counted_ids)

    def see(self, *findings: Finding, seconds: int = 1, judged: bool = True) -> None:
        """Observe the heart with these findings once a second."""
        self._observe(HEART, findings, seconds, judged)

    def check(self, *findings: Finding, seconds: int = 1) -> None:
        """Observe the equipment with these findings once a second."""
        self._observe(TECHNICAL, findings, seconds, True)

    def _observe(
        self, domain: Domain, findings: tuple[Finding, ...], seconds: int, judged: bool
    ) -> None:
        for _ in range(seconds):
            self.now_s += 1.0
            self.take(Observation(domain, self.now_s, judged, findings))

    def take(self, observation: Observation) -> None:
        self.book, changes = alarm.observe(self.book, observation, self.settings, self.new_id)
        self.changes += changes

    def wait(self, seconds: float) -> None:
        """Let time pass without an observation."""
        self.now_s += seconds
        self.book, changes = alarm.tick(self.book, self.now_s, self.settings, self.new_id)
        self.changes += changes

    def acknowledge(self, alert_id: str | None = None, by: str = "nurse") -> None:
        self.book, changes = alarm.acknowledge(self.book, alert_id, by, self.now_s)
        self.changes += changes

    def pause(self) -> None:
        self.book = alarm.pause_audio(self.book, self.now_s, self.settings)

    def annunciation(self) -> alarm.Annunciation:
        return alarm.annunciate(self.book, self.now_s)

    def alarm_of(self, event_type: EventType) -> Alarm | None:
        return next((a for a in self.book.alarms if a.event_type is event_type), None)

    def told(self, *kinds: ChangeKind) -> list[tuple[EventType, ChangeKind]]:
        """Return what was told, updates left out unless asked for."""
        wanted = kinds or tuple(set(ChangeKind) - {ChangeKind.UPDATED})
        return [(c.alarm.event_type, c.kind) for c in self.changes if c.kind in wanted]
