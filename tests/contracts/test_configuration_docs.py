"""Every setting is documented, and every configuration that ships can be loaded."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from ecgd.config.declaration import Declared
from ecgd.config.settings import Settings
from ecgd.errors import ConfigError
from ecgd.service.settings import load_settings, parse_settings

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATIONS = sorted((ROOT / "config").glob("*.toml"))


def declared_sections(declared: type[Any]) -> list[type[Any]]:
    found = [declared]
    for hint in get_type_hints(declared).values():
        inner: Any = next(iter(get_args(hint)), hint)
        if isinstance(inner, type) and is_dataclass(inner):
            found += declared_sections(inner)
    return found


def test_the_tables_are_those_of_the_declarations(project_root: Path) -> None:
    answer = subprocess.run(
        [sys.executable, str(project_root / "scripts" / "build-docs"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_setting_stands_in_the_document(project_root: Path) -> None:
    document = (project_root / "docs" / "configuration.md").read_text()
    for section in declared_sections(Settings)[1:]:
        for member in fields(section):
            assert f"`{member.name}`" in document or f".{member.name}]`" in document, member.name


@pytest.mark.parametrize("section", declared_sections(Settings), ids=lambda s: s.__name__)
def test_every_number_has_bounds_and_its_default_obeys_them(section: type[Any]) -> None:
    hints = get_type_hints(section)
    for member in fields(section):
        about: Declared = member.metadata["declared"]
        assert about.meaning, member.name
        if hints[member.name] in (int, float):
            assert about.low is not None, member.name
            assert about.high is not None, member.name
            default: Any = member.default
            assert about.low <= default <= about.high, member.name


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.name)
def test_a_configuration_that_ships_loads(path: Path) -> None:
    assert load_settings(path).patients


def test_the_example_with_its_commented_target_loads(project_root: Path) -> None:
    text = (project_root / "config" / "ecgd.toml").read_text()
    head, marker, target = text.partition("# [[webhooks]]")
    uncommented = (marker + target).replace("\n# ", "\n").removeprefix("# ")
    settings = parse_settings(head + uncommented, "ecgd.toml")
    assert [webhook.name for webhook in settings.webhooks] == ["family"]


def test_an_unknown_key_is_named_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r"line 2: analysis\.windw_s"):
        parse_settings("[analysis]\nwindw_s = 5\n", "wrong.toml")
