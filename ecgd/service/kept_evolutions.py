"""How ST has gone in each patient, over restarts: taken up with the first signal, then kept."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from ecgd.decision.evolution import join
from ecgd.decision.evolution_record import evolution_from_dict, evolution_to_dict
from ecgd.errors import StoreError
from ecgd.model.evolution import Evolution
from ecgd.pipeline.history import History
from ecgd.service.parts import Parts
from ecgd.store.reader import StoreReader

_log = logging.getLogger(__name__)

KEEP_S = 60.0

TRIES = 10
"""After so many tries the last run's courses are given up."""


class _Kept(NamedTuple):
    """The end of a course when it was last looked at, its wall time, and what the store has."""

    until_s: float
    until_unix_s: float
    newest_s: float | None = None


class KeptEvolutions:
    """Hands the courses of the last run to the analysis, and those of this one to the store.

    Both wait for a patient's first signal: only then it is known for how long nobody saw it, and
    what is stored is not lost before. Each moment of a course is stored when it is complete, the
    growing one at the end.
    """

    def __init__(self, parts: Parts, clock: Callable[[], float] = time.time) -> None:
        self._parts = parts
        self._clock = clock
        self._tries = 0
        self._left: dict[str, Mapping[str, Any]] | None = None
        self._kept: dict[str, _Kept] = {}

    def begin(self) -> None:
        """Read what the last run left; what cannot be read now is tried again."""
        try:
            self._left = self._read()
        except StoreError as error:
            self._miss(error)

    async def run(self) -> None:
        """Keep what has changed, every minute."""
        while True:
            await asyncio.sleep(KEEP_S)
            if self._left is None:
                try:
                    self._left = await asyncio.to_thread(self._read)
                except StoreError as error:
                    self._miss(error)
            self.keep()

    def keep(self, *, is_last: bool = False) -> None:
        """Take up each course whose patient gives signal, and store those that have gone on."""
        if self._left is None:
            return
        for patient_id in self._parts.sessions:
            evolution = self._parts.worker.history(patient_id).evolution
            if evolution.moments:
                self._keep(patient_id, evolution, self._left, is_last=is_last)

    def _keep(
        self,
        patient_id: str,
        evolution: Evolution,
        left: dict[str, Mapping[str, Any]],
        *,
        is_last: bool,
    ) -> None:
        now_unix_s = self._clock()
        if record := left.pop(patient_id, None):
            self._take_up(patient_id, record, now_unix_s)
            evolution = self._parts.worker.history(patient_id).evolution
        kept = self._kept.get(patient_id)
        newest_s = evolution.moments[-1].time_s
        if kept is None or kept.until_s != evolution.until_s:
            stored_s = None if kept is None else kept.newest_s
            kept = _Kept(evolution.until_s, now_unix_s, stored_s)
        if is_last or kept.newest_s != newest_s:
            saved = evolution_to_dict(evolution, kept.until_unix_s)
            self._parts.store.save_evolution(patient_id, saved)
            kept = kept._replace(newest_s=newest_s)
        self._kept[patient_id] = kept

    def _read(self) -> dict[str, Mapping[str, Any]]:
        return dict(StoreReader(self._parts.places.database_path).evolutions())

    def _miss(self, error: StoreError) -> None:
        self._tries += 1
        if self._tries >= TRIES:
            self._left = {}
        _log.warning("how ST has gone in the patients is not known yet: %s", error)

    def _take_up(self, patient_id: str, record: Mapping[str, Any], now_unix_s: float) -> None:
        try:
            earlier, until_unix_s = evolution_from_dict(record)
        except ValueError as error:
            _log.warning("the stored course of %s's ST begins anew: %s", patient_id, error)
            return
        gone_s = now_unix_s - until_unix_s

        def joined(history: History) -> History:
            return replace(history, evolution=join(earlier, history.evolution, gone_s))

        self._parts.worker.revise(patient_id, joined)
