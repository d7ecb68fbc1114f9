"""What is usual for each patient, over restarts: taken up at the start, kept every minute."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from ecgd.decision.baseline_record import baseline_from_dict, baseline_to_dict
from ecgd.errors import StoreError
from ecgd.model.baseline import Baseline
from ecgd.service.parts import Parts
from ecgd.store.reader import StoreReader

_log = logging.getLogger(__name__)

KEEP_S = 60.0

TRIES = 10
"""After so many tries the last run's baselines are given up, and learned anew."""


class OwnBaselines:
    """Hands stored baselines to the analysis, and what it has learned to the store.

    Nothing is kept until the last run's have been read: they would be lost.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._tries = 0
        self._is_loaded = False
        self._kept: dict[str, Baseline | None] = {}

    def begin(self) -> None:
        """Take up what the last run left; what cannot be read now is tried again."""
        try:
            self._take_up(self._read())
        except StoreError as error:
            self._miss(error)

    async def run(self) -> None:
        """Keep what has changed, every minute."""
        while True:
            await asyncio.sleep(KEEP_S)
            if self._is_loaded:
                self.keep()
                continue
            try:
                self._take_up(await asyncio.to_thread(self._read))
            except StoreError as error:
                self._miss(error)

    def keep(self) -> None:
        """Hand every complete baseline that has changed to the store, and tell it of one given up.

        One that is being learned anew leaves what is stored until it is complete.
        """
        if not self._is_loaded:
            return
        for patient_id in self._parts.sessions:
            baseline = self._parts.worker.baseline(patient_id)
            kept = self._kept.get(patient_id)
            if baseline is kept or (baseline is not None and not baseline.is_complete):
                continue
            record = {} if baseline is None else baseline_to_dict(baseline)
            self._parts.store.save_baseline(patient_id, record)
            self._kept[patient_id] = baseline

    def _read(self) -> dict[str, dict[str, Any]]:
        return StoreReader(self._parts.places.database_path).baselines()

    def _miss(self, error: StoreError) -> None:
        self._tries += 1
        self._is_loaded = self._tries >= TRIES
        _log.warning("what is usual for the patients is not known yet: %s", error)

    def _take_up(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        self._is_loaded = True
        for patient_id in self._parts.sessions:
            record = records.get(patient_id)
            if not record:
                continue
            try:
                baseline = baseline_from_dict(record)
            except ValueError as error:
                _log.warning("the stored baseline of %s is learned anew: %s", patient_id, error)
                continue
            self._parts.worker.adopt_baseline(patient_id, baseline)
            self._kept[patient_id] = baseline
