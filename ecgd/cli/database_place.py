"""Which database a command means: named, configured, the daemon's, or where one usually lies."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from ecgd.cli.client import Client, find_socket
from ecgd.config.places import state_dir
from ecgd.config.settings import Settings, StoreSettings
from ecgd.errors import ControlError

SYSTEM_STATE_DIR: Final = Path("/var/lib/ecgd")
"""State directory of the daemon that systemd starts (StateDirectory=ecgd)."""

_ASK_S: Final = 3.0

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class DatabasePlace:
    """A database's path, which need not exist, and in words how it was found."""

    path: Path
    found_by: str


def database_options(command: _Command) -> _Command:
    """Add --database, --config and --socket; ``find_database`` takes the three."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS: Final = (
    click.option(
        "--database",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="The database itself.  [default: found]",
    ),
    click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="The database of the daemon with this configuration.",
    ),
    click.option(
        "--socket",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="The database of the daemon behind this control socket.",
    ),
)


def find_database(
    database: Path | None = None,
    config: Path | None = None,
    socket: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> DatabasePlace:
    """Return the database that is meant; the file need not exist.

    First --database, then the one of --config, then the one that the running daemon names, last
    the default state directory: the user's own, or the system daemon's where only that has one.
    Raises ConfigError for a wrong configuration, ControlError when --socket is given and nobody
    answers there.
    """
    if database is not None:
        return DatabasePlace(database.expanduser(), "as named")
    if config is not None:
        return _of_config(config, environ)
    try:
        return _of_daemon(find_socket(socket, environ))
    except ControlError:
        if socket is not None:
            raise
    return _usual(environ)


def find_state_dir(configured: str, file_name: str, environ: Mapping[str, str]) -> Path:
    """Return the daemon's state directory: as configured, else the user's own where a database
    is, else the system daemon's where there is one, last the user's own all the same.
    """
    own = state_dir(environ, configured).expanduser().absolute()
    # The system's directory, not the file in it: whoever may not look into it should hear of that.
    if not configured and not (own / file_name).exists() and SYSTEM_STATE_DIR.is_dir():
        return SYSTEM_STATE_DIR
    return own


def _of_config(config: Path, environ: Mapping[str, str]) -> DatabasePlace:
    from ecgd.service.settings import load_settings  # noqa: PLC0415 - pydantic is slow to load

    settings: Settings = load_settings(config)
    name = settings.store.file_name
    path = find_state_dir(settings.daemon.state_dir, name, environ) / name
    return DatabasePlace(path, f"by the configuration {config}")


def _of_daemon(socket: Path) -> DatabasePlace:
    path = Client(socket, _ASK_S).get("/v1/status").get("database_path")
    if not isinstance(path, str):
        raise ControlError("the daemon does not say where its database is", "give --database PATH")
    return DatabasePlace(Path(path), f"named by the daemon on {socket}")


def _usual(environ: Mapping[str, str]) -> DatabasePlace:
    name = StoreSettings().file_name
    directory = find_state_dir("", name, environ)
    whose = " of the system's daemon" if directory == SYSTEM_STATE_DIR else ""
    return DatabasePlace(directory / name, f"in the state directory{whose}")
