"""Alerts that no book of alarms knows come back into sight; escalations of nothing end."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from store_examples import make_alert

from ecgd.config.people import ContactSettings
from ecgd.config.settings import AlarmSettings, Settings, WebhookSettings
from ecgd.model.alarm import Alarm, AlarmState, Alert, DeliveryReport, DeliveryResult
from ecgd.model.finding import Domain, EventType, Severity
from ecgd.service.escalation_desk import EscalationDesk, _message_id
from ecgd.service.stray_alerts import bring_back, waiting_ids
from ecgd.service.subject import Alarms, Subject

ALERT = replace(
    make_alert(),
    patient_id="anna",
    event_type=EventType.VENTRICULAR_TACHYCARDIA,
    severity=Severity.CRITICAL,
    simulated=False,
)


def make_parts() -> SimpleNamespace:
    """Return the parts of a gateway with one patient who has no alarm."""
    anna = Subject("anna", "Anna", Alarms(AlarmSettings(), lambda: "new"), False)
    done: Future[int] = Future()
    done.set_result(1)
    return SimpleNamespace(
        anna=anna,
        subjects=lambda: iter((anna,)),
        kept=[],
        targets={},
        crowded=set(),
        circumstances=SimpleNamespace(simulated=False, boot_id="b"),
        store=SimpleNamespace(save_escalation=lambda *_, **__: done),
        fan_out=SimpleNamespace(holds_books=False, keep_book=lambda subject: None),
    )


def desk_of(parts: SimpleNamespace) -> EscalationDesk:
    settings = Settings(
        webhooks=(WebhookSettings(name="push", url="http://h"),),
        contacts=(ContactSettings(id="berta", channels=("push",)),),
    )
    return EscalationDesk(cast(Any, parts), settings)


def shown(parts: SimpleNamespace) -> list[Alarm]:
    return list(parts.anna.alarms.book.alarms)


def test_an_alert_that_no_book_knows_is_latched_under_its_id() -> None:
    parts = make_parts()
    bring_back(cast(Any, parts), [ALERT], 50.0)
    (alarm,) = shown(parts)
    assert (alarm.alert_id, alarm.state) == (ALERT.alert_id, AlarmState.LATCHED)
    assert (alarm.event_type, alarm.severity) == (ALERT.event_type, ALERT.severity)
    assert alarm.domain is Domain.HEART
    assert waiting_ids(cast(Any, parts)) == {ALERT.alert_id}
    later = replace(ALERT, alert_id="other")
    bring_back(cast(Any, parts), [later], 60.0)
    assert shown(parts) == [alarm], "one of its kind is shown already"


def test_what_the_last_run_left_is_brought_back_and_goes_on() -> None:
    parts = make_parts()
    desk = desk_of(parts)
    standing = begun(desk, ALERT)
    again = desk_of(parts)
    parts.fan_out.holds_books = True
    again._resume([standing], {ALERT.alert_id: ALERT})
    assert not shown(parts), "the books are not known yet"
    parts.fan_out.holds_books = False
    again.end_strays(70.0)
    assert [alarm.alert_id for alarm in shown(parts)] == [ALERT.alert_id]
    assert ALERT.alert_id in again._open


def test_an_escalation_whose_alarm_is_over_ends() -> None:
    parts = make_parts()
    desk = desk_of(parts)
    begun(desk, ALERT)
    desk.end_strays(70.0)
    assert not desk._open
    assert not shown(parts), "only what a run before has left comes back"


def test_deliveries_beside_the_contacts_are_none_of_theirs() -> None:
    parts = make_parts()
    desk = desk_of(parts)
    (item,) = desk.address(ALERT, None)
    beside = replace(item, target="mqtt", message_id=_message_id(ALERT.alert_id, "mqtt", 0))
    desk.note_delivery(DeliveryReport(beside, DeliveryResult.DELIVERED, 0.0, 0.0, ""))
    assert desk._open[ALERT.alert_id].alarmed == ()


def begun(desk: EscalationDesk, alert: Alert) -> Any:
    desk.address(alert, None)
    return desk._open[alert.alert_id]
