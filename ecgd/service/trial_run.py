"""Carries one trial through the daemon's own parts, step by step; in the loop's thread."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Final

from ecgd.alerts.courier import Courier
from ecgd.alerts.payload import canary_body
from ecgd.config.settings import WebhookSettings
from ecgd.decision import trial as course
from ecgd.model.alarm import (
    Alarm,
    AlarmState,
    Alert,
    DeliveryReport,
    DeliveryResult,
    OutboxItem,
    Purpose,
)
from ecgd.model.finding import Domain, EventType, Severity
from ecgd.model.proof import ANALYSED, ANSWERED, PINS, RAISED, STORED, StepState, Trial, TrialKind
from ecgd.pipeline.history import History
from ecgd.service.identity import is_clock_synchronised
from ecgd.service.occurrence import Moment, address_alert, compose_alert
from ecgd.service.parts import Parts
from ecgd.service.settings_rules import GATEWAY_ID
from ecgd.service.trial_heart import HeartWatch, windows

_log = logging.getLogger(__name__)

ENDED: Final = "the test was over before it could be brought"
BUSY: Final = "a real alarm is shown, which goes first"
AGAIN: Final = "run the test again when the alarm is over"
SEE_LOG: Final = "please report it with the log (journalctl -u ecgd)"

_REMEDY: Final = {
    DeliveryResult.GONE: "the target answered 410 and gets nothing more: mend it, restart ecgd",
    DeliveryResult.REFUSED: "see what the target says, and docs/phones.md",
}


@dataclass(slots=True)
class TrialRun:
    """One trial under way. ``changed`` is called whenever a step has gone on.

    ``targets`` are those that get a message. ``sounding``: the buzzer is tried, not only the light.
    """

    parts: Parts
    trial: Trial
    targets: tuple[WebhookSettings, ...]
    limit_s: float
    changed: Callable[[], None]
    sounding: bool = False
    items: dict[str, OutboxItem] = field(default_factory=dict)
    alert_id: str = ""

    @property
    def is_test(self) -> bool:
        return self.trial.kind is TrialKind.TEST

    async def carry_out(self) -> None:
        """Do every step; what comes back later is taken by the ``note_`` methods and ``look``."""
        try:
            await self._watch_heart()
            self._try_pins()
            if self.is_test:
                self._raise_test()
            else:
                self._send_canaries()
        except Exception:  # noqa: BLE001 - a trial may fail, the watch goes on
            _log.exception("a %s has failed", self.trial.kind.value)
            self._go(course.remark(self.trial, f"the daemon failed at it: {SEE_LOG}"))

    def look(self, now_s: float) -> None:
        """End what is late, and say of a target that never tried why."""
        stepped = self.trial
        for item in self.items.values() if now_s - stepped.begun_s >= self.limit_s else ():
            stepped = self._with_reason(stepped, item.target)
        self._go(course.conclude(stepped, now_s, self.limit_s))

    def _with_reason(self, trial: Trial, name: str) -> Trial:
        silent = any(s.is_target and s.name == name and not s.detail for s in trial.steps)
        detail = self._courier(name).health().detail if silent else ""
        return course.wait_on(trial, name, detail, is_target=True) if detail else trial

    def note_delivery(self, report: DeliveryReport) -> bool:
        """Take what became of a message of this trial; False: it is none."""
        item = report.item
        if item.message_id not in self.items:
            return False
        now_s, name = time.monotonic(), item.target
        receipt = f", receipt {report.receipt}" if report.receipt else ""
        words = f"{report.detail}{receipt}"
        match report.result:
            case DeliveryResult.DELIVERED:
                stepped = course.succeed(self.trial, name, now_s, words, is_target=True)
            case DeliveryResult.RETRY if self.is_test and report.retry_after_s is not None:
                again = f"{words}; tried again"
                stepped = course.wait_on(self.trial, name, again, is_target=True)
            case _:
                remedy = _REMEDY.get(report.result, "")
                stepped = course.fail(self.trial, name, now_s, words, remedy, is_target=True)
        self._go(stepped)
        return True

    def note_overflow(self, item: OutboxItem) -> None:
        """Take a message that found no room."""
        words = "alarms fill the queue, and go first"
        now_s = time.monotonic()
        self._go(course.fail(self.trial, item.target, now_s, words, AGAIN, is_target=True))

    def note_answer(self, by: str) -> None:
        """Somebody has pressed the button."""
        self._go(course.succeed(self.trial, ANSWERED, time.monotonic(), f"by {by}"))

    def note_alarm(self, alert: Alert) -> None:
        """A real alarm has begun meanwhile."""
        after_s = time.monotonic() - self.trial.begun_s
        words = (
            f"a real alarm began after {after_s:.1f} s ({alert.severity.name} "
            f"{alert.event_type.value}, {alert.patient_id}): it goes first everywhere"
        )
        stepped = course.remark(self.trial, words)
        self._go(course.fail(stepped, PINS, time.monotonic(), BUSY, AGAIN))

    def end(self) -> None:
        """Take back what was not brought, and have nobody listen or ring any longer."""
        steps = {step.name: step.state for step in self.trial.steps if step.is_target}
        for item in self.items.values():
            if steps[item.target] is StepState.DONE:
                continue
            self._courier(item.target).withdraw(item.message_id)
            if self.is_test:
                report = DeliveryReport(item, DeliveryResult.WITHDRAWN, time.time(), 0.0, ENDED)
                self.parts.store.record_delivery(report)
        if self.alert_id and self.parts.fan_out.replies is not None:
            self.parts.fan_out.replies.forget(self.alert_id)

    async def _watch_heart(self) -> None:
        """Let a synthetic heart stop, window by window, on the thread that judges patients."""
        parts, settings = self.parts, self.parts.settings
        began_s = time.monotonic()
        seen = await asyncio.to_thread(windows, settings.analysis, began_s)
        watch, history = HeartWatch(settings.analysis, settings.alarms, began_s), History()
        for number, window in enumerate(seen, 1):
            assessed = await parts.worker.assess_beside(window, history)
            history = assessed.history
            shown = watch.watch(assessed.assessment)
            now_s = time.monotonic()
            if shown.false_alarm:
                words = f"{shown.false_alarm} of a synthetic heart that beats"
                self._go(course.fail(self.trial, ANALYSED, now_s, words, SEE_LOG))
            if shown.found:
                words = f"a synthetic heart stopped, found in window {number}"
                self._go(course.succeed(self.trial, ANALYSED, now_s, words))
            if shown.raised:
                self._go(course.succeed(self.trial, RAISED, now_s, "CRITICAL ASYSTOLE"))
                return
        now_s = time.monotonic()
        words = "a synthetic heart stopped, and it was not seen"
        self._go(course.fail(self.trial, ANALYSED, now_s, words, SEE_LOG))
        self._go(course.fail(self.trial, RAISED, now_s, "no alarm was raised", SEE_LOG))

    def _try_pins(self) -> None:
        reason = self._why_no_pins()
        health = self.parts.annunciator.health()
        now_s = time.monotonic()
        if reason:
            self._go(course.leave_out(self.trial, PINS, reason))
        elif not health.healthy:
            remedy = "see the wiring, and docs/hardware.md"
            self._go(course.fail(self.trial, PINS, now_s, health.detail, remedy))
        elif not self.is_test:
            self.parts.annunciator.ping(lambda: self._call(self._note_turn))
        elif not self.parts.annunciator.try_out(
            sounding=self.sounding, told=lambda at_s: self._call(self._note_edge, at_s)
        ):
            self._go(course.fail(self.trial, PINS, now_s, BUSY, AGAIN))

    def _why_no_pins(self) -> str:
        gpio, model = self.parts.settings.gpio, self.parts.machine.state.model or ""
        if gpio.factory == "none":
            return "switched off by gpio.factory"
        if gpio.factory == "auto" and "Raspberry Pi" not in model:
            return "this computer has no pins"
        if gpio.red_pin < 0 and (gpio.buzzer_pin < 0 or (self.is_test and not self.sounding)):
            return "nothing is connected to a pin"
        return ""

    def _note_turn(self) -> None:
        words = "the player turns; sound, light and wire were not tried"
        self._go(course.succeed(self.trial, PINS, time.monotonic(), words))

    def _note_edge(self, at_s: float) -> None:
        gpio = self.parts.settings.gpio
        shown = [
            name
            for name, tried in (
                ("red light", gpio.red_pin >= 0),
                ("buzzer", gpio.buzzer_pin >= 0 and self.sounding),
            )
            if tried
        ]
        words = f"{' and '.join(shown)}, one burst of high priority"
        if not self.sounding:
            words += "; the buzzer was left out"
        self._go(course.succeed(self.trial, PINS, at_s, words))

    def _raise_test(self) -> None:
        """Hand the test's alert to everybody at once, as an alarm's, and to the store."""
        alert = self._alert()
        self.alert_id = alert.alert_id
        items = tuple(
            replace(item, severity=Severity.LOW, purpose=Purpose.TEST)
            for item in address_alert(alert, self.targets)
        )
        self._submit(items)
        stored = tuple(item for item in items if item.target in self.parts.targets)
        kept = self.parts.store.store_alert(alert, stored)
        # No alarm stands: nobody has to acknowledge what was asked for.
        self.parts.store.acknowledge_alert(alert.alert_id, f"{self.trial.by} (test)")
        self.parts.store.clear_alert(alert.alert_id)
        words = f"alert and {len(stored)} outbox row(s) in one transaction"
        kept.add_done_callback(lambda done: self._call(self._note_stored, done, words))

    def _send_canaries(self) -> None:
        """Ask every target that can be asked silently, and the disk by one commit."""
        unix_s = time.time()
        body = canary_body(self.trial.trial_id, unix_s)
        items = tuple(
            OutboxItem(
                message_id=f"msg_{self.trial.trial_id}_{target.name}",
                alert_id=self.trial.trial_id,
                target=target.name,
                severity=Severity.LOW,
                body=body,
                created_unix_s=unix_s,
                purpose=Purpose.CANARY,
            )
            for target in self.targets
        )
        self._submit(items)
        if self.parts.fan_out.holds_books:
            self._go(course.leave_out(self.trial, STORED, "the last run's alarms are still unread"))
            return
        record = self.parts.fan_out.book_record(self.parts.gateway)
        kept = self.parts.store.save_alarm_book(GATEWAY_ID, record)
        words = "one commit reached the disk"
        kept.add_done_callback(lambda done: self._call(self._note_stored, done, words))

    def _submit(self, items: tuple[OutboxItem, ...]) -> None:
        for item in items:
            self.items[item.message_id] = item
            if not self._courier(item.target).submit_if_room(item):
                self.note_overflow(item)

    def _alert(self) -> Alert:
        parts, now_s = self.parts, time.monotonic()
        evidence = (f"TEST, no real alarm: asked for by {self.trial.by}",)
        alarm = Alarm(
            EventType.TEST_ALARM,
            Domain.TECHNICAL,
            AlarmState.ACTIVE,
            Severity.CRITICAL,
            since_s=now_s,
            evidence_s=now_s,
            alert_id=self.trial.trial_id,
            raised_s=now_s,
            evidence=evidence,
        )
        return compose_alert(
            alarm,
            patient_id=GATEWAY_ID,
            patient_name="Gateway",
            assessment=None,
            moment=Moment(time.time(), now_s, is_clock_synchronised()),
            circumstances=replace(parts.circumstances, simulated=True),
            settings=parts.settings.alarms,
        )

    def _note_stored(self, done: Future[int], words: str) -> None:
        now_s = time.monotonic()
        error = None if done.cancelled() else done.exception()
        if error is None and not done.cancelled():
            self._go(course.succeed(self.trial, STORED, now_s, words))
            return
        remedy = "see the disk, and ecgctl db check"
        why = str(error) if error else self.parts.store.health.detail
        self._go(course.fail(self.trial, STORED, now_s, why, remedy))

    def _courier(self, name: str) -> Courier:
        return self.parts.targets.get(name) or self.parts.listeners[name]

    def _go(self, stepped: Trial) -> None:
        concluded = course.conclude(stepped, time.monotonic(), self.limit_s)
        if concluded != self.trial:
            self.trial = concluded
            self.changed()

    def _call(self, work: Callable[..., None], *arguments: object) -> None:
        """Call in the loop's thread, unless the loop has ended by now."""
        try:
            self.parts.loop.call_soon_threadsafe(work, *arguments)
        except RuntimeError:
            _log.debug("an answer to a trial came after the end")
