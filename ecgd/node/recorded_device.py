"""A device that once was: its recorded bytes, at their recorded times. It hears nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ecgd.sources.byte_log import ByteLogReader, Direction

_BUFFER_SIZE: Final = 1 << 17
"""Recorded bursts came faster than the line carries them: they queue."""


class RecordedDevice:
    """Plays what a device sent, from a byte recording."""

    def __init__(self, path: Path) -> None:
        reader = ByteLogReader(path)
        self.ended = False
        self.buffer_size = _BUFFER_SIZE
        self.description = f"{path.name}: recorded bytes"
        self._records = iter(reader)
        self._next = next(self._records, None)

    def advance(self, time_s: float) -> list[bytes]:
        """Return the pieces that had come by now."""
        pieces = []
        while self._next is not None and self._next.time_s <= time_s:
            if self._next.direction is Direction.FROM_DEVICE:
                pieces.append(self._next.data)
            self._next = next(self._records, None)
        self.ended = self._next is None
        return pieces

    def receive(self, data: bytes) -> list[bytes]:
        """Answer nothing: the answers are in the recording or nowhere."""
        del data
        return []

    def reset(self, time_s: float) -> None:
        """A recording cannot start anew; the line's buffer is cut all the same."""

    def overran(self) -> None:
        """A recording reports the overruns of its own time only."""
