"""What is known of the gateway itself at this moment, gathered from its parts."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Final

from ecgd.decision.gateway_findings import GatewayState, TargetTrouble
from ecgd.decision.technical_table import CLOCK_STEP_S
from ecgd.model.alarm import DeliveryReport
from ecgd.model.status import MachineState, PartHealth
from ecgd.service.binding import SEE_STATUS
from ecgd.service.logs import log_event
from ecgd.service.parts import Parts

_log = logging.getLogger(__name__)

RECENT_S: Final = 60.0
"""What happened in one moment is evidence for so long."""

PI: Final = "Raspberry Pi"


class GatewayWatch:
    """Looks at the parts once a second, and remembers for a minute what befell them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._overflowed = parts.overflowed
        self._overflow_s: float | None = None
        self._lost_alarms_s: float | None = None
        self._lost: dict[TargetTrouble, float] = {}
        self._told: list[DeliveryReport] = []
        self._clock_offset_s: float | None = None
        self._step_s: float | None = None
        self._stepped_s = 0.0
        self._was_synchronised: bool | None = None

    def look(self, now_s: float, unix_s: float) -> GatewayState:
        """Return what is known; ``now_s`` is monotonic, ``unix_s`` the wall clock's word."""
        parts = self._parts
        machine = parts.machine.state
        health, roster = parts.store.health, parts.roster_health()
        self._note_overflow(now_s)
        self._note_losses(now_s)
        self._note_step(now_s, unix_s, machine.clock_synchronised)
        self._note_synchronised(now_s, unix_s, machine.clock_synchronised)
        return GatewayState(
            database_fault="" if health.healthy else health.detail,
            lost_alarms=self._lost_alarms(now_s),
            # Its details name patients, and an alarm leaves the house.
            roster_fault="" if roster.healthy else SEE_STATUS,
            sound_fault=self._sound_fault(machine),
            fault_light_trouble=_trouble(parts.fault_light()),
            answers_trouble=_trouble(parts.replies_health()),
            failing=tuple(self._failing()),
            lost=tuple(self._lost),
            unanswered=parts.unanswered(),
            unproven=parts.unproven(now_s),
            overflowed=0 if self._overflow_s is None else self._overflowed,
            model_troubles=parts.opinions.troubles,
            power_problems=parts.machine.power_problems,
            temperature_c=machine.temperature_c,
            disk_free_mb=machine.disk_free_mb,
            clock_synchronised=machine.clock_synchronised,
            clock_step_s=self._step_s,
        )

    def settle(self) -> None:
        """Take what was lost off the outbox, now that it is told.

        In the other order a kill between the two would leave nobody who knows of it; so it is
        tried once more, and lost once more, after the restart.
        """
        for report in self._told:
            self._parts.store.record_delivery(report)
        self._told.clear()

    def _failing(self) -> Iterator[TargetTrouble]:
        """Yield the targets that do not deliver: also one that nothing waits for can be away."""
        for target in (worker.health() for worker in self._parts.targets.values()):
            if not target.healthy:
                yield TargetTrouble(target.name, target.detail, target.gravest)

    def _note_overflow(self, now_s: float) -> None:
        if self._parts.overflowed > self._overflowed:
            self._overflowed, self._overflow_s = self._parts.overflowed, now_s
        if self._overflow_s is not None and now_s - self._overflow_s >= RECENT_S:
            self._overflow_s = None

    def _lost_alarms(self, now_s: float) -> str:
        """Return which alarms of the last run were lost, for a minute after that was found."""
        if not self._parts.lost_alarms:
            return ""
        if self._lost_alarms_s is None:
            self._lost_alarms_s = now_s
        is_recent = now_s - self._lost_alarms_s < RECENT_S
        return self._parts.lost_alarms.rstrip("; ") if is_recent else ""

    def _note_losses(self, now_s: float) -> None:
        """Take what targets have refused, or what was given up: nobody tries these again."""
        while self._parts.lost_deliveries:
            report = self._parts.lost_deliveries.popleft()
            self._told.append(report)
            what = f"alert {report.item.alert_id} was not taken ({report.detail})"
            self._lost[TargetTrouble(report.item.target, what, report.item.severity)] = now_s
        self._lost = {lost: at_s for lost, at_s in self._lost.items() if now_s - at_s < RECENT_S}

    def _note_step(self, now_s: float, unix_s: float, synchronised: bool | None) -> None:
        """Notice that the wall clock was set. Its first correction is no fault: it was awaited."""
        offset_s, before_s = unix_s - now_s, self._clock_offset_s
        self._clock_offset_s = offset_s
        step_s = 0.0 if before_s is None else offset_s - before_s
        if abs(step_s) > CLOCK_STEP_S:
            message = f"the wall clock was set by {step_s:+.1f} s"
            log_event(_log, "clock_step", message, level=logging.WARNING, step_s=step_s)
            if synchronised:
                self._step_s, self._stepped_s = step_s, now_s
        if now_s - self._stepped_s >= RECENT_S:
            self._step_s = None

    def _note_synchronised(self, now_s: float, unix_s: float, synchronised: bool | None) -> None:
        """Date earlier alerts of this boot anew once the clock can be trusted."""
        if synchronised and not self._was_synchronised:
            corrected = self._parts.store.correct_alert_times(unix_s - now_s)
            corrected.add_done_callback(_tell_corrected)
        self._was_synchronised = synchronised

    def _sound_fault(self, machine: MachineState) -> str:
        """Say why buzzer and lights fail; a computer that has no pins needs no alarm of it."""
        health = self._parts.annunciator.health()
        wanted = self._parts.settings.gpio.factory != "auto" or PI in (machine.model or "")
        return health.detail if wanted and not health.healthy else ""


def _tell_corrected(done: Future[int]) -> None:
    if not done.cancelled() and done.exception() is None and (count := done.result()):
        words = f"{count} alert(s) of this boot were dated by a clock that was not set: dated anew"
        log_event(_log, "alerts_dated_anew", words, count=count)


def _trouble(health: PartHealth | None) -> str:
    """Return what is wrong with a part; empty where nothing is, or there is none."""
    return "" if health is None or health.healthy else health.detail
