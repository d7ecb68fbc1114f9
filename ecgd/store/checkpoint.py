"""Folding the write-ahead log into the database, when nothing urgent waits.

SQLite can only fold in what no reader still needs. A reader that stays keeps the log growing: it is
named, and past a limit figures and waveform wait in memory rather than fill the disk.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CHECKPOINT_EVERY_S = 30.0
"""So often the log is folded in: it holds few pages then, and many of them several times over."""

AUTOCHECKPOINT_PAGES = 4096
"""In a burst a commit folds the log in by itself when it has so many pages (16 MiB)."""

BLOCKED_SAID_S = 300.0
BLOCKED_LOG_BYTES = 64 << 20
"""A reader that is in the way is said after some minutes, and is a fault from this size on."""

LOG_MAX_BYTES = 512 << 20
"""From here on only alerts and what is as urgent are written."""

_FRAME_BYTES = 4096 + 24
_READ_LOCKS = range(123, 128)
"""Bytes of the -shm file that readers lock (SQLite file format, WAL-index locks)."""


@dataclass(frozen=True, slots=True)
class CheckpointStatistics:
    """``log_bytes`` after the last checkpoint; ``blocked_s``: so long a reader is in the way."""

    checkpoints: int
    log_bytes: int
    longest_ms: float
    blocked_s: float


class Checkpointer:
    """Decides when, and watches what is left. One thread only, but for its properties."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._path = path
        self._clock = clock
        self._at_s = clock() + CHECKPOINT_EVERY_S
        self._blocked_since_s: float | None = None
        self._count = 0
        self._log_bytes = 0
        self._longest_s = 0.0

    def due_in_s(self) -> float:
        """Return how long until the next checkpoint."""
        return max(0.0, self._at_s - self._clock())

    def run(self, connection: sqlite3.Connection) -> None:
        """Fold in what can be; never waits for readers. Raises sqlite3.Error."""
        begun_s = self._clock()
        self._at_s = begun_s + CHECKPOINT_EVERY_S
        _, frames, folded = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        self._count += 1
        self._longest_s = max(self._longest_s, self._clock() - begun_s)
        self._log_bytes = frames * _FRAME_BYTES
        if folded >= frames:
            self._blocked_since_s = None
        elif self._blocked_since_s is None:
            self._blocked_since_s = begun_s

    @property
    def is_full(self) -> bool:
        """Whether figures and waveform have to wait."""
        return self._blocked_since_s is not None and self._log_bytes >= LOG_MAX_BYTES

    @property
    def is_crowded(self) -> bool:
        """Whether a reader is in the way and the log is long: housekeeping adds nothing to it."""
        return self._blocked_since_s is not None and self._log_bytes >= BLOCKED_LOG_BYTES

    def statistics(self) -> CheckpointStatistics:
        """Return figures for diagnostics; any thread may ask."""
        return CheckpointStatistics(
            checkpoints=self._count,
            log_bytes=self._log_bytes,
            longest_ms=self._longest_s * 1000,
            blocked_s=self._blocked_s(),
        )

    def complaint(self) -> str:
        """Say who is in the way; empty: nobody, or not for long."""
        blocked_s = self._blocked_s()
        if blocked_s < BLOCKED_SAID_S and not self.is_crowded:
            return ""
        readers = ", ".join(map(str, reading_processes(self._path))) or "unknown"
        return (
            f"a reader (pid {readers}) has been in the way for {blocked_s / 60:.0f} min, the "
            f"write-ahead log has {self._log_bytes / 1e6:.0f} MB; end that process"
        )

    def _blocked_s(self) -> float:
        since_s = self._blocked_since_s
        return 0.0 if since_s is None else self._clock() - since_s


def reading_processes(path: Path) -> tuple[int, ...]:
    """Return other processes that read the database now, by their locks.

    The -shm file itself is not opened: closing it would drop this process's own locks on it.
    """
    try:
        inode = Path(f"{path}-shm").stat().st_ino
        locks = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return ()
    found: set[int] = set()
    for line in locks:
        # 1: POSIX  ADVISORY  READ 1234 08:02:5678 123 123
        words = line.split()
        if len(words) != 8 or words[3] != "READ" or not words[5].endswith(f":{inode}"):
            continue
        if int(words[6]) in _READ_LOCKS and int(words[4]) not in (0, os.getpid()):
            found.add(int(words[4]))
    return tuple(sorted(found))
