"""A device behind a network connection: a serial-to-network bridge, or another machine."""

from __future__ import annotations

import errno
import random
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ecgd.sources.byte_line import ByteLine, close_port
from ecgd.sources.reconnect import Backoff

CONNECT_S: Final = 5.0
"""A host that has not answered for so long is taken as absent; each of its addresses is tried."""

SILENCE_S: Final = 10.0
"""A connection on which nothing comes for so long is opened anew: devices send all the time."""

_PROBE_AFTER_S: Final = 3
_PROBE_EVERY_S: Final = 2
_PROBES: Final = 3
_UNANSWERED_MS: Final = 8000
"""Within SILENCE_S, so that a host that is gone is told from one whose device is silent."""


class NetworkSource(ByteLine):
    """Bytes from a TCP connection, which is opened again after every loss."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        clock: Callable[[], float],
        rng: random.Random,
        backoff: Backoff | None = None,
        connect_s: float = CONNECT_S,
        silence_s: float = SILENCE_S,
    ) -> None:
        far_end = _Listener(host, port, connect_s)
        super().__init__(far_end, clock=clock, rng=rng, backoff=backoff, silence_s=silence_s)


@dataclass(frozen=True, slots=True)
class _Listener:
    host: str
    port: int
    connect_s: float

    @property
    def name(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def open(self) -> socket.socket:
        line = socket.create_connection((self.host, self.port), timeout=self.connect_s)
        try:
            if line.getsockname() == line.getpeername():
                # Nobody listens, and the kernel has joined both ends of one port to each other.
                raise ConnectionRefusedError(errno.ECONNREFUSED, "connected to itself")
            _watch_over(line)
            line.setblocking(False)
        except OSError:
            close_port(line)
            raise
        return line

    def open_reason(self, error: Exception) -> str:
        if isinstance(error, socket.gaierror):
            return f"{self.name}: the host's name is not known: check it, and the name server"
        if isinstance(error, TimeoutError):
            return f"{self.name}: the host does not answer: is it switched on and near?"
        number = getattr(error, "errno", None)
        return f"{self.name}: {_OPEN_REASONS.get(number or 0, str(error))}"

    def loss_reason(self, error: OSError) -> str:
        if error.errno in (errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH):
            return f"{self.name}: the host answers no more ({error.strerror})"
        return f"{self.name}: the connection broke ({error.strerror})"


_OPEN_REASONS: Final = {
    errno.ECONNREFUSED: "nobody listens there: does the bridge run, and is the port right?",
    errno.EHOSTUNREACH: "the host does not answer: is it switched on and near?",
    errno.ENETUNREACH: "there is no way to the host: is this machine in its network?",
    errno.ECONNRESET: "the connection was refused at once: is the bridge in use by another?",
}


def _watch_over(line: socket.socket) -> None:
    """Let the kernel notice a host that vanished without a word, idle or not."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _PROBE_AFTER_S)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _PROBE_EVERY_S)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNANSWERED_MS)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
