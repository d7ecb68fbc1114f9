"""A serial cable with a radio module at its end: makes the exchanges of an AT dialogue."""

from __future__ import annotations

import os
import select
import termios
import time
from types import TracebackType
from typing import Self

import serial

from ecgd.errors import SourceError
from ecgd.protocol.at_answer import Exchange
from ecgd.sources.byte_line import close_port
from ecgd.sources.serial_line import loss_reason, open_port, open_reason, settle_port

_READ_MAX = 4096
_BITS_PER_BYTE = 10
_DRAIN_MOST_S = 0.5


class AtPort:
    """An open cable. Everything here blocks, each exchange no longer than its patience.

    Raises SourceError when the port cannot be opened, and when the cable is pulled.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._baud = 9600
        try:
            self._port: serial.Serial = open_port(path, self._baud)
        except (OSError, ValueError, termios.error) as error:
            raise SourceError(open_reason(path, error), _OPEN_REMEDY) from error

    def exchange(self, step: Exchange) -> bytes:
        """Send, and return what came until the answer was whole or patience was over."""
        try:
            self._tune(step.baud)
            self._drain()
            self._send(step.sent)
            return self._listen(step)
        except (OSError, termios.error) as error:
            raise self._lost(error) from error

    def close(self) -> None:
        """Close the cable."""
        close_port(self._port)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _tune(self, baud: int) -> None:
        if baud != self._baud:
            self._port.baudrate = baud
            settle_port(self._port)
            self._baud = baud

    def _drain(self) -> None:
        """Pass over what came before: a late answer is not the one to this command."""
        end_s = time.monotonic() + _DRAIN_MOST_S
        while time.monotonic() < end_s and self._read(0.0):
            pass

    def _send(self, data: bytes) -> None:
        end_s = time.monotonic() + 1.0 + len(data) * _BITS_PER_BYTE / self._baud
        while data:
            left_s = end_s - time.monotonic()
            if left_s <= 0.0 or not select.select([], [self._port.fileno()], [], left_s)[1]:
                raise OSError(0, "it takes no bytes")
            data = data[os.write(self._port.fileno(), data) :]

    def _listen(self, step: Exchange) -> bytes:
        sending_s = len(step.sent) * _BITS_PER_BYTE / self._baud
        end_s = time.monotonic() + sending_s + step.patience_s
        received = b""
        while not step.is_whole(received):
            left_s = end_s - time.monotonic()
            if left_s <= 0.0:
                break
            pauses = step.ends_with_a_pause(received)
            data = self._read(min(left_s, step.gap_s) if pauses else left_s)
            if not data and pauses:
                break
            received += data
        return received

    def _read(self, wait_s: float) -> bytes:
        """Return what is there, or comes in time; nothing is no error, a hang-up is one."""
        fd = self._port.fileno()
        if not select.select([fd], [], [], wait_s)[0]:
            return b""
        try:
            data = os.read(fd, _READ_MAX)
        except (BlockingIOError, InterruptedError):
            return b""
        if not data:
            raise OSError(0, "the other end is gone")
        return data

    def _lost(self, error: Exception) -> SourceError:
        if isinstance(error, OSError) and error.errno:
            return SourceError(loss_reason(self._path, error), _LOSS_REMEDY)
        told = getattr(error, "strerror", None) or error
        return SourceError(f"{self._path}: the cable was pulled ({told})", _LOSS_REMEDY)


_OPEN_REMEDY = (
    "Stop what uses the port (the daemon: systemctl stop ecgd), plug the cable in, or name another."
)
_LOSS_REMEDY = "Plug it in again and run the same command: what is set already is left alone."
