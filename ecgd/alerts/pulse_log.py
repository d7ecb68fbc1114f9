"""Pin changes as lines of a file: ``<monotonic s> <channel> <BCM pin> <0|1>``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LIMIT_BYTES = 8 * 1024 * 1024
"""About two days of a high-priority alarm; nothing is written beyond."""


@dataclass(frozen=True, slots=True)
class PinChange:
    """One pin that changed, at a monotonic time."""

    time_s: float
    channel: str
    pin: int
    on: bool


class PulseLog:
    """Appends pin changes to a file until it is full. OSError when it cannot be written."""

    def __init__(self, path: str) -> None:
        self._file = Path(path).open("a", encoding="ascii", buffering=1)  # noqa: SIM115
        self._left_bytes = LIMIT_BYTES - self._file.tell()

    def append(self, change: PinChange) -> None:
        line = f"{change.time_s:.6f} {change.channel} {change.pin} {int(change.on)}\n"
        self._left_bytes -= len(line)
        if self._left_bytes >= 0:
            self._file.write(line)

    def close(self) -> None:
        self._file.close()


def read_pulse_log(path: str) -> tuple[PinChange, ...]:
    """Return the changes in a file that ``PulseLog`` wrote; a last line that is cut is left out."""
    whole, _, _ = Path(path).read_text(encoding="ascii").rpartition("\n")
    return tuple(_parsed(line) for line in whole.splitlines())


def _parsed(line: str) -> PinChange:
    time_s, channel, pin, on = line.split()
    return PinChange(float(time_s), channel, int(pin), on == "1")
