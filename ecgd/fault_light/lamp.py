"""The fault light's own pins: a steady light, and a buzzer if there is one."""

from __future__ import annotations

from ecgd.alerts.gpio import Pins
from ecgd.alerts.patterns import BUZZER, Channel, Pattern
from ecgd.alerts.player import Player
from ecgd.config.fault_light import FaultLightSettings
from ecgd.config.settings import GpioSettings
from ecgd.model.alarm import Priority

REOPEN_S = 30.0
"""Pins that could not be opened are tried again: at boot, rights on them may come late."""

SELF_TEST_S = 0.5
STEADY = Pattern(((0.0, float("inf")),))
LIT = {Channel.RED: STEADY, Channel.BUZZER: BUZZER[Priority.MEDIUM]}
"""Steady: it needs no computing time, and no alarm of the daemon looks like it."""

SELF_TEST = {Channel.RED: STEADY, Channel.BUZZER: Pattern(((0.0, 0.2),))}


class Lamp:
    """Light and buzzer, tested by the first steps. Never raises; ``fault`` says what is missing."""

    def __init__(self, settings: FaultLightSettings, work_dir: str, now_s: float) -> None:
        self._settings = GpioSettings(
            factory=settings.factory,
            red_pin=settings.pin,
            buzzer_pin=settings.buzzer_pin,
            yellow_pin=-1,
            green_pin=-1,
            button_pin=-1,
            pulse_log=settings.pulse_log,
        )
        self._work_dir = work_dir
        self._test_until_s: float | None = None
        self._open(now_s)

    @property
    def fault(self) -> str:
        """Say what is wrong with the pins; empty: nothing."""
        if self._settings.factory == "none":
            return "pins are switched off by fault_light.factory"
        if self._settings.red_pin < 0 and self._settings.buzzer_pin < 0:
            return "fault_light.pin is not set: no pin is lit"
        return "; ".join(self._pins.faults.values())

    def step(self, *, lit: bool, now_s: float) -> float:
        """Bring the pins up to date; return when the next step is due at the latest."""
        if not self._pins.present and now_s >= self._reopen_s:
            self._open(now_s)
        if self._test_until_s is None:
            # Not from the beginning: to open the pins may take longer than the test.
            self._test_until_s = now_s + SELF_TEST_S
        testing = now_s < self._test_until_s
        self._player.retune(LIT if lit else SELF_TEST if testing else {}, now_s)
        due_s = self._player.turn_due(now_s)
        return min(due_s, self._test_until_s) if testing else due_s

    def close(self) -> None:
        self._pins.close()

    def _open(self, now_s: float) -> None:
        self._pins = Pins(self._settings, self._work_dir)
        self._player = Player(self._pins.write)
        self._reopen_s = now_s + REOPEN_S
