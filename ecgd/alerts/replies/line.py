"""One question to a service, with a deadline over all of it and a bounded answer."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException
from typing import Final
from urllib.parse import urlsplit

from ecgd.alerts.answer import Reply, status_phrase
from ecgd.alerts.authorities import trusted
from ecgd.alerts.dial import Https, dial
from ecgd.errors import DeliveryError

ANSWER_LIMIT_BYTES: Final = 256 * 1024
DEADLINE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Question:
    """One HTTP request. Address, headers and body may hold secrets, and are not shown.

    ``about`` is for whoever reads the answer. ``ca_file`` is the certificate authority, empty: the
    system's. ``by_lines``: of an answer that is too long, the whole lines that came count.
    """

    url: str = field(repr=False)
    method: str = "GET"
    body: bytes | None = field(default=None, repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    about: str = field(default="", repr=False)
    ca_file: str = ""
    by_lines: bool = False


class _Grip:
    """A hold on the socket of a question, to cut it whatever stands between."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sock: socket.socket | None = None
        self.is_late = False

    def hold(self, sock: socket.socket) -> None:
        """Take a hold. Raises TimeoutError if it is too late."""
        with self._lock:
            if self.is_late:
                raise TimeoutError
            self._sock = socket.socket(fileno=os.dup(sock.fileno()))

    def cut(self) -> None:
        """Make every operation on the socket fail at once, in whatever thread it waits."""
        with self._lock:
            self.is_late = True
            if self._sock is not None:
                with suppress(OSError):
                    self._sock.shutdown(socket.SHUT_RDWR)

    def let_go(self) -> None:
        with self._lock:
            if self._sock is not None:
                self._sock.close()
                self._sock = None


def ask(question: Question, deadline_s: float = DEADLINE_S) -> Reply:
    """Return a success with its body.

    Raises DeliveryError, in whose words is neither address nor secret. Only the resolution of the
    name may take longer than the deadline.
    """
    grip = _Grip()
    over = threading.Timer(deadline_s, grip.cut)
    over.daemon = True
    over.start()
    try:
        answer = _answer(question, deadline_s, grip)
    except (OSError, HTTPException, ValueError) as error:
        what = f"within {deadline_s:g} s" if grip.is_late else f"({type(error).__name__})"
        raise DeliveryError(f"no answer {what}") from None
    finally:
        over.cancel()
        grip.let_go()
    if grip.is_late:
        raise DeliveryError(f"no answer within {deadline_s:g} s")
    if not answer.is_success:
        raise DeliveryError(status_phrase(answer.status))
    body = answer.body or b""
    if len(body) <= ANSWER_LIMIT_BYTES:
        return answer
    if not question.by_lines:
        raise DeliveryError("the answer is too long")
    return replace(answer, body=body[: body.rfind(b"\n") + 1])


def _answer(question: Question, deadline_s: float, grip: _Grip) -> Reply:
    parts = urlsplit(question.url)
    is_tls = parts.scheme == "https"
    connection = (Https if is_tls else HTTPConnection)(parts.netloc.rpartition("@")[2])
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        connection.sock = dial(connection.host, connection.port, deadline_s)
        grip.hold(connection.sock)
        if is_tls:
            context = trusted(question.ca_file)
            connection.sock = context.wrap_socket(connection.sock, server_hostname=connection.host)
        connection.request(question.method, path, question.body, question.headers)
        answer = connection.getresponse()
        body = answer.read(ANSWER_LIMIT_BYTES + 1)
        return Reply(answer.status, dict(answer.headers.items()), body)
    finally:
        connection.close()
