"""Broker and sign of life: what a configuration may not say."""

from __future__ import annotations

import pytest

from ecgd.errors import ConfigError
from ecgd.service.settings import parse_settings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[mqtt]\nenabled = true\nhost = ""', "mqtt.host"),
        ('[mqtt]\ntopic_prefix = "a/#"', "mqtt.topic_prefix"),
        ('[mqtt]\ndiscovery_prefix = "/"', "mqtt.discovery_prefix"),
        ('[mqtt]\ngateway = "a/b"', "mqtt.gateway"),
        ('[mqtt]\npassword_file = "p"', "without mqtt.user"),
        ('[mqtt]\ntls = true\nkey_file = "k"', "without mqtt.certificate_file"),
        ('[mqtt]\nca_file = "c"', "without mqtt.tls"),
        ("[mqtt]\nrequired = true", "without mqtt.enabled"),
        ("[mqtt]\nport = 0", "mqtt.port"),
        (
            '[mqtt]\nenabled = true\n[[webhooks]]\nname = "mqtt"\nurl = "http://x/"',
            "the broker's name",
        ),
        ('[heartbeat]\nurl = "http://x/"\nurl_file = "f"', "keep one"),
        ('[heartbeat]\nurl = "ftp://x/"', "heartbeat.url"),
    ],
)
def test_contradiction_is_told_with_its_key(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_settings(text, "test")
    assert words in str(refused.value)


def test_defaults_tell_nobody() -> None:
    settings = parse_settings("", "test")
    assert not settings.mqtt.enabled
    assert not settings.mqtt.include_name
    assert not settings.mqtt.allow_commands
    assert not settings.heartbeat.url
