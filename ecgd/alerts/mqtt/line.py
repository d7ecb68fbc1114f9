"""One connection to the broker, MQTT 5, over paho; used by one thread.

Version 5 because its acknowledgements carry a reason: an earlier broker takes a message that its
rules forbid, or that nobody is subscribed to, and says nothing.
"""

from __future__ import annotations

import os
import select
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ecgd.alerts.mqtt.mailbox import Letter
from ecgd.alerts.mqtt.topics import OFFLINE, Topics
from ecgd.alerts.secret import load_keys
from ecgd.config.fleet import MqttSettings
from ecgd.errors import DeliveryError

KEEPALIVE_S: Final = 15
"""A broker that is silent for so long is gone, and so is a gateway that the broker hears not."""

CONNECT_S: Final = 5.0
"""Deadline of each step of a connection: TCP, TLS, the broker's welcome."""

NOBODY: Final = 16
"""MQTT 5, 3.4.2.1: accepted, but no one is subscribed."""

FAILURE: Final = 128
"""From this reason code on, it is one."""


@dataclass(slots=True)
class Outcome:
    """What became of one letter."""

    letter: Letter
    reason: int
    words: str


@dataclass(slots=True)
class Arrival:
    """A message that came."""

    topic: str
    payload: bytes
    retained: bool


class Line:
    """A line that ``open`` opened. ``turn`` moves it on; results gather in the lists."""

    def __init__(self, settings: MqttSettings, topics: Topics, credentials_dir: str | None) -> None:
        self._settings = settings
        self._topics = topics
        self._credentials_dir = credentials_dir
        self._letters: dict[int, Letter] = {}
        self.outcomes: list[Outcome] = []
        self.arrivals: list[Arrival] = []
        self.refused_topics: list[str] = []
        self.trouble = ""
        self.is_up = False
        self._asked: dict[int, str] = {}
        self._closed = False
        self._wake_r, self._wake_w = os.pipe()
        os.set_blocking(self._wake_r, False)
        os.set_blocking(self._wake_w, False)
        self._client: Any = None

    @property
    def in_flight(self) -> int:
        return len(self._letters)

    @property
    def is_open(self) -> bool:
        return not self._closed

    def open(self, is_wanted: Callable[[], bool]) -> None:
        """Connect; return once the broker has welcomed the gateway.

        Raises DeliveryError for settings, OSError for the network; else ``trouble`` says why not.
        """
        self._client = self._make_client()
        self._client.connect(self._settings.host, self._settings.port, keepalive=KEEPALIVE_S)
        deadline_s = time.monotonic() + CONNECT_S
        while not self.is_up and self.is_open and is_wanted():
            if time.monotonic() > deadline_s:
                self.trouble = "the broker does not answer"
                self.drop()
            self.turn(0.2)

    def subscribe(self, topic: str) -> None:
        """Ask for messages of others; what is retained comes at once."""
        from paho.mqtt.subscribeoptions import SubscribeOptions  # noqa: PLC0415

        options = SubscribeOptions(qos=1, noLocal=True)
        _, mid = self._client.subscribe(topic, options=options)
        if mid is not None:
            self._asked[mid] = topic

    def send(self, letter: Letter) -> None:
        """Begin to send; the outcome comes with a later ``turn``."""
        info = self._client.publish(letter.topic, letter.payload, qos=1, retain=letter.retain)
        self._letters[info.mid] = letter

    def turn(self, timeout_s: float) -> None:
        """Wait for the broker, or for ``wake``, and move on what can be."""
        sock = self._client.socket()
        if sock is None:
            self._closed = True
            return
        pending = getattr(sock, "pending", None)
        wait_s = 0.0 if pending is not None and pending() else timeout_s
        writers = [sock] if self._client.want_write() else []
        readable, writable, _ = select.select([sock, self._wake_r], writers, [], wait_s)
        if self._wake_r in readable:
            os.read(self._wake_r, 4096)
        if sock in readable or wait_s == 0.0:
            self._client.loop_read()
        if sock in writable or self._client.want_write():
            self._client.loop_write()
        self._client.loop_misc()
        self._closed = self._client.socket() is None

    def wake(self) -> None:
        """End a wait, from any thread."""
        try:
            os.write(self._wake_w, b".")
        except OSError:
            return  # full: it wakes anyway; closed: there is nobody to wake

    def say_goodbye(self) -> None:
        """Part in peace; that the gateway is offline was told before."""
        self._client.disconnect()

    def drop(self) -> None:
        """Hang up without a word."""
        sock = self._client.socket()
        if sock is not None:
            sock.close()
        self._closed = True

    def close(self) -> tuple[Letter, ...]:
        """Release everything; return the letters of which nobody knows whether they arrived."""
        if self._client is not None:
            self.drop()
            self._client = None  # paho's own sockets go with it
        os.close(self._wake_r)
        os.close(self._wake_w)
        return tuple(self._letters.values())

    def _make_client(self) -> Any:
        try:
            from paho.mqtt import client as paho  # noqa: PLC0415 - an extra
            from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415
        except ImportError:
            raise DeliveryError(
                "the library paho-mqtt is missing", "Install it with: pip install 'ecgd[mqtt]'"
            ) from None
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._topics.base.replace("/", "-"),
            protocol=paho.MQTTv5,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_S
        client.max_queued_messages_set(0)
        client.will_set(self._topics.availability, OFFLINE, qos=1, retain=True)
        settings = self._settings
        if settings.user:
            client.username_pw_set(settings.user, password_of(settings, self._credentials_dir))
        if settings.tls:
            client.tls_set_context(tls_context(settings))
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _on_connect(self, _c: Any, _u: Any, _f: Any, reason: Any, _p: Any) -> None:
        if reason.is_failure:
            self.trouble = refusal_words(reason.value, str(reason), self._settings)
        else:
            self.is_up = True

    def _on_disconnect(self, _c: Any, _u: Any, flags: Any, reason: Any, _p: Any) -> None:
        self._closed = True
        if not self.trouble and flags.is_disconnect_packet_from_server:
            self.trouble = refusal_words(reason.value, str(reason), self._settings)

    def _on_publish(self, _c: Any, _u: Any, mid: int, reason: Any, _p: Any) -> None:
        letter = self._letters.pop(mid, None)
        if letter is not None:
            self.outcomes.append(Outcome(letter, int(reason.value), str(reason)))

    def _on_subscribe(self, _c: Any, _u: Any, mid: int, reasons: Any, _p: Any) -> None:
        topic = self._asked.pop(mid, "")
        if topic and any(reason.is_failure for reason in reasons):
            self.refused_topics.append(topic)

    def _on_message(self, _c: Any, _u: Any, message: Any) -> None:
        self.arrivals.append(Arrival(message.topic, message.payload, message.retain))


