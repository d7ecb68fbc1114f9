"""Every row of the table of patterns, on pins whose changes were recorded with their times.

The limits are those of IEC 60601-1-8; what plays are the real pins' mock and the real player, in
virtual time: two minutes of each priority.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from ecgd.alerts.gpio import Pins
from ecgd.alerts.patterns import (
    STEADY,
    Channel,
    Pattern,
    lamp_test_patterns,
    shown_patterns,
)
from ecgd.alerts.player import Player
from ecgd.alerts.pulse_log import PinChange, read_pulse_log
from ecgd.config.settings import GpioSettings
from ecgd.model.alarm import Priority

PLAYED_S = 120.0
TOLERANCE_S = 1e-3

Record = Callable[[dict[Channel, Pattern]], list[PinChange]]


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Record:
    def play(patterns: dict[Channel, Pattern]) -> list[PinChange]:
        path = str(tmp_path / "pins")
        now_s = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: now_s)
        settings = GpioSettings(factory="mock", pulse_log=path)
        pins = Pins(settings, "", MockFactory())
        player = Player(pins.write)
        player.retune(patterns, now_s)
        end_s = now_s + PLAYED_S
        while now_s < end_s:
            now_s = min(end_s, player.turn_due(now_s))
        changes = read_pulse_log(path)
        pins.close()
        return list(changes)

    return play


def pulses(changes: list[PinChange], channel: Channel) -> list[tuple[float, float]]:
    """Return (on, off) of each pulse that ended, from the recorded changes."""
    own = [change for change in changes if change.channel == channel.value]
    assert all(later.on != earlier.on for earlier, later in pairwise(own))
    times = [change.time_s for change in own]
    return list(zip(times[::2], times[1::2], strict=False))


def bursts(changes: list[PinChange]) -> list[list[tuple[float, float]]]:
    """Return the buzzer's pulses in bursts: a pause of more than 2 s is between two."""
    groups: list[list[tuple[float, float]]] = [[]]
    for pulse in pulses(changes, Channel.BUZZER):
        if groups[-1] and pulse[0] - groups[-1][-1][1] > 2.0:
            groups.append([])
        groups[-1].append(pulse)
    return groups


@dataclass(frozen=True)
class Row:
    """One row of the table: light, its frequency and duty, pulses, their length, the pause."""

    light: Channel
    flash_hz: tuple[float, float] | None
    counts: tuple[int, ...]
    pulse_s: tuple[float, float]
    pause_s: tuple[float, float]


ROWS = {
    Priority.HIGH: Row(Channel.RED, (1.4, 2.8), (10,), (0.075, 0.200), (2.5, 15.0)),
    Priority.MEDIUM: Row(Channel.YELLOW, (0.4, 0.8), (3,), (0.125, 0.250), (2.5, 30.0)),
    Priority.LOW: Row(Channel.YELLOW, None, (1, 2), (0.125, 0.250), (15.001, 60.0)),
}


@pytest.mark.parametrize("priority", list(Priority))
def test_recorded_bursts_are_inside_the_limits(record: Record, priority: Priority) -> None:
    row = ROWS[priority]
    found = bursts(record(shown_patterns(priority, sounding=True, all_well=False)))
    whole = found[:-1]
    assert len(whole) >= 4, "it repeats"
    assert {len(burst) for burst in whole} <= set(row.counts)
    assert len({len(burst) for burst in whole}) == 1
    lengths = [off - on for burst in whole for on, off in burst]
    assert row.pulse_s[0] - TOLERANCE_S <= min(lengths)
    assert max(lengths) <= row.pulse_s[1] + TOLERANCE_S
    assert max(lengths) - min(lengths) < 0.01, "pulses of one burst are alike"
    pauses = [later[0][0] - earlier[-1][1] for earlier, later in pairwise(found)]
    assert row.pause_s[0] <= min(pauses)
    assert max(pauses) <= row.pause_s[1]


