"""Which recordings a command line means."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ecgd.errors import RecordingError

SUFFIXES: Final = (".hea", ".npy")
"""What is taken from a directory: WFDB headers and arrays."""


def find_recordings(paths: Iterable[Path]) -> list[Path]:
    """Return the recordings, a directory replaced by those directly in it, sorted by name.

    A path given twice counts once. Raises RecordingError for a directory without recordings.
    """
    found: dict[Path, None] = {}
    for path in paths:
        for recording in _in_directory(path) if path.is_dir() else [path]:
            found[recording] = None
    return list(found)


def _in_directory(directory: Path) -> list[Path]:
    recordings = sorted(path for path in directory.iterdir() if path.suffix in SUFFIXES)
    if not recordings:
        raise RecordingError(
            f"{directory} holds no recording",
            f"name a directory with {' or '.join(SUFFIXES)} files in it, or the files themselves",
        )
    return recordings
