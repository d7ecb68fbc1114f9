"""The daemon's radio, and what is told of strangers who knock."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from ecgd.config.bluetooth import BluetoothSettings
from ecgd.service.bluetooth_pins import DEFAULT_PIN, WEAK_PIN, BluetoothPins
from ecgd.service.logs import log_event
from ecgd.sources.radio import Radio

QUIET_S: Final = 60.0
"""A stranger who keeps asking is told again after this, with how often."""

KNOWN_MAX: Final = 64
"""Addresses cost nothing to make up: no more of them are told apart."""

_log = logging.getLogger(__name__)


class Strangers:
    """Logs each refusal; of one address not more than once a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[str, tuple[float, int]] = {}

    def refused(self, address: str, what: str) -> None:
        """Take note that a request was refused."""
        now_s = self._clock()
        told_s, count = self._told.get(address, (-QUIET_S, 0))
        if now_s - told_s < QUIET_S:
            self._told[address] = (told_s, count + 1)
            return
        if len(self._told) >= KNOWN_MAX:
            self._told.clear()
        self._told[address] = (now_s, 0)
        often = f", and {count} times before" if count else ""
        log_event(
            _log,
            "bluetooth_refused",
            f"{address or 'a device'} asked for {what}{often}: refused, it is not being paired or "
            "connected by the gateway now",
            level=logging.WARNING,
            address=address,
        )


def note_paired(address: str, pin: str, notes: tuple[str, ...]) -> None:
    """Log that the daemon has paired a patient's device by itself, and how little that proves."""
    weak = (WEAK_PIN,) if pin == DEFAULT_PIN else ()
    message = "; ".join((f"{address} is paired", *notes, *weak))
    level = logging.WARNING if notes or weak else logging.INFO
    log_event(_log, "device_paired", message, level=level, address=address)


def open_radio(settings: BluetoothSettings, pins: BluetoothPins) -> Radio:
    """Return the radio for the patients' devices; nothing is done until one is needed."""
    refused = Strangers().refused
    return Radio(pins.find, refused=refused, paired=note_paired, adapter=settings.adapter)
