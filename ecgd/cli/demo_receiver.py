"""A receiver of webhooks that checks signatures by itself and keeps what it got."""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from ecgd.errors import DeliveryError

MAX_BODY_BYTES: Final = 1_000_000
MAX_KEPT: Final = 1000
TOLERANCE_S: Final = 300
_SOCKET_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request. ``fault`` is empty when its signature is right."""

    message_id: str
    alert_id: str
    event_type: str
    fault: str
    received_unix_s: float


def signature_fault(
    secret: bytes, headers: Mapping[str, str], body: bytes, now_unix_s: float
) -> str:
    """Return what is wrong with a message, "" if nothing is (Standard Webhooks 1.0)."""
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not message_id:
        return "there is no webhook-id"
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
        return "webhook-timestamp is no number"
    if abs(now_unix_s - int(timestamp)) > TOLERANCE_S:
        return "webhook-timestamp is not of now"
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    wanted = b"v1," + base64.b64encode(hmac.digest(secret, content, "sha256"))
    given = headers.get("webhook-signature", "").encode("utf-8", "replace").split()
    if not any(hmac.compare_digest(wanted, one) for one in given):
        return "no signature matches"
    return ""


class Receiver:
    """Listens as soon as it is made, serves from ``start`` to ``stop``.

    Raises DeliveryError when the port is taken. Bodies go to files in ``directory``.
    """

    def __init__(self, host: str, port: int, secret: bytes, directory: Path) -> None:
        self.deliveries: deque[Delivery] = deque(maxlen=MAX_KEPT)
        self._secret = secret
        self._directory = directory
        self._lock = threading.Lock()
        self._stored = 0
        try:
            self._server = _Server((host, port), self)
        except OSError as wrong:
            raise DeliveryError(
                f"the demo's receiver cannot listen on {host}:{port}: {wrong.strerror}",
                "end what uses that port, or change the webhook's url in the configuration",
            ) from wrong
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def start(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(2.0)
        self._server.server_close()

    def accept(self, headers: Mapping[str, str], body: bytes) -> str:
        """Take one message and return what is wrong with it."""
        now_unix_s = time.time()
        fault = signature_fault(self._secret, headers, body, now_unix_s)
        data = _data_of(body)
        delivery = Delivery(
            headers.get("webhook-id", ""),
            str(data.get("alert_id", "")),
            str(data.get("event_type", "")),
            fault,
            now_unix_s,
        )
        with self._lock:
            self.deliveries.append(delivery)
            self._store(body)
        return fault

    def _store(self, body: bytes) -> None:
        if self._stored < MAX_KEPT:
            self._stored += 1
            (self._directory / f"{self._stored:04d}.json").write_bytes(body)


def _data_of(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)["data"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], receiver: Receiver) -> None:
        self.receiver = receiver
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = _SOCKET_TIMEOUT_S

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and int(length) <= MAX_BODY_BYTES):
            self.close_connection = True
            self._answer(413, f"give a Content-Length of at most {MAX_BODY_BYTES}")
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault = self.server.receiver.accept(headers, self.rfile.read(int(length)))
        self._answer(401 if fault else 200, fault or "received")

    def _answer(self, status: int, text: str) -> None:
        body = f"{text}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the demo's own page tells what arrived."""
