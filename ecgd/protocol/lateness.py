"""How late samples come, second by second: a loss stays, a held-up line makes up for it."""

from __future__ import annotations

import math
from collections import deque
from statistics import fmean
from typing import Final

WATCH_SECONDS: Final = 4
"""Seconds with samples for which a lateness is watched before it is explained."""

CATCH_UP_S: Final = 0.02
"""A line that catches up is so much less late in the second half of the watch than in the first."""

USUAL_SECONDS: Final = 5
"""The lateness that is usual is the mean over so many seconds: it follows an oscillator's step."""


class LatenessWatch:
    """Keeps the least lateness of each second: in it jitter has no part."""

    def __init__(self) -> None:
        self._usual: deque[float] = deque(maxlen=USUAL_SECONDS)
        self._second = -1
        self._least_s = 0.0
        self._began_s: float | None = None
        self._late: dict[int, float] = {}

    @property
    def usual_s(self) -> float:
        """Least lateness of a usual second."""
        return fmean(self._usual) if self._usual else 0.0

    def note_usual(self, late_s: float, arrived_s: float) -> None:
        """Note samples that came in time; what was watched has passed."""
        self._begin_anew()
        second = int(arrived_s)
        if second != self._second:
            if self._second >= 0:
                self._usual.append(self._least_s)
            self._second, self._least_s = second, late_s
        self._least_s = min(self._least_s, late_s)

    def note_late(self, late_s: float, arrived_s: float) -> float:
        """Note samples that came late; return the lateness that only a loss explains, or 0."""
        if self._began_s is None:
            self._began_s = arrived_s
        second = int(arrived_s - self._began_s)
        if len(self._late) < WATCH_SECONDS or second in self._late:
            self._late[second] = min(late_s, self._late.get(second, math.inf))
            return 0.0
        least, half = list(self._late.values()), WATCH_SECONDS // 2
        first_s, second_s = fmean(least[:half]), fmean(least[half:])
        self._begin_anew()
        return 0.0 if second_s < first_s - CATCH_UP_S else max(0.0, second_s - self.usual_s)

    def _begin_anew(self) -> None:
        self._began_s = None
        self._late.clear()
