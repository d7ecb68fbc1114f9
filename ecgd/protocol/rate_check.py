"""Whether frames come faster than the device is said to sample: then every time is wrong."""

from __future__ import annotations

from typing import Final

SPAN_S: Final = 30.0
"""The rate is measured over this, and must be wrong twice in a row: a line that was held up gives
more than its share once."""

TOLERANCE: Final = 0.03
"""Three times what the worst oscillator is off."""


class RateCheck:
    """Compares the samples that came with the time they took; losses only make them fewer."""

    def __init__(self, fs_hz: float) -> None:
        self._fs_hz = fs_hz
        self._began_s: float | None = None
        self._count = 0
        self._suspected = False
        self.found_hz: float | None = None

    def note(self, sample_count: int, arrived_s: float) -> bool:
        """Note samples; return whether ``found_hz`` has changed between a rate and None."""
        if self._began_s is None:
            self._began_s = arrived_s
            return False
        self._count += sample_count
        elapsed_s = arrived_s - self._began_s
        if elapsed_s < SPAN_S:
            return False
        rate_hz = self._count / elapsed_s
        self._began_s, self._count = arrived_s, 0
        suspected = rate_hz > self._fs_hz * (1.0 + TOLERANCE)
        before, was_suspected = self.found_hz, self._suspected
        self.found_hz = rate_hz if suspected and was_suspected else None
        self._suspected = suspected
        return (before is None) != (self.found_hz is None)

    def restart(self) -> None:
        """Forget the span that was measured: the line was cut."""
        self._began_s = None
        self._count = 0
