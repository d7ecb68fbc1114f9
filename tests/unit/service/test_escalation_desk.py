"""Telling contacts: test channels, what is withdrawn, and the word of the answer."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from daemon_process import wait_for
from store_examples import make_alert

from ecgd.alerts.delivery import DeliveryWorker
from ecgd.alerts.news import read_news
from ecgd.alerts.payload import answer_body
from ecgd.alerts.retry import RetrySchedule
from ecgd.alerts.telling import tell
from ecgd.config.people import ContactSettings
from ecgd.config.settings import Settings, WebhookSettings
from ecgd.model.alarm import Alert, DeliveryReport, DeliveryResult, OutboxItem
from ecgd.model.finding import EventType, Severity
from ecgd.service.escalation_desk import EscalationDesk
from ecgd.service.patient_tags import PatientTag
from ecgd.service.people_words import spoken

REAL = replace(make_alert(), severity=Severity.CRITICAL, simulated=False)


@dataclass
class FakeCourier:
    taken: list[OutboxItem] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)

    def submit(self, item: OutboxItem) -> bool:
        self.taken.append(item)
        return True

    def withdraw(self, message_id: str) -> None:
        self.withdrawn.append(message_id)


class House:
    """A desk with three channels: two contacts' and a test channel's."""

    def __init__(self) -> None:
        names = ("push", "call", "test")
        self.couriers = {name: FakeCourier() for name in names}
        self.saved: list[tuple[str, bool]] = []
        settings = Settings(
            webhooks=tuple(
                WebhookSettings(name=name, url="http://h", test_target=name == "test")
                for name in names
            ),
            contacts=(
                ContactSettings(id="berta", name="Berta", channels=("push", "test")),
                ContactSettings(id="carl", order=2, channels=("call",), least_severity="LOW"),
            ),
        )
        parts = SimpleNamespace(
            targets=self.couriers,
            crowded=set(),
            circumstances=SimpleNamespace(simulated=False, boot_id="b"),
            store=SimpleNamespace(save_escalation=self.save),
            fan_out=SimpleNamespace(with_reports=lambda items: items),
        )
        self.desk = EscalationDesk(cast(Any, parts), settings)

    def save(
        self, alert_id: str, _record: object, items: object = (), **more: object
    ) -> Future[int]:
        self.saved.append((alert_id, bool(more["is_open"])))
        return Future()

    def told(self, alert: Alert) -> list[str]:
        return [item.target for item in self.desk.address(alert, None)]

    def report(
        self,
        item: OutboxItem,
        result: DeliveryResult,
        attempts: int = 1,
        wait_s: float | None = None,
    ) -> None:
        tried = replace(item, attempts=attempts)
        self.desk.note_delivery(DeliveryReport(tried, result, 0.0, 0.0, "", wait_s))


def test_simulated_alerts_reach_test_channels_alone() -> None:
    house = House()
    assert house.told(replace(REAL, simulated=True)) == ["test"]
    house.desk.tick(1e9)
    assert not house.couriers["push"].taken
    assert not house.couriers["call"].taken
    assert house.desk.unanswered() == (), "a simulated alert that nobody answers is no alarm"


@pytest.mark.parametrize(
    ("role", "severity", "is_told"),
    [
        ("service", Severity.CRITICAL, True),
        ("service", Severity.HIGH, True),
        ("service", Severity.MEDIUM, False),
        ("service", Severity.LOW, False),
        ("neighbour", Severity.CRITICAL, False),
        ("professional", Severity.CRITICAL, False),
        ("family", Severity.CRITICAL, False),
    ],
)
def test_only_who_is_sent_out_in_an_emergency_is_told_where(
    role: str, severity: Severity, is_told: bool
) -> None:
    who = ContactSettings(id="c", role=role, channels=("call",), least_severity="LOW")
    target = WebhookSettings(name="call", url="http://h", include_name=True)
    house = House()
    settings = Settings(webhooks=(target,), contacts=(who,))
    desk = EscalationDesk(house.desk._parts, settings)
    (item,) = desk.address(replace(REAL, severity=severity, location="Elm 3"), None)
    assert (b"Elm 3" in item.body) is is_told
    assert REAL.patient_name.encode() in item.body


def test_the_alarm_that_nobody_answers_says_of_whom_by_the_tag() -> None:
    house = House()
    house.desk.tag_of = lambda patient_id: PatientTag("bed 2" if patient_id == "ann" else "", 2)
    house.desk._settings = replace(house.desk._settings, contacts=())
    house.told(REAL)
    assert house.desk.unanswered()[0].startswith("CRITICAL STEMI_DETECTED of bed 2: ")


def test_the_alarm_that_nobody_answers_goes_to_no_contact() -> None:
    assert House().told(replace(REAL, event_type=EventType.NOBODY_ANSWERED)) == []


def test_two_failed_attempts_go_to_the_next_and_one_does_not() -> None:
    house = House()
    (item,) = house.desk.address(REAL, None)
    house.report(item, DeliveryResult.RETRY, 1)
    assert not house.couriers["test"].taken
    house.report(item, DeliveryResult.RETRY, 2)
    assert [each.target for each in house.couriers["test"].taken] == ["test"]
    house.desk.note_overflow(house.couriers["test"].taken[0])
    assert [each.target for each in house.couriers["call"].taken] == ["call"]


def test_a_channel_that_asks_for_an_hour_is_not_waited_for() -> None:
    house = House()
    (item,) = house.desk.address(REAL, None)
    house.report(item, DeliveryResult.RETRY, 1, wait_s=3600.0)
    assert [each.target for each in house.couriers["test"].taken] == ["test"]


def test_who_answered_is_told_as_people_read_it() -> None:
    contacts = {"team": ContactSettings(id="team", name="Night team", channels=("push",))}
    assert spoken("button", contacts) == "button"
    assert spoken("telegram:team", contacts) == "Night team (telegram)"
    assert spoken("telegram:team/Anna K.", contacts) == "Anna K., Night team (telegram)"
    assert spoken("mqtt:home", contacts) == "home (mqtt)"


def test_an_answer_withdraws_what_waits_and_tells_those_who_know() -> None:
    house = House()
    (item,) = house.desk.address(REAL, None)
    house.report(item, DeliveryResult.DELIVERED)
    house.desk.note_answer(REAL.alert_id, "ntfy:berta")
    assert house.couriers["push"].withdrawn == [item.message_id]
    (notice,) = house.couriers["push"].taken
    assert json.loads(notice.body)["data"]["answered_by"] == "Berta (ntfy)"
    assert not house.couriers["call"].taken
    assert house.saved[-1] == (REAL.alert_id, False)
    house.desk.tick(1e9)
    assert not house.couriers["call"].taken


def test_a_grave_alert_that_concerns_nobody_is_told_at_once() -> None:
    house = House()
    house.desk._settings = replace(house.desk._settings, contacts=())
    house.told(REAL)
    house.desk.tick(1e9)
    assert "no contact could be told" in house.desk.unanswered()[0]
    assert not house.desk.health().healthy


def test_the_word_of_an_answer_is_no_alarm() -> None:
    news = read_news(answer_body(REAL, "Berta (ntfy)"))
    assert news.severity is Severity.LOW
    english, german = tell(news, "en", "112"), tell(news, "de", "112")
    assert english.title.startswith("Answered: ")
    assert english.action == "Berta (ntfy) has answered this alarm and takes care of it."
    assert "112" not in german.action
    assert german.title.startswith("Beantwortet: ")


def test_a_withdrawn_item_is_tried_no_more(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("A" * 44)
    (tmp_path / "s").chmod(0o600)
    reports: list[DeliveryReport] = []
    settings = WebhookSettings(
        name="push", url="http://127.0.0.1:9/", secret_file=str(tmp_path / "s")
    )
    worker = DeliveryWorker(settings, reports.append, print, schedule=RetrySchedule(first_s=(60,)))
    (item,) = House().desk.address(REAL, None)
    worker.submit(item)
    deadline = 200
    while not reports and (deadline := deadline - 1):
        worker._thread.join(0.05)
    assert reports[0].result is DeliveryResult.RETRY
    assert worker.health().pending == 1
    worker.withdraw(item.message_id)
    assert worker.health().pending == 0
    worker.close()


def test_an_attempt_that_fails_after_the_answer_is_withdrawn_and_not_lost(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("A" * 44)
    (tmp_path / "s").chmod(0o600)
    reports: list[DeliveryReport] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = WebhookSettings(
            name="push",
            url=f"http://127.0.0.1:{silent.getsockname()[1]}/",
            secret_file=str(tmp_path / "s"),
        )
        worker = DeliveryWorker(settings, reports.append, print)
        (item,) = House().desk.address(REAL, None)
        worker.submit(item)
        caller = silent.accept()[0]
        worker.withdraw(item.message_id)
        caller.close()
        wait_for(lambda: reports, "the report")
        worker.close()
    (report,) = reports
    assert report.result is DeliveryResult.WITHDRAWN
    assert worker.health().pending == 0
    assert "answered" in worker.health().detail


def test_who_is_told_later_gets_what_follows_the_alert_too() -> None:
    house = House()
    followed: list[str] = []

    def with_reports(items: tuple[OutboxItem, ...]) -> tuple[OutboxItem, ...]:
        followed.extend(item.target for item in items)
        return items + tuple(replace(item, message_id="report") for item in items)

    cast(Any, house.desk)._parts.fan_out.with_reports = with_reports
    assert house.told(REAL) == ["push"]
    house.desk.tick(time.monotonic() + 300.0)
    assert "call" in followed
    assert [item.message_id == "report" for item in house.couriers["call"].taken] == [False, True]
