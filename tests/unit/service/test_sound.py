"""Several patients, one buzzer."""

from __future__ import annotations

import pytest

from ecgd.decision.alarm import Annunciation
from ecgd.model.alarm import Priority
from ecgd.service.sound import Sound, combine

QUIET = Annunciation(None, sounding=False, light=None, alarms=())


def alarming(
    priority: Priority, *, sounding: bool = True, paused_s: float | None = None
) -> Annunciation:
    return Annunciation(priority, sounding, priority, (), paused_s)


def test_silence_is_dark() -> None:
    assert combine([QUIET, QUIET]) == Sound(None, False, None)
    assert combine([]) == Sound(None, False, None)


def test_the_gravest_sounds() -> None:
    both = [alarming(Priority.MEDIUM), alarming(Priority.HIGH), QUIET]
    assert combine(both) == Sound(Priority.HIGH, True, None, Priority.HIGH)


def test_what_is_paused_shines_on_while_something_less_grave_sounds() -> None:
    both = [alarming(Priority.HIGH, sounding=False, paused_s=60.0), alarming(Priority.LOW)]
    assert combine(both) == Sound(Priority.LOW, True, 60.0, Priority.HIGH)


def test_a_paused_alarm_still_shines() -> None:
    paused = alarming(Priority.HIGH, sounding=False, paused_s=30.0)
    assert combine([paused, QUIET]) == Sound(Priority.HIGH, False, 30.0, Priority.HIGH)


def test_an_acknowledged_alarm_shines_without_sound() -> None:
    acknowledged = Annunciation(None, sounding=False, light=Priority.HIGH, alarms=())
    assert combine([acknowledged]) == Sound(Priority.HIGH, False, None, Priority.HIGH)


@pytest.mark.parametrize(
    ("before", "now", "begins"),
    [
        (Sound(None, False, None), Sound(Priority.HIGH, True, None), True),
        (Sound(Priority.LOW, True, None), Sound(Priority.HIGH, True, None), True),
        (Sound(Priority.HIGH, False, None), Sound(Priority.HIGH, True, None), True),
        (Sound(Priority.HIGH, True, None), Sound(Priority.HIGH, True, None), False),
        (Sound(Priority.HIGH, True, None), Sound(None, False, None), False),
    ],
)
def test_pins_begin_anew_with_what_is_new_to_them(before: Sound, now: Sound, begins: bool) -> None:
    assert now.begins_after(before) is begins
