"""Episodes of changed ST, and what is remembered to find them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class StReference(StrEnum):
    """What a change of ST is measured against."""

    BASELINE = "own baseline"
    BEFORE = "minutes before"


class EpisodeEnd(StrEnum):
    """Why an episode is told as ended."""

    BACK = "back to usual"
    UNSEEN = "ST not measurable any more"
    INTERRUPTED = "the monitor stopped"


@dataclass(frozen=True, slots=True)
class StEpisode:
    """One episode in one group of leads; times in seconds of the device's samples.

    ``change_mv`` is the greatest change, that of the group's second lead where it has more than
    one; ``leads`` changed by the least that counts or more, ``st_mv`` are the levels of all leads
    then. ``end_s`` None: it goes on.
    """

    group: str
    reference: StReference
    start_s: float
    confirmed_s: float
    extremum_s: float
    change_mv: float
    leads: tuple[str, ...]
    st_mv: tuple[tuple[str, float], ...]
    end_s: float | None = None
    end: EpisodeEnd | None = None

    @property
    def direction(self) -> str:
        """Which way ST went."""
        return "elevation" if self.change_mv > 0 else "depression"


@dataclass(frozen=True, slots=True)
class KeptStEpisode:
    """One episode as it is kept, in mV and Unix seconds; ``end_reason`` None: it goes on."""

    episode_id: int
    started_unix_s: float
    group: str
    direction: str
    reference: str
    confirmed_unix_s: float
    extremum_unix_s: float
    change_mv: float
    leads: tuple[str, ...]
    st_mv: dict[str, float]
    ended_unix_s: float | None
    end_reason: str | None


@dataclass(frozen=True, slots=True)
class Excursion:
    """ST of one group away from what is usual; an episode once it is confirmed.

    ``high_since_s`` and ``low_since_s``: since when it has been beyond the level that counts, or
    nearly usual again, without a break.
    """

    episode: StEpisode
    seen_s: float
    high_since_s: float | None = None
    low_since_s: float | None = None
    is_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class StWatch:
    """What is remembered: usual levels of the minutes before, and excursions by group.

    ``usual_mv`` and ``learned_s`` are by lead. Times are those of the device's samples.
    """

    time_s: float | None = None
    usual_mv: tuple[tuple[str, float], ...] = ()
    learned_s: tuple[tuple[str, float], ...] = ()
    excursions: tuple[tuple[str, Excursion], ...] = ()

    def moved(self, by_s: float) -> StWatch:
        """Return the same under a sample count that reads ``by_s`` more at the same moment."""
        return replace(
            self,
            time_s=None if self.time_s is None else self.time_s + by_s,
            excursions=tuple((group, _moved(each, by_s)) for group, each in self.excursions),
        )


def _moved(excursion: Excursion, by_s: float) -> Excursion:
    episode = excursion.episode
    return replace(
        excursion,
        seen_s=excursion.seen_s + by_s,
        high_since_s=_later(excursion.high_since_s, by_s),
        low_since_s=_later(excursion.low_since_s, by_s),
        episode=replace(
            episode,
            start_s=episode.start_s + by_s,
            confirmed_s=episode.confirmed_s + by_s,
            extremum_s=episode.extremum_s + by_s,
        ),
    )


def _later(time_s: float | None, by_s: float) -> float | None:
    return None if time_s is None else time_s + by_s
