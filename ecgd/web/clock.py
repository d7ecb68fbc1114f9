"""Ages of what carries a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ecgd.model.alarm import Alert


@dataclass(frozen=True, slots=True)
class Clock:
    """The two clocks, and the boot in which the monotonic one counts."""

    mono_s: Callable[[], float] = time.monotonic
    unix_s: Callable[[], float] = time.time
    boot_id: str = ""

    def age_s(self, mono_s: float | None) -> float | None:
        """Return how long ago a monotonic time was."""
        return None if mono_s is None else max(0.0, self.mono_s() - mono_s)

    def wall_age_s(self, unix_s: float | None) -> float | None:
        """Return how long ago a wall time was; a wall clock that went back gives 0."""
        return None if unix_s is None else max(0.0, self.unix_s() - unix_s)

    def alert_age_s(self, alert: Alert) -> float | None:
        """Return an alert's age, by the monotonic clock if it was raised in this boot."""
        if self.boot_id and alert.boot_id == self.boot_id:
            return self.age_s(alert.occurred_mono_s)
        return self.wall_age_s(alert.occurred_unix_s)
