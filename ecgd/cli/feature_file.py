"""The feature vector of every window as a table (``ecgctl analyze --features``)."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import TextIO

from ecgd.errors import EcgdError
from ecgd.features.vector import NAMES, VERSION
from ecgd.model.signal import FloatArray

FIRST: tuple[str, ...] = ("version", "path", "time_s")
DIGITS = 7


class FeatureFile:
    """One row a window, of all recordings; what was not measured is an empty cell."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: TextIO = path.open("w", newline="", encoding="utf-8")
        except OSError as error:
            raise EcgdError(
                f"{path} cannot be written: {error.strerror}",
                "Name a file in a directory that you may write to.",
            ) from error
        self._rows = csv.writer(self._file)
        self._rows.writerow((*FIRST, *NAMES))

    def add(self, recording: Path, time_s: float, features: FloatArray) -> None:
        """Write one window's row."""
        cells = ["" if math.isnan(value) else f"{value:.{DIGITS}g}" for value in features.tolist()]
        try:
            self._rows.writerow((VERSION, recording, f"{time_s:.3f}", *cells))
        except OSError as error:
            raise EcgdError(
                f"{self._path} cannot be written: {error.strerror}", "Make room on its disk."
            ) from error

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
