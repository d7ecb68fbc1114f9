"""Opening a file that somebody named as a recording."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ecgd.errors import RecordingError


@contextmanager
def open_recording(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading; raises RecordingError where it cannot be opened or read."""
    try:
        with path.open("rb") as file:
            yield file
    except FileNotFoundError as error:
        raise RecordingError(f"{path}: does not exist", "Check the path.") from error
    except OSError as error:
        raise RecordingError(
            f"{path}: cannot be read ({error.strerror})", "Check path and permissions."
        ) from error
