"""A test on the pins: one burst, which an alarm ends at once; and whether the player turns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory

from ecgd.alerts.annunciator import Annunciator
from ecgd.alerts.patterns import (
    BUZZER,
    LIGHT,
    TRIAL_S,
    Channel,
    edges_until,
    shown_patterns,
    trial_patterns,
)
from ecgd.alerts.player import Player
from ecgd.config.settings import GpioSettings
from ecgd.model.alarm import Priority

SETTINGS = GpioSettings(factory="mock")


@pytest.fixture
def pins() -> Any:
    return MockFactory()


@pytest.fixture
def annunciator(pins: Any) -> Any:
    made = Annunciator(SETTINGS, lambda down_s: None, pin_factory=pins)
    yield made
    made.close()


def until(holds: Callable[[], object], patience_s: float = 5.0) -> None:
    deadline_s = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < deadline_s, "it never came"
        time.sleep(0.002)


def ignore(at_s: float) -> None:
    return


def test_it_is_one_burst_of_a_high_alarm_and_then_silence() -> None:
    playing = trial_patterns(sounding=True)
    high = BUZZER[Priority.HIGH]
    assert edges_until(playing[Channel.BUZZER], 60.0) == edges_until(high, TRIAL_S + 0.01)
    flashes = edges_until(playing[Channel.RED], 60.0)
    assert flashes == edges_until(LIGHT[Priority.HIGH][1], TRIAL_S)[: len(flashes)]
    assert flashes[-1][1] is False, "the light goes out"
    assert Channel.BUZZER not in trial_patterns(sounding=False)
    assert playing[Channel.BUZZER] != high, "an alarm that begins meanwhile begins anew"


def test_the_first_edge_is_told_with_its_time(annunciator: Annunciator, pins: Any) -> None:
    told: list[float] = []
    asked_s = time.monotonic()
    assert annunciator.try_out(sounding=True, told=told.append)
    until(lambda: told)
    assert asked_s <= told[0] <= time.monotonic()
    assert pins.pin(18).state or pins.pin(17).state
    until(lambda: pins.pin(18).state)
    assert annunciator.last_edge_s is None, "no alarm gave it"


def test_an_alarm_that_is_shown_goes_first(annunciator: Annunciator, pins: Any) -> None:
    annunciator.show(Priority.MEDIUM, sounding=False, all_well=False)
    told: list[float] = []
    assert not annunciator.try_out(sounding=True, told=told.append)
    until(lambda: pins.pin(27).state)
    assert (pins.pin(17).state, told) == (False, [])


def test_an_alarm_that_begins_ends_the_test_at_once(annunciator: Annunciator, pins: Any) -> None:
    annunciator.try_out(sounding=True, told=ignore)
    until(lambda: pins.pin(17).state)
    annunciator.show(Priority.MEDIUM, sounding=False, all_well=False)
    until(lambda: pins.pin(27).state and not pins.pin(17).state and not pins.pin(18).state, 1.0)


def test_a_high_alarm_begins_anew_in_the_pauses_of_a_test() -> None:
    """The same lamp and the same sound: it still begins at its own beginning."""
    player, lit = Player(lambda channel, on: now_s), list[float]()
    now_s = 0.0
    player.retune(trial_patterns(sounding=True), now_s)
    player.turn_due(now_s)
    now_s = 0.9  # between two groups of pulses
    player.turn_due(now_s)
    alarm = shown_patterns(Priority.HIGH, sounding=True, all_well=False)
    player.retune(alarm, now_s)
    assert player.playing == alarm
    player.turn_due(now_s, lit.append)
    assert lit[:1] == [0.9]


def test_a_player_that_turns_says_so_without_an_edge(annunciator: Annunciator, pins: Any) -> None:
    turned = threading.Event()
    annunciator.ping(turned.set)
    assert turned.wait(2.0)
    assert all(len(pins.pin(number).states) == 1 for number in (17, 18, 22, 27))


def test_a_listener_that_fails_silences_nothing(annunciator: Annunciator, pins: Any) -> None:
    annunciator.ping(lambda: 1 / 0)  # type: ignore[arg-type]
    turned = threading.Event()
    annunciator.ping(turned.set)
    assert turned.wait(2.0)
    assert annunciator.health().healthy


def test_a_player_that_has_ended_answers_nobody(pins: Any) -> None:
    ended = Annunciator(SETTINGS, lambda down_s: None, pin_factory=pins)
    ended.close()
    turned = threading.Event()
    ended.ping(turned.set)
    assert not turned.wait(0.1)
