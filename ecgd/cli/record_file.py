"""A byte recording as it comes in: whole records only are written."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from ecgd.errors import RecordingError
from ecgd.sources.byte_log import Direction

_HEAD: Final = struct.Struct("<HBQI")
"""Length, direction, time and CRC before each record's data: see ``ecgd.sources.byte_log``."""


@dataclass(slots=True)
class RecordFile:
    """Writes what came, cut at the end of the last whole record: a reader never meets a torn one.

    Raises RecordingError when the disk takes nothing more; what was written stays.
    """

    path: Path
    file: BinaryIO
    byte_count: dict[Direction, int] = field(default_factory=lambda: dict.fromkeys(Direction, 0))
    _rest: bytearray = field(default_factory=bytearray)
    _has_header: bool = False

    @classmethod
    def create(cls, path: Path, *, force: bool) -> RecordFile:
        """Create the file; one that is there is overwritten with ``force`` only."""
        try:
            return cls(path, path.open("wb" if force else "xb", buffering=0))
        except FileExistsError as there:
            raise RecordingError(
                f"{path} is there already", "name another file, or overwrite it with --force"
            ) from there
        except OSError as error:
            raise RecordingError(
                f"{path} cannot be written ({error.strerror})", "name another file"
            ) from error

    def take(self, data: bytes) -> int:
        """Write the whole records in what has come; return how many bytes of the line they are."""
        self._rest += data
        end, line_bytes = 0, 0
        if not self._has_header:
            end = self._rest.find(b"\n") + 1
            if end == 0:
                return 0
            self._has_header = True
        while (size := self._record_size(end)) is not None:
            direction = Direction(self._rest[end + 2])
            self.byte_count[direction] += size - _HEAD.size
            line_bytes += size - _HEAD.size
            end += size
        self._write(bytes(self._rest[:end]))
        del self._rest[:end]
        return line_bytes

    def close(self) -> None:
        """Bring everything to the disk, the directory's entry too."""
        try:
            os.fsync(self.file.fileno())
            self.file.close()
            directory = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as error:
            raise self._failed(error) from error

    def _record_size(self, start: int) -> int | None:
        """Return the size of the record that begins here; None where it is not whole yet."""
        if len(self._rest) < start + _HEAD.size:
            return None
        length = _HEAD.unpack_from(self._rest, start)[0]
        size = _HEAD.size + int(length)
        return size if len(self._rest) >= start + size else None

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[self.file.write(view) :]
            except OSError as error:
                raise self._failed(error) from error

    def _failed(self, error: OSError) -> RecordingError:
        return RecordingError(
            f"{self.path}: writing failed ({error.strerror})",
            "make room on the disk; what is in the file can be used",
        )
