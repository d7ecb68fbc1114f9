"""Hours in which less sounds."""

from __future__ import annotations

import pytest

from ecgd.config.settings import AlarmSettings
from ecgd.decision.alarm import Annunciation
from ecgd.errors import ConfigError
from ecgd.model.alarm import Priority
from ecgd.service.quiet_hours import QuietHours, span_problem
from ecgd.service.settings import parse_settings
from ecgd.service.sound import Sound, combine


def at(clock: str, text: str, least: str = "high", *, synchronised: bool = True) -> QuietHours:
    hours, minutes = clock.split(":")
    settings = AlarmSettings(quiet_hours=text, quiet_least_priority=least)
    return QuietHours(settings, lambda: 60 * int(hours) + int(minutes), lambda: synchronised)


@pytest.mark.parametrize(
    ("clock", "text", "quiet"),
    [
        ("21:59", "22:00-06:00", False),
        ("22:00", "22:00-06:00", True),
        ("00:00", "22:00-06:00", True),
        ("05:59", "22:00-06:00", True),
        ("06:00", "22:00-06:00", False),
        ("12:59", "13:00-14:30", False),
        ("14:29", "13:00-14:30", True),
        ("14:30", "13:00-14:30", False),
        ("00:00", "00:00-23:59", True),
        ("23:59", "00:00-23:59", False),
    ],
)
def test_span_holds_from_its_first_minute_to_before_its_last(
    clock: str, text: str, quiet: bool
) -> None:
    assert at(clock, text).least_priority() == (Priority.HIGH if quiet else None)


def test_without_hours_all_sounds_and_nothing_is_shown() -> None:
    assert at("00:00", "").least_priority() is None
    assert at("00:00", "").health() is None


def test_clock_that_is_not_synchronised_knows_no_quiet_hours() -> None:
    hours = at("23:00", "22:00-06:00", synchronised=False)
    assert hours.least_priority() is None
    health = hours.health()
    assert health is not None
    assert "not kept: the clock is not synchronised" in health.detail


@pytest.mark.parametrize(
    ("clock", "least", "said"),
    [
        ("23:00", "high", "(now): only high priority sounds"),
        ("12:00", "medium", "(not now): only medium and high priority sound"),
    ],
)
def test_status_says_what_sounds(clock: str, least: str, said: str) -> None:
    health = at(clock, "22:00-06:00", least).health()
    assert health is not None
    assert (health.healthy, health.detail) == (True, f"quiet hours 22:00-06:00 {said}")


@pytest.mark.parametrize("text", ["22-6", "24:00-06:00", "22:60-06:00", "22:00-22:00", " ", "x"])
def test_what_is_no_span_is_refused(text: str) -> None:
    assert span_problem(text)
    with pytest.raises(ConfigError, match=r"line 2: alarms\.quiet_hours: "):
        parse_settings(f'[alarms]\nquiet_hours = "{text}"\n', "x")


def test_high_cannot_be_silenced() -> None:
    with pytest.raises(ConfigError, match="quiet_least_priority"):
        parse_settings('[alarms]\nquiet_least_priority = "none"\n', "x")


@pytest.mark.parametrize("least", [Priority.MEDIUM, Priority.HIGH])
@pytest.mark.parametrize("priority", list(Priority))
def test_light_stays_and_high_sounds(priority: Priority, least: Priority) -> None:
    sound = combine([Annunciation(priority, True, priority, ())], least)
    order = [Priority.LOW, Priority.MEDIUM, Priority.HIGH]
    loud = order.index(priority) >= order.index(least)
    assert sound == Sound(priority, loud, None, priority)


def test_of_several_the_one_that_may_sounds() -> None:
    paused = Annunciation(Priority.HIGH, False, Priority.HIGH, (), 60.0)
    medium = Annunciation(Priority.MEDIUM, True, Priority.MEDIUM, ())
    assert combine([paused, medium]) == Sound(Priority.MEDIUM, True, 60.0, Priority.HIGH)
    assert combine([paused, medium], Priority.HIGH) == Sound(
        Priority.HIGH, False, 60.0, Priority.HIGH
    )
