"""One daemon a state directory."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from types import TracebackType

from ecgd.errors import AlreadyRunningError, StoreError

LOCK_NAME = "ecgd.lock"


class StateLock:
    """Holds a state directory from ``acquire`` to ``release``.

    The kernel drops the lock when the process ends in whatever way, so a file that is left over
    says nothing; the number in it only helps a person to find the other daemon.
    """

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / LOCK_NAME
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raises AlreadyRunningError, StoreError when the directory is unusable."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = _open(self._path)
        except OSError as error:
            raise StoreError(
                f"The state directory {self._path.parent} is unusable: {error.strerror}",
                "Check that it exists and belongs to the daemon's user",
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _read_pid(file)
            os.close(file)
            raise AlreadyRunningError(
                f"Another daemon (pid {holder}) uses {self._path.parent}",
                "Stop it, or set another state directory (daemon.state_dir)",
            ) from error
        self._file = file
        _write_pid(file)

    def release(self) -> None:
        """Give the lock back; the file stays."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> StateLock:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _open(path: Path) -> int:
    """Open the lock file; on a disk that became read-only as it is, or else its directory."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
    existing = path if path.exists() else path.parent
    return os.open(existing, os.O_RDONLY | os.O_CLOEXEC)


def _read_pid(file: int) -> str:
    try:
        return os.pread(file, 20, 0).decode("ascii", "replace").strip() or "unknown"
    except OSError:
        return "unknown"


def _write_pid(file: int) -> None:
    """Note who holds the lock; a full disk is no reason to stay away from the patient."""
    try:
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
    except OSError:
        return
