"""Taking up the last run's alarms: what is kept afterwards, and what is told as lost."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from store_examples import make_alert

from ecgd.alerts.payload import alert_body
from ecgd.config.hold_off import HoldOffSettings
from ecgd.config.settings import AlarmSettings
from ecgd.decision.alarm_book import AlarmBook
from ecgd.decision.alarm_record import book_from_dict, book_to_dict
from ecgd.errors import StoreError
from ecgd.model.alarm import DeliveryResult, OutboxItem
from ecgd.model.finding import Domain, EventType, Finding, Severity
from ecgd.service.resumption import UNREADABLE_TRIES, Resumption
from ecgd.service.subject import Alarms, Subject

SETTINGS = AlarmSettings(hold_off=HoldOffSettings(link_lost_s=0.0))
LINK = Finding(EventType.LINK_LOST, Severity.MEDIUM, Domain.TECHNICAL, ("away",))


def alarmed(name: str) -> Alarms:
    alarms = Alarms(SETTINGS, lambda: name)
    alarms.report((LINK,), 100.0)
    return alarms


class House:
    """A run that has begun without the books of the last one."""

    def __init__(self, **alarms: Alarms) -> None:
        self.kept: list[str] = []
        keeper = SimpleNamespace(
            holds_books=True, keep_book=lambda subject: self.kept.append(subject.patient_id)
        )
        self.subjects = [Subject(name, name, book, False) for name, book in alarms.items()]
        self.parts = SimpleNamespace(
            targets={},
            crowded=set(),
            fan_out=keeper,
            lost_alarms="",
            subjects=lambda: iter(self.subjects),
            sound=lambda: None,
            store=SimpleNamespace(health=SimpleNamespace(healthy=True)),
        )
        self.resumption = Resumption(cast(Any, self.parts))


def test_what_was_raised_while_no_book_could_be_kept_is_kept_at_once() -> None:
    """Killed a moment later, the alarm would be gone: nobody would have stored it."""
    house = House(anna=alarmed("new"), bert=Alarms(SETTINGS, lambda: "none"))
    house.resumption._take_books({"bert": alarmed("old").book})
    assert house.kept == ["anna", "bert"]
    assert not house.parts.fan_out.holds_books


def test_a_stored_alarm_that_cannot_be_read_is_told() -> None:
    record = book_to_dict(alarmed("old").book)
    record["tracks"][0]["state"] = "who knows"
    house = House(anna=Alarms(SETTINGS, lambda: "none"))
    house.resumption._take_books({"anna": book_from_dict(record)})
    assert "anna" in house.parts.lost_alarms
    assert "alarm 0" in house.parts.lost_alarms


def test_a_whole_book_loses_nothing() -> None:
    house = House(anna=Alarms(SETTINGS, lambda: "none"))
    house.resumption._take_books({"anna": alarmed("old").book})
    assert house.parts.lost_alarms == ""


def test_books_that_stay_unreadable_are_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    house = House(anna=Alarms(SETTINGS, lambda: "none"))

    def refuse() -> dict[str, AlarmBook]:
        raise StoreError("the database cannot be read", "see the disk")

    monkeypatch.setattr(house.resumption, "_load_books", refuse)
    for _ in range(UNREADABLE_TRIES - 1):
        asyncio.run(house.resumption._retry_books())
    assert house.parts.lost_alarms == ""
    asyncio.run(house.resumption._retry_books())
    assert "given up" in house.parts.lost_alarms


def test_a_test_of_the_last_run_is_ended_and_brought_to_nobody() -> None:
    """Whoever ran it has long stopped waiting, and a late one would look like a new one."""
    test = replace(make_alert(), event_type=EventType.TEST_ALARM, simulated=True)
    items = tuple(
        OutboxItem(f"m{number}", "a", "home", Severity.LOW, alert_body(alert), 1.0)
        for number, alert in enumerate((test, make_alert()))
    )
    house = House()
    taken: list[str] = []

    def submit_if_room(item: OutboxItem) -> bool:
        taken.append(item.message_id)
        return True

    courier = SimpleNamespace(submit_if_room=submit_if_room)
    house.parts.targets, house.parts.crowded = {"home": courier}, {"home"}
    ended: list[Any] = []
    house.parts.store.record_delivery = ended.append
    house.resumption._end_tests(items)
    house.resumption._fill(items)
    assert taken == ["m1"]
    [report] = ended
    assert (report.item.message_id, report.result) == ("m0", DeliveryResult.WITHDRAWN)
