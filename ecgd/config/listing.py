"""Settings as a list: every value with its default, unit and meaning, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from ecgd.config.declaration import Declared
from ecgd.config.people import ContactSettings
from ecgd.config.settings import PatientSettings, Settings, WebhookSettings

HIDDEN: Final = "…"
"""Stands for the part of an address that may be a secret."""


class Origin(StrEnum):
    """Where a value comes from."""

    FILE = "file"
    DEFAULT = "default"
    RUN_TIME = "run time"
    COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class SettingEntry:
    """One setting; ``default`` None: it has none. ``key`` names patients and targets by their name.

    ``is_changed``: the value differs from the default.
    """

    key: str
    value: str | int | float | bool
    default: str | int | float | bool | None
    unit: str
    origin: Origin
    is_changed: bool
    meaning: str


def list_settings(
    in_force: Settings, configured: Settings, written: Set[str]
) -> tuple[SettingEntry, ...]:
    """Return every setting in force, in the order of their declaration.

    ``configured`` is what the configuration says, ``written`` the keys that stand in its file; what
    differs from the first was changed at run time. No secret is among the values: of a webhook's
    address user and password are hidden, and the path, which may hold a token. Of a person's number
    or chat only the end is shown.
    """
    said = {key: value for key, value, _ in _walk(configured)}
    entries = []
    for key, value, member in _walk(in_force):
        declared: Declared = member.metadata["declared"]
        default = None if member.default is MISSING else member.default
        default = "" if default == () else default
        if key not in said or said[key] != value:
            origin = Origin.RUN_TIME
        elif key in written:
            origin = Origin.FILE
        else:
            origin = Origin.DEFAULT if value == default else Origin.COMMAND_LINE
        shown = _without_secrets(key, value)
        entries.append(
            SettingEntry(
                key, shown, default, declared.unit, origin, value != default, declared.meaning
            )
        )
    return tuple(entries)


def entry_name(table: str, item: dict[str, Any], number: int) -> str:
    """Return what one of several tables is called in keys: by its name, else by its place."""
    name = item.get("name" if table == "webhooks" else "id", number)
    return f"{table}[{name}]"


def _walk(settings: Any, prefix: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield key, value and declaration of every setting below."""
    for member in fields(settings):
        value = getattr(settings, member.name)
        key = f"{prefix}{member.name}"
        if isinstance(value, tuple) and member.default == ():
            yield key, ", ".join(value), member
        elif isinstance(value, tuple):
            for number, item in enumerate(value):
                yield from _walk(item, f"{prefix}{_item_name(member.name, item, number)}.")
        elif is_dataclass(value):
            yield from _walk(value, f"{key}.")
        else:
            yield key, value, member


def _item_name(
    table: str, item: PatientSettings | ContactSettings | WebhookSettings, number: int
) -> str:
    named = {"name": item.name} if isinstance(item, WebhookSettings) else {"id": item.id}
    return entry_name(table, named, number)


def _without_secrets(key: str, value: Any) -> Any:
    name = key.rpartition(".")[2]
    if name == "recipient":
        return f"{HIDDEN}{value[-2:]}" if value else value
    if name not in ("url", "page_url"):
        return value
    parts = urlsplit(value)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{HIDDEN}@{host}" if "@" in parts.netloc else host
    path = parts.path if parts.path in ("", "/") and not parts.query else f"/{HIDDEN}"
    return urlunsplit((parts.scheme, netloc, path, "", ""))
