"""What the parts of the daemon tell whoever proves that alarms arrive."""

from __future__ import annotations

from typing import Protocol

from ecgd.model.alarm import Alert, DeliveryReport, OutboxItem


class Prover(Protocol):
    """Takes what befalls its own messages, and what real alerts prove."""

    def note_delivery(self, report: DeliveryReport) -> None:
        """Take what became of one attempt, of an alarm too: it may have proved its target."""

    def note_overflow(self, item: OutboxItem) -> None:
        """Take a message of its own that found no room."""

    def note_answer(self, alert_id: str | None, by: str) -> tuple[str, ...]:
        """Take an answer; return the test's alert that it was given to, if it was."""

    def note_alarm(self, alert: Alert) -> None:
        """A real alarm goes out: it goes first."""
