"""What an SQLite error means for the daemon, and what a person can do about it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """Kinds of trouble that call for different answers."""

    LOCKED = "locked"
    FULL = "full"
    READ_ONLY = "read-only"
    UNREACHABLE = "unreachable"
    IO = "I/O error"
    DAMAGED = "damaged"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Fault:
    """One failed attempt. ``REJECTED`` concerns a single operation, the others the database."""

    kind: FaultKind
    detail: str

    def __str__(self) -> str:
        return f"{_WORDS[self.kind]} ({self.detail})"


_WORDS = {
    FaultKind.LOCKED: "another process locks the database; find it with 'fuser' and stop it",
    FaultKind.FULL: "the disk is full; free some space",
    FaultKind.READ_ONLY: "the database is read-only; check owner, mode and mount options",
    FaultKind.UNREACHABLE: "the database cannot be opened; check that its directory exists, "
    "belongs to the daemon's user and is not mounted read-only",
    FaultKind.IO: "the disk cannot be read or written; check cable, card and system log",
    FaultKind.DAMAGED: "the database is damaged",
    FaultKind.REJECTED: "the database rejected the data",
}

_KINDS = {
    sqlite3.SQLITE_BUSY: FaultKind.LOCKED,
    sqlite3.SQLITE_LOCKED: FaultKind.LOCKED,
    sqlite3.SQLITE_PROTOCOL: FaultKind.LOCKED,
    sqlite3.SQLITE_FULL: FaultKind.FULL,
    sqlite3.SQLITE_READONLY: FaultKind.READ_ONLY,
    sqlite3.SQLITE_PERM: FaultKind.READ_ONLY,
    sqlite3.SQLITE_IOERR: FaultKind.IO,
    sqlite3.SQLITE_CANTOPEN: FaultKind.UNREACHABLE,
    sqlite3.SQLITE_NOMEM: FaultKind.IO,
    sqlite3.SQLITE_CORRUPT: FaultKind.DAMAGED,
    sqlite3.SQLITE_NOTADB: FaultKind.DAMAGED,
    sqlite3.SQLITE_FORMAT: FaultKind.DAMAGED,
}


TROUBLE = (sqlite3.Error, OSError, UnicodeDecodeError)
"""What working with a database raises. The last one comes of a damaged file alone: SQLite then
quotes bytes that are no text in its message, and Python cannot even make the error of it."""


def fault_of(error: sqlite3.Error | OSError | UnicodeDecodeError) -> Fault:
    """Classify an error by SQLite's primary result code."""
    if isinstance(error, UnicodeDecodeError):
        return Fault(FaultKind.DAMAGED, "its message is no text")
    if isinstance(error, OSError):
        return Fault(FaultKind.IO, str(error))
    code = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_IOERR_SHMSIZE:
        # The first page of the -shm file found no room: what a full disk does to an opening.
        return Fault(FaultKind.FULL, str(error))
    kind = FaultKind.REJECTED if code is None else _KINDS.get(code & 0xFF, FaultKind.REJECTED)
    return Fault(kind, str(error))
