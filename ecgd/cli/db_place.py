"""Which database ecgctl db means."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ecgd.cli.client import Client, UnreachableError, find_socket
from ecgd.config.places import state_dir
from ecgd.config.settings import Settings, StoreSettings
from ecgd.errors import ControlError

SYSTEM_STATE_DIR: Final = Path("/var/lib/ecgd")
"""State directory of the daemon that systemd starts (StateDirectory=ecgd)."""


@dataclass(frozen=True, slots=True)
class Place:
    """A database, the directory that its daemon locks, and its settings as far as known."""

    database: Path
    state_dir: Path
    store: StoreSettings
    settings_known: bool


def find_place(database: Path | None, config: Path | None, socket: Path | None) -> Place:
    """Return the database that the options name.

    First --database, then --config, the running daemon's, the system's, last the user's own.
    Raises ConfigError, and UnreachableError where --socket names a daemon that is not there.
    """
    if config is not None:
        from ecgd.service.settings import load_settings  # noqa: PLC0415 - pydantic is slow to load

        place = _configured(load_settings(config), os.environ)
        if database is None:
            return place
        return Place(database.absolute(), database.absolute().parent, place.store, True)
    if database is not None:
        return _assumed(database.absolute())
    running = _running(socket)
    if running is not None:
        return _assumed(running)
    name = StoreSettings().file_name
    system = SYSTEM_STATE_DIR / name
    if not os.environ.get("STATE_DIRECTORY") and _is_there(system):
        return _assumed(system)
    return _assumed(state_dir(os.environ).expanduser().absolute() / name)


def _assumed(database: Path) -> Place:
    return Place(database, database.parent, StoreSettings(), settings_known=False)


def _configured(settings: Settings, environ: Mapping[str, str]) -> Place:
    state = state_dir(environ, settings.daemon.state_dir).expanduser().absolute()
    return Place(state / settings.store.file_name, state, settings.store, settings_known=True)


def _running(socket: Path | None) -> Path | None:
    """Return the running daemon's database; None: none runs where nobody named one."""
    try:
        answer = Client(find_socket(socket, os.environ)).get("/v1/status")
    except UnreachableError:
        if socket is not None:
            raise
        return None
    path = answer.get("database_path")
    if not isinstance(path, str):
        raise ControlError("the daemon does not say where its database is", "give --database PATH")
    return Path(path)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
