"""When the daemon counts as dead."""

from __future__ import annotations

import pytest

from ecgd.alerts.beat import Beat
from ecgd.fault_light.vigil import Vigil


def beat_for(vigil: Vigil, pid: int, begin_s: int, end_s: int) -> None:
    for at_s in range(begin_s, end_s + 1):
        vigil.note(Beat(pid, float(at_s)), float(at_s))


def test_daemon_that_was_never_started_is_dead_after_the_silence() -> None:
    vigil = Vigil(15.0, 100.0)
    assert not vigil.is_dead(114.9)
    assert vigil.is_dead(115.0)
    assert vigil.pid is None


def test_daemon_that_beats_lives_and_its_silence_begins_with_the_last_beat() -> None:
    vigil = Vigil(15.0, 100.0)
    beat_for(vigil, 7, 110, 200)
    assert not vigil.is_dead(214.9)
    assert vigil.is_dead(215.0)
    assert vigil.silent_s(215.0) == 15.0


def test_short_silence_costs_nothing() -> None:
    vigil = Vigil(15.0, 0.0)
    beat_for(vigil, 7, 0, 20)
    vigil.note(Beat(7, 34.0), 34.0)
    assert vigil.deadline_s() == 49.0


def test_one_that_was_stopped_counts_after_a_third_of_the_silence() -> None:
    vigil = Vigil(15.0, 0.0)
    beat_for(vigil, 7, 0, 20)
    beat_for(vigil, 7, 60, 64)
    assert vigil.is_dead(64.0)
    vigil.note(Beat(7, 65.0), 65.0)
    assert not vigil.is_dead(65.0)


def test_one_that_is_stopped_right_after_its_start_does_not_count_for_the_time_between() -> None:
    vigil = Vigil(15.0, 0.0)
    beat_for(vigil, 7, 0, 2)
    vigil.note(Beat(7, 22.0), 22.0)
    assert vigil.is_dead(22.0)


def test_new_process_counts_after_a_third_of_the_silence() -> None:
    vigil = Vigil(15.0, 0.0)
    beat_for(vigil, 7, 0, 20)
    beat_for(vigil, 8, 40, 44)
    assert vigil.is_dead(44.0)
    vigil.note(Beat(8, 45.0), 45.0)
    assert not vigil.is_dead(45.0)


def test_daemon_that_dies_again_and_again_is_dead() -> None:
    vigil = Vigil(15.0, 0.0)
    for run in range(10):
        beat_for(vigil, 100 + run, 6 * run, 6 * run + 4)
    assert vigil.is_dead(59.0)


def test_beats_that_lay_in_a_queue_are_as_old_as_they_say() -> None:
    vigil = Vigil(15.0, 0.0)
    beat_for(vigil, 7, 0, 20)
    vigil.note(Beat(7, 21.0), 34.0)
    assert vigil.deadline_s() == 36.0
    vigil.note(Beat(7, 30.0), 100.0)
    assert vigil.is_dead(100.0)


def test_no_beat_comes_from_the_future() -> None:
    vigil = Vigil(15.0, 0.0)
    beat_for(vigil, 7, 0, 20)
    vigil.note(Beat(7, 1e9), 21.0)
    assert vigil.deadline_s() == pytest.approx(36.0)


def test_older_beat_that_comes_late_moves_nothing_back() -> None:
    vigil = Vigil(15.0, 0.0)
    beat_for(vigil, 7, 0, 20)
    vigil.note(Beat(7, 12.0), 20.0)
    assert vigil.deadline_s() == 35.0
