"""Copies of the database: made while it is written, checked, and put in its place again."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ecgd.errors import StoreError
from ecgd.store.database import connect_read_only
from ecgd.store.faults import fault_of
from ecgd.store.lock import LOCK_NAME, StateLock
from ecgd.store.migrations import refuse_foreign, version_of

Progress = Callable[[int, int], None]
"""Called with pages copied and pages in all."""

STEP_PAGES = 2048
"""So many pages (8 MiB) are copied between two reports of progress."""

_SIDE_FILES = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Copied:
    """A finished copy."""

    path: Path
    size_bytes: int
    schema_version: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class Restored:
    """A database that is in place again. ``aside`` None: there was none before."""

    path: Path
    aside: Path | None
    schema_version: int
    pending_messages: int


def back_up(source: Path, target: Path, *, force: bool, progress: Progress) -> Copied:
    """Copy a database, in use or not, to a file of its own, and check the copy.

    Raises StoreError; the target is then as it was. The copy is the state of one moment.
    """
    begun_s = time.monotonic()
    _refuse_target(source, target, force)
    _refuse_lack_of_room(source, target.parent)
    partial = target.with_name(f"{target.name}.partial")
    with _claimed(partial), _explained(f"Cannot back up {source} to {target}"):
        version = _copy(source, partial, progress)
        _sync(partial)
        if not force and target.exists():
            raise _exists(target)
        partial.replace(target)
        _sync(target.parent)
    return Copied(target, target.stat().st_size, version, time.monotonic() - begun_s)


def restore(copy: Path, database: Path, state_dir: Path, *, progress: Progress) -> Restored:
    """Put a copy in the place of the database, which is renamed and kept.

    Raises AlreadyRunningError while a daemon runs, StoreError when the copy is damaged, newer
    than this program or no database of ecgd; the database is then as it was.
    """
    if not copy.is_file():
        raise StoreError(f"There is no file {copy}", "Name a file that 'ecgctl db backup' made")
    if database.exists() and copy.samefile(database):
        raise StoreError(f"{copy} is the database itself", "Name a backup of it")
    with StateLock(state_dir), _explained(f"Cannot restore {copy} to {database}"):
        _refuse_lack_of_room(copy, database.parent)
        partial = database.with_name(f"{database.name}.partial")
        with _claimed(partial):
            version = _copy(copy, partial, progress)
            _sync(partial)
            _own_like(partial, database if database.exists() else state_dir)
            pending = _pending(partial)
            aside = _put_aside(database)
            partial.replace(database)
            _sync(database.parent)
        _own_like(state_dir / LOCK_NAME, state_dir, mode=0o640)
    return Restored(database, aside, version, pending)


def _refuse_target(source: Path, target: Path, force: bool) -> None:
    if not source.exists():
        raise StoreError(f"There is no database at {source}", "Start the daemon once")
    if target.is_dir() or not target.parent.is_dir():
        raise StoreError(f"{target} cannot be a file", "Name a file in a directory that exists")
    if target.exists() and (target.samefile(source) or not force):
        raise _exists(target)


def _exists(target: Path) -> StoreError:
    return StoreError(f"{target} exists", "Name another file, or add --force to replace it")


def _refuse_lack_of_room(source: Path, directory: Path) -> None:
    """A little more than the copy's size has to be free."""
    wal = Path(f"{source}-wal")
    needed = source.stat().st_size + (wal.stat().st_size if wal.exists() else 0)
    disk = os.statvfs(directory)
    free = disk.f_bavail * disk.f_frsize
    if free < needed:
        raise StoreError(
            f"{directory} has {free / 1e6:.0f} MB free, the copy needs {needed / 1e6:.0f} MB",
            "Free some space, or choose another disk",
        )


