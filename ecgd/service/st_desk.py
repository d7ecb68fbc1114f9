"""A patient's ST, over store and running daemon."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping

from ecgd.model.finding import LeadSt
from ecgd.model.st_episode import KeptStEpisode
from ecgd.service.session import PatientSession
from ecgd.store.st_reader import StMinute, StReader
from ecgd.web.st_gateway import StCourse, StMinuteEntry


class StDesk:
    """Implements ``ecgd.web.st_gateway.StGateway``."""

    def __init__(
        self,
        reader: StReader,
        sessions: Mapping[str, PatientSession],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._reader = reader
        self._sessions = sessions
        self._clock = clock

    async def st_course(
        self, patient_id: str, minutes: int, episodes_since_unix_s: float
    ) -> StCourse | None:
        """Return the course; None: nobody is called so. Raises StoreError when it is unreadable."""
        session = self._sessions.get(patient_id)
        stored = await asyncio.to_thread(self._stored, patient_id, minutes, episodes_since_unix_s)
        if session is None and stored is None:
            return None
        now, age_s = _now(session)
        found_minutes, episodes = stored or ((), ())
        return StCourse(now, age_s, found_minutes, episodes)

    def _stored(
        self, patient_id: str, minutes: int, episodes_since_unix_s: float
    ) -> tuple[tuple[StMinuteEntry, ...], tuple[KeptStEpisode, ...]] | None:
        if all(each.patient_id != patient_id for each in self._reader.patients()):
            return None
        now_unix_s = self._clock()
        found = self._reader.st_minutes(patient_id, now_unix_s - 60.0 * minutes, now_unix_s + 60.0)
        episodes = self._reader.st_episodes(patient_id, episodes_since_unix_s)
        return tuple(_by_minute(found)), episodes


def _now(session: PatientSession | None) -> tuple[tuple[LeadSt, ...], float | None]:
    """Return ST of the newest window and its age."""
    if session is None or session.assessment is None:
        return (), None
    st = session.assessment.st
    age_s = time.monotonic() - session.assessment.arrived_s
    return (() if st is None else st.leads), age_s


def _by_minute(found: Iterable[StMinute]) -> list[StMinuteEntry]:
    minutes: dict[int, dict[str, tuple[float, float, float]]] = {}
    for each in found:
        figures = (each.low_mv, each.median_mv, each.high_mv)
        minutes.setdefault(each.at_unix_s, {})[each.lead] = figures
    return [StMinuteEntry(at_unix_s, st_mv) for at_unix_s, st_mv in minutes.items()]
