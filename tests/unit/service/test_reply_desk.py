"""Which alert an answer means: older messages of an alarm that was raised anew, late reports."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ecgd.alerts.payload import ANSWER_TYPE
from ecgd.alerts.replies.paths import Answered, Member
from ecgd.config.people import ContactSettings
from ecgd.config.settings import Settings, WebhookSettings
from ecgd.errors import StoreError
from ecgd.model.alarm import AlarmState, DeliveryReport, DeliveryResult, OutboxItem, Purpose
from ecgd.model.finding import Severity
from ecgd.service import reply_desk
from ecgd.service.reply_desk import ReplyDesk
from ecgd.store.entries import AlertDelivery


class FakeListener:
    """Keeps what it is to hear: alerts with the receipts that still ring."""

    made: list[FakeListener]

    def __init__(self, name: str, path: Any, heard: Callable[[Answered], None]) -> None:
        self.name, self.path, self.hear = name, path, heard
        self.rings: dict[str, list[str]] = {}
        self.ended: list[str] = []
        self.trouble = ""
        self.made.append(self)

    def expect(self, alert_id: str, receipt: str = "") -> None:
        self.rings.setdefault(alert_id, []).append(receipt)

    def outlive(self, alert_id: str) -> None:
        self.ended += self.rings.get(alert_id, [])
        if alert_id in self.rings:
            self.rings[alert_id] = []

    def forget(self, alert_id: str) -> None:
        self.ended += self.rings.pop(alert_id, [])


class House:
    """A desk with a Pushover phone, and two people at one ntfy server."""

    def __init__(self) -> None:
        self.alarms: list[Any] = []
        self.acknowledged: list[tuple[str, str]] = []
        subject = SimpleNamespace(alarms=SimpleNamespace(book=SimpleNamespace(alarms=self.alarms)))
        self.parts = SimpleNamespace(
            subjects=lambda: [subject],
            acknowledge=self.acknowledge,
            fan_out=SimpleNamespace(holds_books=True),
            places=SimpleNamespace(database_path=Path("nowhere")),
        )
        targets = tuple(
            WebhookSettings(name=name, profile=profile, url=url, acknowledge=profile == "ntfy")
            for name, profile, url in (
                ("pager", "pushover", ""),
                ("push", "ntfy", ""),
                ("home", "ntfy", "https://ntfy.sh/"),
            )
        )
        settings = Settings(
            webhooks=targets, contacts=(ContactSettings(id="berta", channels=("push",)),)
        )
        self.desk = ReplyDesk(
            cast(Any, self.parts), settings, lambda work, *given: work(*given), None
        )

    def acknowledge(self, alert_id: str, _patient_id: None, by: str) -> tuple[str, ...]:
        self.acknowledged.append((alert_id, by))
        self.stands()
        return (alert_id,)

    def stands(self, alert_id: str = "", severity: Severity = Severity.HIGH) -> None:
        """Let one alarm wait for an answer, or none."""
        self.alarms[:] = []
        if alert_id:
            state = AlarmState.ACTIVE
            self.alarms.append(SimpleNamespace(alert_id=alert_id, severity=severity, state=state))

    def deliver(
        self,
        alert_id: str,
        target: str = "push",
        receipt: str = "",
        body: bytes = b"{}",
        severity: Severity | None = None,
    ) -> None:
        if severity is None:
            severity = self.alarms[0].severity if self.alarms else Severity.HIGH
        item = OutboxItem(f"msg_{alert_id}", alert_id, target, severity, body, 0.0)
        self.desk.note_delivery(
            DeliveryReport(item, DeliveryResult.DELIVERED, 0.0, 0.1, "", None, receipt)
        )


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    FakeListener.made = []
    monkeypatch.setattr(reply_desk, "Listener", FakeListener)
    return House()


def pager_and_push() -> tuple[FakeListener, FakeListener]:
    pager, push = FakeListener.made
    return pager, push


def press(alert_id: str, after_s: float | None = None, person: str = "") -> None:
    """Press the button of a message; the look before was just now."""
    _, push = pager_and_push()
    push.hear(Answered(alert_id, "push", person, time.monotonic() if after_s is None else after_s))


def test_targets_of_one_server_share_a_listener(house: House) -> None:
    assert [each.name for each in FakeListener.made] == ["pager", "push, home"]
    members = cast(Any, FakeListener.made[1].path)._members
    assert all(isinstance(each, Member) for each in members)
    health = house.desk.health()
    assert health is not None
    assert health.detail == "pager by pushover, push by ntfy, home by ntfy"


def test_an_answer_acknowledges_and_says_who(house: House) -> None:
    house.stands("a1")
    house.deliver("a1")
    press("a1", person="Anna K.")
    assert house.acknowledged == [("a1", "ntfy:berta/Anna K.")]
    assert all("a1" not in each.rings for each in FakeListener.made)


def test_an_older_message_of_the_same_alarm_means_the_alarm(house: House) -> None:
    pager, push = pager_and_push()
    house.stands("a1")
    house.deliver("a1")
    house.deliver("a1", "pager", "r1")
    house.deliver("a1", severity=Severity.LOW)
    house.stands("a2")
    house.desk.supersede("a1", "a2", Severity.HIGH)
    assert pager.ended == ["r1"], "the older message rings no more"
    house.stands("a3")
    house.desk.supersede("a2", "a3", Severity.HIGH)
    assert "a1" in push.rings
    press("a1")
    assert house.acknowledged == [("a3", "ntfy:berta")]
    assert not push.rings


def test_an_answer_that_may_be_older_than_the_alarm_acknowledges_nothing(house: House) -> None:
    house.stands("a1")
    house.deliver("a1")
    before_s = time.monotonic()
    house.stands("a2")
    house.desk.supersede("a1", "a2", Severity.HIGH)
    press("a1", after_s=before_s - 1.0)
    assert not house.acknowledged
    press("a1")
    assert house.acknowledged == [("a2", "ntfy:berta")], "pressed once more, it counts"


def test_an_answer_to_a_lighter_one_does_not_answer_the_graver(house: House) -> None:
    _, push = pager_and_push()
    house.stands("a1", Severity.MEDIUM)
    house.deliver("a1")
    house.stands("a2", Severity.CRITICAL)
    house.desk.supersede("a1", "a2", Severity.CRITICAL)
    assert "a1" not in push.rings
    house.deliver("a2")
    assert list(push.rings) == ["a2"]


def test_a_message_that_arrives_after_the_answer_stops_ringing(house: House) -> None:
    pager, _ = pager_and_push()
    house.stands("a1")
    house.stands()
    house.deliver("a1", "pager", "r1")
    assert pager.ended == ["r1"], "it would ring for hours, and be asked about for ever"
    assert not pager.rings


def test_a_tried_alert_is_listened_for_until_the_trial_ends(house: House) -> None:
    pager, _ = pager_and_push()
    item = OutboxItem("m", "t1", "pager", Severity.CRITICAL, b"{}", 0.0, purpose=Purpose.TEST)
    house.desk.note_delivery(
        DeliveryReport(item, DeliveryResult.DELIVERED, 0.0, 0.1, "", None, "r1")
    )
    house.stands("a1")
    house.deliver("a1")
    assert pager.rings == {"t1": ["r1"]}
    house.desk.forget("t1")
    assert pager.ended == ["r1"]


def test_what_the_last_run_told_is_taken_up_as_soon_as_it_can_be_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    pager, push = pager_and_push()
    looks: list[str] = []

    class FakeReader:
        def __init__(self, _path: Path) -> None:
            pass

        def deliveries(self, alert_id: str) -> tuple[AlertDelivery, ...]:
            looks.append(alert_id)
            if len(looks) == 1:
                raise StoreError("locked", "wait")
            told = [("pager", "delivered", "r1"), ("push", "pending", ""), ("home", "refused", "")]
            return tuple(
                AlertDelivery(name, state, 1, 0.0, 0.0, "", receipt)
                for name, state, receipt in told
            )

    monkeypatch.setattr(reply_desk, "EscalationReader", FakeReader)
    monkeypatch.setattr(reply_desk, "RETRY_S", 0.01)
    house.desk.begin()
    assert not looks, "which alarms wait is not known yet"
    house.stands("a1")
    house.parts.fan_out.holds_books = False
    asyncio.run(house.desk.run())
    assert looks == ["a1", "a1"]
    assert pager.rings == {"a1": ["r1"]}
    assert not push.rings, "nobody has got that message"


def test_the_word_of_an_answer_waits_for_none(house: House) -> None:
    house.stands("a1")
    house.deliver("a1", body=f'{{"type":"{ANSWER_TYPE}"}}'.encode())
    assert not any(each.rings for each in FakeListener.made)
