"""A sign of life to an address outside the house, which calls somebody when it stays away.

One request at a time, each in a thread that is not waited for beyond its deadline, when its
connection is cut: timeouts are per socket operation and do not cover name resolution.
"""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Final
from urllib.parse import urlsplit

from ecgd import __version__
from ecgd.alerts.authorities import trusted
from ecgd.alerts.dial import Https, dial
from ecgd.alerts.secret import load_keys
from ecgd.config.fleet import HeartbeatSettings
from ecgd.errors import DeliveryError

_log = logging.getLogger(__name__)

AGAIN_S: Final = (2.0, 5.0, 10.0, 20.0)
"""A sign of life that got no answer is sent again after this, no later than the next is due."""

HANGING_LIMIT: Final = 4
"""Requests given up whose threads still hang, mostly in name resolution."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """How the signs of life went. ``trouble`` empty: the last one was answered with success."""

    answered: int = 0
    failed: int = 0
    answered_s: float | None = None
    trouble: str = ""


class Heartbeat:
    """Sends when ``beat`` says that it may; all in the caller's thread but the requests."""

    def __init__(self, settings: HeartbeatSettings, credentials_dir: str | None = None) -> None:
        self._settings = settings
        self._credentials_dir = credentials_dir
        self._lock = threading.Lock()
        self._pulse = Pulse()
        self._next_s = 0.0
        self._in_a_row = 0
        self._request: threading.Thread | None = None
        self._deadline_s = 0.0
        self._hanging: list[threading.Thread] = []
        self._number = 0
        self._connection: HTTPConnection | None = None

    @property
    def pulse(self) -> Pulse:
        with self._lock:
            return self._pulse

    @property
    def is_open(self) -> bool:
        """Whether a request has a connection at this moment."""
        with self._lock:
            return self._connection is not None and self._connection.sock is not None

    def is_due(self, now_s: float) -> bool:
        """Tell whether a sign of life is due and none is under way; gives up what is too late."""
        with self._lock:
            under_way = self._request is not None
            late = under_way and now_s > self._deadline_s
        if late:
            self._give_up(now_s)
        return not (under_way and not late) and now_s >= self._next_s

    def beat(self, now_s: float) -> None:
        """Begin to send one; returns at once."""
        self._hanging = [thread for thread in self._hanging if thread.is_alive()]
        with self._lock:
            self._number += 1
            number = self._number
            self._next_s = now_s + self._settings.every_s
            self._deadline_s = now_s + self._settings.timeout_s
            self._connection = None
            if len(self._hanging) >= HANGING_LIMIT:
                self._settle(now_s, "earlier requests still hang, probably in name resolution")
                return
            self._request = threading.Thread(
                target=self._send, args=(number,), name="ecgd-heartbeat", daemon=True
            )
        self._request.start()

    def _give_up(self, now_s: float) -> None:
        with self._lock:
            if self._request is None:
                return
            self._hanging.append(self._request)
            self._request = None
            if self._connection is not None and self._connection.sock is not None:
                with suppress(OSError):
                    self._connection.sock.shutdown(socket.SHUT_RDWR)
            self._number += 1  # whatever the thread still says is of the past
            self._settle(now_s, f"no answer within {self._settings.timeout_s:g} s")

    def _send(self, number: int) -> None:
        trouble = self._attempt(number)
        now_s = time.monotonic()
        with self._lock:
            if number == self._number:
                self._request = self._connection = None
                self._settle(now_s, trouble)

    def _attempt(self, number: int) -> str:
        """Send one; return why it was no success, without the address or foreign words."""
        try:
            connection, path = self._connection_to(self._address())
            with self._lock:
                if number != self._number:
                    return ""
                self._connection = connection
            self._connect(connection)
            with self._lock:
                # Given up before there was anything to cut.
                if number != self._number:
                    connection.close()
                    return ""
            headers = {"User-Agent": f"ecgd/{__version__}", "Connection": "close"}
            connection.request("POST", path, body=b"", headers=headers)
            status = connection.getresponse().status
            connection.close()
        except Exception as error:  # noqa: BLE001 - whatever fails here, the watch goes on
            return _failure_words(error)
        return "" if 200 <= status < 300 else f"answered with HTTP {status}"

    def _connection_to(self, url: str) -> tuple[HTTPConnection, str]:
        parts = urlsplit(url)
        path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        host, timeout_s = parts.hostname or "", self._settings.timeout_s
        kind = Https if parts.scheme == "https" else HTTPConnection
        return kind(host, parts.port, timeout=timeout_s), path

    def _connect(self, connection: HTTPConnection) -> None:
        """Connect to the first address that answers: dead ones would take the whole time."""
        connection.sock = dial(connection.host, connection.port, self._settings.timeout_s)
        if isinstance(connection, Https):
            context = trusted(self._settings.ca_file)
            connection.sock = context.wrap_socket(connection.sock, server_hostname=connection.host)

    def _address(self) -> str:
        settings = self._settings
        if not settings.url_file:
            return settings.url
        url = load_keys(settings.url_file, ("url",), self._credentials_dir).get("url")
        if not url.startswith(("https://", "http://")):
            raise DeliveryError(
                "the file of heartbeat.url_file holds no http:// or https:// address",
                "Write the address alone into it",
            )
        return url

    def _settle(self, now_s: float, trouble: str) -> None:
        before = self._pulse
        if not trouble:
            self._in_a_row = 0
            self._pulse = Pulse(before.answered + 1, before.failed, now_s)
            if before.trouble:
                _log.info("sign of life: answered again")
            return
        again_s = AGAIN_S[min(self._in_a_row, len(AGAIN_S) - 1)]
        self._in_a_row += 1
        self._next_s = min(self._next_s, now_s + again_s)
        self._pulse = Pulse(before.answered, before.failed + 1, before.answered_s, trouble)
        if trouble != before.trouble:
            _log.warning("sign of life: %s", trouble)


def _failure_words(error: Exception) -> str:
    match error:
        case DeliveryError():
            words = str(error)
        case ssl.SSLCertVerificationError():
            words = f"the TLS certificate was refused: {error.verify_message}"
        case ssl.SSLError():
            words = f"TLS failed: {error.reason or 'handshake'}"
        case TimeoutError():
            words = "no answer in time"
        case OSError():
            words = "no connection"
        case _:
            words = f"it could not be sent ({type(error).__name__})"
    return words
