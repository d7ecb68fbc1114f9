"""Simulated courses of ST: what they say is what is in the signal."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.evaluation.injection import BeatTimes, projections, weaker_of_best_pair
from ecgd.evaluation.trajectories import Episode, Trajectory, draw_trajectory, lay_over
from ecgd.model.finding import Territory
from ecgd.model.network_label import ANOMALY, FALLING_ST, INFARCTION, RISING_ST, ST_T

RISE = Episode(Territory.INFERIOR, 90.0, 0.3, 300.0, 600.0, 700.0, 800.0)
FALL = Episode(Territory.INFERIOR, 90.0, -0.2, 300.0, 600.0, 700.0, 800.0)


def test_before_anything_happens_nothing_evolves() -> None:
    truth = Trajectory((RISE,)).truth_at(250.0)
    assert truth == {RISING_ST: False, FALLING_ST: False}
    assert Trajectory(()).truth_at(10.0) == truth


def test_a_rise_is_told_early_and_is_significant() -> None:
    course = Trajectory((RISE,))
    assert RISING_ST not in course.truth_at(340.0)
    early = course.truth_at(355.0)
    assert early[RISING_ST] and early[ANOMALY] and INFARCTION not in early
    later = course.truth_at(500.0)
    assert later[RISING_ST] and later[INFARCTION] and later[FALLING_ST] is False


def test_what_has_stayed_evolves_no_more_but_is_still_there() -> None:
    stays = Trajectory((Episode(Territory.INFERIOR, 90.0, 0.3, 100.0, 160.0, 900.0, 1000.0),))
    truth = stays.truth_at(600.0)
    assert truth[RISING_ST] is False and truth[ANOMALY] is True


def test_a_depression_falls() -> None:
    truth = Trajectory((FALL,)).truth_at(600.0)
    assert truth[FALLING_ST] and truth[RISING_ST] is False
    assert truth[ST_T] and INFARCTION not in truth


def test_slight_change_is_quiet() -> None:
    slight = Episode(Territory.INFERIOR, 90.0, 0.02, 300.0, 600.0, 700.0, 800.0)
    course = Trajectory((slight,))
    assert course.is_quiet(650.0) and ANOMALY not in course.truth_at(650.0)
    assert course.truth_at(650.0)[RISING_ST] is False
    assert not Trajectory((RISE,)).is_quiet(650.0)


def test_each_beat_gets_the_size_of_its_time() -> None:
    fs_hz = 250.0
    beats = [BeatTimes(at_s, at_s + 0.2, at_s + 0.32) for at_s in (100.4, 450.4, 650.4)]
    flat = np.zeros((2, round(700 * fs_hz)))

    changed = lay_over(flat, fs_hz, beats, Trajectory((RISE,)))

    unit = projections(90.0)["II"] / weaker_of_best_pair(projections(90.0))
    at_j = [changed[1, round(beat.j_s * fs_hz)] for beat in beats]
    assert at_j == pytest.approx([0.0, unit * 0.3 * 150.4 / 300.0, unit * 0.3], abs=0.01)
    assert not changed[:, : round(300 * fs_hz)].any()
    assert not flat.any()


@pytest.mark.parametrize("seed", range(20))
def test_drawn_episodes_follow_each_other(seed: int) -> None:
    course = draw_trajectory(1800.0, np.random.default_rng(seed))
    ends = [(each.start_s, each.full_s, each.leave_s, each.end_s) for each in course.episodes]
    assert ends
    flat = [time_s for episode in ends for time_s in episode]
    assert flat == sorted(flat) and flat[0] >= 120.0
    assert all(0.01 <= abs(each.size_mv) <= 0.4 for each in course.episodes)


def test_the_same_seed_gives_the_same_course() -> None:
    first, again = (draw_trajectory(1800.0, np.random.default_rng(4)) for _ in range(2))
    assert first == again
