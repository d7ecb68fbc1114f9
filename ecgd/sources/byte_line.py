"""A line of bytes that is opened again after every loss: a serial port or a network connection."""

from __future__ import annotations

import asyncio
import math
import os
import random
import termios
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final, Protocol

from ecgd.model.link import BytesReceived, LinkClosed, LinkOpened, Received
from ecgd.sources.read_budget import ReadBudget
from ecgd.sources.reconnect import Backoff, Line, LineAction, LineEvent, LineState

_READ_MAX: Final = 4096
_SEND_MAX: Final = 4096

STROKE_S: Final = 0.02
"""A line on which something came is read again after this at the latest."""


class Port(Protocol):
    """An open descriptor that does not block."""

    def fileno(self) -> int: ...

    def close(self) -> None: ...


class FarEnd(Protocol):
    """What a line leads to: how it is opened, and what its errors mean in words."""

    @property
    def name(self) -> str: ...

    def open_reason(self, error: Exception) -> str:
        """Say why opening failed."""
        ...

    def loss_reason(self, error: OSError) -> str:
        """Say why an open line was lost."""
        ...


class BlockingFarEnd(FarEnd, Protocol):
    """A far end whose opening may hang."""

    def open(self) -> Port:
        """Open it, in a thread. Raises OSError, ValueError or termios.error."""
        ...


class ReturningLine(ABC):
    """Bytes from a line, which is opened again after every loss.

    A loss is told once, with its reason, however many tries follow. An open line on which nothing
    comes for ``silence_s`` is lost too, and counts as open again only once something comes.
    """

    def __init__(
        self,
        far_end: FarEnd,
        *,
        clock: Callable[[], float],
        rng: random.Random,
        backoff: Backoff | None = None,
        silence_s: float = math.inf,
    ) -> None:
        self._far_end = far_end
        self._clock = clock
        self._rng = rng
        self._backoff = backoff or Backoff()
        self._silence_s = silence_s
        self._heard_s = 0.0
        self._budget = ReadBudget()
        self._listens = False
        self._line = Line()
        self._port: Port | None = None
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

    @abstractmethod
    async def _open_port(self) -> Port:
        """Open the line. Raises OSError, ValueError or termios.error."""

    async def _open(self) -> None:
        try:
            self._port = await self._open_port()
        except (OSError, ValueError, termios.error) as error:
            self._feed(LineEvent.FAILED, self._far_end.open_reason(error))
            return
        self._lost = asyncio.get_running_loop().create_future()
        self._listen()
        self._heard_s = self._clock()
        self._feed(LineEvent.OPENED)

    async def _stay_open(self) -> None:
        """Wait until the line is lost, has settled, or has been silent for too long."""
        if self._lost is None:
            return
        done, _ = await asyncio.wait((self._lost,), timeout=self._until_due_s())
        if done:
            self._feed(LineEvent.LOST, self._lost.result())
        elif self._clock() >= self._heard_s + self._silence_s:
            reason = f"{self._far_end.name}: nothing came for {self._silence_s:g} s"
            self._feed(LineEvent.SILENT, reason)
        else:
            self._feed(LineEvent.DUE)

    def _read(self) -> None:
        """Deliver what is there, and come again; listen where nothing is."""
        if self._port is None:
            return
        try:
            data = os.read(self._port.fileno(), _READ_MAX)
        except (BlockingIOError, InterruptedError):
            self._listen()
            return
        except OSError as error:
            self._lose(self._far_end.loss_reason(error))
            return
        if not data:
            self._lose(f"{self._far_end.name}: the other end is gone (hang-up)")
            return
        self._heard_s = self._clock()
        try:
            if self._line.state in (LineState.SETTLING, LineState.PROBING):
                self._feed(LineEvent.DATA)
            self._deliver(BytesReceived(data, self._heard_s))
        except Exception as error:  # noqa: BLE001 (``run`` raises it: the loop would only log it)
            self._lose(error)
            return
        self._come_again(self._budget.take(len(data), self._heard_s))

    def _come_again(self, pause_s: float) -> None:
        """Read again at the next stroke of a clock that all lines share, after a pause at least.

        A slow line brings a few bytes a hundred times a second; seven of them would wake the loop
        seven times as often. Together they wake it once a stroke, and a flood gets no more.
        """
        port = self._port
        if port is None:
            return
        loop = asyncio.get_running_loop()
        if self._listens:
            loop.remove_reader(port.fileno())
            self._listens = False
        strokes = math.floor((loop.time() + pause_s) / STROKE_S) + 1
        loop.call_at(strokes * STROKE_S, self._read_from, port)

    def _read_from(self, port: Port) -> None:
        if self._port is port:
            self._read()

    def _listen(self) -> None:
        if self._port is not None and not self._listens:
            self._listens = True
            asyncio.get_running_loop().add_reader(self._port.fileno(), self._read)

    def _write(self) -> None:
        if self._port is None:
            return
        loop, fd = asyncio.get_running_loop(), self._port.fileno()
        try:
            sent = os.write(fd, self._outgoing)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            self._lose(self._far_end.loss_reason(error))
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
        self._listens = False
        loop.remove_writer(port.fileno())
        close_port(port)

    def _until_due_s(self) -> float | None:
        due_s = math.inf if self._line.due_s is None else self._line.due_s
        if self._port is not None:
            due_s = min(due_s, self._heard_s + self._silence_s)
        return None if math.isinf(due_s) else max(0.0, due_s - self._clock())

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


class ByteLine(ReturningLine):
    """A line that is opened in a thread of its own.

    A Bluetooth port can hang there for as long as the radio searches, a connection for as long as
    a name server does.
    """

    def __init__(
        self,
        far_end: BlockingFarEnd,
        *,
        clock: Callable[[], float],
        rng: random.Random,
        backoff: Backoff | None = None,
        silence_s: float = math.inf,
    ) -> None:
        super().__init__(far_end, clock=clock, rng=rng, backoff=backoff, silence_s=silence_s)
        self._blocking = far_end

    async def _open_port(self) -> Port:
        return await _open_in_thread(self._blocking)


async def _open_in_thread(far_end: BlockingFarEnd) -> Port:
    """Open in a daemon thread; a port that opens after cancellation is closed again."""
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[Port] = loop.create_future()

    def settle(port: Port | None, error: Exception | None) -> None:
        if opened.cancelled():
            if port is not None:
                close_port(port)
        elif port is not None:
            opened.set_result(port)
        elif error is not None:
            opened.set_exception(error)

    def work() -> None:
        port: Port | None = None
        failure: Exception | None = None
        try:
            port = far_end.open()
        except Exception as error:  # noqa: BLE001 (raised again where the port is awaited)
            failure = error
        try:
            loop.call_soon_threadsafe(settle, port, failure)
        except RuntimeError:
            # The loop has ended meanwhile: nobody waits for this port.
            if port is not None:
                close_port(port)

    threading.Thread(target=work, name=f"open {far_end.name}", daemon=True).start()
    return await opened


def close_port(port: Port) -> None:
    """Close a port, whatever state it is in."""
    try:
        port.close()
    except OSError:
        # A pulled USB adapter refuses even this; its descriptor is gone all the same.
        return
