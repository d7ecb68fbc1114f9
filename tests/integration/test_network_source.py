"""The daemon on a serial-to-network bridge: a real device's line, carried over TCP."""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from daemon_process import Daemon, config, node, wait_for


class _Bridge:
    """Carries the bytes of a port to one TCP client and back, like ser2net."""

    def __init__(self, port: Path, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self._listener = socket.create_server(address)
        self._port_fd = os.open(port, os.O_RDWR | os.O_NOCTTY)
        self._client: socket.socket | None = None
        self._stopped = threading.Event()
        self.address: tuple[str, int] = self._listener.getsockname()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        for each in (self._client, self._listener):
            if each is not None:
                each.close()
        os.close(self._port_fd)

    def _carry(self) -> None:
        while not self._stopped.is_set():
            client = self._client
            watched: list[Any] = [self._listener, self._port_fd, *([client] if client else [])]
            ready, _, _ = select.select(watched, [], [], 0.05)
            if self._listener in ready:
                self._client, _ = self._listener.accept()
            try:
                if self._port_fd in ready:
                    data = os.read(self._port_fd, 4096)
                    if client is not None:
                        client.sendall(data)
                if client is not None and client in ready:
                    os.write(self._port_fd, client.recv(4096))
            except ConnectionError:
                self._client = None


@contextmanager
def _daemon(directory: Path, source: str) -> Iterator[Daemon]:
    daemon = Daemon(directory, config().replace("serial:hc05?baud=9600", source))
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.end()


def _link(daemon: Daemon, state: str) -> str | None:
    """The reason of the link's state once it is the one that is waited for."""
    status = daemon.status()
    link = status["patients"][0]["link"] if status else {}
    return link["reason"] or "no reason" if link.get("state") == state else None


@pytest.mark.timeout(110)
def test_a_bridge_is_used_lost_and_found_again(short_dir: Path) -> None:
    with node(short_dir):
        port = short_dir / "state" / "hc05"
        bridge = _Bridge(port)
        host, number = bridge.address
        with _daemon(short_dir, f"socket://localhost:{number}") as daemon:
            wait_for(lambda: _link(daemon, "up"), "the link")
            device = wait_for(lambda: daemon.patient()["device"], "the device's answer")
            assert device["leads"] == ["I", "II"]
            bridge.stop()
            reason = wait_for(lambda: _link(daemon, "lost"), "the loss")
            assert reason == f"localhost:{number}: the other end is gone (hang-up)"
            bridge = _Bridge(port, (host, number))
            wait_for(lambda: _link(daemon, "up"), "the link again")
            before = daemon.patient()["windows"]["analysed"]
            wait_for(
                lambda: daemon.patient()["windows"]["analysed"] > before,
                "windows over the new line",
            )
            assert daemon.stop() == 0
        bridge.stop()
