"""A stream of the daemon's API, read without ever waiting: for programs that also draw and listen.

HTTP/1.1 with chunks (RFC 9112, section 7.1), by the standard library alone.
"""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Final

from ecgd.cli.client import TIMEOUT_S, check_status, unreachable
from ecgd.errors import ControlError

Json = dict[str, Any]

_READ_MAX: Final = 65536
_HEAD_MAX: Final = 65536
_SIZE_MAX_CHARS: Final = 64
_LINE_MAX: Final = 16 * 1024 * 1024


class Ending(Enum):
    """How a stream ended."""

    WHOLE = "whole"
    CUT = "cut"


class Chunks:
    """Takes a chunked body apart; ``done`` once the last chunk was there."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._left = 0
        self.done = False

    def feed(self, data: bytes) -> bytes:
        """Return the content in what has come; raises ValueError where it is no chunked body."""
        self._waiting += data
        content = bytearray()
        while not self.done and self._step(content):
            pass
        return bytes(content)

    def _step(self, content: bytearray) -> bool:
        """Take one size, or what is there of one chunk; False when more has to come first."""
        if self._left > 0:
            taken = self._waiting[: max(0, self._left - 2)]
            if taken:
                content += taken
                del self._waiting[: len(taken)]
                self._left -= len(taken)
                return True
            if len(self._waiting) < self._left:
                return False
            del self._waiting[: self._left]
            self._left = 0
            return True
        line, found, rest = self._waiting.partition(b"\r\n")
        if not found:
            if len(line) > _SIZE_MAX_CHARS:
                raise ValueError("no size of a chunk")
            return False
        size = int(line.split(b";")[0], 16)
        if size < 0:
            raise ValueError("a chunk of less than nothing")
        self._waiting = rest
        self.done = size == 0
        self._left = size + 2 if size else 0
        return not self.done


class StreamClient:
    """One open stream. ``fileno`` is for select; nothing here waits but the opening.

    Raises UnreachableError when nobody answers, ControlError on a refusal.
    """

    def __init__(self, path: Path, target: str, timeout_s: float = TIMEOUT_S) -> None:
        self._path = path
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._chunks = Chunks()
        self._body = b""
        self.ending: Ending | None = None
        try:
            self._sock.settimeout(timeout_s)
            self._open(target)
        except OSError as wrong:
            self._sock.close()
            raise unreachable(path, wrong) from wrong
        except BaseException:
            self._sock.close()
            raise
        self._sock.setblocking(False)

    def fileno(self) -> int:
        return self._sock.fileno()

    def read(self) -> bytes:
        """Return what has come, b"" for nothing; ``ending`` says when nothing more will come."""
        body, self._body = self._body, b""
        if self.ending is None:
            try:
                data = self._sock.recv(_READ_MAX)
            except (BlockingIOError, InterruptedError):
                return body
            except OSError:
                data = b""
            body += self._take(data)
        return body

    def wait(self, seconds_s: float) -> bool:
        """Wait for something to read, for so long at most; tell whether there is."""
        if self._body or self.ending is not None:
            return True
        return bool(select.select([self._sock], [], [], max(0.0, seconds_s))[0])

    def close(self) -> None:
        self._sock.close()

    def __enter__(self) -> StreamClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, target: str) -> None:
        request = f"GET {target} HTTP/1.1\r\nHost: ecgd\r\nConnection: close\r\n\r\n"
        self._sock.connect(str(self._path))
        self._sock.sendall(request.encode("ascii"))
        head, rest = self._read_head()
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        fields = {name.lower(): value.strip() for name, _, value in map(_field, lines[1:])}
        if status >= 400:
            check_status(status, self._read_refusal(rest))
        if fields.get("transfer-encoding") != "chunked":
            raise _stranger(self._path)
        self._body = self._take(rest) if rest else b""

    def _read_head(self) -> tuple[bytes, bytes]:
        head = b""
        while b"\r\n\r\n" not in head:
            data = self._sock.recv(_READ_MAX)
            if not data or len(head) > _HEAD_MAX:
                raise _stranger(self._path)
            head += data
        first, _, rest = head.partition(b"\r\n\r\n")
        if not first.startswith(b"HTTP/1.1 ") or not first[9:12].isdigit():
            raise _stranger(self._path)
        return first, rest

    def _read_refusal(self, raw: bytes) -> Json:
        while data := self._sock.recv(_READ_MAX):
            raw += data
        try:
            value = json.loads(raw)
        except ValueError:
            value = None
        return value if isinstance(value, dict) else {}

    def _take(self, data: bytes) -> bytes:
        if not data:
            self.ending = Ending.CUT
            return b""
        try:
            content = self._chunks.feed(data)
        except ValueError as wrong:
            raise _stranger(self._path) from wrong
        if self._chunks.done:
            self.ending = Ending.WHOLE
        return content


class LineReader:
    """Makes JSON objects of a stream's bytes, one a line."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Json]:
        """Yield the objects that are whole; raises ControlError for what is none."""
        self._rest += data
        *lines, rest = self._rest.split(b"\n")
        self._rest = rest
        if len(rest) > _LINE_MAX:
            raise ControlError("the daemon sends a line without end", "restart it")
        for line in lines:
            try:
                value = json.loads(line)
            except ValueError as wrong:
                raise ControlError(
                    f"the daemon sent a line that is no JSON ({wrong})",
                    "ecgctl and ecgd should be of the same version",
                ) from wrong
            if isinstance(value, dict):
                yield value


def _field(line: str) -> tuple[str, str, str]:
    return line.partition(":")


def _stranger(path: Path) -> ControlError:
    return ControlError(
        f"what listens on {path} does not speak ecgd's API",
        "name the daemon's socket with --socket",
    )
