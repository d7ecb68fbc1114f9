"""``docs/ecgctl.md`` and ``docs/analyze.md`` name every command, option, status and field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from sample_daemon import sample_alarm, sample_assessment

from ecgd.cli.analysis_lines import (
    SCHEMA_VERSION,
    Json,
    alert_line,
    assessment_line,
    beat_line,
    error_line,
    record_line,
    summary_line,
)
from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.main import cli
from ecgd.errors import EcgdError
from ecgd.model.beat import Beat

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "ecgctl.md").read_text(encoding="utf-8")
ANALYZE = (DOCS / "analyze.md").read_text(encoding="utf-8")


def _commands(group: click.Group, words: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _commands(command, (*words, name))
        else:
            yield " ".join((*words, name)), command


def _groups(group: click.Group, words: tuple[str, ...]) -> Iterator[tuple[str, click.Group]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield " ".join((*words, name)), command
            yield from _groups(command, (*words, name))


COMMANDS = dict(_commands(cli, ("ecgctl",)))
GROUPS = dict(_groups(cli, ("ecgctl",)))


def _section(command: str) -> str:
    _, found, rest = TEXT.partition(f"### {command}\n")
    assert found, f"{command} is not described"
    return rest.partition("\n### ")[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_every_option_of_it_is_described(command: str) -> None:
    section = _section(command)
    options = [
        name
        for parameter in COMMANDS[command].params
        if isinstance(parameter, click.Option)
        for name in (*parameter.opts, *parameter.secondary_opts)
    ]
    assert [name for name in options if not re.search(rf"`{name}[` ]", section)] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_argument_is_shown_where_it_stands(command: str) -> None:
    """An argument's name, or one of its choices, stands in its section, in code."""
    section = _section(command)
    code = " ".join(re.findall(r"```.+?```|`[^`]+`", section, re.DOTALL))
    for parameter in COMMANDS[command].params:
        if isinstance(parameter, click.Argument):
            kind = parameter.type
            words = (
                kind.choices if isinstance(kind, click.Choice) else [parameter.human_readable_name]
            )
            names = [str(word).strip("[].").upper().rpartition("_")[2] for word in words]
            assert any(re.search(rf"\b{name}\b", code.upper()) for name in names), names


@pytest.mark.parametrize("command", COMMANDS)
def test_no_option_is_described_that_the_command_does_not_have(command: str) -> None:
    rows = re.findall(r"^\| (`--[^|]+)\|", _section(command), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(--[a-z-]+)", row)}
    own = {name for p in COMMANDS[command].params for name in (*p.opts, *p.secondary_opts)}
    assert sorted(named - own) == []


def test_groups_take_no_options_of_their_own() -> None:
    """What a group took would be described nowhere."""
    assert [name for name, group in GROUPS.items() if group.params] == []
    assert all(group.help for group in GROUPS.values())


def test_no_command_is_described_that_is_not_there() -> None:
    assert set(re.findall(r"^### (ecgctl .+)$", TEXT, re.MULTILINE)) == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_has_a_help_text(command: str) -> None:
    assert COMMANDS[command].help
    options = [p for p in COMMANDS[command].params if isinstance(p, click.Option)]
    assert [option.name for option in options if not option.help and not option.show_default] == []


def test_every_exit_status_is_described() -> None:
    for code in ExitCode:
        assert f"| {code.value} | {code.name} |" in TEXT


def _lines() -> list[Json]:
    return [
        record_line("r", 250.0, ("I",), 10.0),
        beat_line("r", Beat(1, None, (), ()), 250.0),
        assessment_line("r", sample_assessment()),
        alert_line("r", 1.0, sample_alarm()),
        summary_line(
            "r", verdict=None, territory=None, windows=1, judged_windows=0, beats=0, alerts=0
        ),
        error_line("r", EcgdError("what")),
    ]


def _described() -> dict[str, set[str]]:
    """Return the fields of each type of line that the table names."""
    fields: dict[str, set[str]] = {}
    kind = ""
    for first, second in re.findall(r"^\| ([^|]*)\| ([^|]*)\|", ANALYZE, re.MULTILINE):
        kind = (re.findall(r"`(\w+)`", first) or [kind])[0]
        fields.setdefault(kind, set()).update(re.findall(r"`(\w+)`", second))
    return fields


@pytest.mark.parametrize("line", _lines(), ids=lambda line: str(line["type"]))
def test_every_field_of_every_json_line_is_described(line: Json) -> None:
    assert set(line) - {"type", "version", "path"} == _described()[line["type"]]


def test_the_versions_agree() -> None:
    assert f"`version` ({SCHEMA_VERSION};" in ANALYZE
