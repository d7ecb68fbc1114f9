"""A real HTTP receiver that behaves, drips, hangs and goes away, and a worker that tells it."""

from __future__ import annotations

import base64
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ecgd.alerts.delivery import DeliveryWorker
from ecgd.alerts.payload import alert_body
from ecgd.alerts.retry import RetrySchedule
from ecgd.config.settings import WebhookSettings
from ecgd.model.alarm import Alert, DeliveryReport, DeliveryResult, OutboxItem
from ecgd.model.finding import EventType, Severity

QUICK = RetrySchedule(first_s=(0.05, 0.1, 0.2), cap_s=0.3)
SECRET, PREVIOUS = bytes(range(32)), bytes(range(32, 64))
ALERT = Alert(
    alert_id="a1",
    patient_id="anna",
    patient_name="Anna",
    event_type=EventType.STEMI_DETECTED,
    severity=Severity.CRITICAL,
    occurred_unix_s=1_700_000_000.0,
    occurred_mono_s=5.0,
    boot_id="b",
    clock_synchronised=True,
    simulated=False,
    description="ST elevation",
    recommended_action="Call 112",
)
REAL, SIMULATED = alert_body(ALERT), alert_body(replace(ALERT, simulated=True))


def item(name: str = "msg_1", severity: Severity = Severity.CRITICAL, **more: Any) -> OutboxItem:
    return OutboxItem(
        name,
        "a1",
        "home",
        severity,
        more.pop("body", REAL),
        more.pop("created_unix_s", 0.0),
        **more,
    )


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes
    at_s: float
    client: Any


@dataclass
class Receiver:
    """Answers the n-th request with the n-th behaviour, the last one for ever."""

    behaviours: list[Callable[[BaseHTTPRequestHandler], None]]
    received: list[Received] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.received]


def answer(status: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "2")
        handler.end_headers()
        handler.wfile.write(b"ok")

    return behave


def drip(text: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """Send ``text`` at once and then one byte every 50 ms, for ever."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        receiver: Receiver = handler.server.receiver  # type: ignore[attr-defined]
        handler.wfile.write(text)
        with suppress(OSError):
            while not receiver.stopped.wait(0.05):
                handler.wfile.write(b"x")
                handler.wfile.flush()

    return behave


def hang(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.server.receiver.stopped.wait(60.0)  # type: ignore[attr-defined]


def close_before_status(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 20")


def close_amid_body(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")


def endless_body(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
    with suppress(OSError):
        for _ in range(4000):
            handler.wfile.write(bytes(65536))


def reset_amid_body(handler: BaseHTTPRequestHandler) -> None:
    close_amid_body(handler)
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()


def raw(text: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """Send exactly this, and hang up."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.wfile.write(text)

    return behave


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        now_s = time.monotonic()
        receiver.received.append(Received(headers, body, now_s, self.client_address))
        behaviours = receiver.behaviours
        (behaviours.pop(0) if len(behaviours) > 1 else behaviours[0])(self)

    def log_message(self, *_: Any) -> None:
        return


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    receiver: Receiver

    def handle_error(self, *_: Any) -> None:
        return


@contextmanager
def receiving(
    *behaviours: Callable[[BaseHTTPRequestHandler], None], tls: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "http" if tls is None else "https"
    receiver = Receiver(list(behaviours), url=f"{scheme}://localhost:{server.server_port}/hook")
    server.receiver = receiver
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.stopped.set()
        server.shutdown()
        server.server_close()


@dataclass
class Delivering:
    worker: DeliveryWorker
    reports: list[DeliveryReport]
    overflowed: list[OutboxItem]

    def results(self) -> list[DeliveryResult]:
        return [report.result for report in self.reports]

    def await_reports(self, count: int) -> None:
        until(lambda: len(self.reports) >= count)


@contextmanager
def delivering(
    url: str,
    *,
    schedule: RetrySchedule = QUICK,
    limit: int = 256,
    credentials_dir: str | None = None,
    **settings: Any,
) -> Iterator[Delivering]:
    reports: list[DeliveryReport] = []
    overflowed: list[OutboxItem] = []
    worker = DeliveryWorker(
        WebhookSettings(name="home", url=url, **settings),
        reports.append,
        overflowed.append,
        schedule=schedule,
        limit=limit,
        credentials_dir=credentials_dir,
    )
    try:
        yield Delivering(worker, reports, overflowed)
    finally:
        worker.close()


def until(condition: Callable[[], Any], timeout_s: float = 8.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "it never came"
        time.sleep(0.005)


def attempts_alive() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("ecgd-attempt")]


def write_secrets(directory: Path) -> dict[str, Any]:
    """Write both signing secrets; return the settings that name them."""
    paths = {}
    for name, value in (("secret_file", SECRET), ("previous_secret_file", PREVIOUS)):
        path = directory / name
        path.write_text("whsec_" + base64.b64encode(value).decode())
        path.chmod(0o600)
        paths[name] = str(path)
    return paths


def self_signed(directory: Path) -> tuple[str, ssl.SSLContext]:
    """Return a certificate for localhost, and a server's context with it."""
    if shutil.which("openssl") is None:
        pytest.skip("the openssl command is not installed")
    key, cert = (str(directory / name) for name in ("key.pem", "cert.pem"))
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    kind = ["-x509", "-nodes", "-days", "2", "-newkey", "rsa:2048"]
    command = ["openssl", "req", *kind, *subject, "-keyout", key, "-out", cert]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


@contextmanager
def black_hole() -> Iterator[Any]:
    """Yield an address at which nothing answers: the queue of connections is full."""
    with ExitStack() as stack:
        hole = stack.enter_context(socket.socket())
        hole.bind(("127.0.0.1", 0))
        hole.listen(0)
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            with suppress(BlockingIOError):
                filler.connect(hole.getsockname())
        yield hole.getsockname()