@contextmanager
def _claimed(partial: Path) -> Iterator[None]:
    """Hold the unfinished file, readable for its owner only; it is gone when this ends.

    What an earlier run left behind is taken over.
    """
    try:
        file = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StoreError(
            f"Cannot write {partial}: {error.strerror}", "Choose a directory that you may write in"
        ) from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreError(f"Another process writes {partial}", "Wait for it to end") from error
        try:
            with suppress(OSError):
                # A memory stick knows no owner and no mode.
                os.fchmod(file, 0o600)
            os.ftruncate(file, 0)
            for side in ("-journal", *_SIDE_FILES):
                Path(f"{partial}{side}").unlink(missing_ok=True)
            yield
        finally:
            if _is_file(partial, file):
                partial.unlink(missing_ok=True)
            Path(f"{partial}-journal").unlink(missing_ok=True)
    finally:
        # Last: closing it drops every lock that SQLite has on the same file.
        os.close(file)


def _is_file(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except OSError:
        return False


@contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{what}: {fault_of(error)}", "Nothing was replaced") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"{what}: {reason}", "Nothing was replaced") from error


def _copy(source: Path, target: Path, progress: Progress) -> int:
    """Copy one snapshot and check what came of it; returns the schema's version."""
    with closing(connect_read_only(source)) as connection:
        # A snapshot that is held: otherwise every commit of the daemon would begin the copy anew.
        connection.execute("BEGIN")
        refuse_foreign(connection)
        if version_of(connection) == 0:
            raise StoreError(f"{source} is an empty database", "Nothing was replaced")
        with closing(sqlite3.connect(target, isolation_level=None)) as copy:
            copy.execute("PRAGMA synchronous = OFF")
            connection.backup(
                copy,
                pages=STEP_PAGES,
                progress=lambda _, left, total: progress(total - left, total),
            )
            # One file, without a log beside it.
            copy.execute("PRAGMA journal_mode = DELETE").fetchall()
    return _check_copy(target)


def _check_copy(target: Path) -> int:
    with closing(connect_read_only(target)) as copy:
        problems = [str(row[0]) for row in copy.execute("PRAGMA integrity_check")]
        orphans = copy.execute("PRAGMA foreign_key_check").fetchall()
        if problems != ["ok"] or orphans:
            found = "; ".join(problems[:3] if problems != ["ok"] else ["rows refer to nothing"])
            raise StoreError(
                f"The database is damaged: {found}",
                "Nothing was replaced; 'ecgctl db check --full' shows what is wrong",
            )
        return version_of(copy)


def _pending(database: Path) -> int:
    with closing(connect_read_only(database)) as connection:
        found = connection.execute("SELECT count(*) FROM outbox WHERE state = 'pending'")
        return int(found.fetchone()[0])


def _put_aside(database: Path) -> Path | None:
    """Give the present database and its log a second name, and fold the log in; returns the name.

    The database's own name stays until the copy takes it, so a cut at any moment leaves one of
    the two. The log's own name goes: it must not meet the copy.
    """
    if not database.exists():
        return None
    stamp = int(time.time())
    while any(Path(f"{_aside_name(database, stamp)}{s}").exists() for s in ("", *_SIDE_FILES)):
        stamp += 1
    aside = _aside_name(database, stamp)
    os.link(database, aside)
    log, log_aside = Path(f"{database}-wal"), Path(f"{aside}-wal")
    if log.exists():
        os.link(log, log_aside)
        with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if not log_aside.stat().st_size:
            log_aside.unlink()
    for side in _SIDE_FILES:
        Path(f"{database}{side}").unlink(missing_ok=True)
    _sync(database.parent)
    return aside


def _aside_name(database: Path, stamp: int) -> Path:
    return database.with_name(f"{database.name}.before-restore-{stamp}")


def _own_like(path: Path, model: Path, mode: int | None = None) -> None:
    """Give a file the owner of another, and a mode: root restores what the daemon has to write."""
    found = model.stat()
    if mode is None:
        mode = found.st_mode & 0o660 if model.is_file() else 0o640
    with suppress(OSError):
        os.chown(path, found.st_uid, found.st_gid)
        path.chmod(mode)


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
