"""Where the daemon's files lie: one rule for the daemon and for whoever looks for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

SOCKET_NAME: Final = "control.sock"
"""File name of the control socket in the runtime directory."""

SYSTEM_RUNTIME_DIR: Final = Path("/run/ecgd")
"""Runtime directory of the daemon that systemd starts (RuntimeDirectory=ecgd)."""


def state_dir(environ: Mapping[str, str], configured: str = "") -> Path:
    """Return the state directory: as configured, else $STATE_DIRECTORY, else the user's own.

    systemd may name several directories, separated by colons; the first one counts.
    """
    if configured:
        return Path(configured)
    named = environ.get("STATE_DIRECTORY", "").split(":")[0]
    if named:
        return Path(named)
    base = environ.get("XDG_STATE_HOME", "")
    home = Path(base) if base.startswith("/") else Path(environ.get("HOME", "/")) / ".local/state"
    return home / "ecgd"


def runtime_dir(
    environ: Mapping[str, str], configured: str = "", configured_state: str = ""
) -> Path:
    """Return the runtime directory: as configured, else $RUNTIME_DIRECTORY, else the state's."""
    if configured:
        return Path(configured)
    named = environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return Path(named) if named else state_dir(environ, configured_state)


def socket_path(
    environ: Mapping[str, str], configured: str = "", configured_state: str = ""
) -> Path:
    """Return the path of the control socket (arguments as in :func:`runtime_dir`)."""
    return runtime_dir(environ, configured, configured_state) / SOCKET_NAME
