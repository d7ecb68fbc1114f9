"""The own baselines, over worker and store: shown, reset, and confirmed as chronic."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from ecgd.decision.baseline import confirmed_from
from ecgd.decision.baseline_record import baseline_to_dict
from ecgd.decision.score_watch import ScoreWatch
from ecgd.decision.st_change import ChangeWatch, level_of
from ecgd.errors import StoreError
from ecgd.model.baseline import Baseline, Confirmation
from ecgd.pipeline.history import History
from ecgd.service.worker import AnalysisWorker
from ecgd.store.writer import StoreWriter
from ecgd.web.baseline_gateway import BaselineEntry, BaselineRefusedError

DURABLE_WITHIN_S: Final = 5.0
"""What is not on the disk by then is answered for as waiting."""


class BaselineDesk:
    """Implements ``ecgd.web.baseline_gateway.BaselineGateway``.

    Who changes what is usual leaves a note about the patient.
    """

    def __init__(
        self,
        worker: AnalysisWorker,
        writer: StoreWriter,
        watched: Collection[str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._worker = worker
        self._writer = writer
        self._watched = watched
        self._clock = clock

    def baseline_of(self, patient_id: str) -> BaselineEntry | None:
        """Return what is usual for a patient; None: nobody of that id is watched."""
        if patient_id not in self._watched:
            return None
        baseline = self._worker.baseline(patient_id)
        watch = self._worker.history(patient_id).change_watch
        return BaselineEntry(
            patient_id,
            is_complete=baseline is not None and baseline.is_complete,
            learned_s=0.0 if baseline is None else baseline.learned_s,
            st_mv=() if baseline is None else baseline.st_mv,
            qrs_s=None if baseline is None else baseline.beat.qrs_s,
            postures=() if baseline is None else baseline.postures,
            session=watch.reference,
            change=watch.change,
            confirmed=None if baseline is None else baseline.confirmed,
        )

    async def reset_baseline(self, patient_id: str, by: str) -> BaselineEntry:
        """Forget what is usual, here and on the disk. Raises StoreError."""
        self._worker.revise(
            patient_id,
            lambda history: replace(
                history, baseline=None, change_watch=ChangeWatch(), score_watch=ScoreWatch()
            ),
        )
        await self._keep(patient_id, {}, by, "own baseline reset: it is learned anew")
        return self._entry(patient_id)

    async def confirm_baseline(self, patient_id: str, by: str, valid_s: float) -> BaselineEntry:
        """Take ST as it is now for chronic. Raises BaselineRefusedError, StoreError."""
        history = self._worker.history(patient_id)
        level = level_of(history.change_watch.beats)
        if history.usual is None or level is None or not _is_measured(history):
            raise BaselineRefusedError(
                f"ST of {patient_id} cannot be measured now",
                "confirm it while ecgctl live shows ST levels that are steady",
            )
        now_s = self._clock()
        until = datetime.fromtimestamp(now_s + valid_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
        confirmed = Confirmation(by, now_s, now_s + valid_s, level.vector, until)
        baseline = confirmed_from(history.usual, confirmed)
        self._worker.revise(
            patient_id, lambda known: replace(known, baseline=baseline, change_watch=ChangeWatch())
        )
        figures = ", ".join(f"{lead} {mv:+.2f}" for lead, mv in level.vector.leads_mv)
        words = f"ST confirmed as chronic until {until}: {figures} mV"
        await self._keep(patient_id, baseline_to_dict(baseline), by, words)
        return self._entry(patient_id)

    async def revoke_confirmation(self, patient_id: str, by: str) -> BaselineEntry:
        """End a confirmation, and what was learned of it. Raises StoreError."""
        baseline = self._worker.baseline(patient_id)
        if baseline is None or baseline.confirmed is None:
            return self._entry(patient_id)
        self._worker.revise(patient_id, without_confirmation)
        await self._keep(patient_id, {}, by, "confirmation of chronic ST revoked")
        return self._entry(patient_id)

    def _entry(self, patient_id: str) -> BaselineEntry:
        entry = self.baseline_of(patient_id)
        assert entry is not None
        return entry

    async def _keep(self, patient_id: str, record: dict[str, Any], by: str, words: str) -> None:
        kept = self._writer.save_baseline(patient_id, record)
        noted = self._writer.store_note(patient_id, by, words)
        try:
            async with asyncio.timeout(DURABLE_WITHIN_S):
                await asyncio.wrap_future(kept)
                await asyncio.wrap_future(noted)
        except TimeoutError:
            raise StoreError(
                f"The change is in force, but not on the disk yet: {self._writer.health.detail}",
                "It waits in memory and is written when the disk works",
            ) from None


def _is_measured(history: History) -> bool:
    return history.electrodes.is_silent and history.channels.is_silent


def without_confirmation(history: History) -> History:
    """Return a history in which nothing is confirmed: what is usual is learned anew."""
    baseline: Baseline | None = history.baseline
    if baseline is None or baseline.confirmed is None:
        return history
    return replace(history, baseline=None, change_watch=ChangeWatch())
