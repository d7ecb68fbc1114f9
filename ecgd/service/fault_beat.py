"""Sends the fault light a sign of life, as long as the daemon does its work."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable

from ecgd.alerts.beat import Beat, BeatSender
from ecgd.config.fault_light import FaultLightSettings
from ecgd.model.status import PartHealth
from ecgd.service.logs import log_event

_log = logging.getLogger(__name__)

BEAT_S = 1.0


class FaultBeat:
    """Beats once a second in the loop, each time after the analysis' thread has answered.

    A loop that stands still, a stuck analysis and a dead process all look alike from outside:
    silence. ``health`` says whether the fault light's program takes the beats.
    """

    def __init__(self, settings: FaultLightSettings, ping: Callable[[], Awaitable[None]]) -> None:
        self._sender = BeatSender(settings.socket)
        self._ping = ping
        self._is_connected = settings.pin >= 0 or settings.buzzer_pin >= 0
        self._trouble: str | None = None

    async def run(self) -> None:
        """Beat for ever, whether or not somebody listens."""
        try:
            while True:
                await self._ping()
                self._note(self._sender.send(Beat(os.getpid(), time.monotonic())))
                await asyncio.sleep(BEAT_S)
        finally:
            self._sender.close()

    def health(self) -> PartHealth | None:
        """Return how the fault light is; None where none is configured, or before the first."""
        if not self._is_connected or self._trouble is None:
            return None
        return PartHealth("fault light", not self._trouble, self._trouble or "watches the daemon")

    def _note(self, trouble: str) -> None:
        if self._is_connected and trouble != (self._trouble or ""):
            level = logging.WARNING if trouble else logging.INFO
            what = f"no fault light: {trouble}" if trouble else "the fault light watches again"
            log_event(_log, "fault_light", what, level=level)
        self._trouble = trouble
