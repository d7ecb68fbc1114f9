"""Proves that alarms arrive: tests that people ask for, and a silent canary again and again.

All in the loop's thread. A real alarm goes before everything here (ADR 0037).
"""

from __future__ import annotations

import asyncio
import logging
import time
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ecgd.alerts.mqtt.worker import NAME as BROKER
from ecgd.alerts.profiles.registry import profile_of
from ecgd.config.settings import Settings, WebhookSettings
from ecgd.decision import trial as course
from ecgd.decision.gateway_findings import TargetTrouble
from ecgd.model.alarm import Alert, DeliveryReport, DeliveryResult, OutboxItem, Purpose
from ecgd.model.proof import (
    ANALYSED,
    ANSWERED,
    RAISED,
    ProofStatus,
    ProvenBy,
    Step,
    StepState,
    Trial,
    TrialKind,
    WayProof,
)
from ecgd.model.status import PartHealth
from ecgd.service.identity import new_alert_id
from ecgd.service.logs import log_event
from ecgd.service.parts import Parts
from ecgd.service.proof_book import HEART, WHOLE, ProofBook
from ecgd.service.proof_words import ago, duration
from ecgd.service.settings_rules import GATEWAY_ID
from ecgd.service.trial_run import TrialRun
from ecgd.web.trial_gateway import TrialRefusedError

_log = logging.getLogger(__name__)

LOOK_S: Final = 0.5
FIRST_S: Final = 60.0
"""The first canary comes so long after the start: links and targets come first."""

AGAIN_S: Final = 60.0
"""Where a canary failed, another comes after this, then less and less often."""

FRESH_SHARE: Final = 0.5
"""Who was proven within this share of a period is not asked again: services count messages."""

KEEP_S: Final = 10.0
"""What alerts prove is written this often, what trials prove at once."""

REST_S: Final = 10.0
"""Between the ends and begins of tests: each message may cost money, and patience."""

SLACK_S: Final = 5.0
"""A canary waits so much longer than the longest deadline of a target."""

NO_TARGET: Final = "add [[webhooks]] to the configuration, see docs/phones.md"
NO_TEST_TARGET: Final = "set test_target = true for it: then it gets tests, marked as such"
NO_ANSWER: Final = "set acknowledge = true for a target with test_target, see docs/contacts.md"
FRESH: Final = "was proven a short time ago"
NOT_SILENTLY: Final = "cannot be proven silently; an alert or ecgctl alerts test proves it"


