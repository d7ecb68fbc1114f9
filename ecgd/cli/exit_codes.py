"""How ecgctl ends. ``docs/ecgctl.md`` is checked against this file."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit status of every command."""

    FINE = 0
    ERROR = 1
    USAGE = 2
    UNREACHABLE = 3
    ATTENTION = 4
    WRONG_CONFIG = 5
