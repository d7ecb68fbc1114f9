"""Who gets reports, when they are made, and what becomes of them if that fails."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from store_examples import make_alert

from ecgd.alerts.payload import alert_body, answer_body
from ecgd.alerts.report_message import file_of, is_report, report_item
from ecgd.config.people import ContactSettings
from ecgd.config.report import ReportSettings
from ecgd.config.settings import Settings, WebhookSettings
from ecgd.errors import StoreError
from ecgd.model.alarm import Alert, DeliveryReport, DeliveryResult, OutboxItem
from ecgd.model.finding import EventType, Severity
from ecgd.service import report_desk
from ecgd.service.report_desk import ReportDesk
from ecgd.service.report_request import Report, ReportRequest
from ecgd.service.report_rules import report_contradictions, report_targets
from ecgd.service.settings import parse_settings
from ecgd.store.report_reader import AlertMessages

ALERT = replace(make_alert(sample_index=4750), simulated=False)
SETTINGS = Settings(
    report=ReportSettings(after_s=5.0),
    webhooks=(
        WebhookSettings(name="doctor", url="http://127.0.0.1:9"),
        WebhookSettings(name="call", profile="twilio-call"),
        WebhookSettings(name="daughter", url="http://127.0.0.1:9"),
    ),
    contacts=(
        ContactSettings(id="doctor", role="professional", channels=("doctor", "call")),
        ContactSettings(id="daughter", channels=("daughter",)),
    ),
)


class FakeCourier:
    """Takes everything at once, and remembers it."""

    def __init__(self, complete: Callable[[bytes], bytes] = bytes) -> None:
        self.taken: list[OutboxItem] = []
        self.bodies: list[bytes] = []
        self.complete = complete

    def submit(self, item: OutboxItem) -> bool:
        self.taken.append(item)
        self.bodies.append(self.complete(item.body))
        return True


class House:
    """A desk whose clock, disk and drawing the test holds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, settings: Settings = SETTINGS) -> None:
        self.recorded: list[DeliveryReport] = []
        self.asked: list[ReportRequest] = []
        self.failure: StoreError | None = None
        self.messages = AlertMessages(waits=False, delivered=True, own_waits=True)
        self.disk: Future[int] = Future()
        self.disk.set_result(1)
        self.flushed = 0
        self.now_s = 1000.0
        parts = SimpleNamespace(
            places=SimpleNamespace(database_path=Path("db")),
            store=SimpleNamespace(flush=self.flush, record_delivery=self.recorded.append),
            fan_out=SimpleNamespace(circumstances=SimpleNamespace(config_hash="c")),
            crowded=set(),
            drawing=self.draw,
        )
        self.parts: Any = parts
        self.desk = ReportDesk(cast(Any, parts), settings, lambda work, *more: work(*more), None)
        self.brought = FakeCourier(lambda body: self.desk._complete("doctor", body))
        monkeypatch.setattr(self.desk._reader, "alert_messages", lambda *_: self.messages)
        monkeypatch.setattr(self.desk, "_worker", lambda target: self.brought)
        clock = SimpleNamespace(monotonic=lambda: self.now_s, time=time.time)
        monkeypatch.setattr("ecgd.service.report_desk.time", clock)
        monkeypatch.setattr(report_desk, "FLUSH_S", 0.05)
        self.alerts = {
            target.name: FakeCourier() for target in settings.webhooks if target.name != "call"
        }
        self.couriers: dict[str, Any] = {
            target.name: self.desk.beside(target, cast(Any, self.alerts[target.name]))
            for target in settings.webhooks
            if target.name in self.alerts
        }

    def flush(self) -> Future[int]:
        self.flushed += 1
        return self.disk

    def draw(self, request: ReportRequest) -> Report:
        self.asked.append(request)
        if self.failure is not None:
            raise self.failure
        return Report(request.alert_id, "image/png", b"\x89PNG")

    def send(self, alert: Alert = ALERT) -> None:
        """Do as the fan-out does."""
        for item in self.desk.with_reports(tuple(items(alert))):
            self.couriers[item.target].submit(item)

    def later(self, seconds: float) -> None:
        self.now_s += seconds

        async def attend() -> None:
            for waiting in self.desk._due(self.now_s):
                await self.desk._attend(waiting)

        asyncio.run(attend())

    def health(self) -> Any:
        return self.desk.health()


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    return House(monkeypatch)


