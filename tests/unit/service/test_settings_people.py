"""Contacts in the configuration file."""

from __future__ import annotations

import pytest

from ecgd.errors import ConfigError
from ecgd.service.people_rules import with_languages
from ecgd.service.settings import parse_settings

TARGET = """
[[webhooks]]
name = "home"
url = "https://h.example/a"
secret_file = "s"
"""


def contact(lines: str, name: str = "berta") -> str:
    return f'[[contacts]]\nid = "{name}"\n{lines}\n'


def test_a_contact_is_read() -> None:
    text = TARGET + contact(
        'channels = ["home"]\ndays = ["mon", "sun"]\nhours = "22:00-06:00"\nlanguage = "de"'
    )
    settings = parse_settings(text, "t")
    (berta,) = settings.contacts
    assert (berta.channels, berta.days, berta.order) == (("home",), ("mon", "sun"), 1)
    assert with_languages(settings)[0].language == "de"


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ("", "at least"),
        ('channels = ["away"]', "'away' is no name"),
        ('channels = "home"', "list"),
        ("channels = [3]", "string"),
        ('channels = ["home"]\ndays = ["monday"]', "is none of mon"),
        ('channels = ["home"]\nhours = "8-18"', "span"),
        ('channels = ["home"]\nquiet_hours = "x"', "span"),
        ('channels = ["home"]\n[[contacts]]\nid = "berta"\nchannels = ["home"]', "already"),
        (
            'channels = ["home"]\n[[contacts]]\nid = "c"\nchannels = ["home"]\ndelay_s = 60.0',
            "same delay_s",
        ),
    ],
)
def test_what_cannot_be_is_told(lines: str, word: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(TARGET + contact(lines), "t")
    assert word in str(caught.value)
