"""What the route for the configuration needs of the daemon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ecgd.config.listing import SettingEntry


@dataclass(frozen=True, slots=True)
class ConfigInForce:
    """The settings of the running daemon.

    ``path`` is the configuration file, ``file_changed`` whether it is another one by now than at
    the start; None: it cannot be read any more.
    """

    path: str
    file_changed: bool | None
    settings: tuple[SettingEntry, ...]


class ConfigGateway(Protocol):
    """The settings that are in force."""

    async def show(self) -> ConfigInForce:
        """Return every setting; no secret is among them."""
        ...
