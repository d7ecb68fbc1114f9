"""Services of the internet on a real port of this machine; ``phone_schemas`` has their words."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

Reaction = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Got:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        pairs = parse_qsl(self.body.decode("ascii"), strict_parsing=True, keep_blank_values=True)
        return dict(pairs)


@dataclass
class Service:
    """A running service. ``reactions`` are given first, in place of what it would say."""

    answer: Callable[[Service, Got], Reaction]
    url: str = ""
    got: list[Got] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    drips: bool = False
    stopped: threading.Event = field(default_factory=threading.Event)

    def wants(self, holds: object, what: str) -> bool:
        if not holds:
            self.faults.append(what)
        return bool(holds)

    def only(self, content: dict[str, Any], required: str, optional: str) -> bool:
        """Check that the required names are there and nothing beyond the optional ones."""
        needed, known = set(required.split()), set((required + " " + optional).split())
        missing, unknown = needed - set(content), set(content) - known
        return self.wants(not missing, f"missing: {missing}") and self.wants(
            not unknown, f"unknown: {unknown}"
        )


def told(content: Any, status: int = 200, **headers: str) -> Reaction:
    """Return an answer in JSON."""
    return status, {"Content-Type": "application/json", **headers}, json.dumps(content).encode()


def words(text: str, status: int = 200, **headers: str) -> Reaction:
    return status, {"Content-Type": "text/html", **headers}, text.encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        service: Service = self.server.service  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        got = Got(self.command, self.path, headers, body)
        service.got.append(got)
        reaction = service.reactions.pop(0) if service.reactions else service.answer(service, got)
        status, fields, content = reaction
        self.send_response(status)
        for name, value in {**fields, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if service.drips:
            service.stopped.wait(30.0)
        self.wfile.write(content)

    def do_GET(self) -> None:
        self.do_POST()

    def do_HEAD(self) -> None:
        self.do_POST()

    def do_PUT(self) -> None:
        self.do_POST()

    def log_message(self, *_: Any) -> None:
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    service: Service

    def handle_error(self, *_: Any) -> None:
        return


@contextmanager
def serving(
    answer: Callable[[Service, Got], Reaction], tls: ssl.SSLContext | None = None
) -> Iterator[Service]:
    """Run a service on a port of this machine."""
    server = _Server(("127.0.0.1", 0), _Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "http" if tls is None else "https"
    service = Service(answer, f"{scheme}://localhost:{server.server_port}")
    server.service = service
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield service
    finally:
        service.stopped.set()
        server.shutdown()
        server.server_close()
