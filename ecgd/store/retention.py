"""What goes when it is old, a little at a time, so that no alert waits for it.

Figures first (``trends``), then waveform (``thinning``), then the file gives back what it does not
need. Each step is a transaction of its own; whatever cuts it off, the next one goes on.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from ecgd.config.settings import StoreSettings
from ecgd.store.capsules import RemoveCapsule
from ecgd.store.commit import Clocks
from ecgd.store.marks import (
    DRIFT_MAX_S,
    GAP_MAX_S,
    MARK_EVERY_S,
    STEP_COUNTED_S,
    BelieveStamps,
    DistrustStamps,
    SetMark,
)
from ecgd.store.operations import Operation
from ecgd.store.thinning import ThinRecording
from ecgd.store.trends import COMPACTIONS, CompactMinutes

STEP_EVERY_S = 0.5
"""A step that did something is followed by the next after this."""

LOOK_EVERY_S = 60.0
"""When nothing is due, look again after this."""

SLACK_PART = 16
"""So large a part of the file may lie free: new rows fill it without a page being moved."""

VACUUM_PAGES = 64

_KINDS = len(COMPACTIONS) + 3
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RetentionStatistics:
    """What retention has done since the start. ``wall_time_believed``: see ``store.marks``."""

    removed_rows: int
    thinned_recordings: int
    removed_bytes: int
    freed_pages: int
    last_unix_s: float | None
    wall_time_believed: bool


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Cut free pages off the end of the file, but for the slack; returns how many."""

    def apply(self, connection: sqlite3.Connection) -> int:
        free = int(connection.execute("PRAGMA freelist_count").fetchone()[0])
        pages = int(connection.execute("PRAGMA page_count").fetchone()[0])
        excess = min(free - pages // SLACK_PART, VACUUM_PAGES)
        if excess <= 0:
            return 0
        for _ in range(excess):
            # sqlite3 runs the pragma for its first row alone, which is one page.
            connection.execute("PRAGMA incremental_vacuum(1)")
        return free - int(connection.execute("PRAGMA freelist_count").fetchone()[0])


class Retention:
    """Says what to do next; the writer's thread does it and tells what came of it."""

    def __init__(self, settings: StoreSettings, clocks: Clocks) -> None:
        self._days = settings.waveform_days
        self._around_s = settings.alert_waveform_s
        self._capsule_bytes = settings.capsule_mb * 1e6
        self._clocks = clocks
        self._believed: bool | None = None
        self._begun_mono_s = self._seen_s = clocks.mono()
        self._begun_unix_s = clocks.unix()
        self._ran_s = 0.0
        self._at_s = self._begun_mono_s
        self._leapt = False
        self._kind = 0
        self._idle = 0
        self._counts = dict.fromkeys(("rows", "recordings", "bytes", "pages"), 0)
        self._last_unix_s: float | None = None

    def statistics(self) -> RetentionStatistics:
        """Return what has been done; any thread may ask."""
        counts = self._counts
        return RetentionStatistics(
            removed_rows=counts["rows"],
            thinned_recordings=counts["recordings"],
            removed_bytes=counts["bytes"],
            freed_pages=counts["pages"],
            last_unix_s=self._last_unix_s,
            wall_time_believed=bool(self._believed),
        )

    def due_in_s(self) -> float:
        """Return how long nothing has to be done."""
        return max(0.0, self._at_s - self._clocks.mono())

    def work(self, commit: Callable[[Operation], int | None]) -> None:
        """Do one step; ``commit`` runs an operation, and gives None when it could not."""
        self._count_time()
        if not self._keep_time(commit):
            return
        result = commit(self._operation())
        if result is None:
            # What the database rejects for one kind must not keep the others waiting.
            self._kind = (self._kind + 1) % _KINDS
            self._at_s = self._clocks.mono() + LOOK_EVERY_S
            return
        self._note(result)

    def _count_time(self) -> None:
        now_s = self._clocks.mono()
        silent_s = now_s - self._seen_s
        self._ran_s += min(silent_s, STEP_COUNTED_S)
        self._leapt = self._leapt or silent_s > GAP_MAX_S
        self._seen_s = now_s

    def _keep_time(self, commit: Callable[[Operation], int | None]) -> bool:
        """Set the marks, and watch the wall clock; False: the database did not answer."""
        unix_s = self._clocks.unix()
        if self._believed is None:
            answer = commit(BelieveStamps(unix_s))
            if answer is None:
                return False
            self._believed = bool(answer)
            self._begun_unix_s, self._begun_mono_s = unix_s, self._clocks.mono()
        drift_s = unix_s - self._begun_unix_s - (self._clocks.mono() - self._begun_mono_s)
        if self._believed and (self._leapt or abs(drift_s) > DRIFT_MAX_S):
            _log.warning("the clock has jumped by %.0f s; old rows age by running time", drift_s)
            if commit(DistrustStamps(unix_s)) is None:
                return False
            self._believed = False
        if self._ran_s >= MARK_EVERY_S:
            if commit(SetMark(self._ran_s, unix_s, self._days)) is None:
                return False
            self._ran_s = 0.0
        return True

    def _operation(self) -> Operation:
        unix_s = self._clocks.unix()
        believed_s = unix_s if self._believed else None
        if self._kind < len(COMPACTIONS):
            return CompactMinutes(COMPACTIONS[self._kind], self._days, believed_s)
        if self._kind == len(COMPACTIONS):
            return ThinRecording(self._days, self._around_s, believed_s, unix_s)
        if self._kind == len(COMPACTIONS) + 1:
            return RemoveCapsule(self._capsule_bytes)
        return GiveBack()

    def _note(self, result: int) -> None:
        """Count what a step did, and turn to the next kind: none waits for another's backlog."""
        self._idle = 0 if result else self._idle + 1
        if result:
            self._last_unix_s = self._clocks.unix()
            self._count(result)
        rest_s = STEP_EVERY_S if result else LOOK_EVERY_S if self._idle >= _KINDS else 0.0
        self._at_s = self._clocks.mono() + rest_s
        self._kind = (self._kind + 1) % _KINDS

    def _count(self, result: int) -> None:
        if self._kind < len(COMPACTIONS) or self._kind == len(COMPACTIONS) + 1:
            self._counts["rows"] += result
        elif self._kind == len(COMPACTIONS):
            self._counts["recordings"] += 1
            self._counts["bytes"] += result - 1
        else:
            self._counts["pages"] += result
