"""Plays alarms on buzzer and lights, and listens to the button."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ecgd.alerts.gpio import Pins
from ecgd.alerts.patterns import (
    TEST_S,
    TRIAL_S,
    Channel,
    Pattern,
    lamp_test_patterns,
    shown_patterns,
    trial_patterns,
)
from ecgd.alerts.player import Player
from ecgd.config.settings import GpioSettings
from ecgd.model.alarm import Priority
from ecgd.model.status import PartHealth

_log = logging.getLogger(__name__)

REOPEN_S = 30.0
"""Pins that could not be opened are tried again: at boot, rights on them may come late."""


@dataclass(frozen=True, slots=True)
class _Shown:
    priority: Priority | None = None
    sounding: bool = False
    all_well: bool = False
    light: Priority | None = None

    def patterns(self) -> dict[Channel, Pattern]:
        return shown_patterns(
            self.priority, sounding=self.sounding, all_well=self.all_well, light=self.light
        )


class Annunciator:
    """Buzzer, three lights and a button; patterns run in a thread of their own.

    ``pressed`` is called after a short press, in a thread of the pin library, with the monotonic
    time at which the finger went down; a long press starts the lamp and buzzer test, or counts as a
    short one while an alarm is shown. ``edge`` is called in the playing thread with the priority
    and the monotonic time of the first pin edge after it came to be shown or sounded. No method
    raises or blocks; ``health`` says what is missing. ``work_dir`` is where the pin library may
    write; ``pin_factory`` (gpiozero's) takes the place of the configured one.
    """

    def __init__(
        self,
        settings: GpioSettings,
        pressed: Callable[[float], None],
        *,
        edge: Callable[[Priority, float], None] | None = None,
        work_dir: str = "",
        pin_factory: Any = None,
    ) -> None:
        self._settings = settings
        self._pressed = pressed
        self._edge = edge
        self._work_dir = work_dir
        self._pin_factory = pin_factory
        self._changed = threading.Condition()
        self._shown = _Shown()
        self._test_until_s = 0.0
        self._tested: dict[Channel, Pattern] = {}
        self._tried: Callable[[float], None] | None = None
        self._asked: Callable[[], None] | None = None
        self._closing = False
        self._awaited: Priority | None = None
        self._retuned = False
        self.last_edge_s: float | None = None
        """Monotonic time of the first edge that the latest alarm shown gave; None before it."""
        self._pins = self._opened()
        self._player = Player(self._pins.write)
        self._reopen_s = time.monotonic() + REOPEN_S
        self._thread = threading.Thread(target=self._play, name="ecgd-annunciator", daemon=True)
        self._thread.start()
        atexit.register(self.close)  # a line of a GPIO chip may keep its level after the process

    def show(
        self,
        priority: Priority | None,
        *,
        sounding: bool,
        all_well: bool,
        light: Priority | None = None,
    ) -> None:
        """Show an alarm priority (None: no alarm), with or without sound, from now on.

        ``light``: a graver one that only shines, as :func:`shown_patterns` takes it.
        """
        shown = _Shown(priority, sounding and priority is not None, all_well, light)
        with self._changed:
            before, self._shown = self._shown, shown
            if priority is not None:
                self._test_until_s, self._tried = 0.0, None
            if priority != before.priority or (shown.sounding and not before.sounding):
                self._awaited, self._retuned, self.last_edge_s = priority, False, None
            self._changed.notify()

    def test(self) -> None:
        """Start the lamp and buzzer test; an alarm that is shown goes first."""
        self._begin_test(lamp_test_patterns(), TEST_S)

    def try_out(self, *, sounding: bool, told: Callable[[float], None]) -> bool:
        """Show and sound a HIGH alarm once, for a test; False: an alarm is shown and goes first.

        ``told`` is called in the playing thread with the monotonic time of the first edge.
        """
        return self._begin_test(trial_patterns(sounding=sounding), TRIAL_S, told)

    def ping(self, told: Callable[[], None]) -> None:
        """Have ``told`` called in the playing thread at its next turn: it is alive and turns."""
        with self._changed:
            self._asked = told
            self._changed.notify()

    def _begin_test(
        self,
        patterns: dict[Channel, Pattern],
        lasts_s: float,
        told: Callable[[float], None] | None = None,
    ) -> bool:
        with self._changed:
            if self._shown.priority is not None:
                return False
            self._tested, self._test_until_s = patterns, time.monotonic() + lasts_s
            self._tried, self._retuned = told, False
            self._changed.notify()
        return True

    def health(self) -> PartHealth:
        """Say whether buzzer, lights and button work."""
        if self._settings.factory == "none":
            return PartHealth("gpio", True, "switched off by configuration")
        faults = list(self._pins.faults.values())
        if not self._thread.is_alive() and not self._closing:
            faults.append("the playing thread has ended")
        stuck_s = self._pins.stuck_s()
        if stuck_s is not None:
            faults.append(f"the button has been down for {stuck_s:.0f} s")
        if faults:
            return PartHealth("gpio", False, "; ".join(faults))
        names = ", ".join(sorted(channel.value for channel in self._pins.channels))
        kind = "recorded, no hardware" if self._settings.factory == "mock" else "ready"
        return PartHealth("gpio", True, f"{names or 'no pins configured'}: {kind}")

    def close(self, timeout_s: float = 1.0) -> None:
        """Switch everything off and release the pins."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout_s)
        atexit.unregister(self.close)

    def _opened(self) -> Pins:
        pins = Pins(self._settings, self._work_dir, self._pin_factory)
        pins.watch_button(self._settings, self._press, self._hold)
        return pins

    def _hold(self, down_s: float) -> None:
        """Test lamps and sound; while an alarm is shown, who holds the button wants to answer."""
        with self._changed:
            alarming = self._shown.priority is not None
        if alarming:
            self._press(down_s)
        else:
            self.test()

    def _press(self, down_s: float) -> None:
        try:
            self._pressed(down_s)
        except Exception:  # noqa: BLE001 - the button must go on working
            _log.exception("the button's callback failed")

    def _play(self) -> None:
        try:
            while not self._closing:
                self._retune(time.monotonic())
                due_s = self._turn_due()
                self._answer()
                with self._changed:
                    if not (self._closing or self._asked or self._stale()):
                        self._changed.wait(max(0.0, due_s - time.monotonic()))
                self._reopen_if_due()
        except Exception:  # noqa: BLE001 - health tells it, the pins are released
            _log.exception("buzzer and lights have stopped")
        finally:
            self._pins.close()

    def _wanted(self, now_s: float) -> dict[Channel, Pattern]:
        testing = now_s < self._test_until_s
        return self._tested if testing else self._shown.patterns()

    def _stale(self) -> bool:
        wanted = self._wanted(time.monotonic())
        return self._player.playing != wanted

    def _retune(self, now_s: float) -> None:
        """Play what is wanted now."""
        with self._changed:
            wanted = self._wanted(now_s)
            self._retuned = True
        self._player.retune(wanted, now_s)

    def _turn_due(self) -> float:
        """Turn the pins whose edges are due; return when the next one is."""
        now_s = time.monotonic()
        due_s = self._player.turn_due(now_s, self._report)
        if now_s < self._test_until_s:
            due_s = min(due_s, self._test_until_s)
        return min(due_s, now_s + REOPEN_S)

    def _report(self, edge_s: float) -> None:
        with self._changed:
            if not self._retuned:
                return
            tried, self._tried = self._tried, None
            priority, self._awaited = self._awaited, None
            if priority is not None:
                self.last_edge_s = edge_s
        if tried is not None:
            _call(lambda: tried(edge_s))
        if priority is not None and self._edge is not None:
            edge = self._edge
            _call(lambda: edge(priority, edge_s))

    def _answer(self) -> None:
        with self._changed:
            asked, self._asked = self._asked, None
        if asked is not None:
            _call(asked)

    def _reopen_if_due(self) -> None:
        now_s = time.monotonic()
        if self._pins.present or self._settings.factory == "none" or now_s < self._reopen_s:
            return
        self._reopen_s = now_s + REOPEN_S
        self._pins = self._opened()
        self._player = Player(self._pins.write)


def _call(listener: Callable[[], None]) -> None:
    """Tell somebody; a faulty listener must not silence the buzzer."""
    try:
        listener()
    except Exception:  # noqa: BLE001
        _log.exception("a callback of the pins failed")
