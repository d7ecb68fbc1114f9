from __future__ import annotations

import pytest

from ecgd.errors import ConfigError
from ecgd.service.settings import parse_settings

BASE = """
[[patients]]
id = "p1"
source = "serial:///dev/rfcomm0"
[[webhooks]]
name = "centre"
url = "https://centre.example.org"
[[webhooks]]
name = "push"
url = "https://push.example.org"
[[contacts]]
id = "centre"
role = "service"
channels = ["centre"]
[[contacts]]
id = "berta"
channels = ["push"]
"""


def problems(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_settings(text, "test")
    return "\n".join(str(problem) for problem in caught.value.problems)


def test_a_place_for_whoever_is_sent_out_is_right() -> None:
    settings = parse_settings(f'{BASE}[location]\nsource = "gpsd"\n', "test")
    assert (settings.location.host, settings.location.port) == ("localhost", 2947)
    assert parse_settings(BASE, "test").location.source == "fixed"


def test_a_channel_that_others_have_too_would_tell_them_the_place() -> None:
    shared = BASE.replace('channels = ["push"]', 'channels = ["push", "centre"]')
    assert "contacts[0].channels: 'centre' is berta's too" in problems(shared)
    centres = shared.replace('id = "berta"', 'id = "berta"\nrole = "service"')
    assert parse_settings(centres, "test").contacts


@pytest.mark.parametrize("field", ["location", "where", "map_url"])
def test_a_template_may_name_the_place_where_it_is_told_alone(field: str) -> None:
    template = f'profile = "json"\ntemplate = \'{{"a": "{{{field}}}"}}\'\n'
    told = BASE.replace('name = "centre"\n', f'name = "centre"\n{template}')
    assert parse_settings(told, "test").webhooks[0].template
    untold = BASE.replace('name = "push"\n', f'name = "push"\n{template}')
    assert "webhooks[1].template: names a place" in problems(untold)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('source = "gps"', "location.source"),
        ("port = 0", "location.port"),
        ("age_max_s = 1", "location.age_max_s"),
        ("accuracy_max_m = 1", "location.accuracy_max_m"),
        ('source = "gpsd"\nhost = ""', "location.host: should name where gpsd runs"),
        ('map_url = "http://m/{latitude}/{longitude}"', "should be an https:// address"),
        ('map_url = "https://m/{latitude}"', "should hold {longitude}"),
    ],
)
def test_a_wrong_place_is_told(lines: str, says: str) -> None:
    assert says in problems(f"{BASE}[location]\n{lines}\n")


def test_a_map_may_be_left_out() -> None:
    assert parse_settings(f'{BASE}[location]\nmap_url = ""\n', "test").location.map_url == ""
