"""One attempt to post one message to one target, with a deadline that holds.

The timeouts of requests are per socket operation and do not cover name resolution, so a receiver
that drips one byte a second could hold an attempt for hours. Each attempt therefore runs in a
short-lived thread that its owner stops waiting for at the deadline; its connection is then shut.
"""

from __future__ import annotations

import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ecgd import __version__
from ecgd.alerts.answer import Answer, Reply
from ecgd.alerts.authorities import system_authorities, trusting
from ecgd.alerts.dial import dial
from ecgd.alerts.profiles.profile import Canary, Errand, Post, Profile, Request
from ecgd.alerts.profiles.registry import profile_of, profile_problems
from ecgd.alerts.secret import Keys, load_keys, load_secret
from ecgd.config.settings import WebhookSettings
from ecgd.errors import DeliveryError
from ecgd.model.alarm import DeliveryResult

if TYPE_CHECKING:
    import requests

ANSWER_LIMIT_BYTES = 16 * 1024
DRAIN_S = 0.5
"""An answer's body is read for so long, only to keep the connection; its status has decided."""

BODY_S = 2.0
"""A service's words are waited for so long behind its status; without them the status decides."""

_OWN_HEADERS = {"user-agent": f"ecgd/{__version__}", "accept-encoding": "identity"}
"""What is packed nevertheless is not read: unpacked it could fill the memory."""

NOT_SILENTLY = "this service offers nothing that would wake nobody"

