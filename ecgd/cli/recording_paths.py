"""Which recordings a command line means."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ecgd.errors import RecordingError

SUFFIXES: Final = (".hea", ".edf", ".csv", ".tsv", ".npy", ".ecgdbytes")
"""What is taken from a directory: WFDB headers, EDF, tables, arrays, byte recordings."""


def find_recordings(paths: Iterable[Path]) -> list[Path]:
    """Return the recordings, a directory replaced by those directly in it, sorted by name.

    A pattern that no shell has expanded is expanded here. A path given twice counts once, and so
    does a WFDB record of which both header and signal file are named. Raises RecordingError for a
    directory without recordings and a pattern that nothing matches.
    """
    found: dict[Path, None] = {}
    for path in paths:
        for name in _expanded(path):
            for recording in _in_directory(name) if name.is_dir() else [name]:
                found[recording] = None
    return [path for path in found if not _is_signal_of_another(path, found)]


def _expanded(path: Path) -> list[Path]:
    if path.exists() or not glob.has_magic(str(path)):
        return [path]
    matches = sorted(Path(name) for name in glob.glob(str(path)))  # noqa: PTH207 (absolute too)
    if not matches:
        raise RecordingError(f"nothing matches {path}", "Check the pattern and the directory.")
    return matches


def _in_directory(directory: Path) -> list[Path]:
    try:
        recordings = sorted(p for p in directory.iterdir() if p.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise RecordingError(
            f"{directory} cannot be read ({error.strerror})", "Check its permissions."
        ) from error
    if not recordings:
        raise RecordingError(
            f"{directory} holds no recording",
            f"name a directory with {' or '.join(SUFFIXES)} files in it, or the files themselves",
        )
    return recordings


def _is_signal_of_another(path: Path, found: Iterable[Path]) -> bool:
    return path.suffix == ".dat" and path.with_suffix(".hea") in found
