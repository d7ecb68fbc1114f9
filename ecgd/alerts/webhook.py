"""One attempt to post one message to one target, with a deadline that holds.

The timeouts of requests are per socket operation and do not cover name resolution, so a receiver
that drips one byte a second could hold an attempt for hours. Each attempt therefore runs in a
short-lived thread that its owner stops waiting for at the deadline; its connection is then shut.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ecgd import __version__
from ecgd.alerts.secret import load_secret
from ecgd.alerts.signature import signature_headers
from ecgd.config.settings import WebhookSettings
from ecgd.errors import DeliveryError
from ecgd.model.alarm import DeliveryResult

if TYPE_CHECKING:
    import requests

ANSWER_LIMIT_BYTES = 16 * 1024
DRAIN_S = 0.5
"""An answer's body is read for so long, only to keep the connection; its status has decided."""

HANGING_LIMIT = 4
"""Attempts given up whose threads still hang, mostly in name resolution."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How an attempt ended; ``detail`` holds neither secret nor URL nor the receiver's words."""

    result: DeliveryResult
    detail: str
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Message:
    headers: dict[str, str]
    body: bytes
    sent_unix_s: float


class _Line:
    """A session and a grip on the socket of the request under way, to cut it from outside."""

    def __init__(self) -> None:
        self.session = _session(self.hold)
        self._lock = threading.Lock()
        self._grip: socket.socket | None = None
        self._cut = False

    def hold(self, sock: socket.socket) -> None:
        """Remember the socket in use; OSError if the line has been cut meanwhile."""
        with self._lock:
            if self._cut:
                raise OSError("the attempt was given up")
            self._let_go()
            self._grip = socket.socket(fileno=os.dup(sock.fileno()))

    def release(self) -> None:
        with self._lock:
            self._let_go()

    def cut(self) -> None:
        """Make every operation on the socket fail at once, in whatever thread it waits."""
        with self._lock:
            self._cut = True
            if self._grip is not None:
                with suppress(OSError):
                    self._grip.shutdown(socket.SHUT_RDWR)

    def _let_go(self) -> None:
        if self._grip is not None:
            self._grip.close()
            self._grip = None


class Attempt:
    """One attempt under way. ``answer`` is None until the status of the answer has come."""

    def __init__(self, line: _Line | None, answer: Answer | None = None) -> None:
        self.answer = answer
        self.thread: threading.Thread | None = None
        self._line = line

    def drained(self, timeout_s: float) -> bool:
        """Wait for the rest of the answer; return whether the connection can be used again."""
        if self.thread is not None:
            self.thread.join(timeout_s)
        return self.thread is None or not self.thread.is_alive()

    def cut(self) -> None:
        if self._line is not None:
            self._line.cut()


