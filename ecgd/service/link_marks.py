"""How far each sealed device has come, over restarts: what was heard is never taken again."""

from __future__ import annotations

import asyncio
import json
import logging
import zlib
from pathlib import Path
from typing import Any, Final

from ecgd.protocol import Mark
from ecgd.service.durable_file import write_durably
from ecgd.service.logs import log_event

_log = logging.getLogger(__name__)

FILE_NAME: Final = "link-marks.json"
KEEP_S: Final = 10.0
"""Marks are written this often: so much signal could be played once more after a crash."""

MARKS_MAX: Final = 64
"""So many keys are known, the last ones used."""

_SIZE_MAX_BYTES: Final = 1 << 16
_MODE: Final = 0o640


class LinkMarks:
    """The newest place that was accepted under each key, by the key's fingerprint."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / FILE_NAME
        self._marks: dict[str, Mark] = {}
        self._written: dict[str, Mark] = {}
        self._failure = ""
        self._read()

    def mark(self, fingerprint: str) -> Mark | None:
        """Return the place behind the newest samples under a key; None: it is new."""
        return self._marks.get(fingerprint)

    def note(self, fingerprint: str, mark: Mark) -> None:
        """Remember a place; the key becomes the last one used."""
        self._marks.pop(fingerprint, None)
        self._marks[fingerprint] = mark
        while len(self._marks) > MARKS_MAX:
            self._marks.pop(next(iter(self._marks)))

    async def run(self) -> None:
        """Write what has changed, until cancelled."""
        while True:
            await asyncio.sleep(KEEP_S)
            marks = dict(self._marks)
            if marks != self._written:
                await asyncio.to_thread(self._write, marks)

    def keep(self) -> None:
        """Write at once, at the end; it blocks on the disk."""
        if self._marks != self._written:
            self._write(dict(self._marks))

    def _write(self, marks: dict[str, Mark]) -> None:
        places = [[name, mark.boot, mark.counter] for name, mark in marks.items()]
        record = {"version": 1, "crc32": _checksum(places), "marks": places}
        try:
            write_durably(self._path, json.dumps(record) + "\n", _MODE)
        except OSError as error:
            self._tell(f"cannot write {self._path}: {error.strerror or error}")
        else:
            self._written, self._failure = marks, ""

    def _read(self) -> None:
        try:
            raw = self._path.read_bytes() if self._path.stat().st_size <= _SIZE_MAX_BYTES else b""
            self._marks = _marks(json.loads(raw))
            self._written = dict(self._marks)
        except FileNotFoundError:
            pass
        except OSError as error:
            self._tell(f"cannot read {self._path}: {error.strerror or error}")
        except (ValueError, KeyError, TypeError, RecursionError):
            self._tell(
                f"{self._path} is damaged: sealed devices are taken up where they are now, and "
                "what they sent before this start could be played once more"
            )

    def _tell(self, failure: str) -> None:
        if failure != self._failure:
            self._failure = failure
            log_event(_log, "link_marks", failure, level=logging.WARNING)


def _marks(record: Any) -> dict[str, Mark]:
    places = record["marks"]
    if record["version"] != 1 or record["crc32"] != _checksum(places):
        raise ValueError("the checksum is wrong")
    return {str(name): Mark(int(boot), int(counter)) for name, boot, counter in places}


def _checksum(places: list[list[Any]]) -> int:
    return zlib.crc32(json.dumps(places, separators=(",", ":")).encode())
