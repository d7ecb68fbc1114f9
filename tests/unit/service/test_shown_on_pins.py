"""What the daemon shows on its pins: everybody's alarms together, green only when all is well."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from ecgd.decision.alarm import Annunciation
from ecgd.model.alarm import Priority
from ecgd.service.parts import Parts

QUIET = Annunciation(None, sounding=False, light=None, alarms=())
MEDIUM = Annunciation(Priority.MEDIUM, sounding=True, light=Priority.MEDIUM, alarms=())
PAUSED = Annunciation(Priority.HIGH, False, Priority.HIGH, (), 60.0)


def shown(
    well: list[bool], annunciations: list[Annunciation], least: Priority | None = None
) -> dict[str, Any]:
    """Return what ``Parts.sound`` tells the annunciator."""
    told: dict[str, Any] = {}

    def show(priority: Priority | None, **more: Any) -> None:
        told.update(more, priority=priority)

    def subject(each: Annunciation) -> SimpleNamespace:
        return SimpleNamespace(alarms=SimpleNamespace(annunciate=lambda _: each))

    sessions = {
        str(number): SimpleNamespace(is_well=lambda _, is_well=is_well: is_well)
        for number, is_well in enumerate(well)
    }
    parts = SimpleNamespace(
        subjects=lambda: [subject(each) for each in annunciations],
        sessions=sessions,
        quiet_hours=SimpleNamespace(least_priority=lambda: least),
        annunciator=SimpleNamespace(show=show),
    )
    Parts.sound(cast(Any, parts))
    return told


@pytest.mark.parametrize(
    ("well", "green"),
    [([True], True), ([True, True], True), ([True, False], False), ([False], False), ([], False)],
)
def test_green_is_only_for_everybody_watched_and_well(well: list[bool], green: bool) -> None:
    told = shown(well, [QUIET, QUIET])
    assert told == {"priority": None, "sounding": False, "all_well": green, "light": None}


def test_no_green_beside_an_alarm_also_of_the_gateway() -> None:
    assert not shown([True, True], [QUIET, QUIET, MEDIUM])["all_well"]
    assert not shown([True], [PAUSED])["all_well"]


def test_light_of_a_paused_alarm_and_the_sound_of_another() -> None:
    told = shown([True, True], [PAUSED, MEDIUM])
    assert (told["priority"], told["sounding"], told["light"]) == (
        Priority.MEDIUM,
        True,
        Priority.HIGH,
    )


def test_quiet_hours_take_the_sound_and_leave_the_light() -> None:
    told = shown([True], [MEDIUM], Priority.HIGH)
    assert (told["sounding"], told["light"]) == (False, Priority.MEDIUM)
    assert shown([True], [MEDIUM], Priority.MEDIUM)["sounding"]