def items(alert: Alert) -> list[OutboxItem]:
    body = alert_body(alert, include_name=True)
    return [
        OutboxItem(f"msg_{name}", alert.alert_id, name, alert.severity, body, time.time())
        for name in ("doctor", "daughter")
    ]


def test_the_alert_goes_at_once_and_the_report_when_it_can_be_made(house: House) -> None:
    house.send()
    assert [item.message_id for item in house.alerts["doctor"].taken] == ["msg_doctor"]
    assert [item.message_id for item in house.alerts["daughter"].taken] == ["msg_daughter"]
    house.later(4.0)
    assert house.asked == [], "what follows the decision belongs on the strip"
    house.later(3.0)
    [request] = house.asked
    assert (request.alert_id, request.whose) == (ALERT.alert_id, "Ann Example")
    [item] = house.brought.taken
    assert (item.target, item.severity) == ("doctor", Severity.LOW)
    assert is_report(item.body)
    file = file_of(json.loads(house.brought.bodies[0])["data"])
    assert file is not None
    assert (file.name, file.content) == (f"ecg-{ALERT.alert_id[:12]}.png", b"\x89PNG")
    house.desk._note(DeliveryReport(item, DeliveryResult.DELIVERED, 1.0, 0.1, "HTTP 200 OK"))
    assert house.recorded[-1].detail == "report: HTTP 200 OK"
    assert house.desk._files == {}
    assert house.health().detail == "1 brought, 0 on their way; for doctor"


def test_only_what_rests_on_a_signal_has_a_report(house: House) -> None:
    lost = replace(ALERT, sample_index=None)
    assert len(house.desk.with_reports(tuple(items(lost)))) == 2
    answer = replace(items(ALERT)[0], body=answer_body(ALERT, "Berta"))
    assert house.desk.with_reports((answer,)) == (answer,)
    for body in (b"{", b'{"type":"ecgd.alert","data":{"sample_index":1}}'):
        broken = replace(answer, body=body)
        assert house.desk.with_reports((broken,)) == (broken,), "no alert is lost for its report"


def test_a_report_has_one_name_whatever_brings_it(house: House) -> None:
    one = house.desk.with_reports(tuple(items(ALERT)))[2]
    again = house.desk.with_reports(
        (replace(items(ALERT)[0], message_id="msg_second_turn", created_unix_s=5.0),)
    )[1]
    assert one.message_id == again.message_id
    house.send()
    house.send()
    house.later(7.0)
    assert len(house.brought.taken) == 1


def test_it_waits_until_the_alert_has_come(house: House) -> None:
    house.messages = AlertMessages(waits=True, delivered=False, own_waits=True)
    house.send()
    house.later(7.0)
    house.later(7.0)
    assert (house.asked, house.flushed) == ([], 0), "no disk is worn while nobody can be reached"
    house.messages = AlertMessages(waits=False, delivered=True, own_waits=True)
    house.later(6.0)
    assert len(house.brought.taken) == 1


def test_what_nobody_needs_is_taken_off_the_outbox(house: House) -> None:
    house.messages = AlertMessages(waits=False, delivered=False, own_waits=True)
    house.send()
    house.later(7.0)
    assert house.asked == []
    [report] = house.recorded
    assert report.result is DeliveryResult.WITHDRAWN
    assert "the alert itself did not get here" in report.detail
    house.messages = AlertMessages(waits=True, delivered=False, own_waits=True)
    house.send()
    house.later(4000.0)
    assert "would help nobody" in house.recorded[-1].detail
    assert house.asked == []


def test_a_report_that_was_brought_before_the_restart_is_not_made_again(house: House) -> None:
    house.messages = AlertMessages(waits=False, delivered=True, own_waits=False)
    house.send()
    house.later(7.0)
    assert (house.asked, house.brought.taken) == ([], [])


def test_a_disk_that_does_not_answer_is_asked_again(house: House) -> None:
    house.disk = Future()
    house.send()
    house.later(7.0)
    assert house.asked == []
    house.disk = Future()
    house.disk.set_result(1)
    house.later(6.0)
    assert len(house.brought.taken) == 1


