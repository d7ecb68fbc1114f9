"""How ST, T and Q of one patient have gone over the last hours."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.model.finding import Territory


@dataclass(frozen=True, slots=True)
class TerritoryCourse:
    """One territory at one moment, in mV: means over its leads.

    ``st_mv`` at J+40 ms, ``t_mv`` the crest of T with its sign, ``q_mv`` the depth of Q where it
    is broad enough to count, else 0.
    """

    st_mv: float
    t_mv: float
    q_mv: float


@dataclass(frozen=True, slots=True)
class Moment:
    """Both territories at ``time_s``, each the mean of the ``count`` windows around it."""

    time_s: float
    inferior: TerritoryCourse
    high_lateral: TerritoryCourse
    count: int = 1

    def of(self, territory: Territory) -> TerritoryCourse:
        """Return one territory's figures."""
        return self.inferior if territory is Territory.INFERIOR else self.high_lateral


@dataclass(frozen=True, slots=True)
class Evolution:
    """The moments of the last days, oldest first; the newest is still growing.

    ``until_s`` is the time of the last window that went into it.
    """

    moments: tuple[Moment, ...] = ()
    until_s: float = 0.0

    def moved(self, by_s: float) -> Evolution:
        """Return the same on another count of time."""
        return Evolution(
            tuple(
                Moment(each.time_s + by_s, each.inferior, each.high_lateral, each.count)
                for each in self.moments
            ),
            self.until_s + by_s,
        )
