"""What the route for coverage needs of the daemon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ecgd.model.coverage import CoverageSum


@dataclass(frozen=True, slots=True)
class PatientCoverage:
    """One patient's whole hours, oldest first; empty where the patient was never watched."""

    patient_id: str
    hours: tuple[CoverageSum, ...]


class CoverageGateway(Protocol):
    """What could have been seen, also of patients who are no longer watched."""

    async def covered_hours(
        self, patient_id: str | None, hours: int
    ) -> tuple[PatientCoverage, ...]:
        """Return the last hours, the one that runs included, of one patient or of all.

        Raises StoreError when they cannot be read.
        """
        ...
