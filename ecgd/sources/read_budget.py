"""How many bytes a line may bring: more than any device sends, and not enough to starve others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

RATE_BYTES_PER_S: Final = 24 * 1024
"""Twice what the fastest device sends: six leads of 13 bytes a sample at 1000 Hz."""

BURST_BYTES: Final = 32 * 1024
"""What may come at once: a radio hands over in one go what it held back for half a minute."""

LEAST_PAUSE_S: Final = 0.05
"""A line that is paused brings several reads' worth at a time: pausing itself costs little."""


@dataclass(slots=True)
class ReadBudget:
    """A bucket that fills with time; time is passed in, in monotonic seconds."""

    left_bytes: float = BURST_BYTES
    counted_s: float | None = None

    def take(self, byte_count: int, now_s: float) -> float:
        """Count what was read; return for how long nothing more may be, 0 for not at all."""
        if self.counted_s is not None:
            self.left_bytes += max(0.0, now_s - self.counted_s) * RATE_BYTES_PER_S
        self.left_bytes = min(float(BURST_BYTES), self.left_bytes) - byte_count
        self.counted_s = now_s
        if self.left_bytes >= 0:
            return 0.0
        return max(LEAST_PAUSE_S, -self.left_bytes / RATE_BYTES_PER_S)
