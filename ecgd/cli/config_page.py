"""Settings as a page: what differs from its default first."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ecgd.cli.tables import plain_table
from ecgd.cli.words import clean, count

Json = dict[str, Any]


def config_page(answer: Json, *, verbose: bool) -> RenderableType:
    """Return the page for an answer of ``/v1/config``."""
    changed = [entry for entry in answer["settings"] if entry["is_changed"]]
    rest = [entry for entry in answer["settings"] if not entry["is_changed"]]
    parts: list[RenderableType] = [_headline(answer, len(changed), len(rest))]
    if changed:
        parts.append(_changed_table(changed, verbose=verbose))
    parts.append(_default_table(rest, verbose=verbose))
    return Group(*parts)


def _headline(answer: Json, changed: int, rest: int) -> Text:
    text = Text(clean(answer["path"]) or "built-in defaults", "bold")
    differ = "differs" if changed == 1 else "differ"
    text.append(f"  {count(changed, 'setting')} {differ} from the default, {rest} do not", "dim")
    if answer["file_changed"]:
        text.append("\nThe file was changed since the daemon started: ", "yellow")
        text.append("what follows is in force; a restart takes the file", "yellow")
    return text


def _changed_table(entries: list[Json], *, verbose: bool) -> Table:
    table = plain_table("* differs", "value", "default", "from")
    for entry in entries:
        table.add_row(
            _key(entry, verbose=verbose),
            Text(_value(entry["value"], entry["unit"]), "bold"),
            Text(_default(entry), "dim"),
            Text(entry["origin"], "yellow" if entry["origin"] == "run time" else ""),
        )
    return table


def _default_table(entries: list[Json], *, verbose: bool) -> Table:
    table = plain_table("as by default", "value", "from")
    for entry in entries:
        value = Text(_value(entry["value"], entry["unit"]))
        table.add_row(_key(entry, verbose=verbose), value, Text(entry["origin"], "dim"))
    return table


def _key(entry: Json, *, verbose: bool) -> Text:
    text = Text(clean(entry["key"]))
    if verbose:
        text.append(f"\n  {clean(entry['meaning'])}", "dim")
    return text


def _default(entry: Json) -> str:
    return "required" if entry["default"] is None else _value(entry["default"], entry["unit"])


def _value(value: str | float | bool, unit: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{clean(value)}"'
    return f"{value:g} {unit}".rstrip() if isinstance(value, float) else f"{value} {unit}".rstrip()