HANGING_LIMIT = 4
"""Attempts given up whose threads still hang, mostly in name resolution."""


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
    """One attempt under way. ``answer`` is None until all that decides has come.

    ``by_status`` is set before, once the status is known: it counts if no more comes in time.
    """

    def __init__(
        self, line: _Line | None, answer: Answer | None = None, way: Profile | Canary | None = None
    ) -> None:
        self.answer = answer
        self.way = way
        self.by_status: Answer | None = None
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

    def __init__(
        self,
        settings: WebhookSettings,
        credentials_dir: str | None = None,
        emergency_number: str = "",
        complete: Callable[[bytes], bytes] = bytes,
    ) -> None:
        self._settings = settings
        self._credentials_dir = credentials_dir
        self._emergency_number = emergency_number
        self._complete = complete
        self._profile = profile_of(settings)
        self._line: _Line | None = None
        self._hanging: list[threading.Thread] = []

    @property
    def pause_s(self) -> float:
        """Seconds between two messages that were taken: the line is busy for so long."""
        return self._profile.pause_s

    def check(self) -> None:
        """Raise DeliveryError if address, certificate authority or secrets cannot be used."""
        for key, what in profile_problems(self._settings):
            raise DeliveryError(
                f"webhook {self._settings.name}: {key} {what}",
                f"Correct webhooks.{key} in the configuration",
            )
        if self._settings.ca_file and not Path(self._settings.ca_file).is_file():
            raise DeliveryError(
                f"webhook {self._settings.name}: {self._settings.ca_file} does not exist",
                "Correct webhooks.ca_file in the configuration",
            )
        self._profile.check(self._settings, self._keys())
        self._signing()

    def prepare(self) -> None:
        """Load what the first attempt needs: the first alert must not wait for that."""
        self._line = self._line or _Line()
        self._profile.prepare()
        authorities = self._authorities()
        if isinstance(authorities, str) and not self._settings.url.startswith("http://"):
            # Where they cannot be read, each attempt says so.
            with suppress(OSError):
                trusting(authorities)

    def start(
        self,
        message_id: str,
        body: bytes,
        timestamp_s: int,
        answered: Callable[[], None],
        *,
        silently: bool = False,
    ) -> Attempt:
        """Begin an attempt; ``answered`` is called in its thread once ``answer`` is set.

        ``silently``: the body is a canary's, and goes the way that wakes nobody.
        """
        way = self._profile.canary if silently else self._profile
        if way is None:
            return Attempt(None, Answer(DeliveryResult.REFUSED, NOT_SILENTLY))
        try:
            self.check()
            work = way.compose(self._post(message_id, body, timestamp_s))
        except DeliveryError as error:
            return Attempt(None, Answer(DeliveryResult.RETRY, str(error)))
        self._hanging = [thread for thread in self._hanging if thread.is_alive()]
        if len(self._hanging) >= HANGING_LIMIT:
            what = "earlier attempts still hang, probably in name resolution"
            return Attempt(None, Answer(DeliveryResult.RETRY, what))
        line = self._line = self._line or _Line()
        attempt = Attempt(line, way=way)
        attempt.thread = threading.Thread(
            target=self._carry,
            args=(attempt, line, work, float(timestamp_s), answered),
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

    def _authorities(self) -> str | bool:
        return self._settings.ca_file or system_authorities()

    def _post(self, message_id: str, body: bytes, timestamp_s: int) -> Post:
        return Post(
            self._settings,
            message_id,
            self._complete(body),
            timestamp_s,
            keys=self._keys(),
            signing=self._signing(),
            emergency_number=self._emergency_number,
        )

    def _keys(self) -> Keys:
        name, names = self._settings.secret_file, self._profile.keys
        if names is None or not name:
            return Keys()
        return load_keys(name, names, self._credentials_dir)

    def _signing(self) -> tuple[bytes, ...]:
        if self._profile.keys is not None:
            return ()
        names = (self._settings.secret_file, self._settings.previous_secret_file)
        return tuple(load_secret(name, self._credentials_dir).reveal() for name in names if name)

    def _carry(
        self,
        attempt: Attempt,
        line: _Line,
        work: Request | Errand,
        sent_unix_s: float,
        answered: Callable[[], None],
    ) -> None:
        try:
            if isinstance(work, Errand):
                attempt.answer = work.run()
            else:
                self._exchange(attempt, line, work, sent_unix_s, answered)
        except Exception as error:  # noqa: BLE001 - whatever fails here, the message is kept
            if attempt.answer is None:
                attempt.answer = attempt.by_status or Answer(DeliveryResult.RETRY, failure(error))
        finally:
            answered()
            line.release()

    def _exchange(
        self,
        attempt: Attempt,
        line: _Line,
        request: Request,
        sent_unix_s: float,
        answered: Callable[[], None],
    ) -> None:
        """Send a request; the status is told at once, what follows it as far as it is needed."""
        with line.session.request(
            request.method,
            request.url,
            data=request.body,
            headers={**_OWN_HEADERS, **request.headers},
            timeout=self._settings.timeout_s,
            stream=True,
            allow_redirects=False,
            verify=self._authorities(),
        ) as response:
            way = attempt.way or self._profile
            reply = Reply(response.status_code, response.headers, now_unix_s=sent_unix_s)
            if way.counts_by_status:
                attempt.by_status = way.read(reply)
            if not way.reads_body:
                attempt.answer = attempt.by_status
            answered()
            body = response.raw.read(ANSWER_LIMIT_BYTES, decode_content=False)
            if way.reads_body:
                packed = response.headers.get("Content-Encoding", "identity") != "identity"
                attempt.answer = way.read(replace(reply, body=None if packed else body))


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


def _quieten() -> None:
    """Silence urllib3: "Failed to parse headers (url=…)" would write a token into the log."""
    for part in ("connection", "connectionpool", "poolmanager", "response", "util.retry"):
        logging.getLogger(f"urllib3.{part}").disabled = True


def _session(hold: Callable[[socket.socket], None]) -> requests.Session:
    """Return a session that shows each socket to ``hold`` before a request goes over it.

    Neither proxies nor credentials are taken from the environment.
    """
    import requests  # noqa: PLC0415 - slow to import, and needed only once something is sent
    from requests.adapters import HTTPAdapter  # noqa: PLC0415
    from urllib3.connection import HTTPConnection, HTTPSConnection  # noqa: PLC0415
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool  # noqa: PLC0415
    from urllib3.exceptions import NewConnectionError  # noqa: PLC0415

    _quieten()

    class Held:
        sock: socket.socket | None
        _dns_host: str
        port: int
        timeout: Any

        def _new_conn(self) -> socket.socket:
            try:
                sock = dial(self._dns_host, self.port, self.timeout)
            except OSError as error:
                raise NewConnectionError(cast(HTTPConnection, self), "no way there") from error
            hold(sock)
            return sock

        def putrequest(self, *args: Any, **options: Any) -> None:
            if self.sock is not None:
                hold(self.sock)
            super().putrequest(*args, **options)  # type: ignore[misc]

    class HeldHttp(Held, HTTPConnection):
        pass

    class HeldHttps(Held, HTTPSConnection):
        def connect(self) -> None:
            authorities, self.ca_certs = self.ca_certs or self.ca_cert_dir, None
            if authorities:
                self.ssl_context, self.ca_cert_dir = trusting(authorities), None
            try:
                super().connect()
            finally:
                self.ca_certs = authorities

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
