"""A gateway with patients, buzzer and targets in one thread, and a clock that is told the time.

Everything that decides is the product's own: alarm books, fan-out, the clockwork's findings,
the button, the queues, the refilling, the reading back. Only the edges are models: a disk that may
fail, and targets that do as they are told.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from itertools import count
from types import MethodType, SimpleNamespace
from typing import Any, cast

from ecgd.alerts.backlog import Backlog, Waiting
from ecgd.alerts.retry import CircuitBreaker, RetrySchedule
from ecgd.config.settings import AlarmSettings, GpioSettings, Settings, WebhookSettings
from ecgd.model.alarm import Alert, DeliveryReport, DeliveryResult, Observation, OutboxItem
from ecgd.model.finding import Domain, Finding
from ecgd.model.status import MachineState, PartHealth, TargetHealth
from ecgd.service import fan_out as fan_out_module
from ecgd.service import parts as parts_module
from ecgd.service import watch as watch_module
from ecgd.service.fan_out import FanOut
from ecgd.service.occurrence import Circumstances
from ecgd.service.parts import Parts
from ecgd.service.quiet_hours import QuietHours
from ecgd.service.restart import _restore
from ecgd.service.resumption import Resumption
from ecgd.service.settings_rules import GATEWAY_ID
from ecgd.service.sound import Sound
from ecgd.service.subject import Alarms, Subject
from ecgd.service.watch import Watch

PATIENTS = ("anna", "bert")
ALARMS = AlarmSettings(reminder_s=86_400.0, audio_pause_s=120.0, quiet_hours="22:00-06:00")
TARGETS = (
    WebhookSettings(name="phone", url="https://phone.example", secret_file="phone"),
    WebhookSettings(
        name="ward", url="https://ward.example", secret_file="ward", least_severity="LOW"
    ),
)
MODULES: tuple[Any, ...] = (parts_module, fan_out_module, watch_module)
"""Those that look at a clock."""

LIMIT = 3
"""Messages that may wait for a target: few, so that they overflow."""

LOGGERS = tuple(
    f"ecgd.service.{name}" for name in ("fan_out", "parts", "gateway_watch", "escalation_desk")
)


@dataclass
class Clock:
    """Both clocks of the machine, in place of the module ``time``."""

    mono_s: float = 1000.0
    unix_s: float = 1_700_000_000.0

    def monotonic(self) -> float:
        return self.mono_s

    def time(self) -> float:
        return self.unix_s


def done() -> Future[int]:
    future: Future[int] = Future()
    future.set_result(1)
    return future


@dataclass
class Disk:
    """What a restart finds. While it fails, writes wait in memory, and a kill takes them."""

    fails: bool = False
    books: dict[str, dict[str, Any]] = field(default_factory=dict)
    outbox: dict[str, OutboxItem] = field(default_factory=dict)
    waiting: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def health(self) -> PartHealth:
        return PartHealth("database", not self.fails, "the disk is full" if self.fails else "")

    def store_alert(self, alert: Alert, items: tuple[OutboxItem, ...]) -> Future[int]:
        return self._write("alert", items)

    def save_alarm_book(self, patient_id: str, record: dict[str, Any]) -> Future[int]:
        return self._write("book", (patient_id, json.loads(json.dumps(record))))

    def record_delivery(self, report: DeliveryReport) -> Future[int]:
        return self._write("delivery", report)

    def acknowledge_alert(self, *_: object) -> Future[int]:
        return done()

    clear_alert = reopen_alert = store_health_event = acknowledge_alert
    correct_alert_times = acknowledge_alert

    def heal(self) -> None:
        self.fails = False
        for kind, what in self.waiting:
            self._write(kind, what)
        self.waiting.clear()

    def _write(self, kind: str, what: Any) -> Future[int]:
        if self.fails:
            self.waiting.append((kind, what))
        elif kind == "alert":
            self.outbox.update({item.message_id: item for item in what})
        elif kind == "book":
            self.books[what[0]] = what[1]
        elif what.result is DeliveryResult.RETRY:
            if what.item.message_id in self.outbox:
                self.outbox[what.item.message_id] = what.item
        else:
            self.outbox.pop(what.item.message_id, None)
        return done()


class Target:
    """A target's queue with the product's order, schedule and breaker; ``answer`` is its answer."""

    def __init__(self, name: str, house: House) -> None:
        self.name = name
        self.house = house
        self.answer = DeliveryResult.DELIVERED
        self.backlog = Backlog(LIMIT, RetrySchedule(jitter=0.0))
        self.breaker = CircuitBreaker()
        self.trouble = ""
        self.gone = False

    def submit(self, item: OutboxItem) -> bool:
        if item.message_id in self.backlog:
            return True
        now_s = self.house.clock.mono_s
        leaving = self.backlog.put(Waiting(item, now_s, now_s))
        if leaving is not None:
            self.house.note_leaving(leaving, self.backlog)
            Parts.note_overflow(self.house.parts, leaving)
        return leaving is not item

    def withdraw(self, message_id: str) -> None:
        self.backlog.drop(message_id)

    def submit_if_room(self, item: OutboxItem) -> bool:
        known = item.message_id in self.backlog
        return known or (len(self.backlog) < LIMIT and self.submit(item))

    @property
    def has_room(self) -> bool:
        return len(self.backlog) <= LIMIT // 2

    overdue_s = 0.0

    def health(self) -> TargetHealth:
        return TargetHealth(
            self.name,
            not self.trouble,
            len(self.backlog),
            0,
            0,
            None,
            self.trouble,
            self.backlog.gravest,
        )

    def work(self) -> None:
        """Try whatever may be tried now, once."""
        now_s = self.house.clock.mono_s
        held_s = 0.0 if self.gone else self.breaker.held_until_s
        while (
            waiting := self.backlog.take(float("inf") if self.gone else now_s, held_s)
        ) is not None:
            self._try(waiting, now_s)

    def _try(self, waiting: Waiting, now_s: float) -> None:
        result = DeliveryResult.GONE if self.gone else self.answer
        item = replace(waiting.item, attempts=waiting.item.attempts + 1)
        self.trouble = "" if result is DeliveryResult.DELIVERED else result.value
        self.gone = self.gone or result is DeliveryResult.GONE
        if result is DeliveryResult.RETRY:
            self.breaker.failed(now_s, 0.0)
            delay_s = RetrySchedule(jitter=0.0).delay_s(item.attempts, 0.5, None)
            leaving = self.backlog.put(Waiting(item, now_s + delay_s, waiting.accepted_s))
            assert leaving is None, "it was taken out a moment ago"
        else:
            if result is DeliveryResult.DELIVERED and self.breaker.is_open:
                self.backlog.hasten(now_s)
            self.breaker.succeeded()
        self.house.note_delivery(
            DeliveryReport(item, result, self.house.clock.unix_s, 0.1, result.value)
        )


class HouseParts(SimpleNamespace):
    """The parts of a house; what they do is what the product's do."""

    def __getattr__(self, name: str) -> Any:
        method = getattr(Parts, name)
        if not callable(method):
            raise AttributeError(f"a house has no {name}")  # noqa: TRY004
        return MethodType(method, self)


