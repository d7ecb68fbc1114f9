"""A device on a serial port: RFCOMM, a USB cable or a pseudo terminal."""

from __future__ import annotations

import errno
import os
import random
import termios
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import serial

from ecgd.sources.byte_line import ByteLine, close_port
from ecgd.sources.reconnect import Backoff

CABLE_BACKOFF: Final = Backoff(cap_s=2.0)
"""A cable that is put back is heard within 3 s: to look for a path costs next to nothing."""


class SerialSource(ByteLine):
    """Bytes from a serial port, which is opened again, by its path, after every loss."""

    def __init__(
        self,
        path: str,
        baud: int,
        *,
        clock: Callable[[], float],
        rng: random.Random,
        backoff: Backoff | None = None,
    ) -> None:
        if backoff is None and not is_radio(path):
            backoff = CABLE_BACKOFF
        super().__init__(_SerialPort(path, baud), clock=clock, rng=rng, backoff=backoff)


def is_radio(path: str) -> bool:
    """Tell whether opening the port calls a device by radio, which disturbs the other devices."""
    return os.path.realpath(path).rpartition("/")[2].startswith("rfcomm")


@dataclass(frozen=True, slots=True)
class _SerialPort:
    name: str
    baud: int

    def open(self) -> serial.Serial:
        return open_port(self.name, self.baud)

    def open_reason(self, error: Exception) -> str:
        return open_reason(self.name, error)

    def loss_reason(self, error: OSError) -> str:
        return loss_reason(self.name, error)


def open_port(path: str, baud: int) -> serial.Serial:
    """Open a port for itself alone. Raises OSError, ValueError or termios.error."""
    port = serial.Serial(path, baud, timeout=0, write_timeout=0, exclusive=True)
    try:
        settle_port(port)
    except termios.error:
        close_port(port)
        raise
    return port


def settle_port(port: serial.Serial) -> None:
    """Put right what pyserial sets, or leaves, when it opens a port or changes its speed.

    pyserial sets VMIN 0, with which "nothing there yet" reads like a hang-up. It leaves HUPCL on:
    closing would then drop DTR, and the edge of the next opening resets an Arduino at its USB
    socket, which costs two seconds of electrocardiogram for every restart of the daemon.
    """
    attributes = termios.tcgetattr(port.fileno())
    attributes[2] &= ~termios.HUPCL
    attributes[6][termios.VMIN] = 1
    termios.tcsetattr(port.fileno(), termios.TCSANOW, attributes)


def open_reason(path: str, error: Exception) -> str:
    """Say in words why a port could not be opened."""
    reasons = {
        errno.ENOENT: "there is no such device: is it plugged in, paired and bound?",
        errno.EACCES: "permission denied: add the user to the group dialout",
        errno.EBUSY: "in use by another program",
        errno.EAGAIN: "in use by another program",
        errno.EIO: "the device does not answer",
        errno.EHOSTDOWN: "the device does not answer: is it switched on and near?",
        errno.EHOSTUNREACH: "no Bluetooth adapter: is one there, and bluetooth.service running?",
        errno.ENOTTY: "is no serial port",
    }
    return f"{path}: {reasons.get(_error_number(error), str(error))}"


def _error_number(error: Exception) -> int:
    """Return the number of an error, or of the one that pyserial made a sentence of; 0: none."""
    for each in (error, error.__context__):
        if isinstance(each, termios.error) and each.args:
            return int(each.args[0])
        if isinstance(each, OSError) and each.errno:
            return each.errno
    return 0


def loss_reason(path: str, error: OSError) -> str:
    """Say in words why an open port was lost."""
    if error.errno in (errno.EIO, errno.ENXIO, errno.ENODEV):
        return f"{path}: the cable was pulled, or the device is gone ({error.strerror})"
    return f"{path}: reading failed ({error.strerror})"
