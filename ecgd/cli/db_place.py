"""Which database ecgctl db means, with what its daemon does with it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ecgd.cli.database_place import find_database, find_state_dir
from ecgd.config.settings import Settings, StoreSettings


@dataclass(frozen=True, slots=True)
class Place:
    """A database, the directory that its daemon locks, and its settings as far as known."""

    database: Path
    state_dir: Path
    store: StoreSettings
    settings_known: bool


def find_place(database: Path | None, config: Path | None, socket: Path | None) -> Place:
    """Return the database that the options name, as ``find_database`` does.

    --config tells its settings too, also beside --database. Raises what ``find_database`` raises.
    """
    if config is None:
        path = find_database(database, None, socket).path.absolute()
        return Place(path, path.parent, StoreSettings(), settings_known=False)
    from ecgd.service.settings import load_settings  # noqa: PLC0415 - pydantic is slow to load

    settings: Settings = load_settings(config)
    if database is not None:
        path = database.expanduser().absolute()
        return Place(path, path.parent, settings.store, settings_known=True)
    name = settings.store.file_name
    directory = find_state_dir(settings.daemon.state_dir, name, os.environ)
    return Place(directory / name, directory, settings.store, settings_known=True)
