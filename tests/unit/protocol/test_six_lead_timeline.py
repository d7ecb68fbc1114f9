"""Samples without a counter: a loss is a gap, a held-up line is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from ecgd.protocol import Placement, PlacementKind, ResetReason, SixLeadTimeline

FS_HZ = 250.0
PIECE = 25
FRAME = 13
Rate = Callable[[float], float]


def steady(ppm: float) -> Rate:
    return lambda now_s: ppm


@dataclass
class Line:
    """A device that samples, and a line that loses and delays; knows the true index of all."""

    timeline: SixLeadTimeline = field(default_factory=SixLeadTimeline)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))
    ppm: Rate = field(default_factory=lambda: steady(0.0))
    now_s: float = 100.0
    index: int = 0
    discarded: int = 0
    free_s: float = 0.0
    jitter_s: float = 0.02
    errors: list[tuple[float, int]] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)

    def sample(self, count: int) -> None:
        """Let the device take samples."""
        self.now_s += count / (FS_HZ * (1.0 + self.ppm(self.now_s) * 1e-6))
        self.index += count

    def run(self, seconds: float, *, held_until_s: float = 0.0, catch_up: float = 9.9) -> None:
        """Send pieces; the line was held until then and catches up at so many times real time."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.sample(PIECE)
            self.free_s = max(self.free_s + PIECE / FS_HZ / catch_up, self.now_s, held_until_s)
            arrived_s = self.free_s + 0.05 + self.jitter_s * float(self.rng.random())
            placement = self.timeline.place(PIECE, self.discarded, arrived_s)
            self.discarded = 0
            self.placements.append(placement)
            self.errors.append((self.now_s, placement.start_index + PIECE - self.index))

    def lose(self, count: int, *, left_over: int = 0) -> None:
        """Samples never arrive, but for a rest of bytes that the decoder discards."""
        self.sample(count)
        self.discarded += left_over

    @property
    def error(self) -> int:
        """By how many samples the newest index is wrong."""
        return self.errors[-1][1]

    def worst(self, since_s: float = 0.0) -> int:
        return max(abs(error) for at_s, error in self.errors if at_s >= since_s)

    @property
    def gaps(self) -> list[int]:
        return [placement.gap_samples for placement in self.placements if placement.gap_samples]


@pytest.mark.parametrize("ppm", [0.0, 5000.0, -5000.0, -9000.0])
@pytest.mark.parametrize("jitter_s", [0.0, 0.05])
def test_a_drifting_clock_makes_no_gap(ppm: float, jitter_s: float) -> None:
    line = Line(ppm=steady(ppm), jitter_s=jitter_s)
    line.run(200)
    assert line.gaps == []


def test_steps_of_the_oscillator_make_no_gap() -> None:
    line = Line(ppm=lambda now_s: 5000.0 if now_s // 70 % 2 else -1000.0)
    line.run(500)
    assert line.gaps == []


@pytest.mark.parametrize(
    ("discarded", "gap"), [(1, 0), (2, 0), (12, 1), (13, 1), (15, 1), (24, 2), (26, 2), (130, 10)]
)
def test_discarded_bytes_are_as_many_samples_as_frames_were_touched(
    discarded: int, gap: int
) -> None:
    line = Line()
    line.run(20)
    line.lose(gap, left_over=discarded)
    line.run(20)
    assert line.gaps == ([gap] if gap else [])
    assert line.error == 0


@pytest.mark.parametrize("lost", [40, 250, 2500])
def test_bytes_that_never_arrived_become_a_gap_within_seconds(lost: int) -> None:
    line = Line()
    line.run(30)
    line.lose(lost)
    at_s = line.now_s
    line.run(30)
    assert line.worst(at_s + 5.5) <= 5
    assert len(line.gaps) == 1
    assert line.gaps[0] == pytest.approx(lost, abs=5)


def test_a_smaller_loss_is_seen_where_the_phase_broke_too() -> None:
    line = Line()
    line.run(30)
    line.lose(14, left_over=7)
    at_s = line.now_s
    line.run(30)
    assert sum(line.gaps) == pytest.approx(14, abs=5)
    assert line.worst(at_s + 5.5) <= 5


def test_many_losses_do_not_add_up() -> None:
    line = Line()
    line.run(20)
    for _ in range(30):
        line.lose(60, left_over=9)
        line.run(12)
    assert abs(line.error) <= 15
    assert line.worst() <= 60 + 15


@pytest.mark.parametrize("held_s", [0.5, 3.0, 20.0])
@pytest.mark.parametrize("catch_up", [9.9, 1.18, 1.09])
def test_a_line_that_was_held_up_makes_no_gap(held_s: float, catch_up: float) -> None:
    line = Line()
    line.run(30)
    line.run(held_s, held_until_s=line.now_s + held_s, catch_up=catch_up)
    line.run(30 + 13 * held_s, catch_up=catch_up)
    assert line.gaps == []


def test_a_hold_up_that_lost_some_is_a_gap_of_what_was_lost() -> None:
    line = Line()
    line.run(30)
    until_s = line.now_s + 4
    line.run(2, held_until_s=until_s)
    line.lose(500)
    line.run(30)
    assert sum(line.gaps) == pytest.approx(500, abs=5)


def test_after_a_cut_the_clock_tells_at_once() -> None:
    line = Line(ppm=steady(3000.0))
    line.run(60)
    line.lose(round(18 * FS_HZ), left_over=5)
    line.timeline.observe_cut()
    line.run(20)
    assert len(line.gaps) == 1
    assert line.worst() <= 6


def test_a_cut_too_long_to_measure_begins_a_new_origin() -> None:
    line = Line()
    line.run(20)
    line.timeline.observe_cut()
    line.sample(round(301 * FS_HZ))
    line.run(1)
    first, second = [placement for placement in line.placements if placement.origin == 1][:2]
    assert first == Placement(PlacementKind.RESET, 0, 0, 1, ResetReason.UNRESOLVED)
    assert second == Placement(PlacementKind.NEXT, PIECE, 0, 1)


def test_a_cut_before_the_first_sample_is_no_outage() -> None:
    timeline = SixLeadTimeline()
    timeline.observe_cut()
    assert timeline.place(PIECE, 700, 1000.0) == Placement(PlacementKind.NEXT, 0, 0, 0)
    assert timeline.origin == 0


def test_noise_that_took_no_time_makes_no_long_gap() -> None:
    line = Line()
    line.run(20)
    line.discarded = 4000
    line.run(20)
    assert sum(line.gaps) <= 15


def test_a_backlog_at_the_beginning_makes_no_gap() -> None:
    line = Line()
    line.run(3, held_until_s=line.now_s + 3)
    line.run(60)
    assert line.gaps == []
