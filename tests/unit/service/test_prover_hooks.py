"""What the parts tell whoever proves that alarms arrive, and what they keep from everybody else."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from trial_parts import HOME, FakeCourier, report

from ecgd.alerts.mqtt.topics import Topics
from ecgd.alerts.payload import canary_body
from ecgd.config.fleet import MqttSettings
from ecgd.config.settings import AlarmSettings, Settings
from ecgd.model.alarm import Alert, DeliveryReport, OutboxItem, Purpose
from ecgd.model.finding import Domain, EventType, Finding, Severity
from ecgd.service.broker_desk import BrokerDesk
from ecgd.service.fan_out import FanOut
from ecgd.service.live import LiveHub
from ecgd.service.occurrence import Circumstances
from ecgd.service.parts import Parts
from ecgd.service.subject import Alarms, Subject

FULL = Finding(EventType.ALARM_OVERFLOW, Severity.HIGH, Domain.TECHNICAL, ("2 messages",))
CANARY = OutboxItem(
    "m", "canary_1", "home", Severity.LOW, canary_body("canary_1", 1.0), 1.0, purpose=Purpose.CANARY
)


class Prover:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.delivered: list[DeliveryReport] = []
        self.overflowed: list[OutboxItem] = []
        self.alarms: list[Alert] = []

    def note_delivery(self, told: DeliveryReport) -> None:
        self.delivered.append(told)

    def note_overflow(self, item: OutboxItem) -> None:
        self.overflowed.append(item)

    def note_answer(self, alert_id: str | None, by: str) -> tuple[str, ...]:
        return ()

    def note_alarm(self, alert: Alert) -> None:
        self.alarms.append(alert)


class Store:
    """Takes everything."""

    def __getattr__(self, name: str) -> Any:
        done: Future[int] = Future()
        done.set_result(1)
        return lambda *words, **more: done


def test_an_alarm_is_told_once_it_has_been_handed_over() -> None:
    prover, courier = Prover(), FakeCourier("home")
    courier.submit = courier.submit_if_room  # type: ignore[attr-defined]
    settings = Settings(webhooks=(HOME,))
    circumstances = Circumstances("boot", False, "rules", "", "hash")
    workers = cast(Any, {"home": courier})
    fan_out = FanOut(settings, circumstances, cast(Any, Store()), workers, LiveHub())
    fan_out.prover = prover
    alarms = Alarms(AlarmSettings(), lambda: "alert")
    subject = Subject("gateway", "Gateway", alarms, False)
    fan_out.spread(subject, None, alarms.report((FULL,), 100.0))
    assert [alert.event_type for alert in prover.alarms] == [EventType.ALARM_OVERFLOW]
    assert len(courier.taken) == 1


def parts(prover: Prover) -> Any:
    return SimpleNamespace(
        fan_out=SimpleNamespace(prover=prover, people=None, replies=None), overflowed=0
    )


def test_a_canary_is_in_no_outbox_and_on_no_page() -> None:
    prover = Prover()
    Parts.note_delivery(parts(prover), report(CANARY))
    assert [each.item.message_id for each in prover.delivered] == ["m"]


@pytest.mark.parametrize("purpose", [Purpose.TEST, Purpose.CANARY])
def test_a_trial_without_room_is_no_alarm_of_overflow(purpose: Purpose) -> None:
    prover = Prover()
    house = parts(prover)
    item = replace(CANARY, purpose=purpose)
    Parts.note_overflow(house, item)
    assert (prover.overflowed, house.overflowed) == ([item], 0)


def test_a_broker_that_promises_nothing_tells_of_trials_too() -> None:
    prover = Prover()
    settings = MqttSettings(enabled=True)
    worker = cast(Any, SimpleNamespace())
    desk = BrokerDesk(parts(prover), settings, Topics("ecgd", "pi", ""), worker)
    desk.note(report(CANARY))
    assert [each.item.message_id for each in prover.delivered] == ["m"]
