"""The account of what could have been seen: a second at a time, kept an hour at a time."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Final

from ecgd.decision.blindness import blind_to, blind_to_all
from ecgd.model.coverage import CoverageSum, Danger, hour_of, total_of
from ecgd.service.session import PatientSession
from ecgd.store.writer import StoreWriter

_log = logging.getLogger(__name__)

KEEP_S: Final = 60.0
"""Sums go to the database this often: a kill costs so much of them, put down as not watched."""

LONGEST_STEP_S: Final = 3.0
"""A daemon that was held up for longer did not watch in the meantime."""

SLOT_S: Final = 300.0
RECENT_S: Final = 3600.0
"""The last hour is kept in slots, for status and diagnostics."""


class CoverageLedger:
    """Sums up, for each patient, how long each danger could not be seen, and why."""

    def __init__(self) -> None:
        self._last_s: dict[str, float] = {}
        self._sums: dict[str, dict[int, CoverageSum]] = {}
        self._recent: dict[str, deque[tuple[float, CoverageSum]]] = {}

    def note(
        self, patient_id: str, blind: Mapping[Danger, str], *, now_s: float, unix_s: float
    ) -> None:
        """Put down the time since the last note as ``blind`` says it was."""
        step_s = min(LONGEST_STEP_S, now_s - self._last_s.get(patient_id, now_s))
        self._last_s[patient_id] = now_s
        if step_s <= 0:
            return
        hour = hour_of(unix_s)
        unseen_s = {danger: {reason: step_s} for danger, reason in blind.items()}
        step = CoverageSum(hour, unix_s - step_s, step_s, unseen_s)
        self._add(patient_id, step)
        self._add_recent(patient_id, step, now_s)

    def forget(self, patient_id: str) -> None:
        """A patient is no longer watched; what is summed up is kept until it is taken."""
        self._last_s.pop(patient_id, None)
        self._recent.pop(patient_id, None)

    def last_hour(self, patient_id: str, now_s: float) -> CoverageSum | None:
        """Return the last hour as one sum, as far as this run goes; None: nothing yet."""
        slots = self._recent.get(patient_id, deque())
        return total_of(each for began_s, each in slots if began_s > now_s - RECENT_S)

    def waiting(self, patient_id: str) -> tuple[CoverageSum, ...]:
        """Return what no ``take`` has taken yet."""
        return tuple(self._sums.get(patient_id, {}).values())

    def take(self) -> tuple[tuple[str, CoverageSum], ...]:
        """Return all sums and begin anew."""
        taken = tuple(
            (patient_id, each) for patient_id, sums in self._sums.items() for each in sums.values()
        )
        self._sums.clear()
        return taken

    def give_back(self, patient_id: str, taken: CoverageSum) -> None:
        """Take back a sum that could not be kept."""
        self._add(patient_id, taken)

    def _add(self, patient_id: str, step: CoverageSum) -> None:
        sums = self._sums.setdefault(patient_id, {})
        before = sums.get(step.hour_unix_s)
        sums[step.hour_unix_s] = step if before is None else before + step

    def _add_recent(self, patient_id: str, step: CoverageSum, now_s: float) -> None:
        slots = self._recent.setdefault(patient_id, deque(maxlen=round(RECENT_S / SLOT_S) + 1))
        if slots and now_s - slots[-1][0] < SLOT_S:
            slots[-1] = (slots[-1][0], slots[-1][1] + step)
        else:
            slots.append((now_s, step))


class CoverageBooks:
    """Notes every second how the patients stand, and hands the sums to the store."""

    def __init__(self, store: StoreWriter, loop: asyncio.AbstractEventLoop) -> None:
        self.ledger = CoverageLedger()
        self._store = store
        self._loop = loop
        self._handed: list[tuple[str, CoverageSum]] = []
        self._refused = False

    def note(self, sessions: Iterable[PatientSession], *, now_s: float, unix_s: float) -> None:
        """Put down the last second of every patient."""
        for session in sessions:
            blind = blind_now(session, now_s)
            self.ledger.note(session.patient.id, blind, now_s=now_s, unix_s=unix_s)

    async def run(self) -> None:
        """Keep the sums, every minute, until cancelled."""
        while True:
            await asyncio.sleep(KEEP_S)
            self.keep()

    def keep(self) -> None:
        """Hand all sums to the store; one that it refuses is added up again."""
        for patient_id, taken in self.ledger.take():
            self._handed.append((patient_id, taken))
            stored = self._store.add_coverage(patient_id, taken)
            stored.add_done_callback(partial(self._tell, patient_id, taken))

    def unsettled(self, patient_id: str) -> tuple[CoverageSum, ...]:
        """Return what the database does not hold yet."""
        handed = (each for who, each in self._handed if who == patient_id)
        return (*handed, *self.ledger.waiting(patient_id))

    def _tell(self, patient_id: str, taken: CoverageSum, done: Future[int]) -> None:
        """Hear of the end of a change, in the store's thread."""
        # After the end of the loop nobody asks any more.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._settle, patient_id, taken, done)

    def _settle(self, patient_id: str, taken: CoverageSum, done: Future[int]) -> None:
        self._handed = [each for each in self._handed if each[1] is not taken]
        error = None if done.cancelled() else done.exception()
        if error is not None:
            self.ledger.give_back(patient_id, taken)
            if not self._refused:
                _log.error("the account of coverage is not stored: %s", error)
        self._refused = error is not None


def blind_now(session: PatientSession, now_s: float) -> dict[Danger, str]:
    """Return which dangers a patient's monitor cannot show at this moment, and why."""
    trouble = session.why_unwatched(now_s)
    if trouble is not None:
        return blind_to_all(trouble)
    assert session.assessment is not None
    return blind_to(session.assessment)
