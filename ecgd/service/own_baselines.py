"""What is usual for each patient, over restarts: taken up at the start, kept every minute."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from ecgd.decision.baseline_record import baseline_from_dict, baseline_to_dict
from ecgd.errors import StoreError
from ecgd.model.baseline import Baseline
from ecgd.service.baseline_desk import without_confirmation
from ecgd.service.parts import Parts
from ecgd.store.reader import StoreReader

_log = logging.getLogger(__name__)

KEEP_S = 60.0

TRIES = 10
"""After so many tries the last run's baselines are given up, and learned anew."""


CLOCK_SLACK_S = 3600.0
"""A clock that is further behind the time of a confirmation cannot tell whether it still holds."""


def is_over(baseline: Baseline, now_unix_s: float) -> bool:
    """Tell whether a confirmation has expired, or cannot be known to hold."""
    confirmed = baseline.confirmed
    if confirmed is None:
        return False
    return not confirmed.at_unix_s - CLOCK_SLACK_S <= now_unix_s < confirmed.until_unix_s


class OwnBaselines:
    """Hands stored baselines to the analysis, and what it has learned to the store.

    Nothing is kept until the last run's have been read: they would be lost.
    """

    def __init__(self, parts: Parts, clock: Callable[[], float] = time.time) -> None:
        self._parts = parts
        self._clock = clock
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
            if baseline is not None and is_over(baseline, self._clock()):
                self._parts.worker.revise(patient_id, without_confirmation)
                _log.warning("ST of %s is no longer confirmed as chronic", patient_id)
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
            if is_over(baseline, self._clock()):
                _log.warning("ST of %s is no longer confirmed as chronic", patient_id)
                continue
            self._parts.worker.adopt_baseline(patient_id, baseline)
            self._kept[patient_id] = baseline
