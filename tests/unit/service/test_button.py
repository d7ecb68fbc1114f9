"""What a short press of the button does, over the real alarm books."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ecgd.config.settings import AlarmSettings, Settings
from ecgd.decision.technical import technical_finding
from ecgd.model.alarm import AlarmState
from ecgd.model.finding import EventType
from ecgd.service.parts import BUTTON, Parts
from ecgd.service.settings_rules import GATEWAY_ID
from ecgd.service.subject import Alarms, Subject

NOW_S = 130.0


class House:
    """Patients and gateway, with what the button may call."""

    def __init__(self) -> None:
        ids = count()
        new_id: Callable[[], str] = lambda: f"alert-{next(ids)}"  # noqa: E731
        names = ("anna", "bert", GATEWAY_ID)
        self.alarms = {name: Alarms(AlarmSettings(), new_id) for name in names}
        self.paused: list[str] = []

    def press(self, down_s: float = NOW_S) -> None:
        Parts.press_button(cast(Any, self), down_s)

    def alarm(self, name: str, at_s: float = 0.0) -> None:
        look = technical_finding(EventType.CHECK_PATIENT, "look")
        assert self.alarms[name].report((look,), at_s)

    def waits(self, name: str) -> bool:
        return bool(self.alarms[name].waiting(NOW_S))

    def subjects(self) -> list[Subject]:
        return [Subject(name, name, alarms, False) for name, alarms in self.alarms.items()]

    def acknowledge(self, alert_id: str, patient_id: str, by: str) -> None:
        assert by == BUTTON
        self.alarms[patient_id].acknowledge(alert_id, by, NOW_S)

    def pause_audio(self, by: str, heard_until_s: float) -> None:
        self.paused.append(by)


def test_without_an_alarm_nothing_happens() -> None:
    house = House()
    house.press()
    assert not house.paused


@pytest.mark.parametrize("name", ["anna", GATEWAY_ID])
def test_one_that_alarms_is_acknowledged(name: str) -> None:
    house = House()
    house.alarm(name)
    house.press()
    assert not house.waits(name)
    [alarm] = house.alarms[name].book.alarms
    assert alarm.state is AlarmState.ACKNOWLEDGED
    assert not house.paused


def test_with_two_patients_only_the_sound_is_paused() -> None:
    house = House()
    house.alarm("anna")
    house.alarm("bert")
    house.press()
    assert house.waits("anna")
    assert house.waits("bert")
    assert house.paused == [BUTTON]


def test_beside_a_patient_the_gateway_waits_for_a_press_of_its_own() -> None:
    house = House()
    house.alarm("anna")
    house.alarm(GATEWAY_ID)
    house.press()
    assert not house.waits("anna")
    assert house.waits(GATEWAY_ID)
    house.press()
    assert not house.waits(GATEWAY_ID)
    assert not house.paused


def test_two_patients_and_the_gateway_are_paused() -> None:
    house = House()
    for name in ("anna", "bert", GATEWAY_ID):
        house.alarm(name)
    house.press()
    assert house.paused == [BUTTON]
    assert all(house.waits(name) for name in house.alarms)


@pytest.mark.parametrize("raised_s", [NOW_S - 0.1, NOW_S + 0.5, NOW_S + 2.9])
def test_a_press_answers_nothing_that_came_too_late_to_be_heard(raised_s: float) -> None:
    house = House()
    house.alarm("anna")
    swapped = technical_finding(EventType.ELECTRODE_SWAPPED, "look")
    house.alarms["anna"].report((swapped,), raised_s)
    house.press(NOW_S)
    states = {alarm.event_type: alarm.state for alarm in house.alarms["anna"].book.alarms}
    assert states == {
        EventType.CHECK_PATIENT: AlarmState.ACKNOWLEDGED,
        EventType.ELECTRODE_SWAPPED: AlarmState.ACTIVE,
    }


def test_a_press_that_began_in_silence_answers_nothing() -> None:
    """Who holds the button for the lamp test has not heard the alarm of the third second."""
    house = House()
    house.alarm("anna", at_s=NOW_S + 2.9)
    house.press(NOW_S)
    [alarm] = house.alarms["anna"].book.alarms
    assert alarm.state is AlarmState.ACTIVE


def test_another_patient_who_alarms_under_the_finger_goes_on_sounding() -> None:
    house = House()
    house.alarm("anna")
    house.alarm("bert", at_s=NOW_S + 0.2)
    house.press(NOW_S)
    assert not house.waits("anna")
    assert house.alarms["bert"].annunciate(NOW_S + 0.5).sounding


def test_what_was_not_heard_yet_is_not_paused() -> None:
    house = House()
    for name, at_s in (("anna", 0.0), ("bert", NOW_S + 0.2)):
        house.alarm(name, at_s)
    kept: list[str] = []
    parts = cast(Any, house)
    parts.fan_out = SimpleNamespace(keep_book=lambda subject: kept.append(subject.patient_id))
    parts.sound = lambda: None
    parts.settings = Settings()
    parts.live = SimpleNamespace(note_audio_pause=lambda *_: None)
    Parts.pause_audio(parts, BUTTON, NOW_S)
    now_s = time.monotonic()
    assert not house.alarms["anna"].annunciate(now_s).sounding
    assert house.alarms["bert"].annunciate(now_s).sounding
    assert kept == ["anna", GATEWAY_ID]
