"""What the settings of broker and sign of life must not say together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from ecgd.config.fleet import HeartbeatSettings, MqttSettings
from ecgd.config.settings import Settings
from ecgd.service.toml_lines import KeyPath

BROKER_NAME: Final = "mqtt"

_LEVEL: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TOPIC: Final = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")


def fleet_contradictions(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """Yield (key path, what is wrong) for everything that bounds alone cannot catch."""
    yield from _in_mqtt(settings.mqtt)
    yield from _in_heartbeat(settings.heartbeat)
    for number, target in enumerate(settings.webhooks):
        if settings.mqtt.enabled and target.name == BROKER_NAME:
            yield ("webhooks", number, "name"), f"{BROKER_NAME!r} is the broker's name"


def _in_mqtt(mqtt: MqttSettings) -> Iterator[tuple[KeyPath, str]]:
    if mqtt.enabled and not mqtt.host:
        yield ("mqtt", "host"), "should name the broker"
    if not _TOPIC.fullmatch(mqtt.topic_prefix) or len(mqtt.topic_prefix) > 64:
        yield ("mqtt", "topic_prefix"), "should be a topic of letters, digits, - and _, parted by /"
    if mqtt.discovery_prefix and not _TOPIC.fullmatch(mqtt.discovery_prefix):
        yield (
            ("mqtt", "discovery_prefix"),
            "should be a topic of letters, digits, - and _, or empty",
        )
    if mqtt.gateway and not _LEVEL.fullmatch(mqtt.gateway):
        yield ("mqtt", "gateway"), "should be 1 to 64 letters, digits, - or _"
    if mqtt.password_file and not mqtt.user:
        yield ("mqtt", "password_file"), "is of no use without mqtt.user"
    if mqtt.key_file and not mqtt.certificate_file:
        yield ("mqtt", "key_file"), "is of no use without mqtt.certificate_file"
    for key in ("ca_file", "certificate_file"):
        if getattr(mqtt, key) and not mqtt.tls:
            yield ("mqtt", key), "is of no use without mqtt.tls = true"
    if mqtt.required and not mqtt.enabled:
        yield ("mqtt", "required"), "is of no use without mqtt.enabled = true"


def _in_heartbeat(heartbeat: HeartbeatSettings) -> Iterator[tuple[KeyPath, str]]:
    if heartbeat.url and heartbeat.url_file:
        yield ("heartbeat", "url"), "and url_file are two addresses: keep one"
    if not heartbeat.url:
        return
    address = urlsplit(heartbeat.url)
    if address.scheme not in ("http", "https") or not address.hostname:
        yield ("heartbeat", "url"), "should be an http:// or https:// address"