def test_one_that_cannot_be_made_is_tried_and_given_up_and_said(house: House) -> None:
    house.failure = StoreError("no report could be made: no memory")
    house.send()
    for _ in range(report_desk.TRIES):
        assert house.recorded == []
        house.later(7.0)
    [report] = house.recorded
    assert (report.result, "no memory" in report.detail) == (DeliveryResult.WITHDRAWN, True)
    assert not house.health().healthy
    assert "no memory" in house.health().detail
    house.later(7.0)
    assert len(house.asked) == report_desk.TRIES


def test_a_target_that_wants_no_report_still_gets_alerts(house: House) -> None:
    house.send()
    house.later(7.0)
    [item] = house.brought.taken
    house.desk._note(DeliveryReport(item, DeliveryResult.GONE, 1.0, 0.1, "HTTP 410 Gone"))
    [report] = house.recorded
    assert report.result is DeliveryResult.REFUSED, "410 of a report ends no alerts"
    house.send(replace(ALERT, alert_id="alert-2"))
    assert len(house.alerts["doctor"].taken) == 2


def test_two_targets_get_the_same_picture_that_is_drawn_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = replace(SETTINGS, report=ReportSettings(targets=("daughter",)))
    house = House(monkeypatch, both)
    house.send()
    house.later(7.0)
    assert {item.target for item in house.brought.taken} == {"doctor", "daughter"}
    assert len(house.asked) == 1
    assert len(house.desk._files) == 2


def test_an_alarm_that_comes_and_goes_brings_few_reports(house: House) -> None:
    def reports(alert: Alert) -> int:
        return len(house.desk.with_reports(tuple(items(alert)))) - 2

    first = replace(ALERT, severity=Severity.HIGH)
    assert reports(first) == 1
    assert reports(first) == 1, "its own is never held back"
    again = replace(first, alert_id="alert-2")
    house.now_s += 60.0
    assert reports(again) == 0
    assert reports(replace(again, patient_id="bert")) == 1
    assert reports(replace(again, event_type=EventType.ASYSTOLE)) == 1
    assert reports(replace(again, severity=Severity.CRITICAL)) == 1, "it has become graver"
    house.now_s += 121.0
    assert reports(replace(first, alert_id="alert-3")) == 1


def test_files_in_memory_are_few(house: House) -> None:
    for number in range(report_desk.FILES_MAX + 3):
        house.send(replace(ALERT, alert_id=f"alert-{number}", patient_id=f"p{number}"))
    house.later(7.0)
    house.later(1.0)
    assert len(house.brought.taken) == report_desk.FILES_MAX
    house.desk._note(
        DeliveryReport(house.brought.taken[0], DeliveryResult.DELIVERED, 1.0, 0.1, "HTTP 200")
    )
    house.later(1.0)
    assert len(house.brought.taken) == report_desk.FILES_MAX + 1


def test_nobody_gets_reports_unless_somebody_can_read_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert report_targets(SETTINGS) == {"doctor"}, "a call brings no picture"
    assert report_targets(replace(SETTINGS, contacts=())) == frozenset()
    named = replace(SETTINGS, report=ReportSettings(professionals=False, targets=("daughter",)))
    assert report_targets(named) == {"daughter"}
    house = House(monkeypatch, replace(SETTINGS, contacts=()))
    assert house.health() is None
    asyncio.run(house.desk.run())
    house.send()
    assert len(house.alerts["doctor"].taken) == 1
    old = report_item(items(ALERT)[0])
    assert old is not None
    house.couriers["doctor"].submit(old)
    assert "not wanted there any more" in house.recorded[0].detail
    assert house.recorded[0].result is DeliveryResult.WITHDRAWN


def test_the_configuration_is_told_what_brings_no_reports() -> None:
    wrong = replace(SETTINGS, report=ReportSettings(targets=("nobody", "call")))
    one, two = report_contradictions(wrong)
    assert one == (("report", "targets"), "'nobody' is no name of one of the [[webhooks]]")
    assert "'call' has the profile 'twilio-call'" in two[1]
    settings = parse_settings(
        '[report]\ntargets = ["a"]\nafter_s = 3\n[[webhooks]]\nname = "a"\nurl = "http://h"', "x"
    )
    assert (settings.report.targets, settings.report.after_s) == (("a",), 3.0)