def test_recorded_high_bursts_are_three_and_two_twice(record: Record) -> None:
    for burst in bursts(record(shown_patterns(Priority.HIGH, sounding=True, all_well=False)))[:-1]:
        gaps = [later[0] - earlier[1] for earlier, later in pairwise(burst)]
        short = [gaps[i] for i in (0, 1, 3, 5, 6, 8)]
        assert all(0.05 <= gap <= 0.125 for gap in short)
        pulse_s = burst[0][1] - burst[0][0]
        grouping = 2.0 * short[0] + pulse_s
        assert [gaps[2], gaps[7]] == pytest.approx([grouping] * 2, abs=TOLERANCE_S)
        assert 0.35 <= gaps[4] <= 1.3


@pytest.mark.parametrize("priority", [Priority.MEDIUM, Priority.LOW])
def test_recorded_pulses_of_a_burst_are_apart(record: Record, priority: Priority) -> None:
    for burst in bursts(record(shown_patterns(priority, sounding=True, all_well=False)))[:-1]:
        assert all(0.125 <= later[0] - earlier[1] <= 0.25 for earlier, later in pairwise(burst))


@pytest.mark.parametrize("priority", list(Priority))
@pytest.mark.parametrize("sounding", [True, False])
def test_recorded_light_is_inside_the_limits(
    record: Record, priority: Priority, sounding: bool
) -> None:
    row = ROWS[priority]
    changes = record(shown_patterns(priority, sounding=sounding, all_well=True))
    lights = {change.channel for change in changes} - {Channel.BUZZER.value}
    assert lights == {row.light.value}
    assert sounding == any(change.channel == "buzzer" for change in changes)
    if row.flash_hz is None:
        [only] = [change for change in changes if change.channel == row.light.value]
        assert (only.on, only.time_s) == (True, 1000.0), "steady for all the time"
        return
    found = pulses(changes, row.light)
    periods = [later[0] - earlier[0] for earlier, later in pairwise(found)]
    assert len(periods) > PLAYED_S * row.flash_hz[0] - 2
    assert all(row.flash_hz[0] <= 1.0 / period <= row.flash_hz[1] for period in periods)
    shares = [(off - on) / period for (on, off), period in zip(found, periods, strict=False)]
    assert all(0.2 <= share <= 0.6 for share in shares)


def test_paused_high_shines_red_while_a_low_one_sounds(record: Record) -> None:
    patterns = shown_patterns(Priority.LOW, sounding=True, all_well=False, light=Priority.HIGH)
    changes = record(patterns)
    assert {change.channel for change in changes} == {"red", "buzzer"}
    assert {len(burst) for burst in bursts(changes)[:-1]} == {2}


def test_recorded_heartbeat_is_green_short_and_slow(record: Record) -> None:
    changes = record(shown_patterns(None, sounding=False, all_well=True))
    assert {change.channel for change in changes} == {"green"}
    found = pulses(changes, Channel.GREEN)
    assert {round(off - on, 3) for on, off in found} == {0.2}
    assert {round(later[0] - earlier[0], 3) for earlier, later in pairwise(found)} == {2.0}


def test_recorded_lamp_test_lights_everything_once(record: Record) -> None:
    changes = record(lamp_test_patterns())
    for channel in (Channel.RED, Channel.YELLOW, Channel.GREEN):
        [(on, off)] = pulses(changes, channel)
        assert off - on == pytest.approx(2.0)
    assert len(pulses(changes, Channel.BUZZER)) == 2


def test_nothing_is_recorded_while_somebody_is_not_monitored(record: Record) -> None:
    assert record(shown_patterns(None, sounding=False, all_well=False)) == []


@pytest.mark.parametrize("fails_at", [0, 1])
def test_a_pin_that_fails_once_is_lit_and_darkened_all_the_same(fails_at: int) -> None:
    """A steady light has one edge only: a fault light that missed it stayed dark for ever."""
    tries: list[bool] = []
    pin: list[bool] = []

    def write(channel: Channel, on: bool) -> float | None:
        tries.append(on)
        if len(tries) - 1 == fails_at:
            return None
        pin.append(on)
        return now_s

    now_s = 1000.0
    player = Player(write)
    for wanted in ({Channel.RED: STEADY}, {}):
        player.retune(wanted, now_s)
        for _ in range(3):
            due_s = player.turn_due(now_s)
            now_s = min(due_s, now_s + 5.0)
    assert pin == [True, False]
    assert len(tries) == 3