def refusal_words(reason: int, words: str, settings: MqttSettings) -> str:
    """Return why a broker refused, and what to do about it."""
    if reason in (134, 135):
        who = f"user {settings.user!r}" if settings.user else "a gateway without a user"
        return f"the broker refuses {who}: check mqtt.user and mqtt.password_file"
    if reason == 142:
        return "another client took this gateway's name: set mqtt.gateway to one of its own"
    if reason in (132, 133):
        return "the broker does not speak MQTT 5, or refuses this gateway's name"
    return f"the broker hung up: {words}"


def failure_words(error: BaseException) -> str:
    """Return in plain words why there is no connection."""
    match error:
        case DeliveryError():
            words = str(error)
        case ssl.SSLCertVerificationError():
            words = f"the broker's certificate was refused: {error.verify_message}"
        case ssl.SSLError():
            words = f"TLS failed: {error.reason or 'handshake'}"
        case socket.gaierror():
            words = "the broker's name does not resolve"
        case TimeoutError():
            words = "the broker does not answer"
        case OSError() if error.errno:
            words = os.strerror(error.errno).lower()
        case _:
            words = f"the connection failed ({type(error).__name__})"
    return words


def password_of(settings: MqttSettings, credentials_dir: str | None) -> str | None:
    """Return the user's password. Raises DeliveryError."""
    if not settings.password_file:
        return None
    return load_keys(settings.password_file, ("password",), credentials_dir).get("password")


def tls_context(settings: MqttSettings) -> ssl.SSLContext:
    """Return the context of a line with TLS; certificate and host name are always checked."""
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
        if settings.certificate_file:
            # An encrypted key would make OpenSSL ask at the terminal: no password is the answer.
            context.load_cert_chain(
                settings.certificate_file, settings.key_file or None, password=lambda: b""
            )
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or "no PEM"
        raise DeliveryError(
            f"the certificates of the broker cannot be used: {reason}",
            "Check mqtt.ca_file, mqtt.certificate_file and mqtt.key_file",
        ) from error
    return context
