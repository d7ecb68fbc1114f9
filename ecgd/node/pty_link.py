"""The node's end of a pseudo terminal, whose other end is the host's serial port."""

from __future__ import annotations

import os
import select
import termios
import tty
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ecgd.errors import SourceError

RADIO_BUFFER: Final = 1024
"""Bytes that the radio keeps while the host reads too slowly."""

_READ_MAX: Final = 4096


class PtyLink:
    """A pseudo terminal in raw mode, reachable under the name ``link``. Nothing here blocks.

    While no host has the port open, what is transmitted is lost, as it is by radio.
    """

    def __init__(self, link: Path) -> None:
        if link.exists() and not link.is_symlink():
            raise SourceError(f"{link}: exists and is no symbolic link", "Choose another --link.")
        self.link = link
        self._master, slave = os.openpty()
        self.port = os.ttyname(slave)
        tty.setraw(slave)
        # Only with every slave descriptor closed does the master see whether a host is there.
        os.close(slave)
        os.set_blocking(self._master, False)
        self._poll = select.poll()
        self._poll.register(self._master, 0)
        self._waiting = bytearray()
        self._unread = False
        self.unheard = 0
        self._make_link()

    @property
    def connected(self) -> bool:
        """Whether a host has the port open."""
        return not any(event & select.POLLHUP for _, event in self._poll.poll(0))

    @property
    def congested(self) -> bool:
        """Whether the host reads so slowly that the radio can keep no more."""
        return len(self._waiting) >= RADIO_BUFFER

    def write(self, data: bytes) -> None:
        """Pass bytes to the host as far as it takes them."""
        if not self.connected:
            self.unheard += len(self._waiting) + len(data)
            self._waiting.clear()
            self._forget_unread()
            return
        self._waiting += data
        if not self._waiting:
            return
        try:
            taken = os.write(self._master, self._waiting)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            taken = len(self._waiting)
            self.unheard += taken
        self._unread = True
        del self._waiting[:taken]

    def read(self) -> bytes:
        """Return what the host has sent, perhaps nothing."""
        try:
            return os.read(self._master, _READ_MAX)
        except OSError:
            # Nothing there yet, or (EIO) nobody at the other end.
            return b""

    def close(self) -> None:
        """Remove the link, unless it has become another's, and hang up."""
        if self.link.is_symlink() and str(self.link.readlink()) == self.port:
            self.link.unlink()
        os.close(self._master)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _forget_unread(self) -> None:
        """Drop what the last host left unread: only a descriptor of its side can do that."""
        if self._unread:
            slave = os.open(self.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            termios.tcflush(slave, termios.TCIFLUSH)
            os.close(slave)
            self._unread = False

    def _make_link(self) -> None:
        fresh = self.link.with_name(f".{self.link.name}.{os.getpid()}")
        try:
            fresh.symlink_to(self.port)
            fresh.replace(self.link)
        except OSError as error:
            os.close(self._master)
            raise SourceError(
                f"{self.link}: the link cannot be made ({error.strerror})", "Check --link."
            ) from error
