"""Tells systemd how the daemon fares (sd_notify(3)), over the datagram socket it names."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Mapping

_log = logging.getLogger(__name__)

STATUS_LIMIT = 1000
"""Longest status text that is sent, in characters."""


class Notifier:
    """Sends states to systemd; without systemd, or with a dead socket, it does nothing.

    ``watchdog_s`` is the interval within which ``watchdog`` must be called, None if systemd does
    not watch this process; half of it is a good period. Every method returns whether the
    message was handed over, and neither blocks nor raises.
    """

    def __init__(self, environ: Mapping[str, str] | None = None, pid: int | None = None) -> None:
        environ = os.environ if environ is None else environ
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self._complained = False
        self.watchdog_s = _watchdog_s(environ, os.getpid() if pid is None else pid)

    @property
    def present(self) -> bool:
        return self._address is not None

    def ready(self, status: str = "") -> bool:
        return self._send("READY=1", *_status(status))

    def status(self, text: str) -> bool:
        return self._send(*_status(text))

    def watchdog(self) -> bool:
        return self._send("WATCHDOG=1")

    def stopping(self, status: str = "") -> bool:
        return self._send("STOPPING=1", *_status(status))

    def reloading(self) -> bool:
        """Announce a reload; ``ready`` ends it."""
        now_usec = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        return self._send("RELOADING=1", f"MONOTONIC_USEC={now_usec}")

    def _send(self, *lines: str) -> bool:
        if self._address is None or not lines:
            return False
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        try:
            with socket.socket(socket.AF_UNIX, kind) as sock:
                sock.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            if not self._complained:
                _log.warning("systemd is not told anything: %s", error.strerror or error)
            self._complained = True
            return False
        self._complained = False
        return True


def _address(value: str) -> str | None:
    if value.startswith("@"):
        return "\0" + value[1:]
    return value if value.startswith("/") else None


def _watchdog_s(environ: Mapping[str, str], pid: int) -> float | None:
    """Return the interval of sd_watchdog_enabled(3); a malformed one counts as none."""
    usec, watched = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", str(pid))
    if not (usec.isascii() and usec.isdigit() and watched == str(pid)):
        return None
    return int(usec) / 1e6 or None


def _status(text: str) -> tuple[str, ...]:
    one_line = " ".join(text.split())[:STATUS_LIMIT]
    return (f"STATUS={one_line}",) if one_line else ()
