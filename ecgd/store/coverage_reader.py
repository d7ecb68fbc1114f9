"""Reading the account of what could have been seen."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.model.coverage import CoverageSum
from ecgd.store.coverage import sum_of
from ecgd.store.reader import StoreReader


@dataclass(frozen=True, slots=True)
class StoredCoverage:
    """One patient's hours, oldest first. ``began_unix_s``: first ever watched; None: never.

    ``archived_unix_s`` None: the patient is watched.
    """

    patient_id: str
    began_unix_s: float | None
    archived_unix_s: float | None
    hours: tuple[CoverageSum, ...]


class CoverageReader(StoreReader):
    """Reads the account. Raises StoreError as every reader does."""

    def covered_hours(self, patient_id: str | None, since_unix_s: float) -> list[StoredCoverage]:
        """Return each patient's hours from that time on, or one patient's alone."""
        users = self._rows(
            "SELECT id, patient_id, archived_unix_s,"
            " (SELECT min(from_unix_s) FROM coverage WHERE user_id = users.id) AS began"
            " FROM users WHERE :patient IS NULL OR patient_id = :patient ORDER BY patient_id",
            {"patient": patient_id},
        )
        return [
            StoredCoverage(
                user["patient_id"],
                user["began"],
                user["archived_unix_s"],
                self._hours(user["id"], since_unix_s),
            )
            for user in users
        ]

    def _hours(self, user: int, since_unix_s: float) -> tuple[CoverageSum, ...]:
        rows = self._rows(
            "SELECT hour_unix_s, from_unix_s, watched_s, unseen FROM coverage"
            " WHERE user_id = ? AND hour_unix_s >= ? ORDER BY hour_unix_s",
            (user, since_unix_s),
        )
        return tuple(sum_of(row) for row in rows)
