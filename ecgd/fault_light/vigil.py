"""Judges from signs of life whether the daemon lives. Times are passed in, monotonic seconds."""

from __future__ import annotations

from ecgd.alerts.beat import Beat

SETTLE_PART = 1.0 / 3.0
"""A process that is new, or was silent, counts after it has beaten for this part of the silence
allowed: a daemon that dies again and again right after its start is as good as dead."""


class Vigil:
    """What was heard so far. The start of the vigil counts as heard: the daemon may be booting."""

    def __init__(self, silence_s: float, started_s: float) -> None:
        self._silence_s = silence_s
        self._heard_s = started_s
        self._first_s = self._last_s = started_s
        self.pid: int | None = None
        """The process that beat last; None: nothing was ever heard."""

    def note(self, beat: Beat, now_s: float) -> None:
        """Take a beat; it is as old as it says, and never from the future."""
        at_s = min(beat.at_s, now_s)
        if beat.pid != self.pid or at_s - self._last_s > self._silence_s:
            self.pid, self._first_s = beat.pid, at_s
        self._last_s = max(self._last_s, at_s)
        if at_s - self._first_s >= self._silence_s * SETTLE_PART:
            self._heard_s = max(self._heard_s, at_s)

    def silent_s(self, now_s: float) -> float:
        """Return for how long nothing that counts was heard."""
        return now_s - self._heard_s

    def is_dead(self, now_s: float) -> bool:
        """Tell whether the silence is as long as a living daemon never is."""
        return now_s >= self.deadline_s()

    def deadline_s(self) -> float:
        """Return when the daemon counts as dead if nothing more is heard."""
        return self._heard_s + self._silence_s
