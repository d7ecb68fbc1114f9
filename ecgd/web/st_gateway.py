"""What the route for a patient's ST needs of the daemon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ecgd.model.finding import LeadSt
from ecgd.model.st_episode import KeptStEpisode


@dataclass(frozen=True, slots=True)
class StMinuteEntry:
    """One minute: least, median and greatest level of each lead that was measured, in mV."""

    at_unix_s: int
    st_mv: dict[str, tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class StCourse:
    """ST now (``age_s`` None: nothing yet), minute by minute, and episodes, the newest first."""

    now: tuple[LeadSt, ...]
    age_s: float | None
    minutes: tuple[StMinuteEntry, ...]
    episodes: tuple[KeptStEpisode, ...]


class StGateway(Protocol):
    """ST of patients, also of those who are no longer watched."""

    async def st_course(
        self, patient_id: str, minutes: int, episodes_since_unix_s: float
    ) -> StCourse | None:
        """Return the course; None: nobody is called so. Raises StoreError when it is unreadable."""
        ...
