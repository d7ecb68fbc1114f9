"""The patterns against the limits of IEC 60601-1-8, measured on the edges that a pin would see."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ecgd.alerts.patterns import (
    BUZZER,
    HEARTBEAT,
    LIGHT,
    Channel,
    Pattern,
    edges_until,
    lamp_test_patterns,
    shown_patterns,
)
from ecgd.model.alarm import Priority


def pulses(pattern: Pattern, duration_s: float) -> list[tuple[float, float]]:
    edges = edges_until(pattern, duration_s)
    assert [on for _, on in edges[:2]] == [True, False]
    assert all(later[1] != earlier[1] for earlier, later in pairwise(edges))
    times = [time_s for time_s, _ in edges]
    return list(zip(times[::2], times[1::2], strict=False))


def one_burst(priority: Priority) -> tuple[list[tuple[float, float]], float]:
    """Return the pulses of the first burst and the pause after it, from the edges alone."""
    found = pulses(BUZZER[priority], 60.0)
    pauses = [later[0] - earlier[1] for earlier, later in pairwise(found)]
    last = next(index for index, pause_s in enumerate(pauses) if pause_s > 2.0)
    return found[: last + 1], pauses[last]


@pytest.mark.parametrize(
    ("priority", "counts", "shortest_s", "longest_s", "pause_s"),
    [
        (Priority.HIGH, (10,), 0.075, 0.200, (2.5, 15.0)),
        (Priority.MEDIUM, (3,), 0.125, 0.250, (2.5, 30.0)),
        (Priority.LOW, (1, 2), 0.125, 0.250, (15.001, 60.0)),
    ],
)
def test_burst_is_inside_the_limits(
    priority: Priority,
    counts: tuple[int, ...],
    shortest_s: float,
    longest_s: float,
    pause_s: tuple[float, float],
) -> None:
    found, pause = one_burst(priority)
    assert len(found) in counts
    assert all(shortest_s <= off - on <= longest_s for on, off in found)
    assert pause_s[0] <= pause <= pause_s[1]


def test_high_burst_is_three_and_two_twice() -> None:
    found, _ = one_burst(Priority.HIGH)
    gaps = [later[0] - earlier[1] for earlier, later in pairwise(found)]
    spacing_s, pulse_s = gaps[0], found[0][1] - found[0][0]
    assert 0.05 <= spacing_s <= 0.125
    assert [gaps[i] for i in (0, 1, 3, 5, 6, 8)] == pytest.approx([spacing_s] * 6)
    assert [gaps[2], gaps[7]] == pytest.approx([2 * spacing_s + pulse_s] * 2)
    assert 0.35 <= gaps[4] <= 1.3


@pytest.mark.parametrize(
    ("priority", "channel", "low_hz", "high_hz"),
    [(Priority.HIGH, Channel.RED, 1.4, 2.8), (Priority.MEDIUM, Channel.YELLOW, 0.4, 0.8)],
)
def test_flash_is_inside_the_limits(
    priority: Priority, channel: Channel, low_hz: float, high_hz: float
) -> None:
    light, pattern = LIGHT[priority]
    found = pulses(pattern, 20.0)
    period_s = found[1][0] - found[0][0]
    assert light is channel
    assert low_hz <= 1.0 / period_s <= high_hz
    assert all(0.2 <= (off - on) / period_s <= 0.6 for on, off in found)


def test_low_light_is_steady() -> None:
    light, pattern = LIGHT[Priority.LOW]
    assert light is Channel.YELLOW
    assert edges_until(pattern, 1e6) == ((0.0, True),)


def test_edges_repeat_exactly_without_drift() -> None:
    period_s = BUZZER[Priority.HIGH].period_s
    assert period_s is not None
    edges = edges_until(BUZZER[Priority.HIGH], 1000 * period_s)
    assert len(edges) == 20 * 1000
    assert edges[20 * 999][0] == 999 * period_s


def test_all_well_is_a_slow_green_heartbeat() -> None:
    assert shown_patterns(None, sounding=False, all_well=True) == {Channel.GREEN: HEARTBEAT}
    (on, off), *_ = pulses(HEARTBEAT, 10.0)
    assert off - on < 0.5


def test_nothing_is_lit_when_neither_alarm_nor_well() -> None:
    assert shown_patterns(None, sounding=True, all_well=False) == {}


@pytest.mark.parametrize("priority", list(Priority))
def test_alarm_never_shows_green_and_silence_keeps_the_light(priority: Priority) -> None:
    loud = shown_patterns(priority, sounding=True, all_well=True)
    silent = shown_patterns(priority, sounding=False, all_well=True)
    assert Channel.GREEN not in loud
    assert loud.keys() - silent.keys() == {Channel.BUZZER}
    assert silent == {LIGHT[priority][0]: LIGHT[priority][1]}


def test_lamp_test_reaches_every_channel_and_ends() -> None:
    patterns = lamp_test_patterns()
    assert set(patterns) == set(Channel)
    assert all(edges_until(pattern, 1e6)[-1][1] is False for pattern in patterns.values())
