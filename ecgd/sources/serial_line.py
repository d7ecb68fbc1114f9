"""A device on a serial port: RFCOMM, a USB cable or a pseudo terminal."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import termios
import threading
from collections.abc import Callable
from typing import Final

import serial

from ecgd.model.link import BytesReceived, LinkClosed, LinkOpened, Received
from ecgd.sources.reconnect import Backoff, Line, LineAction, LineEvent, LineState

_READ_MAX: Final = 4096
_SEND_MAX: Final = 4096


class SerialSource:
    """Bytes from a serial port, which is opened again after every loss.

    A loss is told once, with its reason, however many tries follow. The port is opened in a
    thread of its own: a Bluetooth port can hang there for as long as the radio searches.
    """

    def __init__(
        self,
        path: str,
        baud: int,
        *,
        clock: Callable[[], float],
        rng: random.Random,
        backoff: Backoff | None = None,
    ) -> None:
        self._path = path
        self._baud = baud
        self._clock = clock
        self._rng = rng
        self._backoff = backoff or Backoff()
        self._line = Line()
        self._port: serial.Serial | None = None
        self._outgoing = bytearray()
        self._lost: asyncio.Future[str] | None = None
        self._deliver: Callable[[Received], None] = lambda received: None

    async def run(self, deliver: Callable[[Received], None]) -> None:
        """Deliver bytes, losses and returns, until cancelled: a port never ends for good."""
        self._deliver = deliver
        self._line = Line()
        self._feed(LineEvent.START)
        try:
            while True:
                if self._line.state is LineState.OPENING:
                    await self._open()
                elif self._line.state is LineState.WAITING:
                    await asyncio.sleep(self._until_due_s() or 0.0)
                    self._feed(LineEvent.DUE)
                else:
                    await self._stay_open()
        finally:
            self._feed(LineEvent.STOP)

    def send(self, data: bytes) -> bool:
        """Send to the device; False, and nothing is sent, where the line is down or congested."""
        if self._port is None or len(self._outgoing) + len(data) > _SEND_MAX:
            return False
        self._outgoing += data
        self._write()
        return self._port is not None

    async def _open(self) -> None:
        try:
            self._port = await _open_in_thread(self._path, self._baud)
        except (OSError, ValueError, termios.error) as error:
            self._feed(LineEvent.FAILED, _open_reason(self._path, error))
            return
        loop = asyncio.get_running_loop()
        self._lost = loop.create_future()
        loop.add_reader(self._port.fileno(), self._read)
        self._feed(LineEvent.OPENED)

    async def _stay_open(self) -> None:
        """Wait until the line is lost, or has settled."""
        if self._lost is None:
            return
        done, _ = await asyncio.wait((self._lost,), timeout=self._until_due_s())
        if done:
            self._feed(LineEvent.LOST, self._lost.result())
        else:
            self._feed(LineEvent.DUE)

    def _read(self) -> None:
        if self._port is None:
            return
        try:
            data = os.read(self._port.fileno(), _READ_MAX)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(_loss_reason(self._path, error))
            return
        if not data:
            self._lose(f"{self._path}: the other end is gone (hang-up)")
            return
        try:
            if self._line.state is LineState.SETTLING:
                self._feed(LineEvent.DATA)
            self._deliver(BytesReceived(data, self._clock()))
        except Exception as error:  # noqa: BLE001 (``run`` raises it: the loop would only log it)
            self._lose(error)

    def _write(self) -> None:
        if self._port is None:
            return
        loop, fd = asyncio.get_running_loop(), self._port.fileno()
        try:
            sent = os.write(fd, self._outgoing)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            self._lose(_loss_reason(self._path, error))
            return
        del self._outgoing[:sent]
        if self._outgoing:
            loop.add_writer(fd, self._write)
        else:
            loop.remove_writer(fd)

    def _lose(self, reason: str | Exception) -> None:
        """Close at once, so that a dead port does not wake the loop; tell it from ``run``."""
        self._close()
        if self._lost is None or self._lost.done():
            return
        if isinstance(reason, Exception):
            self._lost.set_exception(reason)
        else:
            self._lost.set_result(reason)

    def _close(self) -> None:
        self._outgoing.clear()
        port, self._port = self._port, None
        if port is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(port.fileno())
        loop.remove_writer(port.fileno())
        _close_port(port)

    def _until_due_s(self) -> float | None:
        if self._line.due_s is None:
            return None
        return max(0.0, self._line.due_s - self._clock())

    def _feed(self, event: LineEvent, reason: str = "") -> None:
        now_s = self._clock()
        self._line, actions = self._line.step(event, now_s, self._rng.random(), self._backoff)
        for action in actions:
            if action is LineAction.CLOSE:
                self._close()
            elif action is LineAction.TELL_OPEN:
                self._deliver(LinkOpened(now_s))
            elif action is LineAction.TELL_LOSS:
                retry_s = None if self._line.due_s is None else self._line.due_s - now_s
                self._deliver(LinkClosed(now_s, reason, retry_s))


async def _open_in_thread(path: str, baud: int) -> serial.Serial:
    """Open the port in a daemon thread; a port that opens after cancellation is closed again."""
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[serial.Serial] = loop.create_future()

    def settle(port: serial.Serial | None, error: Exception | None) -> None:
        if opened.cancelled():
            if port is not None:
                _close_port(port)
        elif port is not None:
            opened.set_result(port)
        elif error is not None:
            opened.set_exception(error)

    def work() -> None:
        port: serial.Serial | None = None
        failure: Exception | None = None
        try:
            port = _open_port(path, baud)
        except Exception as error:  # noqa: BLE001 (raised again where the port is awaited)
            failure = error
        try:
            loop.call_soon_threadsafe(settle, port, failure)
        except RuntimeError:
            # The loop has ended meanwhile: nobody waits for this port.
            if port is not None:
                _close_port(port)

    threading.Thread(target=work, name=f"open {path}", daemon=True).start()
    return await opened


def _open_port(path: str, baud: int) -> serial.Serial:
    port = serial.Serial(path, baud, timeout=0, write_timeout=0, exclusive=True)
    try:
        # pyserial sets VMIN 0, with which "nothing there yet" reads like a hang-up.
        attributes = termios.tcgetattr(port.fileno())
        attributes[6][termios.VMIN] = 1
        termios.tcsetattr(port.fileno(), termios.TCSANOW, attributes)
    except termios.error:
        _close_port(port)
        raise
    return port


def _close_port(port: serial.Serial) -> None:
    try:
        port.close()
    except OSError:
        # A pulled USB adapter refuses even this; its descriptor is gone all the same.
        return


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
