"""The demo's programs: started together, ended together, never left behind."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from ecgd.errors import EcgdError

STOP_S: Final = 1.5
"""After this long a program that was asked to end is killed."""

_PR_SET_PDEATHSIG: Final = 1
_TAIL_BYTES: Final = 16_384
_libc = ctypes.CDLL(None)


class ChildEndedError(EcgdError):
    """A program of the demo ended by itself."""


class Child:
    """One program, with its output in a file."""

    def __init__(
        self, name: str, command: Sequence[str], environ: Mapping[str, str], output: Path
    ) -> None:
        self.name = name
        self._output = output
        with output.open("wb") as file:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=dict(environ),
                start_new_session=True,
                # Safe: the demo starts its programs before it has any thread.
                preexec_fn=_end_with_parent,  # noqa: PLW1509
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def check(self) -> None:
        """Raise ChildEndedError, with the program's last lines, if it has ended."""
        status = self._process.poll()
        if status is not None:
            how = f"by signal {-status}" if status < 0 else f"with status {status}"
            lines = "\n".join(f"  {line}" for line in self.last_lines(10))
            raise ChildEndedError(
                f"{self.name} ended {how}; its last lines:\n{lines or '  (it said nothing)'}\n"
                f"  all of them: {self._output}"
            )

    def last_lines(self, count: int) -> list[str]:
        """Return the end of what the program said."""
        with self._output.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            return file.read().decode("utf-8", "replace").splitlines()[-count:]

    def ask_to_end(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait(self, until_mono_s: float) -> None:
        """Wait for the end, and kill the program when the time is up."""
        try:
            self._process.wait(max(0.0, until_mono_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def stop_all(children: Iterable[Child], within_s: float = STOP_S) -> None:
    """End every program at the same time."""
    children = list(children)
    until_mono_s = time.monotonic() + within_s
    for child in children:
        child.ask_to_end()
    for child in children:
        child.wait(until_mono_s)


def _end_with_parent() -> None:
    # Even kill -9 of the demo leaves no daemon behind that holds its port and its lock.
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
