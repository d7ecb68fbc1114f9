"""When each way was last proven, over restarts: an age is never younger than it is."""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Final

from ecgd.model.alarm import UNKNOWN_BOOT
from ecgd.model.proof import ProvenBy
from ecgd.service.durable_file import write_durably
from ecgd.service.logs import log_event

_log = logging.getLogger(__name__)

FILE_NAME: Final = "proof.json"
WHOLE: Final = "*"
"""The way from a synthetic heart to every receipt. No target has such a name."""
HEART: Final = "*heart"
"""From a synthetic heart to an alarm."""

_SIZE_MAX_BYTES: Final = 1 << 16
_MODE: Final = 0o640


@dataclass(frozen=True, slots=True)
class Proven:
    """One way, proven at one moment by both clocks.

    ``settings_mark`` tells whether the target is still the one that was proven.
    """

    unix_s: float
    mono_s: float
    boot_id: str
    took_s: float
    by: ProvenBy
    settings_mark: int = 0


class ProofBook:
    """What was proven, by the name of the way. Written by whoever may wait for the disk."""

    def __init__(
        self,
        state_dir: Path,
        boot_id: str,
        marks: Mapping[str, int],
        clocks: tuple[Callable[[], float], Callable[[], float]],
    ) -> None:
        self._path = state_dir / FILE_NAME
        self._boot_id = boot_id
        self._marks = {WHOLE: zlib.crc32(repr(sorted(marks.items())).encode()), HEART: 0, **marks}
        self._mono, self._unix = clocks
        self._known: dict[str, Proven] = {}
        self._carried: set[str] = set()
        self._written: dict[str, Proven] = {}
        self._failure = ""
        self._read()

    @property
    def is_changed(self) -> bool:
        """Whether the file does not say what is known."""
        return self._known != self._written

    def note(self, name: str, took_s: float, by: ProvenBy) -> None:
        """A way has just been proven."""
        if name not in self._marks:
            return
        now = (self._unix(), self._mono(), self._boot_id)
        self._known[name] = Proven(*now, took_s, by, self._marks[name])
        self._carried.discard(name)

    def proven(self, name: str) -> Proven | None:
        """Return the newest proof of a way; None: there is none."""
        return self._known.get(name)

    def is_carried_over(self, name: str) -> bool:
        """Whether the newest proof is of an earlier run."""
        return name in self._carried

    def age_s(self, name: str) -> float | None:
        """Return how long ago a way was proven; None: never, or no clock can tell.

        Within one boot the monotonic clock tells, else the wall clock; one that is behind the
        proof was set meanwhile, or is not yet, and knows nothing.
        """
        known = self._known.get(name)
        if known is None:
            return None
        same_boot = known.boot_id == self._boot_id != UNKNOWN_BOOT
        age_s = self._mono() - known.mono_s if same_boot else self._unix() - known.unix_s
        return age_s if age_s >= 0.0 else None

    def keep(self) -> None:
        """Write what is known; it blocks on the disk."""
        known = dict(self._known)
        ways = {name: asdict(each) for name, each in known.items()}
        record = {"version": 1, "crc32": _checksum(ways), "ways": ways}
        try:
            write_durably(self._path, json.dumps(record) + "\n", _MODE)
        except OSError as error:
            self._tell(f"cannot write {self._path}: {error.strerror or error}")
        else:
            self._written, self._failure = known, ""

    def _read(self) -> None:
        try:
            raw = self._path.read_bytes() if self._path.stat().st_size <= _SIZE_MAX_BYTES else b""
            found = _ways(json.loads(raw))
        except FileNotFoundError:
            return
        except OSError as error:
            self._tell(f"cannot read {self._path}: {error.strerror or error}")
            return
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self._tell(f"{self._path} is damaged: what was proven is proven anew")
            return
        self._written = found
        self._known = {
            name: each
            for name, each in found.items()
            if self._marks.get(name) == each.settings_mark
        }
        self._carried = set(self._known)

    def _tell(self, failure: str) -> None:
        if failure != self._failure:
            self._failure = failure
            log_event(_log, "proof_book", failure, level=logging.WARNING)


def _ways(record: Any) -> dict[str, Proven]:
    ways = record["ways"]
    if record["version"] != 1 or record["crc32"] != _checksum(ways):
        raise ValueError("the checksum is wrong")
    return {str(name): _proven(way) for name, way in ways.items()}


def _proven(way: Any) -> Proven:
    figures = [float(way[key]) for key in ("unix_s", "mono_s", "took_s")]
    if not all(isfinite(figure) for figure in figures):
        raise ValueError("a time is no number")
    unix_s, mono_s, took_s = figures
    by, mark = ProvenBy(way["by"]), int(way["settings_mark"])
    return Proven(unix_s, mono_s, str(way["boot_id"]), took_s, by, mark)


def _checksum(ways: Mapping[str, Any]) -> int:
    return zlib.crc32(json.dumps(ways, separators=(",", ":"), sort_keys=True).encode())
