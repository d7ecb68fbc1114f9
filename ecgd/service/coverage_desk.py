"""The account of what could have been seen, over store and running daemon."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from ecgd.model.coverage import HOUR_S, hour_of, whole_hours
from ecgd.service.coverage import CoverageBooks
from ecgd.store.coverage_reader import CoverageReader, StoredCoverage
from ecgd.web.coverage_gateway import PatientCoverage


class CoverageDesk:
    """Implements ``ecgd.web.coverage_gateway.CoverageGateway``."""

    def __init__(
        self,
        reader: CoverageReader,
        books: CoverageBooks,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._reader = reader
        self._books = books
        self._clock = clock

    async def covered_hours(
        self, patient_id: str | None, hours: int
    ) -> tuple[PatientCoverage, ...]:
        """Return the last hours; raises StoreError when they cannot be read."""
        now_unix_s = self._clock()
        first_hour = hour_of(now_unix_s) - (hours - 1) * HOUR_S
        stored = await asyncio.to_thread(self._reader.covered_hours, patient_id, first_hour)
        return tuple(self._account(each, first_hour, now_unix_s) for each in stored)

    def _account(
        self, stored: StoredCoverage, first_hour: int, now_unix_s: float
    ) -> PatientCoverage:
        unsettled = self._books.unsettled(stored.patient_id)
        begun = [each.from_unix_s for each in unsettled]
        if stored.began_unix_s is not None:
            begun.append(stored.began_unix_s)
        if not begun:
            return PatientCoverage(stored.patient_id, ())
        recent = (each for each in unsettled if each.hour_unix_s >= first_hour)
        end_unix_s = now_unix_s if stored.archived_unix_s is None else stored.archived_unix_s
        hours = whole_hours(
            (*stored.hours, *recent), first_hour, began_unix_s=min(begun), end_unix_s=end_unix_s
        )
        return PatientCoverage(stored.patient_id, hours)
