"""What the clockwork knows of the gateway itself: what is lost, set or silent is told."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, cast

import pytest
from idle_gateway import idle_parts

from ecgd.alerts.payload import alert_body
from ecgd.config.settings import GpioSettings, Settings
from ecgd.model.alarm import Alert, DeliveryReport, DeliveryResult, OutboxItem
from ecgd.model.finding import EventType, Severity
from ecgd.model.status import MachineState, PartHealth
from ecgd.service.fan_out import FanOut
from ecgd.service.gateway_watch import RECENT_S, GatewayWatch
from ecgd.service.parts import Parts

UNIX_S = 1_700_000_000.0


def watch_of(parts: SimpleNamespace) -> GatewayWatch:
    return GatewayWatch(cast(Any, parts))


def report(result: DeliveryResult, *, simulated: bool = False) -> DeliveryReport:
    alert = Alert(
        "a1",
        "anna",
        "Anna",
        EventType.ASYSTOLE,
        Severity.CRITICAL,
        UNIX_S,
        5.0,
        "boot",
        clock_synchronised=True,
        simulated=simulated,
        description="",
        recommended_action="",
    )
    body = alert_body(alert, include_name=False)
    item = OutboxItem("m1", "a1", "phone", Severity.CRITICAL, body, UNIX_S, attempts=1)
    return DeliveryReport(item, result, UNIX_S, 0.1, "HTTP 410 Gone")


def noted(one: DeliveryReport) -> SimpleNamespace:
    """Return parts that took the report of a delivery."""
    listener = SimpleNamespace(note_delivery=lambda report: None)
    parts = idle_parts(
        recorded=[], live=listener, latency=SimpleNamespace(record=lambda *words: None)
    )
    parts.store.record_delivery = parts.recorded.append
    nobody: Any = None
    parts.fan_out = FanOut(parts.settings, nobody, parts.store, {}, cast(Any, listener))
    Parts.note_delivery(cast(Any, parts), one)
    return parts


@pytest.mark.parametrize("result", [DeliveryResult.GONE, DeliveryResult.REFUSED])
def test_an_alert_that_a_target_will_never_get_is_told_for_a_minute(
    result: DeliveryResult,
) -> None:
    watch = watch_of(noted(report(result)))
    (lost,) = watch.look(10.0, UNIX_S).lost
    assert (lost.name, lost.gravest) == ("phone", Severity.CRITICAL)
    assert "HTTP 410" in lost.detail
    assert watch.look(10.0 + RECENT_S - 1.0, UNIX_S).lost
    assert not watch.look(10.0 + RECENT_S, UNIX_S).lost


def test_an_alert_leaves_the_outbox_only_when_its_loss_has_been_told() -> None:
    gone = report(DeliveryResult.GONE)
    parts = noted(gone)
    watch = watch_of(parts)
    watch.settle()
    assert parts.recorded == []
    watch.look(10.0, UNIX_S)
    watch.settle()
    watch.settle()
    assert parts.recorded == [gone]
    again = report(DeliveryResult.RETRY)
    assert noted(again).recorded == [again]


def test_what_is_tried_again_or_answered_or_simulated_is_not_lost() -> None:
    assert not watch_of(noted(report(DeliveryResult.RETRY))).look(10.0, UNIX_S).lost
    assert not watch_of(noted(report(DeliveryResult.WITHDRAWN))).look(10.0, UNIX_S).lost
    simulated = report(DeliveryResult.REFUSED, simulated=True)
    assert not watch_of(noted(simulated)).look(10.0, UNIX_S).lost


@pytest.mark.parametrize(("synchronised", "told"), [(True, 3600.0), (False, None), (None, None)])
def test_a_clock_that_was_set_is_told_unless_it_was_awaited(
    synchronised: bool | None, told: float | None
) -> None:
    machine = SimpleNamespace(state=MachineState(clock_synchronised=synchronised))
    watch = watch_of(idle_parts(machine=SimpleNamespace(state=machine.state, power_problems=())))
    assert watch.look(10.0, UNIX_S).clock_step_s is None
    assert watch.look(11.0, UNIX_S + 2.5).clock_step_s is None, "a late look is no step"
    assert watch.look(12.0, UNIX_S + 3603.5).clock_step_s == told
    assert watch.look(13.0, UNIX_S + 3604.5).clock_step_s == told
    assert watch.look(12.0 + RECENT_S, UNIX_S + 3603.5 + RECENT_S).clock_step_s is None


def test_messages_without_room_and_lost_alarms_are_told_for_a_minute() -> None:
    parts = idle_parts()
    watch = watch_of(parts)
    parts.overflowed, parts.lost_alarms = 3, "alarms of the last run are damaged, Anna: alarm 0; "
    state = watch.look(10.0, UNIX_S)
    assert (state.overflowed, state.lost_alarms[-1]) == (3, "0")
    later = watch.look(10.0 + RECENT_S, UNIX_S)
    assert (later.overflowed, later.lost_alarms) == (0, "")


@pytest.mark.parametrize(
    ("factory", "model", "told"),
    [
        ("auto", "Raspberry Pi 4 Model B Rev 1.4", True),
        ("auto", "ThinkPad", False),
        ("auto", None, False),
        ("lgpio", None, True),
    ],
)
def test_pins_that_fail_are_told_where_there_should_be_some(
    factory: str, model: str | None, told: bool
) -> None:
    faulty = PartHealth("gpio", False, "buzzer pin does not answer")
    parts = idle_parts(
        settings=Settings(gpio=GpioSettings(factory=factory)),
        machine=SimpleNamespace(state=MachineState(model=model), power_problems=()),
        annunciator=SimpleNamespace(health=lambda: faulty),
    )
    assert bool(watch_of(parts).look(10.0, UNIX_S).sound_fault) == told


def test_fault_light_and_answers_that_do_not_come_are_told() -> None:
    parts = idle_parts()
    watch = watch_of(parts)
    absent = watch.look(10.0, UNIX_S)
    assert (absent.fault_light_trouble, absent.answers_trouble) == ("", "")
    parts.fault_light = lambda: PartHealth("fault light", False, "its program does not run")
    parts.replies_health = lambda: PartHealth("answers", False, "berta: no answer")
    away = watch.look(11.0, UNIX_S)
    assert away.fault_light_trouble == "its program does not run"
    assert away.answers_trouble == "berta: no answer"
    parts.fault_light = lambda: PartHealth("fault light", True, "watches the daemon")
    parts.replies_health = lambda: PartHealth("answers", True, "berta by ntfy")
    well = watch.look(12.0, UNIX_S)
    assert (well.fault_light_trouble, well.answers_trouble) == ("", "")


@pytest.mark.parametrize(
    ("severity", "stores", "told"),
    [
        (Severity.MEDIUM, True, 0),
        (Severity.MEDIUM, False, 1),
        (Severity.HIGH, True, 1),
        (Severity.CRITICAL, False, 1),
    ],
)
def test_a_light_message_that_waits_on_the_disk_is_no_overflow(
    severity: Severity, stores: bool, told: int
) -> None:
    store = SimpleNamespace(health=PartHealth("database", stores, ""))
    parts = idle_parts(store=store, crowded=set(), fan_out=SimpleNamespace(people=None))
    Parts.note_overflow(cast(Any, parts), OutboxItem("m", "a", "phone", severity, b"", UNIX_S))
    assert (parts.overflowed, parts.crowded) == (told, {"phone"})


def test_alerts_are_dated_anew_once_the_clock_can_be_trusted() -> None:
    offsets: list[float] = []
    parts = idle_parts()

    def correct(offset_s: float) -> Future[int]:
        offsets.append(offset_s)
        return Future()

    parts.store.correct_alert_times = correct
    watch = watch_of(parts)
    for second, synchronised in enumerate((False, None, True, True, False, True)):
        parts.machine.state = MachineState(clock_synchronised=synchronised)
        watch.look(float(second), UNIX_S + second)
    assert offsets == [UNIX_S, UNIX_S]
