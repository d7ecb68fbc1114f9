"""What the daemon does every second: look at links, parts and itself, and tell systemd."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Iterator
from dataclasses import replace

from ecgd.decision.alarm_table import STANDING
from ecgd.decision.gateway_findings import gateway_findings
from ecgd.errors import DeliveryError
from ecgd.model.finding import Finding
from ecgd.service.gateway_watch import GatewayWatch
from ecgd.service.logs import log_event
from ecgd.service.parts import Parts

_log = logging.getLogger(__name__)

WATCH_S = 1.0
KEEP_BOOKS_S = 10.0
"""Alarms that are only pending are kept this often, all others at once."""

STATUS_S = 10.0
"""systemd hears how things are this often."""

HANGING_S = 20.0
"""A target's thread that has not come back so long after its deadline never will."""


class Watch:
    """The daemon's clockwork."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._since_s: dict[str, float] = {}
        self._gateway = GatewayWatch(parts)

    def tasks(self) -> tuple[Coroutine[None, None, None], ...]:
        """What has to run beside sources and analysis."""
        return (
            self._look(),
            self._keep_books(),
            self._feed_watchdog(),
            self._parts.loop_watch.run(),
            self._parts.machine.run(),
            self._parts.coverage.run(),
        )

    def status_line(self) -> str:
        """Return one line for systemctl status."""
        parts = self._parts
        patients = ", ".join(session.summary() for session in parts.sessions.values())
        return patients or "no patient is watched"

    async def _look(self) -> None:
        while True:
            self._look_once(time.monotonic())
            await asyncio.sleep(WATCH_S)

    def _look_once(self, now_s: float) -> None:
        parts = self._parts
        for link in parts.links.values():
            link.ask_if_needed(now_s)
        for session in parts.sessions.values():
            changes = session.watch(now_s)
            parts.fan_out.spread(session.subject, session.assessment, changes)
        self._note_scoring()
        parts.coverage.note(parts.sessions.values(), now_s=now_s, unix_s=time.time())
        self._refuse_to_hang(now_s)
        self._look_at_gateway(now_s)
        parts.sound()

    def _look_at_gateway(self, now_s: float) -> None:
        gateway = self._parts.gateway
        changes = gateway.alarms.report(tuple(self._own_findings(now_s)), now_s)
        ticked = gateway.alarms.tick(now_s)
        self._parts.fan_out.spread(gateway, None, (*changes, *ticked))
        self._gateway.settle()

    def _note_scoring(self) -> None:
        """Let alerts say how the networks stand now, and the log when that changes."""
        parts = self._parts
        scoring, before = parts.opinions.scoring, parts.fan_out.circumstances
        if scoring == before.scoring:
            return
        parts.fan_out.circumstances = replace(before, scoring=scoring)
        level = logging.WARNING if parts.opinions.troubles else logging.INFO
        log_event(_log, "scoring", f"networks: {scoring}", level=level)

    def _refuse_to_hang(self, now_s: float) -> None:
        """End the daemon when a target's thread hangs: a new one delivers what the outbox has."""
        for name, target in self._parts.targets.items():
            if self._lasts(f"hanging {name}", target.overdue_s > 0.0, HANGING_S, now_s):
                raise DeliveryError(f"the delivery to {name} hangs", "systemd starts ecgd anew")

    def _own_findings(self, now_s: float) -> Iterator[Finding]:
        """Find what is wrong with the gateway itself."""
        shown = self._parts.gateway.alarms.book.alarms
        standing = frozenset(alarm.event_type for alarm in shown if alarm.state in STANDING)
        # The round may have taken long by now: that is no step of the wall clock.
        unix_s = time.time() - (time.monotonic() - now_s)
        yield from gateway_findings(self._gateway.look(now_s, unix_s), standing)

    def _lasts(self, what: str, holds: bool, patience_s: float, now_s: float) -> bool:
        """Tell whether something has held for longer than ``patience_s``."""
        if not holds:
            self._since_s.pop(what, None)
            return False
        return now_s - self._since_s.setdefault(what, now_s) >= patience_s

    async def _keep_books(self) -> None:
        while True:
            await asyncio.sleep(KEEP_BOOKS_S)
            time.tzset()  # timedatectl may have set another time zone since the start
            for subject in self._parts.subjects():
                if subject.alarms.book.tracks:
                    self._parts.fan_out.keep_book(subject)

    async def _feed_watchdog(self) -> None:
        """Feed systemd's watchdog: this runs in the loop, and only after the analysis answered.

        A thread that is stuck never answers the ping, and systemd restarts the daemon.
        """
        notifier = self._parts.notifier
        period_s = min(STATUS_S, (notifier.watchdog_s or STATUS_S) / 2)
        while True:
            await self._parts.worker.ping()
            notifier.watchdog()
            notifier.status(self.status_line())
            await asyncio.sleep(period_s)
