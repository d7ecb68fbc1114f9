"""Secrets lie in files that nobody else can read."""

from __future__ import annotations

import os
import stat
from pathlib import Path


class SharedFileError(Exception):
    """A file that group or others may open; ``mode`` is its permissions."""

    def __init__(self, mode: int) -> None:
        super().__init__(f"mode {mode:04o}")
        self.mode = mode


def read_secret(path: Path, limit_bytes: int, *, private: bool = True) -> bytes:
    """Return a file's first bytes; ``private`` False: its directory guards it, not its mode.

    Raises OSError, and SharedFileError if others may read it.
    """
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if private and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SharedFileError(mode & 0o777)
        return file.read(limit_bytes)
