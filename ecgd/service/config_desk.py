"""The configuration as it is in force, and which of its keys stand in the file."""

from __future__ import annotations

import asyncio
import hashlib
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ecgd.config.listing import entry_name, list_settings
from ecgd.config.settings import Settings
from ecgd.web.config_gateway import ConfigInForce


class ConfigDesk:
    """Implements ``ecgd.web.config_gateway.ConfigGateway``.

    ``configured`` is what file and command line said at the start, ``in_force`` asks what counts
    now. The file is read when this is made, and again at each look.
    """

    def __init__(
        self, path: Path | None, configured: Settings, in_force: Callable[[], Settings]
    ) -> None:
        self._path = path
        self._configured = configured
        self._in_force = in_force
        text = _read(path)
        self._digest = _digest(text)
        self._written = written_keys(text or "")

    async def show(self) -> ConfigInForce:
        """Return every setting that is in force."""
        text = await asyncio.to_thread(_read, self._path)
        return ConfigInForce(
            path=str(self._path or ""),
            file_changed=None if text is None else _digest(text) != self._digest,
            settings=list_settings(self._in_force(), self._configured, self._written),
        )


def written_keys(text: str) -> frozenset[str]:
    """Return the keys of a configuration file as ``list_settings`` spells them.

    What is no TOML has none.
    """
    try:
        return frozenset(_keys(tomllib.loads(text)))
    except tomllib.TOMLDecodeError:
        return frozenset()


def _keys(table: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _keys(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            for number, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _keys(item, f"{prefix}{entry_name(name, item, number)}.")
        else:
            yield f"{prefix}{name}"


def _read(path: Path | None) -> str | None:
    try:
        return None if path is None else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _digest(text: str | None) -> str:
    return "" if text is None else hashlib.sha256(text.encode()).hexdigest()
