"""What the documents tell a reader to type exists, and their links lead somewhere."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from ecgd.cli.main import cli
from ecgd.config.settings import GpioSettings
from ecgd.sources.url import parse_source

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "config" / "ecgd.toml",
]


def commands_in(text: str) -> Iterator[list[str]]:
    """Yield the words after ecgctl in code: between backticks, or at a line's start."""
    code = re.findall(r"`(?:sudo )?(ecgctl [^`\n]+)`", text)
    code += re.findall(r"^(?:sudo |\$ )?(ecgctl [^#\n]+)", text, flags=re.M)
    for line in code:
        yield line.split()[1:]


def check_command(words: list[str]) -> None:
    """Walk down the commands, then look every option up."""
    command: click.Command = cli
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        context = click.Context(command)
        inner = command.get_command(context, rest[0])
        assert inner is not None, f"ecgctl {' '.join(words)}: no command {rest[0]!r}"
        command, rest = inner, rest[1:]
    known = {name for parameter in command.params for name in parameter.opts} | {"--help", "-h"}
    if isinstance(command, click.Group):
        known.add("--version")
    for word in rest:
        if word.startswith("--"):
            assert word.partition("=")[0] in known, f"ecgctl {' '.join(words)}: no option {word}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_ecgctl_command_that_is_shown_exists(path: Path) -> None:
    for words in commands_in(path.read_text(encoding="utf-8")):
        check_command([word for word in words if word not in {"|", "..."}])


def test_the_readme_shows_commands_at_all() -> None:
    assert len(list(commands_in((ROOT / "README.md").read_text(encoding="utf-8")))) >= 5


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_script_that_is_named_can_be_run(path: Path) -> None:
    for name in re.findall(r"\bscripts/([a-z-]+)(?!\.?[a-z-])", path.read_text(encoding="utf-8")):
        assert os.access(ROOT / "scripts" / name, os.X_OK), name


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8"))
    local = [link for link in links if not link.startswith(("http:", "https:", "mailto:"))]
    missing = [link for link in local if not (path.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_source_that_is_shown_can_be_parsed(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for url in re.findall(r"[`\"]((?:serial|replay|synthetic):[^`\"\s]+)[`\"]", text):
        parse_source(url)


def test_the_wiring_table_gives_the_pins_of_the_defaults() -> None:
    table = (ROOT / "README.md").read_text(encoding="utf-8")
    pins = {int(pin) for pin in re.findall(r"\| GPIO (\d+) \|", table)}
    assert pins == {member.default for member in fields(GpioSettings) if "_pin" in member.name}


def test_the_readme_says_what_it_cannot_do() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for word in (
        "anterior",
        "septal",
        "posterior",
        "right ventricle",
        "emergency number",
        "supplements",
    ):
        assert word in text
