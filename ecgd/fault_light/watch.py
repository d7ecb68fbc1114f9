"""The fault light's loop: hear, judge, light, and tell systemd and the journal once each."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Protocol

from ecgd.alerts.beat import BeatListener
from ecgd.fault_light.lamp import Lamp
from ecgd.fault_light.vigil import Vigil
from ecgd.service.notify import Notifier

_log = logging.getLogger("ecgd.fault_light")

TICK_S = 1.0
"""Longest wait: systemd's watchdog is fed this often."""


class Stop(Protocol):
    """Tells whether the program is to end."""

    def is_set(self) -> bool: ...


class FaultLight:
    """Everything of the running program, in one thread."""

    def __init__(
        self, lamp: Lamp, listener: BeatListener, vigil: Vigil, notifier: Notifier
    ) -> None:
        self._lamp = lamp
        self._listener = listener
        self._vigil = vigil
        self._notifier = notifier
        self._lit = False
        self._told = ""
        self._strangers = 0

    def run(self, stop: Stop) -> None:
        """Watch until told to stop."""
        self._notifier.ready()
        while not stop.is_set():
            due_s = self._step(time.monotonic())
            now_s = time.monotonic()
            deadline_s = self._vigil.deadline_s()
            due_s = min(due_s, now_s + TICK_S, deadline_s if deadline_s > now_s else due_s)
            self._hear(due_s - now_s)
        self._notifier.stopping("stopping")

    def _step(self, now_s: float) -> float:
        dead = self._vigil.is_dead(now_s)
        due_s = self._lamp.step(lit=dead, now_s=now_s)
        if dead != self._lit:
            self._lit = dead
            self._tell_change(now_s)
        self._tell_status()
        self._notifier.watchdog()
        return due_s

    def _hear(self, wait_s: float) -> None:
        for beat in self._listener.receive(wait_s):
            if beat is not None:
                self._vigil.note(beat, time.monotonic())
                continue
            self._strangers += 1
            if self._strangers == 1:
                _log.warning("a datagram that is no sign of life came; more are not told")

    def _tell_change(self, now_s: float) -> None:
        if not self._lit:
            _log.warning("FAULT CLEARED: the daemon is back (process %s)", self._vigil.pid)
            return
        _log.critical(
            "FAULT: no sign of life from ecgd for %.0f s, %s: nobody is monitored",
            self._vigil.silent_s(now_s),
            _process_words(self._vigil.pid),
        )

    def _tell_status(self) -> None:
        state = "FAULT: the daemon is silent" if self._lit else "the daemon is watched"
        status = "; ".join(filter(None, (state, self._lamp.fault)))
        if status != self._told:
            self._told = status
            self._notifier.status(status)


def _process_words(pid: int | None) -> str:
    """Say how a process is."""
    if pid is None:
        return "it was never heard"
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return f"process {pid} is gone"
    if state in "ZX":
        return f"process {pid} has ended"
    return f"process {pid} is {'stopped' if state in 'Tt' else 'there, but does not work'}"
