"""Options for everything that can be said of a patient, from the settings' own declarations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final, TypeVar, get_type_hints

import click

from ecgd.config.declaration import Declared
from ecgd.config.settings import PatientSettings

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class PatientOption:
    """One value of a patient: its dotted key in the configuration, and its option."""

    key: str
    name: str
    kind: type[Any]
    declared: Declared

    @property
    def option(self) -> str:
        return f"--{self.name.replace('_', '-')}"


def _options(settings: type[Any], table: str = "") -> Iterator[PatientOption]:
    hints = get_type_hints(settings)
    for member in fields(settings):
        hint = hints[member.name]
        if is_dataclass(hint):
            yield from _options(hint, f"{member.name}.")  # type: ignore[arg-type]
        elif member.name != "id":
            declared: Declared = member.metadata["declared"]
            yield PatientOption(f"{table}{member.name}", member.name, hint, declared)


OPTIONS: Final = tuple(_options(PatientSettings))


def patient_options(*, required: bool) -> Callable[[_Command], _Command]:
    """Add every option; with ``required`` those that a new patient cannot do without."""

    def add(command: _Command) -> _Command:
        for each in reversed(OPTIONS):
            needed = required and each.key == "source"
            command = click.option(
                each.option,
                each.name,
                type=_kind(each),
                required=needed,
                help=_help(each),
            )(command)
        return command

    return add


def by_option(command: _Command) -> _Command:
    """Add --by."""
    return click.option("--by", metavar="NAME", help="Who says so.  [default: the user]")(command)


def table_of(given: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were given as a ``[[patients]]`` table has them."""
    table: dict[str, Any] = {}
    for each in OPTIONS:
        value = given.get(each.name)
        if value is not None:
            outer, _, name = each.key.rpartition(".")
            (table.setdefault(outer, {}) if outer else table)[name] = value
    return table


def with_option_names(problems: str) -> str:
    """Name the option instead of the key at the head of each of the daemon's problems."""
    by_key = {each.key: each.option for each in OPTIONS} | {"id": "ID"}
    named = []
    for problem in problems.split("; "):
        key, colon, rest = problem.partition(": ")
        named.append(f"{by_key[key]}{colon}{rest}" if colon and key in by_key else problem)
    return "; ".join(named)


def _kind(option: PatientOption) -> Any:
    if option.declared.choices:
        return click.Choice(option.declared.choices)
    return {float: click.FLOAT, int: click.INT, bool: click.BOOL}.get(option.kind, click.STRING)


def _help(option: PatientOption) -> str:
    meaning = option.declared.meaning
    unit = f" ({option.declared.unit})" if option.declared.unit else ""
    return f"{meaning[0].upper()}{meaning[1:]}{unit}."
