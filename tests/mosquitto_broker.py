"""A real mosquitto on a private port, and a client beside the gateway that listens and speaks."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from daemon_process import wait_for
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

MOSQUITTO = "/usr/sbin/mosquitto"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Broker:
    """A broker as a child process; it keeps nothing over a restart."""

    def __init__(self, directory: Path, *lines: str, anonymous: bool = True) -> None:
        self.port = free_port()
        self._config = directory / "mosquitto.conf"
        # Started as root it would become another user, who may not read the test's files.
        as_root = ["user root"] if os.geteuid() == 0 else []
        words = [
            f"listener {self.port} 127.0.0.1",
            f"allow_anonymous {str(anonymous).lower()}",
            "persistence false",
            *as_root,
            *lines,
        ]
        self._config.write_text("\n".join(words) + "\n")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [MOSQUITTO, "-c", self._config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(self._answers, "the broker")

    def send(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait(5)
            self.process = None

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 0.2).close()
        except OSError:
            return False
        return True


@contextmanager
def brokering(directory: Path, *lines: str, anonymous: bool = True) -> Iterator[Broker]:
    broker = Broker(directory, *lines, anonymous=anonymous)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


class Listener:
    """Hears every topic: ``kept`` is the newest retained document, ``heard`` all in order.

    A message is retained for a listener only if it was there before; ``kept`` takes both.
    """

    def __init__(self, port: int, user: str = "", password: str = "", topics: str = "#") -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self.kept: dict[str, bytes] = {}
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        if user:
            self._client.username_pw_set(user, password)
        self._client.on_message = self._hear
        self._client.on_connect = lambda client, *_: client.subscribe(topics, qos=1)
        self._client.reconnect_delay_set(0.2, 0.2)  # type: ignore[arg-type]
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        wait_for(self._client.is_connected, "the listener's connection")

    def _hear(self, _client: Any, _user: Any, message: paho.MQTTMessage) -> None:
        payload = bytes(message.payload)
        self.heard.append((message.topic, payload, message.retain))
        if payload:
            self.kept[message.topic] = payload
        else:
            self.kept.pop(message.topic, None)

    def bodies(self, topic: str) -> list[dict[str, Any]]:
        return [json.loads(body) for name, body, _ in tuple(self.heard) if name == topic and body]

    def newest(self, topic: str) -> dict[str, Any]:
        body = self.kept.get(topic)
        document: dict[str, Any] = json.loads(body) if body else {}
        return document

    def say(self, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(5)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def listening(
    port: int, user: str = "", password: str = "", topics: str = "#"
) -> Iterator[Listener]:
    listener = Listener(port, user, password, topics)
    try:
        yield listener
    finally:
        listener.close()


def settle(seconds: float) -> None:
    """Let time pass in which something must not happen."""
    time.sleep(seconds)


def password_file(directory: Path, user: str, password: str) -> Path:
    """Write what ``mosquitto_passwd`` writes (package mosquitto)."""
    path = directory / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", path, user, password], check=True)
    return path


def certificates(directory: Path) -> dict[str, Path]:
    """Make an authority, another one, and the broker's certificate for 127.0.0.1."""
    made = {name: directory / f"{name}.pem" for name in ("ca", "other", "broker")}
    for name in ("ca", "other"):
        _openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", "2", "-subj", f"/CN={name}", "-keyout", directory / f"{name}.key"),
            *("-out", made[name]),
        )
    _openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *("-days", "2", "-subj", "/CN=broker", "-addext", "subjectAltName=IP:127.0.0.1"),
        *("-addext", "basicConstraints=critical,CA:FALSE"),
        *("-CA", made["ca"], "-CAkey", directory / "ca.key"),
        *("-keyout", directory / "broker.key", "-out", made["broker"]),
    )
    return made


def _openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)
