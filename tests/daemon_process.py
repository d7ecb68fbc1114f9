"""The real daemon, the real simulated device and a real HTTP receiver, as child processes."""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import pytest

from ecgd.cli.client import Client, UnreachableError

ROOT = Path(__file__).resolve().parent.parent
STEMI = ROOT / "tests" / "fixtures" / "recordings" / "inferior_stemi"
SECRET = bytes(range(32))
PATIENCE_S = 60.0

_T = TypeVar("_T")


def wait_for(look: Callable[[], _T | None], what: str, patience_s: float = PATIENCE_S) -> _T:
    """Return the first truthy answer of ``look``; fail with ``what`` when none comes."""
    deadline_s = time.monotonic() + patience_s
    while time.monotonic() < deadline_s:
        answer = look()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {patience_s:g} s for {what}")


@dataclass
class Receiver:
    """A real HTTP server that keeps what it is sent and answers with ``status``."""

    status: int = 200
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def bodies(self) -> list[bytes]:
        return [body for _, body in self.received]


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing: a daemon that is killed hangs up in the middle of a request."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:
                # The daemon was killed in the middle: no receiver takes half a message.
                return
            receiver.received.append((dict(self.headers.items()), body))
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/alerts"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


class Daemon:
    """The daemon as a child process in a state directory that outlives it."""

    def __init__(self, directory: Path, config: str) -> None:
        self.state_dir = directory / "state"
        self.state_dir.mkdir(exist_ok=True)
        self.config = directory / "ecgd.toml"
        self.config.write_text(config)
        secret = self.state_dir / "secret"
        secret.write_text("whsec_" + base64.b64encode(SECRET).decode())
        secret.chmod(0o600)
        self.process: subprocess.Popen[str] | None = None
        self.output = directory / "output"

    def start(self, **environ: str) -> None:
        with self.output.open("a") as output:
            self.process = subprocess.Popen(
                [*_PYTHON, "ecgd.service", "--config", self.config, "--state-dir", self.state_dir],
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                env=os.environ | environ,
            )

    def status(self) -> dict[str, Any] | None:
        try:
            return Client(self.state_dir / "control.sock").get("/v1/status")
        except UnreachableError:
            return None

    def client(self) -> Client:
        return Client(self.state_dir / "control.sock")

    def wait_until_up(self) -> None:
        wait_for(self.status, f"the daemon to answer: {self.said()}")

    def patient(self) -> dict[str, Any]:
        status = self.status()
        assert status is not None, self.said()
        patient: dict[str, Any] = status["patients"][0]
        return patient

    def alarms(self, *states: str) -> list[dict[str, Any]]:
        status = self.status()
        alarms = status["patients"][0]["alarms"] if status else []
        return [alarm for alarm in alarms if alarm["state"] in states]

    def said(self) -> str:
        return self.output.read_text() if self.output.exists() else ""

    def send(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.send(number)
        assert self.process is not None
        return self.process.wait(20)

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    def pin_lines(self) -> list[str]:
        path = self.state_dir / "pins.log"
        return path.read_text().splitlines() if path.exists() else []


_PYTHON = (sys.executable, "-m")


@contextmanager
def node(
    directory: Path, *words: str, source: str | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run the simulated device; its port is ``hc05`` in the state directory."""
    link = directory / "state" / "hc05"
    link.parent.mkdir(exist_ok=True)
    url = source or f"replay:{STEMI}?loop=true"
    command = [*_PYTHON, "ecgd.node", "--source", url, "--link", str(link), *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, text=True) as process:
        try:
            wait_for(lambda: link.is_symlink() or None, "the device's port")
            yield process
        finally:
            process.terminate()


def config(webhook_url: str = "", *, stemi_s: float = 2.0, more: str = "") -> str:
    """Return a configuration of one patient at the simulated device."""
    webhook = f"""
[[webhooks]]
name = "home"
url = "{webhook_url}"
secret_file = "secret"
least_severity = "LOW"
test_target = true
"""
    return f"""
[daemon]
log_file = "ecgd.log"
[gpio]
factory = "mock"
pulse_log = "pins.log"
[alarms.hold_off]
stemi_s = {stemi_s}
[[patients]]
id = "anna"
name = "Anna"
source = "serial:hc05?baud=9600"
{webhook if webhook_url else ""}
{more}
"""


@contextmanager
def notify_socket(directory: Path) -> Iterator[tuple[str, list[str]]]:
    """Be systemd: yield the socket's path and the messages that arrive."""
    path = str(directory / "notify")
    messages: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        listener.settimeout(0.2)
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    messages.append(listener.recv(4096).decode())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield path, messages
        finally:
            done.set()
            thread.join()


@contextmanager
def full_disk(directory: Path) -> Iterator[None]:
    """Make ``directory`` a disk of 1.5 MB that can really be full; skip where nobody may."""
    directory.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=1536k,mode=755", "tmpfs", str(directory)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting a small disk is not permitted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)
