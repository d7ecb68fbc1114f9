"""What every trial is given: a seed, a place, and how long it may take."""

from __future__ import annotations

import random
import shutil
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from reliability.row import Row


class NotPossibleHereError(Exception):
    """The machine lacks a right or a program that the trial needs."""


@dataclass
class Bench:
    """``quick``: as continuous integration runs it, with fewer and shorter faults.

    ``hour``: a device is away for a real hour. ``sound_limit_s`` is how soon after the start of
    the process sound must be back, ``waveform_limit_s`` how much of the signal may be lost.
    """

    seed: int = 1
    kills: int = 200
    lanes: int = 4
    quick: bool = False
    hour: bool = False
    sound_limit_s: float = 5.0
    waveform_limit_s: float = 10.0
    say: Callable[[str], None] = print
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def chance(self, name: str) -> random.Random:
        """Return the source of chance of one trial: the same for the same seed and name."""
        return random.Random(self.seed * 1_000_003 + zlib.crc32(name.encode()))

    @contextmanager
    def place(self) -> Iterator[Path]:
        """Yield a directory with a path short enough for Unix sockets."""
        path = Path(tempfile.mkdtemp(prefix="ecgd"))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def tell(self, text: str) -> None:
        with self._lock:
            self.say(text)


Trial = Callable[[Bench], tuple[Row, ...]]
