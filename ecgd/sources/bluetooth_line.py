"""A device by Bluetooth: its line is opened by the radio, and again after every loss."""

from __future__ import annotations

import errno
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ecgd.sources.bluez_errors import BluetoothError
from ecgd.sources.byte_line import Port, ReturningLine
from ecgd.sources.radio import Radio
from ecgd.sources.reconnect import Backoff

SILENCE_S: Final = 3.0
"""Devices send ten times a second. The radio itself notices a device that was switched off only
after 20 s (link supervision timeout), and one that is back cannot be heard over the old link."""

BACKOFF: Final = Backoff(first_s=0.25, cap_s=1.0, jitter=0.2)
"""An adapter calls for two or four page trains of 1.28 s, then the radio belongs to the lines that
work for a second: so a device that is back is heard within 5 s, as docs/bluetooth.md derives."""


class BluetoothSource(ReturningLine):
    """Bytes from a device's serial port by Bluetooth, which is opened again after every loss."""

    def __init__(
        self,
        address: str,
        channel: int,
        radio: Radio,
        *,
        clock: Callable[[], float],
        rng: random.Random,
        backoff: Backoff = BACKOFF,
        silence_s: float = SILENCE_S,
    ) -> None:
        far_end = _Device(address)
        super().__init__(far_end, clock=clock, rng=rng, backoff=backoff, silence_s=silence_s)
        self._address = address
        self._channel = channel
        self._radio = radio

    async def _open_port(self) -> Port:
        try:
            return await self._radio.open_line(self._address, self._channel)
        except BluetoothError as error:
            raise ConnectionError(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Device:
    name: str

    def open_reason(self, error: Exception) -> str:
        return str(error)

    def loss_reason(self, error: OSError) -> str:
        why = _LOSSES.get(error.errno or 0, f"the connection broke ({error.strerror})")
        return f"{self.name}: {why}"


_GONE: Final = "the device answers no more: is it switched on and near?"
_LOSSES: Final = {
    errno.ECONNRESET: "the device ended the connection",
    errno.ECONNABORTED: "the connection was broken off",
    errno.ENOTCONN: "the connection has ended",
    errno.ETIMEDOUT: _GONE,
    errno.EHOSTDOWN: _GONE,
    errno.ENETDOWN: "the Bluetooth adapter is off, or was pulled out",
    errno.ENODEV: "the Bluetooth adapter was pulled out",
}
