"""The settings in force: of a configuration file, or of the running daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ecgd.cli.client import Client, UnreachableError, find_socket
from ecgd.config.settings import Settings

_ASK_S: Final = 3.0


def settings_in_force(
    config: Path | None, socket: Path | None, *, asks: bool
) -> tuple[Settings, str] | None:
    """Return the settings, and in words whose they are; None: nobody says.

    The daemon is asked where ``asks`` is True or its ``socket`` is named.
    """
    if config is not None:
        from ecgd.service.settings import load_settings  # noqa: PLC0415 - pydantic is slow

        return load_settings(config), str(config)
    if not asks and socket is None:
        return None
    try:
        return _of_daemon(socket), "the running daemon"
    except UnreachableError:
        if socket is not None:
            raise
    return None


def _of_daemon(socket: Path | None) -> Settings:
    import os  # noqa: PLC0415 - the environment is asked for here alone

    from ecgd.cli.budget_settings import settings_of  # noqa: PLC0415 - only needed here

    entries = Client(find_socket(socket, os.environ), _ASK_S).get("/v1/config")["settings"]
    return settings_of({entry["key"]: entry["value"] for entry in entries})
