"""Settings of what the gateway tells others all the time: a broker, and a sign of life."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.config.declaration import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttSettings:
    """The broker for Home Assistant and fleets."""

    enabled: bool = setting(False, "tell a broker; needs the extra mqtt (pip install ecgd[mqtt])")
    host: str = setting("localhost", "name or address of the broker")
    port: int = setting(1883, "port of the broker; with TLS usually 8883", low=1, high=65535)
    tls: bool = setting(False, "encrypt, and check the broker's certificate")
    ca_file: str = setting("", "certificate authority of the broker; empty: the system's")
    certificate_file: str = setting("", "the gateway's own certificate, if the broker wants one")
    key_file: str = setting("", "its key, mode 0600")
    user: str = setting("", "user at the broker; empty: none")
    password_file: str = setting("", "file with the user's password, mode 0600")
    gateway: str = setting(
        "", "name of this gateway in every topic, unique at the broker; empty: the host's name"
    )
    topic_prefix: str = setting("ecgd", "first part of every topic")
    discovery_prefix: str = setting(
        "homeassistant", "where Home Assistant looks for devices; empty: it is told nothing"
    )
    include_name: bool = setting(
        False, "also send the patient's name; otherwise id, label and number only"
    )
    least_severity: str = setting(
        "LOW",
        "least severity that is told as an event; the state tells all",
        choices=("LOW", "MEDIUM", "HIGH", "CRITICAL"),
    )
    required: bool = setting(
        False,
        "the broker is a way of delivery: alerts wait for it in the outbox, over restarts too, and "
        "that it fails is an alarm",
    )
    allow_commands: bool = setting(
        False, "alarms may be acknowledged, and the sound paused, by whoever may write the topic"
    )
    state_every_s: float = setting(
        10.0,
        "states are told this often, and at once when an alarm or a link changes",
        unit="s",
        low=1,
        high=60,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatSettings:
    """A sign of life to an address outside the house."""

    url_file: str = setting(
        "", "file with the address, mode 0600: whoever knows it can feign a sign of life"
    )
    url: str = setting("", "the address itself, where it is no secret")
    every_s: float = setting(60.0, "a sign of life this often", unit="s", low=1, high=3600)
    timeout_s: float = setting(10.0, "total deadline of one", unit="s", low=1, high=60)
    ca_file: str = setting("", "certificate authority of the address; empty: the system's")
