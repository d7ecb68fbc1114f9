"""The device's clock as its arrivals show it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from ecgd.protocol import DeviceClock

FS_HZ = 250.0
PACKET = 25
DELAY_S = 0.09


def arrivals(
    rng: np.random.Generator, ppms: list[tuple[float, float]], jitter_s: float = 0.05
) -> Iterator[tuple[int, float, float]]:
    """Yield (index, true time, arrival) for stretches of (seconds, ppm)."""
    index, now_s = 0, 1000.0
    for duration_s, ppm in ppms:
        for _ in range(round(duration_s * FS_HZ / PACKET)):
            index += PACKET
            now_s += PACKET / (FS_HZ * (1.0 + ppm * 1e-6))
            yield index, now_s, now_s + DELAY_S + jitter_s * float(rng.random())


@pytest.mark.parametrize("ppm", [-5000.0, -40.0, 0.0, 900.0, 5000.0])
def test_the_rate_is_found_within_100_ppm_under_50_ms_of_jitter(ppm: float) -> None:
    clock = DeviceClock(FS_HZ)
    for index, true_s, arrived_s in arrivals(np.random.default_rng(1), [(300.0, ppm)]):
        clock.observe(index, arrived_s)
        if true_s > 1070.0:
            assert clock.ppm == pytest.approx(ppm, abs=100.0)
            assert clock.time_s(index) == pytest.approx(true_s + DELAY_S, abs=0.01)


def test_a_step_of_the_rate_is_followed_within_the_window() -> None:
    clock = DeviceClock(FS_HZ)
    stretches = [(120.0, 4000.0), (120.0, -1000.0), (120.0, 2500.0)]
    errors = {}
    for index, true_s, arrived_s in arrivals(np.random.default_rng(2), stretches):
        clock.observe(index, arrived_s)
        seen_s = clock.time_s(index)
        assert seen_s is not None
        errors[round(true_s, 3)] = abs(seen_s - true_s - DELAY_S)
        if 1190.0 < true_s < 1239.0:
            assert clock.ppm == pytest.approx(-1000.0, abs=100.0)

    assert clock.ppm == pytest.approx(2500.0, abs=100.0)
    assert max(errors.values()) < 0.1


def test_late_packets_do_not_move_the_line() -> None:
    rng = np.random.default_rng(3)
    clock = DeviceClock(FS_HZ)
    for index, true_s, arrived_s in arrivals(rng, [(200.0, 300.0)], 0.02):
        stall_s = 3.0 - true_s % 10.0 if true_s % 10.0 < 3.0 else 0.0
        clock.observe(index, arrived_s + stall_s)
        if true_s > 1070.0:
            assert clock.ppm == pytest.approx(300.0, abs=60.0)
            assert clock.time_s(index) == pytest.approx(true_s + DELAY_S, abs=0.015)


def test_a_backlog_at_the_beginning_is_overcome_when_it_ends() -> None:
    clock = DeviceClock(FS_HZ)
    for index, true_s, arrived_s in arrivals(np.random.default_rng(4), [(60.0, 0.0)], 0.01):
        clock.observe(index, max(arrived_s, 1008.0))
        if true_s > 1008.5:
            assert clock.time_s(index) == pytest.approx(true_s + DELAY_S, abs=0.02)
    assert clock.ppm == pytest.approx(0.0, abs=100.0)


def test_a_delay_that_grows_shorter_is_not_taken_for_a_faster_device() -> None:
    clock = DeviceClock(FS_HZ)
    for index, true_s, arrived_s in arrivals(np.random.default_rng(8), [(160.0, 100.0)], 0.02):
        clock.observe(index, arrived_s + (0.2 if true_s < 1080.0 else 0.0))
        if true_s > 1070.0:
            assert clock.ppm == pytest.approx(100.0, abs=300.0)
        if true_s > 1080.2:
            assert clock.time_s(index) == pytest.approx(true_s + DELAY_S, abs=0.01)


def test_a_few_late_packets_after_a_silence_give_no_rate() -> None:
    clock = DeviceClock(FS_HZ)
    for index, true_s, arrived_s in arrivals(np.random.default_rng(9), [(48.0, 0.0)], 0.01):
        if true_s < 1005.0:
            clock.observe(index, arrived_s)
        elif true_s > 1045.0:
            clock.observe(index, arrived_s + 0.3)
    assert clock.ppm is None


def test_nothing_is_said_before_something_arrived() -> None:
    clock = DeviceClock(FS_HZ)
    assert clock.time_s(0) is None
    assert clock.index_at(1.0) is None
    assert clock.ppm is None


def test_the_nominal_rate_serves_until_the_rate_is_known() -> None:
    clock = DeviceClock(500.0)
    clock.observe(1000, 50.0)

    assert clock.time_s(1500) == pytest.approx(51.0)
    assert clock.index_at(51.0) == pytest.approx(1500.0)
    assert clock.ppm is None


def test_after_an_outage_the_rate_is_kept_and_the_time_is_new() -> None:
    clock = DeviceClock(FS_HZ)
    for index, _, arrived_s in arrivals(np.random.default_rng(5), [(120.0, 2000.0)], 0.01):
        clock.observe(index, arrived_s)
    before = clock.ppm
    clock.observe(1_000_000, 9000.0)

    assert clock.ppm == before == pytest.approx(2000.0, abs=20.0)
    assert clock.time_s(1_000_000) == pytest.approx(9000.0)
    assert clock.time_s(1_000_000 + 250_500) == pytest.approx(10_000.0, abs=0.1)


def test_a_restart_forgets_the_counter_and_keeps_the_rate() -> None:
    clock = DeviceClock(FS_HZ)
    for index, _, arrived_s in arrivals(np.random.default_rng(6), [(60.0, -700.0)], 0.0):
        clock.observe(index, arrived_s)
    clock.restart()

    assert clock.time_s(0) is None
    clock.observe(0, 2000.0)
    assert clock.time_s(0) == pytest.approx(2000.0)
    assert clock.ppm == pytest.approx(-700.0, abs=1.0)


def test_an_index_behind_the_newest_is_ignored() -> None:
    clock = DeviceClock(FS_HZ)
    clock.observe(5000, 20.0)
    clock.observe(25, 20.1)
    assert clock.time_s(5000) == pytest.approx(20.0)


def test_a_rate_that_no_oscillator_has_is_not_believed() -> None:
    clock = DeviceClock(FS_HZ)
    for second in range(40):
        clock.observe(second * 250, 100.0 + second * 1.1)
    assert clock.ppm is None


def test_memory_is_bounded() -> None:
    clock = DeviceClock(FS_HZ)
    for index, _, arrived_s in arrivals(np.random.default_rng(7), [(600.0, 0.0)]):
        clock.observe(index, arrived_s)
    assert len(clock._points) <= 62
