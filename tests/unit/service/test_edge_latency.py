"""Whose alarm it is that an edge of the pins ends the waiting for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ecgd.model.alarm import ChangeKind, Priority
from ecgd.service.latency import LatencyBook
from ecgd.service.parts import Parts
from ecgd.service.sound import Sound

HIGH, MEDIUM = Sound(Priority.HIGH, True, None), Sound(Priority.MEDIUM, True, None)
SILENCE = Sound(None, False, None)


class House:
    """As much of the parts as an alarm meets on its way to the pins."""

    def __init__(self) -> None:
        self.latency = LatencyBook()
        self.sounding = SILENCE
        self.next_sound = SILENCE
        self._edge_due: Any = None
        self.capsules = None
        self.sessions = {"anna": self._session()}
        self.fan_out = SimpleNamespace(spread=lambda *_: None)
        self.store = SimpleNamespace(store_assessment=lambda *_: None)
        self.live = SimpleNamespace(note_assessment=lambda *_: None)

    def _session(self) -> SimpleNamespace:
        alarm = SimpleNamespace(since_s=0.0)
        raised = SimpleNamespace(kind=ChangeKind.RAISED, alarm=alarm)
        return SimpleNamespace(
            intake=SimpleNamespace(origin=0),
            freshness=SimpleNamespace(is_stale=lambda *_: False),
            conclude=lambda *_: [raised],
            subject=None,
            assessment=None,
            name="Anna",
        )

    def sound(self) -> None:
        self.sounding = self.next_sound

    def _store_heartbeat(self, *_: object) -> None:
        pass


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr("ecgd.service.parts.keep_episodes", lambda *_: None)
    return House()


def raise_alarm(house: House, sound: Sound) -> None:
    house.next_sound = sound
    assessment = SimpleNamespace(origin=0, arrived_s=0.0, latency=(), scores=None)
    Parts.conclude(house, "anna", assessment)  # type: ignore[arg-type]


def turn(house: House, priority: Priority) -> None:
    due = house._edge_due
    at_s = due[2] + 0.01 if due else 0.0
    Parts.note_edge(house, priority, at_s)  # type: ignore[arg-type]


def edges(house: House) -> int:
    stages = {each.stage: each.count for each in house.latency.summaries()}
    return stages.get("pin edge", 0)


def test_an_alarm_into_silence_is_timed_to_its_edge(house: House) -> None:
    raise_alarm(house, HIGH)
    turn(house, Priority.HIGH)
    assert edges(house) == 1


def test_an_alarm_beneath_another_waits_for_no_edge(house: House) -> None:
    raise_alarm(house, HIGH)
    turn(house, Priority.HIGH)
    raise_alarm(house, HIGH)
    house.sounding = MEDIUM  # the grave one is answered: only now the other begins to sound
    turn(house, Priority.MEDIUM)
    assert edges(house) == 1


def test_an_edge_on_its_way_stays_its_own_alarms(house: House) -> None:
    raise_alarm(house, HIGH)
    first = house._edge_due
    raise_alarm(house, HIGH)
    assert house._edge_due is first
