"""The daemon's sign of life to the fault light: a datagram with process and monotonic time.

A socket and not a file: it needs no disk, nothing of it outlasts either process, and the daemon
learns that nobody listens. CLOCK_MONOTONIC is one clock for all processes of a boot, and no step of
the time of day moves it.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ecgd.errors import DeliveryError

LIMIT_BYTES = 64
PATH_LIMIT_BYTES = 107
"""Longest path of a socket (unix(7))."""

_HEAD = "ecgd-beat-1"
_KIND = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK


@dataclass(frozen=True, slots=True)
class Beat:
    """One sign of life: of which process, and when (monotonic)."""

    pid: int
    at_s: float

    def to_bytes(self) -> bytes:
        return f"{_HEAD} {self.pid} {self.at_s:.3f}".encode("ascii")


def parse_beat(datagram: bytes) -> Beat | None:
    """Return the beat in a datagram, None if there is none."""
    head, _, rest = datagram.partition(b" ")
    pid, _, at_s = rest.partition(b" ")
    if head != _HEAD.encode() or not (pid.isdigit() and at_s.replace(b".", b"", 1).isdigit()):
        return None
    return Beat(int(pid), float(at_s))


class BeatSender:
    """Sends signs of life; never blocks, never raises."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._socket: socket.socket | None = None

    def send(self, beat: Beat) -> str:
        """Send one; return why it could not be handed over, empty if it was."""
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX, _KIND)
            self._socket.sendto(beat.to_bytes(), self._path)
        except OSError as error:
            return _reason(error)
        return ""

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class BeatListener:
    """Receives signs of life at a socket; DeliveryError when it cannot be made."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        if len(os.fsencode(path)) > PATH_LIMIT_BYTES:
            raise _cannot(path, f"the path is longer than {PATH_LIMIT_BYTES} bytes")
        self._socket = socket.socket(socket.AF_UNIX, _KIND)
        try:
            self._clear_old()
            self._socket.bind(path)
            self._path.chmod(0o660)
        except OSError as error:
            self._socket.close()
            raise _cannot(path, error.strerror or str(error)) from error
        except DeliveryError:
            self._socket.close()
            raise

    def receive(self, wait_s: float) -> Iterator[Beat | None]:
        """Wait for a datagram, at most so long; yield all that are there (None: not a beat)."""
        if not select.select([self._socket], [], [], max(0.0, wait_s))[0]:
            return
        while True:
            try:
                datagram = self._socket.recv(LIMIT_BYTES)
            except BlockingIOError:
                return
            yield parse_beat(datagram)

    def close(self) -> None:
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _clear_old(self) -> None:
        """Take away a socket that a killed process left; a living one keeps it."""
        try:
            mode = self._path.lstat().st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(mode):
            raise _cannot(str(self._path), "there is a file that is no socket")
        with socket.socket(socket.AF_UNIX, _KIND) as probe:
            if probe.connect_ex(str(self._path)) == 0:
                raise _cannot(str(self._path), "another fault light listens there")
        self._path.unlink()


def _cannot(path: str, why: str) -> DeliveryError:
    return DeliveryError(
        f"the fault light cannot listen at {path}: {why}",
        "Correct fault_light.socket; its directory must exist and be writable",
    )


def _reason(error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.ECONNREFUSED):
        return "its program does not run"
    if error.errno == errno.EAGAIN:
        return "its program does not read the signs of life"
    return error.strerror or str(error)
