"""The pins: buzzer, lights and button through gpiozero, or a clear word why there are none."""

from __future__ import annotations

import importlib
import logging
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ecgd.alerts.patterns import Channel
from ecgd.alerts.pulse_log import PinChange, PulseLog
from ecgd.config.settings import GpioSettings
from ecgd.errors import DeliveryError

_log = logging.getLogger(__name__)

HOLD_S = 3.0
"""A button held for so long asks for the lamp test."""

STUCK_S = 60.0
GLITCH_S = 0.03
"""A shorter press is a bouncing contact or a spark: it must not acknowledge an alarm."""

_BOUNCE_S = 0.05
_HARDWARE = (("gpiozero.pins.lgpio", "LGPIOFactory"), ("gpiozero.pins.rpigpio", "RPiGPIOFactory"))
"""Tried in this order: gpiozero's own choice warns four times on a machine without GPIO."""


class Pins:
    """Open pins. ``faults`` tells what could not be opened or failed since; nothing raises.

    ``factory`` is a gpiozero pin factory to use in place of the one that ``settings`` names.
    """

    def __init__(self, settings: GpioSettings, work_dir: str, factory: Any = None) -> None:
        self.faults: dict[str, str] = {}
        self._factory: Any = None
        self._outputs: dict[Channel, Any] = {}
        self._on: set[Channel] = set()
        self._numbers = {
            Channel.BUZZER: settings.buzzer_pin,
            Channel.RED: settings.red_pin,
            Channel.YELLOW: settings.yellow_pin,
            Channel.GREEN: settings.green_pin,
        }
        self._button: Any = None
        self._held = False
        self._pressed_s = 0.0
        self._pulse_log: PulseLog | None = None
        if settings.factory == "none":
            return
        try:
            self._factory = factory or _open_factory(settings.factory, work_dir)
        except DeliveryError as error:
            self.faults["gpio"] = str(error)
            return
        self._open_pulse_log(settings)
        self._open_outputs()

    @property
    def present(self) -> bool:
        return self._factory is not None

    @property
    def channels(self) -> frozenset[Channel]:
        return frozenset(self._outputs)

    def write(self, channel: Channel, on: bool) -> float | None:
        """Set a pin; return the monotonic time of the edge, None if there is no such pin."""
        output = self._outputs.get(channel)
        if output is None:
            return None
        try:
            output.value = on
        except Exception as error:  # noqa: BLE001 - each pin library has errors of its own
            self._fault(channel.value, f"{channel.value} pin does not answer: {error}")
            return None
        edge_s = time.monotonic()
        self.faults.pop(channel.value, None)
        if on:
            self._on.add(channel)
        else:
            self._on.discard(channel)
        self._record(PinChange(edge_s, channel.value, self._numbers[channel], on))
        return edge_s

    def watch_button(
        self,
        settings: GpioSettings,
        pressed: Callable[[float], None],
        held: Callable[[float], None],
    ) -> None:
        """Call ``pressed`` after a short press, ``held`` once in a long one (their thread).

        Both get the monotonic time at which the finger went down.
        """
        if self._factory is None or settings.button_pin < 0:
            return

        def on_press() -> None:
            self._held, self._pressed_s = False, time.monotonic()

        def on_hold() -> None:
            self._held = True
            held(self._pressed_s)

        def on_release() -> None:
            if not self._held and time.monotonic() - self._pressed_s >= GLITCH_S:
                pressed(self._pressed_s)

        try:
            self._button = self._device(
                "Button", settings.button_pin, hold_time=HOLD_S, bounce_time=_BOUNCE_S
            )
            self._button.when_pressed = on_press
            self._button.when_held = on_hold
            self._button.when_released = on_release
        except Exception as error:  # noqa: BLE001 - each pin library has errors of its own
            self._fault("button", f"button pin {settings.button_pin}: {error}")

    def stuck_s(self) -> float | None:
        """Return for how long the button has been down, if that is longer than a person holds."""
        down_s = self._button.active_time if self._button is not None else None
        return down_s if down_s is not None and down_s > STUCK_S else None

    def close(self) -> None:
        """Switch everything off and release the pins."""
        for channel in list(self._on):
            self.write(channel, False)
        button, self._button = self._button, None
        outputs, self._outputs = self._outputs, {}
        factory, self._factory = self._factory, None
        for device in (button, *outputs.values(), factory):
            if device is not None:
                self._release(device)
        if self._pulse_log is not None:
            self._pulse_log.close()
            self._pulse_log = None

    def _open_outputs(self) -> None:
        for channel, number in self._numbers.items():
            if number < 0:
                continue
            try:
                self._outputs[channel] = self._device("DigitalOutputDevice", number)
            except Exception as error:  # noqa: BLE001 - each pin library has errors of its own
                self._fault(channel.value, f"{channel.value} pin {number}: {error}")

    def _open_pulse_log(self, settings: GpioSettings) -> None:
        if settings.factory != "mock" or not settings.pulse_log:
            return
        try:
            self._pulse_log = PulseLog(settings.pulse_log)
        except OSError as error:
            self._fault("pulse_log", f"{settings.pulse_log}: {error.strerror}")

    def _device(self, name: str, number: int, **options: Any) -> Any:
        return getattr(importlib.import_module("gpiozero"), name)(
            number, pin_factory=self._factory, **options
        )

    def _record(self, change: PinChange) -> None:
        if self._pulse_log is None:
            return
        try:
            self._pulse_log.append(change)
        except OSError as error:
            self._fault("pulse_log", f"pulse log: {error.strerror}")
            self._pulse_log = None

    def _release(self, device: Any) -> None:
        try:
            device.close()
        except Exception as error:  # noqa: BLE001 - the other pins are released all the same
            _log.warning("GPIO: a pin was not released: %s", error)

    def _fault(self, part: str, what: str) -> None:
        if part not in self.faults:
            _log.error("GPIO: %s", what)
        self.faults[part] = what


def _open_factory(kind: str, work_dir: str) -> Any:
    if kind == "mock":
        return importlib.import_module("gpiozero.pins.mock").MockFactory()
    if not any(Path("/dev").glob("gpiochip*")):
        raise DeliveryError(
            "no GPIO: this machine has no /dev/gpiochip*",
            'Set gpio.factory = "none" if buzzer and lights are not wanted here',
        )
    # lgpio makes a FIFO in this directory when it is imported, and fails where it cannot
    os.environ.setdefault("LG_WD", work_dir or tempfile.gettempdir())
    reasons = []
    for module, name in _HARDWARE[:1] if kind == "lgpio" else _HARDWARE:
        try:
            return getattr(importlib.import_module(module), name)()
        except Exception as error:  # noqa: BLE001 - each pin library has errors of its own
            reasons.append(f"{module.rpartition('.')[2]}: {error or type(error).__name__}")
    raise DeliveryError(
        f"no GPIO: {'; '.join(reasons)}",
        "Install python3-lgpio, and add the daemon's user to the group of /dev/gpiochip*",
    )
