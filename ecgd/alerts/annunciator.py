"""Plays alarms on buzzer and lights, and listens to the button."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ecgd.alerts.gpio import Pins
from ecgd.alerts.patterns import (
    TEST_S,
    Channel,
    Pattern,
    edges,
    lamp_test_patterns,
    shown_patterns,
)
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

    def patterns(self) -> dict[Channel, Pattern]:
        return shown_patterns(self.priority, sounding=self.sounding, all_well=self.all_well)


@dataclass(slots=True)
class _Track:
    """One channel that plays: its remaining edges, the next of them due at ``due_s``."""

    pattern: Pattern
    began_s: float
    remaining: Iterator[tuple[float, bool]] = field(init=False)
    due_s: float = field(init=False)
    next_on: bool = field(init=False)

    def __post_init__(self) -> None:
        self.remaining = edges(self.pattern)
        self._advance()

    def state_at(self, now_s: float) -> bool | None:
        """Return the state of the newest edge due by now, None if none is; skips late pulses."""
        state = None
        while self.due_s <= now_s:
            state = self.next_on
            self._advance()
        return state

    def _advance(self) -> None:
        offset_s, self.next_on = next(self.remaining, (float("inf"), False))
        self.due_s = self.began_s + offset_s


class Annunciator:
    """Buzzer, three lights and a button; patterns run in a thread of their own.

    ``pressed`` is called after a short press, in a thread of the pin library; a long press starts
    the lamp and buzzer test. ``edge`` is called in the playing thread with the priority and the
    monotonic time of the first pin edge after it came to be shown or sounded.
    No method raises or blocks; ``health`` says what is missing. ``work_dir`` is where the pin
    library may write; ``pin_factory`` (gpiozero's) takes the place of the configured one.
    """

    def __init__(
        self,
        settings: GpioSettings,
        pressed: Callable[[], None],
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
        self._closing = False
        self._tracks: dict[Channel, _Track] = {}
        self._lit: dict[Channel, bool] = {}
        self._awaited: Priority | None = None
        self._retuned = False
        self.last_edge_s: float | None = None
        """Monotonic time of the first edge that the latest alarm shown gave; None before it."""
        self._pins = self._opened()
        self._reopen_s = time.monotonic() + REOPEN_S
        self._thread = threading.Thread(target=self._play, name="ecgd-annunciator", daemon=True)
        self._thread.start()
        atexit.register(self.close)  # a line of a GPIO chip may keep its level after the process

    def show(self, priority: Priority | None, *, sounding: bool, all_well: bool) -> None:
        """Show an alarm priority (None: no alarm), with or without sound, from now on."""
        shown = _Shown(priority, sounding and priority is not None, all_well)
        with self._changed:
            before, self._shown = self._shown, shown
            if priority is not None:
                self._test_until_s = 0.0
            if priority != before.priority or (shown.sounding and not before.sounding):
                self._awaited, self._retuned, self.last_edge_s = priority, False, None
            self._changed.notify()

    def test(self) -> None:
        """Start the lamp and buzzer test; an alarm that is shown goes first."""
        with self._changed:
            if self._shown.priority is None:
                self._test_until_s = time.monotonic() + TEST_S
                self._changed.notify()

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
        pins.watch_button(self._settings, self._press, self.test)
        return pins

    def _press(self) -> None:
        try:
            self._pressed()
        except Exception:  # noqa: BLE001 - the button must go on working
            _log.exception("the button's callback failed")

    def _play(self) -> None:
        try:
            while not self._closing:
                self._retune(time.monotonic())
                due_s = self._turn_due()
                with self._changed:
                    if not self._closing and not self._stale():
                        self._changed.wait(max(0.0, due_s - time.monotonic()))
                self._reopen_if_due()
        except Exception:  # noqa: BLE001 - health tells it, the pins are released
            _log.exception("buzzer and lights have stopped")
        finally:
            self._pins.close()

    def _wanted(self, now_s: float) -> dict[Channel, Pattern]:
        testing = now_s < self._test_until_s
        return lamp_test_patterns() if testing else self._shown.patterns()

    def _stale(self) -> bool:
        wanted = self._wanted(time.monotonic())
        return {channel: track.pattern for channel, track in self._tracks.items()} != wanted

    def _retune(self, now_s: float) -> None:
        """Stop channels that play something else now, start those that are new, leave the rest."""
        with self._changed:
            wanted = self._wanted(now_s)
            self._retuned = True
        for channel in [c for c, t in self._tracks.items() if wanted.get(c) != t.pattern]:
            del self._tracks[channel]
            if channel not in wanted:
                self._turn(channel, on=False)
        for channel, pattern in wanted.items():
            if channel not in self._tracks:
                self._tracks[channel] = _Track(pattern, now_s)

    def _turn_due(self) -> float:
        """Turn the pins whose edges are due; return when the next one is."""
        now_s = time.monotonic()
        for channel, track in self._tracks.items():
            state = track.state_at(now_s)
            if state is not None:
                self._turn(channel, on=state)
        coming = [track.due_s for track in self._tracks.values()]
        if now_s < self._test_until_s:
            coming.append(self._test_until_s)
        return min([*coming, now_s + REOPEN_S])

    def _turn(self, channel: Channel, *, on: bool) -> None:
        if self._lit.get(channel, False) == on:
            return
        edge_s = self._pins.write(channel, on)
        if edge_s is None:
            return
        self._lit[channel] = on
        if on:
            self._report(edge_s)

    def _report(self, edge_s: float) -> None:
        with self._changed:
            priority = self._awaited if self._retuned else None
            if priority is None:
                return
            self._awaited, self.last_edge_s = None, edge_s
        if self._edge is not None:
            try:
                self._edge(priority, edge_s)
            except Exception:  # noqa: BLE001 - a faulty listener must not silence the buzzer
                _log.exception("the edge's callback failed")

    def _reopen_if_due(self) -> None:
        now_s = time.monotonic()
        if self._pins.present or self._settings.factory == "none" or now_s < self._reopen_s:
            return
        self._reopen_s = now_s + REOPEN_S
        self._pins = self._opened()
        self._lit.clear()
        self._tracks.clear()
