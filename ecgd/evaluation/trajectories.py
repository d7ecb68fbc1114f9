"""Simulated courses of ST over real long recordings: open data have hardly any that evolve.

An injury vector grows over minutes, stays, and mostly goes again, in every beat of a real record
with its own noise, rhythm and drift. Nothing else about the record changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ecgd.evaluation.anomaly_labels import Truth
from ecgd.evaluation.injection import AXES_DEG, BeatTimes, Injury, inject
from ecgd.model.finding import Territory
from ecgd.model.network_label import ANOMALY, FALLING_ST, INFARCTION, RISING_ST, ST_T
from ecgd.model.signal import FloatArray

ELEVATION_MV: Final = (0.1, 0.4)
DEPRESSION_MV: Final = (0.08, 0.25)
SLIGHT_MV: Final = (0.01, 0.03)
"""Sizes of elevations, of depressions, and of changes that posture makes and that mean nothing."""

GROWS_S: Final = (60.0, 600.0)
STAYS_S: Final = (60.0, 240.0)
GOES_S: Final = (60.0, 300.0)
RESTS_S: Final = (120.0, 300.0)

SLIGHT_SHARE: Final = 0.25
FALLING_SHARE: Final = 0.3

EVOLVING_MV: Final = 0.05
LOOK_BACK_S: Final = 300.0
"""It evolves where it changed by so much in the minutes that the RNN sees."""

PRESENT_MV: Final = 0.1
ABSENT_MV: Final = 0.03
"""Sizes from which ST is significant, and under which it is not."""

ROOM_S: Final = 0.9
"""The injury of one beat fits into this, from shortly before its J point."""

LEAD_IN_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Episode:
    """One change: it begins at ``start_s``, is whole at ``full_s``, goes at ``leave_s``.

    ``size_mv`` is negative for a depression.
    """

    territory: Territory
    axis_deg: float
    size_mv: float
    start_s: float
    full_s: float
    leave_s: float
    end_s: float

    def level_mv(self, time_s: FloatArray | float) -> FloatArray:
        """Return its size at some times."""
        points_s = (self.start_s, self.full_s, self.leave_s, self.end_s)
        sizes_mv = (0.0, self.size_mv, self.size_mv, 0.0)
        return np.asarray(np.interp(time_s, points_s, sizes_mv), np.float64)


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Episodes of one recording, one after another."""

    episodes: tuple[Episode, ...]

    def truth_at(self, time_s: float) -> Truth:
        """Return what is true of ST by the simulation; nothing between its limits."""
        level_mv = float(sum(float(each.level_mv(time_s)) for each in self.episodes))
        past_s = np.linspace(max(0.0, time_s - LOOK_BACK_S), time_s, 31)
        past_mv = np.sum([each.level_mv(past_s) for each in self.episodes], axis=0)
        rise_mv = level_mv - float(np.min(past_mv, initial=level_mv))
        fall_mv = float(np.max(past_mv, initial=level_mv)) - level_mv
        truth: dict[str, bool] = {}
        _tell(truth, RISING_ST, rise_mv if level_mv > 0 else 0.0, EVOLVING_MV)
        _tell(truth, FALLING_ST, fall_mv if level_mv < 0 else 0.0, EVOLVING_MV)
        if abs(level_mv) >= PRESENT_MV or truth.get(RISING_ST) or truth.get(FALLING_ST):
            truth[ANOMALY] = True
            if abs(level_mv) >= PRESENT_MV:
                truth[INFARCTION if level_mv > 0 else ST_T] = True
        return truth

    def is_quiet(self, time_s: float) -> bool:
        """Tell whether ST is as the record has it."""
        return all(abs(float(each.level_mv(time_s))) < ABSENT_MV for each in self.episodes)


def draw_trajectory(duration_s: float, rng: np.random.Generator) -> Trajectory:
    """Return episodes that fill a recording, with rests between them."""
    episodes: list[Episode] = []
    at_s = float(rng.uniform(*RESTS_S))
    while at_s + GROWS_S[0] < duration_s:
        full_s = at_s + float(np.exp(rng.uniform(*np.log(GROWS_S))))
        leave_s = full_s + float(rng.uniform(*STAYS_S))
        end_s = leave_s + float(rng.uniform(*GOES_S))
        territory = (Territory.INFERIOR, Territory.HIGH_LATERAL)[int(rng.integers(2))]
        axis_deg = float(rng.choice(AXES_DEG[territory]))
        size_mv = _draw_size(rng)
        episodes.append(Episode(territory, axis_deg, size_mv, at_s, full_s, leave_s, end_s))
        at_s = end_s + float(rng.uniform(*RESTS_S))
    return Trajectory(tuple(episodes))


def _draw_size(rng: np.random.Generator) -> float:
    chance = float(rng.random())
    if chance < SLIGHT_SHARE:
        return float(rng.uniform(*SLIGHT_MV) * rng.choice((-1.0, 1.0)))
    if chance < SLIGHT_SHARE + FALLING_SHARE:
        return -float(rng.uniform(*DEPRESSION_MV))
    return float(rng.uniform(*ELEVATION_MV))


def lay_over(
    signal_mv: FloatArray, fs_hz: float, beats: Sequence[BeatTimes], trajectory: Trajectory
) -> FloatArray:
    """Return leads I and II (2, sample) with each beat's ST as the trajectory has it then."""
    changed = signal_mv.copy()
    room = round(ROOM_S * fs_hz)
    for beat in beats:
        first = max(0, round((beat.j_s - LEAD_IN_S) * fs_hz))
        stop = min(signal_mv.shape[1], first + room)
        for episode in trajectory.episodes:
            size_mv = float(episode.level_mv(beat.j_s))
            if size_mv == 0.0 or stop <= first:
                continue
            own = _moved(beat, first / fs_hz)
            injury = Injury(episode.territory, episode.axis_deg, size_mv)
            nothing = np.zeros((2, stop - first))
            changed[:, first:stop] += inject(nothing, fs_hz, [own], injury)
    return changed


def _moved(beat: BeatTimes, by_s: float) -> BeatTimes:
    return BeatTimes(beat.j_s - by_s, beat.t_peak_s - by_s, beat.t_end_s - by_s)


def _tell(truth: dict[str, bool], label: str, size_mv: float, least_mv: float) -> None:
    if size_mv >= least_mv or size_mv < ABSENT_MV:
        truth[label] = size_mv >= least_mv