class House:
    """One run of the daemon after another over the same disk."""

    disk_type: type[Disk] = Disk
    patients: tuple[str, ...] = PATIENTS
    simulated: frozenset[str] = frozenset()
    webhooks: tuple[WebhookSettings, ...] = TARGETS
    target_names: tuple[str, ...] = tuple(each.name for each in TARGETS)

    def __init__(self) -> None:
        for name in LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self.clock = Clock()
        self._real_time = MODULES[0].time
        for module in MODULES:
            module.time = self.clock
        self.disk = self.disk_type()
        self.boot = 0
        self.numbers = count(1)
        self.heart: dict[str, tuple[Finding, ...]] = dict.fromkeys(self.patients, ())
        self.equipment: dict[str, tuple[Finding, ...]] = dict.fromkeys(self.patients, ())
        self.blind: set[str] = set()
        self.answers = dict.fromkeys(self.target_names, DeliveryResult.DELIVERED)
        self.minute_of_day = 12 * 60
        self.shines: dict[str, Any] = {}
        self.buzzer_works = True
        self.machine = MachineState(clock_synchronised=True)
        self.begin(readable=True)

    def close(self) -> None:
        for module in MODULES:
            module.time = self._real_time
        for name in LOGGERS:
            logging.getLogger(name).setLevel(logging.NOTSET)

    def begin(self, *, readable: bool) -> None:
        """Start a run: books and outbox of the one before are taken up if they can be read."""
        self.targets = {name: Target(name, self) for name in self.target_names}
        circumstances = Circumstances(f"boot-{self.boot}", False, "", "", "")
        settings = self.settings()
        live = cast(Any, SimpleNamespace(note_changes=self.note_changes, note_alert=_ignore))
        self.fan_out = FanOut(
            settings, circumstances, cast(Any, self.disk), cast(Any, self.targets), live
        )
        self.alarms = {
            name: Alarms(ALARMS, lambda: f"alert-{next(self.numbers)}")
            for name in (*self.patients, GATEWAY_ID)
        }
        self.parts = cast(Any, self._parts(settings, circumstances))
        self.join(settings)
        self.resumption = Resumption(self.parts)
        self.watch = Watch(self.parts)
        self.fan_out.holds_books = True
        if readable:
            self.read_back()

    def settings(self) -> Settings:
        return Settings(alarms=ALARMS, webhooks=self.webhooks, gpio=GpioSettings(factory="lgpio"))

    def join(self, settings: Settings) -> None:
        """Add what a house has beside this."""

    def read_back(self) -> None:
        """Take up what the run before left."""
        self.resumption._take_books(
            {
                name: _restore(
                    name, record, f"boot-{self.boot}", self.clock.mono_s, self.clock.unix_s
                )
                for name, record in self.disk.books.items()
            }
        )

    def kill(self, *, new_boot: bool, zero_s: float, readable: bool) -> None:
        """End the run as kill -9 does, and begin the next one."""
        self.disk.waiting.clear()
        if new_boot:
            self.boot += 1
            self.clock.mono_s = zero_s
        self.begin(readable=readable)

    def direct(self) -> tuple[str, ...]:
        """Return the targets that are nobody's channel."""
        return self.target_names

    def subjects(self) -> Iterator[Subject]:
        for name, alarms in self.alarms.items():
            yield Subject(name, name, alarms, name in self.simulated)

    def second(self, step_s: float = 1.0) -> None:
        """Let time pass, and everything do its turn."""
        self.clock.mono_s += step_s
        self.clock.unix_s += step_s
        for name, target in self.targets.items():
            target.answer = self.answers[name]
        for subject in self.subjects():
            if subject.patient_id != GATEWAY_ID:
                self._watch_patient(subject)
        self.watch._look_at_gateway(self.clock.mono_s)
        if any(target.has_room for target in self.resumption._waiting_targets()):
            order = sorted(self.disk.outbox.values(), key=lambda item: -item.severity)
            self.resumption._fill(tuple(order))
        for target in self.targets.values():
            target.work()

    def sound(self) -> Sound:
        """Return what the buzzer does now."""
        Parts.sound(self.parts)
        sounding: Sound = self.parts.sounding
        return sounding

    def note_delivery(self, report: DeliveryReport) -> None:
        Parts.note_delivery(self.parts, report)

    def note_changes(self, subject: Subject, changes: Any) -> None:
        """Hear what changed; for whoever keeps account."""

    def note_leaving(self, leaving: OutboxItem, backlog: Backlog) -> None:
        """Hear what found no room; for whoever keeps account."""

    def press_button(self) -> None:
        Parts.press_button(self.parts, self.clock.mono_s)

    def _watch_patient(self, subject: Subject) -> None:
        name, now_s = subject.patient_id, self.clock.mono_s
        seen = Observation(Domain.HEART, now_s, name not in self.blind, self.heart[name])
        changes = (
            *subject.alarms.observe(seen),
            *subject.alarms.report(self.equipment[name], now_s),
            *subject.alarms.tick(now_s),
        )
        self.fan_out.spread(subject, None, changes)

    def _parts(self, settings: Settings, circumstances: Circumstances) -> HouseParts:
        return HouseParts(
            settings=settings,
            circumstances=circumstances,
            store=self.disk,
            fan_out=self.fan_out,
            targets=self.targets,
            crowded=set(),
            overflowed=0,
            lost_deliveries=deque(),
            lost_alarms="",
            unanswered=tuple,
            fault_light=lambda: None,
            replies_health=lambda: None,
            unproven=lambda now_s: (),
            opinions=SimpleNamespace(troubles=()),
            roster_health=lambda: PartHealth("patients", True, ""),
            machine=SimpleNamespace(state=self.machine, power_problems=()),
            annunciator=SimpleNamespace(
                health=lambda: PartHealth("gpio", self.buzzer_works, "the buzzer pin is dead"),
                show=lambda priority, **more: self.shines.update(more, priority=priority),
            ),
            quiet_hours=QuietHours(
                ALARMS, lambda: self.minute_of_day, lambda: bool(self.machine.clock_synchronised)
            ),
            sessions={},
            gateway=Subject(GATEWAY_ID, "Gateway", self.alarms[GATEWAY_ID], False),
            subjects=self.subjects,
            sound=lambda: None,
            live=SimpleNamespace(note_audio_pause=_ignore, note_delivery=_ignore),
            latency=SimpleNamespace(record=_ignore),
        )


def _ignore(*_: object) -> None:
    """Nobody listens."""