class ProofDesk:
    """Implements ``Prover`` and ``ecgd.web.trial_gateway.TrialGateway``."""

    def __init__(self, parts: Parts, settings: Settings) -> None:
        self._parts = parts
        self._settings = settings
        self._proof = settings.proof
        self._began_s = time.monotonic()
        self._due_s = self._began_s + min(FIRST_S, self._proof.every_s)
        self._kept_s = self._began_s
        self._runs: dict[TrialKind, TrialRun] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._troubles: dict[str, str] = {}
        self._failed_in_a_row = 0
        marks = {name: zlib.crc32(repr(target).encode()) for name, target in self._known()}
        clocks = (time.monotonic, time.time)
        self._book = ProofBook(parts.places.state_dir, parts.circumstances.boot_id, marks, clocks)
        parts.fan_out.prover = self
        parts.unproven = self.unproven
        parts.proof = self.status

    @property
    def is_silent_on(self) -> bool:
        """Whether canaries are sent: a simulated gateway has nothing to prove."""
        return self._proof.enabled and not self._parts.circumstances.simulated

    async def run(self) -> None:
        """Let time pass until cancelled: end what is late, begin what is due."""
        while True:
            now_s = time.monotonic()
            for trial_run in tuple(self._runs.values()):
                trial_run.look(now_s)
            if self.is_silent_on and now_s >= self._due_s and not self._is_busy():
                self._begin_canary(now_s)
            if self._book.is_changed and now_s - self._kept_s >= KEEP_S:
                self._kept_s = now_s
                await asyncio.to_thread(self._book.keep)
            await asyncio.sleep(LOOK_S)

    def keep(self) -> None:
        """Write what was proven, at the end; it blocks on the disk."""
        if self._book.is_changed:
            self._book.keep()

    def start_test(
        self, by: str, *, sounding: bool | None, limit_s: float, answer_s: float
    ) -> Trial:
        """Begin a test; see the protocol."""
        now_s = time.monotonic()
        self._refuse_too_many(now_s)
        canary = self._runs.pop(TrialKind.CANARY, None)
        if canary is not None and not canary.trial.is_over:
            canary.end()
            self._due_s = now_s + AGAIN_S
        trial = self._test_trial(by, now_s, answer_s)
        quiet = self._parts.quiet_hours.least_priority() is not None
        if quiet and sounding is None:
            trial = course.remark(trial, "quiet hours: the buzzer is left out (--sound tries it)")
        targets = tuple(
            target for name, target in self._known() if target.test_target or name == BROKER
        )
        run = self._begin(trial, targets, limit_s + answer_s)
        run.sounding = not quiet if sounding is None else sounding
        message = f"test of the alarms by {by}"
        log_event(_log, "test", message, by=by, alert_id=trial.trial_id)
        return run.trial

    def newest_test(self) -> Trial | None:
        """Return the newest test of this run of the daemon."""
        run = self._runs.get(TrialKind.TEST)
        return run.trial if run is not None else None

    def note_delivery(self, report: DeliveryReport) -> None:
        """Take what became of one attempt: who has it is proven, whatever it was."""
        for run in tuple(self._runs.values()):
            run.note_delivery(report)
        if report.result is DeliveryResult.DELIVERED:
            by = {Purpose.ALARM: ProvenBy.ALERT, Purpose.TEST: ProvenBy.TEST}
            known = by.get(report.item.purpose, ProvenBy.CANARY)
            self._book.note(report.item.target, report.duration_s, known)
            self._troubles.pop(report.item.target, None)

    def note_overflow(self, item: OutboxItem) -> None:
        """Take a message of a trial that found no room."""
        for run in tuple(self._runs.values()):
            if item.message_id in run.items:
                run.note_overflow(item)

    def note_answer(self, alert_id: str | None, by: str) -> tuple[str, ...]:
        """Take an answer; only one to the very alert of the test counts."""
        run = self._runs.get(TrialKind.TEST)
        if alert_id is None or run is None or run.trial.is_over or alert_id != run.alert_id:
            return ()
        run.note_answer(by)
        return (alert_id,)

    def note_alarm(self, alert: Alert) -> None:
        """A real alarm goes out."""
        for run in tuple(self._runs.values()):
            if not run.trial.is_over:
                run.note_alarm(alert)

    def unproven(self, now_s: float) -> tuple[TargetTrouble, ...]:
        """Return the ways that nothing has proved for too long, in words.

        What was proven before this start counts from the start on: nobody could prove it meanwhile.
        """
        if not self.is_silent_on:
            return ()
        ways = ((GATEWAY_ID, HEART), *((name, name) for name in self._promised_names()))
        return tuple(
            TargetTrouble(shown, self._unproven_words(way, now_s))
            for shown, way in ways
            if self._is_overdue(way, now_s)
        )

    def status(self) -> ProofStatus:
        """Return a snapshot."""
        now_s, silent = time.monotonic(), set(self._silent_names())
        return ProofStatus(
            self.is_silent_on,
            self._proof.every_s,
            self._proof.too_old_s,
            self._way(WHOLE, now_s, is_silent=True),
            tuple(self._way(name, now_s, is_silent=name in silent) for name, _ in self._known()),
        )

    def health(self) -> PartHealth:
        """Say when the whole way was last proven, and what is in the way of it."""
        now_s = time.monotonic()
        overdue = self.unproven(now_s)
        age_s, known = self._book.age_s(WHOLE), self._book.proven(WHOLE)
        if not self._proof.enabled:
            words = "no canary is sent (proof.enabled)"
        elif self._parts.circumstances.simulated:
            words = "a simulated gateway has nothing to prove"
        elif known is None or age_s is None:
            words = "not proven yet"
        else:
            earlier = " (before this start)" if self._book.is_carried_over(WHOLE) else ""
            words = f"last proven {ago(age_s)}{earlier}, {duration(known.took_s)}"
        troubles = [f"{name}: {why}" for name, why in self._troubles.items()]
        words = "; ".join((words, *troubles, *(f"{o.name}: {o.detail}" for o in overdue)))
        return PartHealth("proof", not overdue, words, None)

    def _begin(
        self, trial: Trial, targets: tuple[WebhookSettings, ...], limit_s: float
    ) -> TrialRun:
        run = TrialRun(self._parts, trial, targets, limit_s, lambda: self._look_at(run))
        self._runs[trial.kind] = run
        task = asyncio.get_running_loop().create_task(run.carry_out())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return run

    def _begin_canary(self, now_s: float) -> None:
        silent = set(self._silent_names())
        names = [name for name, _ in self._known()]
        canary_id = f"canary_{new_alert_id()}"
        trial = course.begin(
            canary_id,
            TrialKind.CANARY,
            "schedule",
            now_s=now_s,
            unix_s=time.time(),
            targets=names,
        )
        asked = silent - self._fresh_names()
        for name in names:
            if name not in asked:
                why = FRESH if name in silent else NOT_SILENTLY
                trial = course.leave_out(trial, name, why, is_target=True)
        targets = tuple(target for name, target in self._known() if name in asked)
        limit_s = max((target.timeout_s for target in targets), default=0.0) + SLACK_S
        self._due_s = now_s + self._proof.every_s
        self._begin(trial, targets, limit_s)

    def _test_trial(self, by: str, now_s: float, answer_s: float) -> Trial:
        """Return a test with everything left out that the configuration does not try."""
        known = dict(self._known())
        extra = (ANSWERED,) if answer_s > 0.0 else ()
        trial = course.begin(
            new_alert_id(),
            TrialKind.TEST,
            by,
            now_s=now_s,
            unix_s=time.time(),
            targets=known,
            extra=extra,
        )
        tried = {name for name, each in known.items() if each.test_target or name == BROKER}
        for name in known.keys() - tried:
            words = "gets no simulated alerts"
            trial = course.leave_out(trial, name, words, NO_TEST_TARGET, is_target=True)
        if not known:
            trial = course.remark(trial, f"nobody outside the house is told: {NO_TARGET}")
        elif not tried:
            trial = course.remark(trial, f"no target was tried: {NO_TEST_TARGET}")
        if extra and not self._can_answer(known, tried):
            words = "no target that was tried can carry an answer"
            trial = course.fail(trial, ANSWERED, now_s, words, NO_ANSWER)
        return trial

    def _can_answer(self, known: dict[str, WebhookSettings], tried: set[str]) -> bool:
        if BROKER in tried and self._settings.mqtt.allow_commands:
            return True
        return any(known[name].acknowledge or known[name].profile == "pushover" for name in tried)

    def _refuse_too_many(self, now_s: float) -> None:
        run = self._runs.get(TrialKind.TEST)
        if run is None:
            return
        ended_s = run.trial.ended_s
        if ended_s is None:
            what = f"a test of {run.trial.by} is under way"
            raise TrialRefusedError(what, "wait for its end: GET /v1/alerts/test shows it")
        rest_s = run.trial.begun_s + ended_s + REST_S - now_s
        if rest_s > 0.0:
            what = f"the last test has just ended; the next may begin in {rest_s:.0f} s"
            raise TrialRefusedError(what, "each test sends messages to people", is_soon=True)

    def _look_at(self, run: TrialRun) -> None:
        """Take what a trial has come to, once it is over."""
        trial = run.trial
        if self._runs.get(trial.kind) is not run or not trial.is_over:
            return
        run.end()
        self._kept_s = -KEEP_S  # what a trial has proved is written with the next look
        by = ProvenBy(trial.kind.value)
        own = {step.name: step for step in trial.steps if not step.is_target}
        if own[ANALYSED].state is own[RAISED].state is StepState.DONE:
            self._book.note(HEART, own[RAISED].at_s or 0.0, by)
        self._note_whole(trial, by)
        troubles = {_shown(s): s.detail for s in trial.steps if s.state is StepState.FAILED}
        left_out = {s.name for s in trial.steps if s.state is StepState.LEFT_OUT}
        kept = {name: why for name, why in self._troubles.items() if name in left_out}
        self._troubles = kept | troubles
        failed = "; ".join(f"{name}: {why}" for name, why in troubles.items())
        words = f"{trial.kind.value} of the alarms: {failed or 'proven'}, {trial.ended_s:.1f} s"
        level = logging.WARNING if failed else logging.INFO
        log_event(_log, f"{trial.kind.value}_over", words, level=level, alert_id=trial.trial_id)
        if trial.kind is TrialKind.CANARY:
            self._failed_in_a_row = self._failed_in_a_row + 1 if troubles else 0
            again_s = AGAIN_S * 2.0 ** (min(self._failed_in_a_row, 16) - 1)
            if troubles:
                self._due_s = min(self._due_s, time.monotonic() + again_s)

    def _note_whole(self, trial: Trial, by: ProvenBy) -> None:
        """Note the whole way, if all that can be proven silently was, and nothing has failed.

        A broker that is told without a promise does not count: the ways to people do.
        """
        told = {
            each.name for each in trial.steps if each.state is StepState.DONE and each.is_target
        }
        failed = {_shown(each) for each in trial.steps if each.state is StepState.FAILED}
        is_whole = not failed - set(self._parts.listeners)
        if is_whole and set(self._promised_names()) <= told | self._fresh_names():
            self._book.note(WHOLE, trial.ended_s or 0.0, by)

    def _is_busy(self) -> bool:
        return any(not run.trial.is_over for run in self._runs.values())

    def _known(self) -> Iterator[tuple[str, WebhookSettings]]:
        """Yield every target; the broker is one, as far as a trial is concerned."""
        for target in self._settings.webhooks:
            yield target.name, target
        if self._settings.mqtt.enabled:
            broker = replace(_BROKER, include_name=self._settings.mqtt.include_name)
            yield BROKER, broker

    def _silent_names(self) -> Iterator[str]:
        """Yield the targets that a canary proves."""
        for name, target in self._known():
            silent = name == BROKER or profile_of(target).canary is not None
            if silent and name not in self._proof.leave_out:
                yield name

    def _promised_names(self) -> Iterator[str]:
        """Yield those of them that alerts are promised to come to."""
        return (name for name in self._silent_names() if name in self._parts.targets)

    def _fresh_names(self) -> set[str]:
        """Return the targets that were proven a short time ago, by whatever it was."""
        limit_s = FRESH_SHARE * self._proof.every_s
        ages_s = ((name, self._book.age_s(name)) for name, _ in self._known())
        return {name for name, age_s in ages_s if age_s is not None and age_s < limit_s}

    def _since_s(self, name: str, now_s: float) -> float:
        """Return for how long a way is unproven, since the start of this run at most."""
        age_s = self._book.age_s(name)
        run_s = now_s - self._began_s
        return run_s if age_s is None else min(age_s, run_s)

    def _is_overdue(self, name: str, now_s: float) -> bool:
        return self._since_s(name, now_s) > self._proof.too_old_s

    def _unproven_words(self, name: str, now_s: float) -> str:
        why = self._troubles.get(GATEWAY_ID if name == HEART else name, "no canary came through")
        return f"not proven for {duration(self._since_s(name, now_s))}: {why}"

    def _way(self, name: str, now_s: float, *, is_silent: bool) -> WayProof:
        known = self._book.proven(name)
        is_promised = name == WHOLE or name in set(self._promised_names())
        return WayProof(
            name="" if name == WHOLE else name,
            age_s=self._book.age_s(name),
            took_s=known.took_s if known else None,
            by=known.by if known else None,
            carried_over=self._book.is_carried_over(name),
            is_silent=is_silent,
            trouble=self._troubles.get(name, ""),
            is_overdue=self.is_silent_on and is_promised and self._is_overdue(name, now_s),
        )


_BROKER: Final = WebhookSettings(name=BROKER, least_severity="LOW", test_target=True)


def _shown(step: Step) -> str:
    return step.name if step.is_target else GATEWAY_ID
