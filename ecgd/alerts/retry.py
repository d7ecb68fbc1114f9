"""When to try again: the schedule of one message, and the circuit breaker of one target."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.model.alarm import OutboxItem, Purpose
from ecgd.model.finding import Severity


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """Delays after a failed attempt: quick ones in seconds, then doubling up to a cap.

    ``jitter`` spreads each delay by that fraction to both sides. A receiver's Retry-After makes a
    delay longer, never shorter, and counts up to ``retry_after_cap_s``. After ``give_up_s``
    without success a message is given up.
    """

    first_s: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
    cap_s: float = 300.0
    jitter: float = 0.2
    retry_after_cap_s: float = 3600.0
    give_up_s: float = 240 * 3600.0

    def delay_s(self, attempts: int, unit_random: float, retry_after_s: float | None) -> float:
        """Return the delay after ``attempts`` (1 or more); ``unit_random`` is from 0 to 1."""
        if attempts <= len(self.first_s):
            base_s = self.first_s[attempts - 1]
        else:
            doublings = min(attempts - len(self.first_s), 32)
            base_s = min(self.first_s[-1] * 2.0**doublings, self.cap_s)
        spread_s = base_s * (1.0 + self.jitter * (2.0 * unit_random - 1.0))
        return max(spread_s, self.honoured_s(retry_after_s))

    def honoured_s(self, retry_after_s: float | None) -> float:
        """Return the seconds of a Retry-After that are waited."""
        return min(retry_after_s or 0.0, self.retry_after_cap_s)

    def is_urgent(self, item: OutboxItem) -> bool:
        """Return whether no circuit breaker may hold this item back.

        HIGH and CRITICAL are urgent while they are new and through their quick retries; so is a
        test, before which a person sits.
        """
        if item.purpose is Purpose.TEST:
            return True
        return item.severity >= Severity.HIGH and item.attempts <= len(self.first_s)


@dataclass(slots=True)
class CircuitBreaker:
    """Holds back what is not urgent while a target fails. Times are monotonic seconds."""

    failures_allowed: int = 3
    first_hold_s: float = 15.0
    longest_hold_s: float = 300.0
    failures: int = 0
    held_until_s: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether so much has failed in a row that the target itself is away."""
        return self.failures >= self.failures_allowed

    def succeeded(self) -> None:
        self.failures = 0
        self.held_until_s = 0.0

    def failed(self, now_s: float, asked_s: float) -> None:
        """Count a failure; from the third on, or if the receiver asked for it, hold a while."""
        self.failures += 1
        hold_s = asked_s
        if self.is_open:
            doublings = min(self.failures - self.failures_allowed, 16)
            hold_s = max(hold_s, min(self.first_hold_s * 2.0**doublings, self.longest_hold_s))
        self.held_until_s = max(self.held_until_s, now_s + hold_s)
