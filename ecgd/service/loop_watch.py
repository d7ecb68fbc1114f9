"""Counts how often, and how much, the event loop was late."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

TICK_S = 0.1
LATE_S = 0.05


class LoopWatch:
    """A tick that measures how late it comes."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.late_count = 0
        self.late_max_s = 0.0

    async def run(self) -> None:
        """Tick for ever."""
        due_s = self._clock() + TICK_S
        while True:
            await asyncio.sleep(max(0.0, due_s - self._clock()))
            self._note(self._clock() - due_s)
            due_s = max(due_s + TICK_S, self._clock())

    def _note(self, late_s: float) -> None:
        if late_s > LATE_S:
            self.late_count += 1
        self.late_max_s = max(self.late_max_s, late_s)
