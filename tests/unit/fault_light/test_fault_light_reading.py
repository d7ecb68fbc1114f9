"""The fault light's settings, from configurations that the daemon refuses too."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from ecgd.config.fault_light import FaultLightSettings
from ecgd.fault_light.reading import Reading, read_configuration
from ecgd.service.settings import parse_settings

DEFAULT = FaultLightSettings()
SECTION = '[fault_light]\npin = 24\nsilence_s = 20 # patience\nfactory = "mock"\n'
WANTED = FaultLightSettings(pin=24, silence_s=20.0, factory="mock")


def reading(directory: Path, text: str | bytes) -> Reading:
    path = directory / "ecgd.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_configuration(path)


def test_it_reads_what_the_daemon_reads(tmp_path: Path) -> None:
    text = f'[daemon]\nstate_dir = "/var/x"\n{SECTION}'
    assert reading(tmp_path, text) == Reading(WANTED, "/var/x", ())
    assert parse_settings(text, "x").fault_light == WANTED


@pytest.mark.parametrize(
    "broken",
    [
        f"[daemon\n{SECTION}[gpio]\n",
        f"[daemon]\nlog_level = \n{SECTION}\n# end\n[[patients]]\nid = \n",
        f"{SECTION}[daemon]\n[daemon]\n",
        f"  {SECTION}  [oops\n",
        f"x = '\n{SECTION}",
    ],
)
def test_what_is_wrong_elsewhere_costs_nothing(tmp_path: Path, broken: str) -> None:
    found = reading(tmp_path, broken)
    assert found.settings == WANTED
    [problem] = found.problems
    assert "is no TOML" in problem


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("pin", "99", "should be -1 to 27, not 99"),
        ("pin", '"24"', "is '24', which is no int"),
        ("pin", "true", "is True, which is no int"),
        ("silence_s", "1e9", "should be 3 to 60"),
        ("silence_s", "nan", "should be 3 to 60"),
        ("factory", '"none at all"', "should be one of auto, lgpio, mock, none"),
        ("colour", '"red"', "is not known"),
    ],
)
def test_key_that_is_wrong_costs_only_itself(
    tmp_path: Path, key: str, value: str, said: str
) -> None:
    others = {"pin": "24", "buzzer_pin": "25", "silence_s": "20", key: value}
    text = "[fault_light]\n" + "".join(f"{name} = {each}\n" for name, each in others.items())
    found = reading(tmp_path, text)
    [problem] = found.problems
    assert problem.startswith(f"fault_light.{key} {said}")
    assert found.settings.buzzer_pin == 25
    if key in {member.name for member in fields(DEFAULT)}:
        assert getattr(found.settings, key) == getattr(DEFAULT, key)


def test_section_that_is_no_toml_has_its_defaults(tmp_path: Path) -> None:
    found = reading(tmp_path, "[fault_light]\npin = = 3\n")
    assert found.settings == DEFAULT
    assert len(found.problems) == 2


def test_file_that_is_missing_or_no_text_is_told(tmp_path: Path) -> None:
    missing = read_configuration(tmp_path / "none.toml")
    assert missing.settings == DEFAULT
    assert "No such file" in missing.problems[0]
    assert reading(tmp_path, b"\xff\xfe\x00[fault_light]").settings == DEFAULT


@pytest.mark.parametrize("text", ["fault_light = 3\n", "[[fault_light]]\npin = 4\n", ""])
def test_no_section_is_the_defaults(tmp_path: Path, text: str) -> None:
    assert reading(tmp_path, text).settings == DEFAULT