class WebhookTarget:
    """A target and the connection that is kept to it. Used by one thread at a time."""

    def __init__(self, settings: WebhookSettings, credentials_dir: str | None = None) -> None:
        self._settings = settings
        self._credentials_dir = credentials_dir
        self._line: _Line | None = None
        self._hanging: list[threading.Thread] = []

    def check(self) -> None:
        """Raise DeliveryError if URL, certificate authority or secrets cannot be used."""
        self._check_address()
        self._secrets()

    def _check_address(self) -> None:
        parts = urlsplit(self._settings.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise DeliveryError(
                f"webhook {self._settings.name}: the URL is no http:// or https:// address",
                "Correct webhooks.url in the configuration",
            )
        if self._settings.ca_file and not Path(self._settings.ca_file).is_file():
            raise DeliveryError(
                f"webhook {self._settings.name}: {self._settings.ca_file} does not exist",
                "Correct webhooks.ca_file in the configuration",
            )

    def prepare(self) -> None:
        """Load what the first attempt needs: the first alert must not wait for imports."""
        self._line = self._line or _Line()

    def start(
        self, message_id: str, body: bytes, timestamp_s: int, answered: Callable[[], None]
    ) -> Attempt:
        """Begin an attempt; ``answered`` is called in its thread once ``answer`` is set."""
        try:
            self._check_address()
            headers = self._headers(message_id, body, timestamp_s)
            message = _Message(headers, body, timestamp_s)
        except DeliveryError as error:
            return Attempt(None, Answer(DeliveryResult.RETRY, str(error)))
        self._hanging = [thread for thread in self._hanging if thread.is_alive()]
        if len(self._hanging) >= HANGING_LIMIT:
            what = "earlier attempts still hang, probably in name resolution"
            return Attempt(None, Answer(DeliveryResult.RETRY, what))
        line = self._line = self._line or _Line()
        attempt = Attempt(line)
        attempt.thread = threading.Thread(
            target=self._carry,
            args=(attempt, line, message, answered),
            name=f"ecgd-attempt-{self._settings.name}",
            daemon=True,
        )
        attempt.thread.start()
        return attempt

    def finish(self, attempt: Attempt) -> None:
        """End an attempt: let a short rest of its answer come, or cut its connection."""
        if attempt.answer is not None and attempt.drained(DRAIN_S):
            return
        attempt.cut()
        self._line = None
        if attempt.thread is not None:
            self._hanging.append(attempt.thread)

    def close(self) -> None:
        if self._line is not None:
            self._line.session.close()
            self._line = None

    def _secrets(self) -> tuple[bytes, ...]:
        names = (self._settings.secret_file, self._settings.previous_secret_file)
        return tuple(load_secret(name, self._credentials_dir).reveal() for name in names if name)

    def _headers(self, message_id: str, body: bytes, timestamp_s: int) -> dict[str, str]:
        return {
            "content-type": "application/json",
            "user-agent": f"ecgd/{__version__}",
            **signature_headers(self._secrets(), message_id, timestamp_s, body),
        }

    def _carry(
        self, attempt: Attempt, line: _Line, message: _Message, answered: Callable[[], None]
    ) -> None:
        try:
            with line.session.post(
                self._settings.url,
                data=message.body,
                headers=message.headers,
                timeout=self._settings.timeout_s,
                stream=True,
                allow_redirects=False,
                verify=self._settings.ca_file or system_authorities(),
            ) as response:
                attempt.answer = judged(response.status_code, response.headers, message.sent_unix_s)
                answered()
                response.raw.read(ANSWER_LIMIT_BYTES, decode_content=False)
        except Exception as error:  # noqa: BLE001 - whatever fails here, the message is kept
            if attempt.answer is None:
                attempt.answer = Answer(DeliveryResult.RETRY, failure(error))
                answered()
        finally:
            line.release()


def judged(status: int, headers: Mapping[str, str], now_unix_s: float) -> Answer:
    """Return what an HTTP status means (Standard Webhooks 1.0, "Delivery").

    Only 2xx is success. 410 ends the deliveries to this target. Anything else is tried again,
    redirects too: they are never followed, since the alert must not go where nobody sent it.
    """
    try:
        phrase = f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = f"HTTP {status}"
    if 200 <= status < 300:
        return Answer(DeliveryResult.DELIVERED, phrase)
    if status == HTTPStatus.GONE:
        return Answer(DeliveryResult.GONE, f"{phrase}: the target wants no more messages")
    wait_s = retry_after_s(headers, now_unix_s)
    if 300 <= status < 400:
        phrase += ": redirects are not followed, configure the final address"
    elif status in (400, 401, 403, 404, 405, 413, 415, 422):
        phrase += ": the target refuses, check its address and secret"
    return Answer(DeliveryResult.RETRY, phrase, wait_s)


def retry_after_s(headers: Mapping[str, str], now_unix_s: float) -> float | None:
    """Return Retry-After in seconds (RFC 9110, 10.2.3), None if absent or unreadable.

    A date is taken against the receiver's own Date where there is one: our clock may be wrong.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    until_s = _http_date_s(value)
    if until_s is None:
        return None
    sent_s = _http_date_s(headers.get("Date", ""))
    return max(0.0, until_s - (now_unix_s if sent_s is None else sent_s))


def failure(error: BaseException) -> str:
    """Return in plain words why no answer came, without URL, secret or foreign text."""
    chain = list(_causes(error))
    for cause in chain:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the TLS certificate was refused: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {getattr(cause, 'reason', None) or 'handshake'}"
        if isinstance(cause, socket.gaierror):
            return "the name does not resolve"
        if isinstance(cause, TimeoutError):
            return "no answer in time"
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno).lower()
    return f"the connection failed ({type(chain[-1]).__name__})"


def system_authorities() -> str | bool:
    """Return the system's certificate authorities, True for those of requests."""
    paths = ssl.get_default_verify_paths()
    for path in (paths.cafile, "/etc/ssl/certs/ca-certificates.crt", paths.capath):
        if path and Path(path).exists():
            return path
    return True


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that it carries or that led to it, each once."""
    waiting: list[Any] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [getattr(one, "reason", None), one.__cause__, one.__context__, *one.args]


def _http_date_s(value: str) -> float | None:
    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _session(hold: Callable[[socket.socket], None]) -> requests.Session:
    """Return a session that shows each socket to ``hold`` before a request goes over it.

    Neither proxies nor credentials are taken from the environment.
    """
    import requests  # noqa: PLC0415 - slow to import, and needed only once something is sent
    from requests.adapters import HTTPAdapter  # noqa: PLC0415
    from urllib3.connection import HTTPConnection, HTTPSConnection  # noqa: PLC0415
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool  # noqa: PLC0415

    class Held:
        sock: socket.socket | None

        def _new_conn(self) -> socket.socket:
            sock: socket.socket = super()._new_conn()  # type: ignore[misc]
            hold(sock)
            return sock

        def putrequest(self, *args: Any, **options: Any) -> None:
            if self.sock is not None:
                hold(self.sock)
            super().putrequest(*args, **options)  # type: ignore[misc]

    class HeldHttp(Held, HTTPConnection):
        pass

    class HeldHttps(Held, HTTPSConnection):
        pass

    class HttpPool(HTTPConnectionPool):
        ConnectionCls = HeldHttp

    class HttpsPool(HTTPSConnectionPool):
        ConnectionCls = HeldHttps

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **options: Any) -> None:
            super().init_poolmanager(*args, **options)
            self.poolmanager.pool_classes_by_scheme = {"http": HttpPool, "https": HttpsPool}

    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, Adapter(pool_connections=1, pool_maxsize=1))
    return session
