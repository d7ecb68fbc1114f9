"""A recording of the bytes on a line, with their times: ``.ecgdbytes``.

A header line ``ECGDBYTES 1 {json}`` and then records, each: length (u16), direction (u8), time
since the record before in microseconds (u64), CRC-32 of all that and of the data (u32), data;
little-endian. A writer that was cut off leaves whole records and a torn one: readers stop there.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from ecgd.errors import RecordingError

SUFFIX: Final = ".ecgdbytes"
_MAGIC: Final = b"ECGDBYTES 1 "
_HEAD: Final = struct.Struct("<HBQ")
_CRC: Final = struct.Struct("<I")
_HEADER_MAX: Final = 65536
_DATA_MAX: Final = 0xFFFF


class Direction(IntEnum):
    """Which way bytes went."""

    FROM_DEVICE = 0
    TO_DEVICE = 1


@dataclass(frozen=True, slots=True)
class LoggedBytes:
    """Bytes that passed at ``time_s`` seconds after the log began."""

    time_s: float
    direction: Direction
    data: bytes


@dataclass(frozen=True, slots=True)
class ByteLogHeader:
    """What is known of a log: the line's baud rate, and free notes."""

    baud: int = 9600
    notes: dict[str, str] = field(default_factory=dict)


class ByteLogWriter:
    """Writes a byte log. Times are monotonic seconds; the first call of ``write`` is time 0."""

    def __init__(self, file: BinaryIO, header: ByteLogHeader) -> None:
        self._file = file
        self._last_us: int | None = None
        text = json.dumps({"baud": header.baud, "notes": header.notes})
        file.write(_MAGIC + text.encode() + b"\n")

    @classmethod
    def create(cls, path: Path, header: ByteLogHeader) -> Self:
        """Create the file, or empty it. Raises RecordingError."""
        try:
            return cls(path.open("wb"), header)
        except OSError as error:
            raise RecordingError(f"{path}: cannot be written ({error.strerror})") from error

    def write(self, data: bytes, direction: Direction, now_s: float) -> None:
        """Append bytes that passed at ``now_s``; a clock that steps back counts as standing."""
        now_us = round(now_s * 1e6)
        last_us = now_us if self._last_us is None else self._last_us
        self._last_us = max(now_us, last_us)
        delta_us = self._last_us - last_us
        for start in range(0, len(data), _DATA_MAX):
            piece = data[start : start + _DATA_MAX]
            head = _HEAD.pack(len(piece), direction, delta_us)
            self._file.write(head + _CRC.pack(zlib.crc32(piece, zlib.crc32(head))) + piece)
            delta_us = 0

    def close(self) -> None:
        """Write out what is buffered and close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class ByteLogReader:
    """Reads a byte log record by record.

    ``torn`` is True once reading has met a tail that is cut off or damaged.
    Raises RecordingError where the file is missing or is no byte log.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.torn = False
        self.header = self._read_header()

    def __iter__(self) -> Iterator[LoggedBytes]:
        self.torn = False
        elapsed_us = 0
        with self._open() as file:
            file.readline(_HEADER_MAX)
            while head := file.read(_HEAD.size + _CRC.size):
                record = _read_record(file, head)
                if record is None:
                    self.torn = True
                    return
                delta_us, direction, data = record
                elapsed_us += delta_us
                yield LoggedBytes(elapsed_us / 1e6, direction, data)

    def _open(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise RecordingError(
                f"{self.path}: cannot be read ({error.strerror})", "Check path and permissions."
            ) from error

    def _read_header(self) -> ByteLogHeader:
        with self._open() as file:
            line = file.readline(_HEADER_MAX)
        remedy = f"A byte recording ({SUFFIX}) begins with the line ECGDBYTES 1."
        if not line.startswith(_MAGIC):
            raise RecordingError(f"{self.path}: is no byte recording", remedy)
        try:
            fields = json.loads(line.removeprefix(_MAGIC))
            return ByteLogHeader(int(fields["baud"]), dict(fields["notes"]))
        except (ValueError, KeyError, TypeError) as error:
            raise RecordingError(f"{self.path}: its header line is damaged", remedy) from error


def _read_record(file: BinaryIO, head: bytes) -> tuple[int, Direction, bytes] | None:
    if len(head) < _HEAD.size + _CRC.size:
        return None
    length, direction, delta_us = _HEAD.unpack_from(head)
    (crc,) = _CRC.unpack_from(head, _HEAD.size)
    data = file.read(length)
    if zlib.crc32(data, zlib.crc32(head[: _HEAD.size])) != crc or len(data) < length:
        return None
    if direction not in tuple(Direction):
        return None
    return delta_us, Direction(direction), data
