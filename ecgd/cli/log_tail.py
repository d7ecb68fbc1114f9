"""What the daemon said last, and what systemd says of it; nothing where neither can be asked."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

UNIT: Final = "ecgd.service"

_ASK_S: Final = 3.0
_TAIL_BYTES: Final = 256 * 1024
_GRAVE: Final = re.compile(r" (WARNING|ERROR|CRITICAL) ")


def last_warnings(log_path: str, limit: int) -> list[str]:
    """Return the last warnings and errors of the log file, or of systemd's journal without one."""
    if log_path:
        return [line for line in _tail(Path(log_path)) if _GRAVE.search(line)][-limit:]
    command = ("journalctl", "-u", UNIT, "-p", "warning", "-n", str(limit), "--no-pager", "-q")
    return _asked(*command, "-o", "short-iso").splitlines()[-limit:]


def last_lines(log_path: str, limit: int) -> list[str]:
    """Return the last lines of whatever gravity."""
    if log_path:
        return _tail(Path(log_path))[-limit:]
    command = ("journalctl", "-u", UNIT, "-n", str(limit), "--no-pager", "-q", "-o", "short-iso")
    return _asked(*command).splitlines()[-limit:]


def unit_state() -> dict[str, str]:
    """Return what systemd knows of the unit; empty where there is no systemd, or no such unit."""
    keys = "LoadState,ActiveState,SubState,Result,ExecMainStatus,NRestarts,StateChangeTimestamp"
    answer = _asked("systemctl", "show", UNIT, f"--property={keys}", "--no-pager")
    state = dict(line.split("=", 1) for line in answer.splitlines() if "=" in line)
    return state if state.get("LoadState") == "loaded" else {}


def _tail(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            return file.read(_TAIL_BYTES).decode(errors="replace").splitlines()
    except OSError:
        return []


def _asked(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_ASK_S, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""
