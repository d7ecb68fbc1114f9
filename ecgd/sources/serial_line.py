"""A device on a serial port: RFCOMM, a USB cable or a pseudo terminal."""

from __future__ import annotations

import errno
import random
import termios
from collections.abc import Callable
from dataclasses import dataclass

import serial

from ecgd.sources.byte_line import ByteLine, close_port
from ecgd.sources.reconnect import Backoff


class SerialSource(ByteLine):
    """Bytes from a serial port, which is opened again after every loss."""

    def __init__(
        self,
        path: str,
        baud: int,
        *,
        clock: Callable[[], float],
        rng: random.Random,
        backoff: Backoff | None = None,
    ) -> None:
        super().__init__(_SerialPort(path, baud), clock=clock, rng=rng, backoff=backoff)


@dataclass(frozen=True, slots=True)
class _SerialPort:
    name: str
    baud: int

    def open(self) -> serial.Serial:
        return _open_port(self.name, self.baud)

    def open_reason(self, error: Exception) -> str:
        return _open_reason(self.name, error)

    def loss_reason(self, error: OSError) -> str:
        return _loss_reason(self.name, error)


def _open_port(path: str, baud: int) -> serial.Serial:
    port = serial.Serial(path, baud, timeout=0, write_timeout=0, exclusive=True)
    try:
        # pyserial sets VMIN 0, with which "nothing there yet" reads like a hang-up.
        attributes = termios.tcgetattr(port.fileno())
        attributes[6][termios.VMIN] = 1
        termios.tcsetattr(port.fileno(), termios.TCSANOW, attributes)
    except termios.error:
        close_port(port)
        raise
    return port


def _open_reason(path: str, error: Exception) -> str:
    number = getattr(error, "errno", None)
    reasons = {
        errno.ENOENT: "there is no such device: is it plugged in, paired and bound?",
        errno.EACCES: "permission denied: add the user to the group dialout",
        errno.EBUSY: "in use by another program",
        errno.EAGAIN: "in use by another program",
        errno.EIO: "the device does not answer",
        errno.EHOSTDOWN: "the device does not answer: is it switched on and near?",
        errno.ENOTTY: "is no serial port",
    }
    return f"{path}: {reasons.get(number or 0, str(error))}"


def _loss_reason(path: str, error: OSError) -> str:
    if error.errno in (errno.EIO, errno.ENXIO, errno.ENODEV):
        return f"{path}: the cable was pulled, or the device is gone ({error.strerror})"
    return f"{path}: reading failed ({error.strerror})"
