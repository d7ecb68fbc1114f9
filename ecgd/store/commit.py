"""The writer's connection: transactions, faults, retries, and starting anew after damage."""

from __future__ import annotations

import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ecgd.model.status import PartHealth
from ecgd.store.alarms import (
    AcknowledgeAlert,
    ClearAlert,
    RecordDelivery,
    SaveAlarmBook,
    SaveBaseline,
    StoreAlert,
)
from ecgd.store.checkpoint import Checkpointer
from ecgd.store.damage import salvage, set_aside
from ecgd.store.database import damage_error, open_checked
from ecgd.store.escalations import SaveEscalation
from ecgd.store.evolutions import SaveEvolution
from ecgd.store.faults import TROUBLE, Fault, FaultKind, fault_of
from ecgd.store.operations import ArchiveUser, EnsureDevice, EnsureUser, Operation
from ecgd.store.packing import finish_interrupted

PART = "database"
RETRY_FIRST_S = 0.5
RETRY_LONGEST_S = 10.0
SET_ASIDE_PAUSE_S = 600.0
"""A second damaged file within this time says that the disk is failing: none is put aside then.

For as long, the health reports the first one although the new database works.
"""

JOURNAL_LENGTH = 1000
"""So many of the last changes to alerts are made again on a fresh database."""

_log = logging.getLogger(__name__)
_KEEPS_CONNECTION = frozenset({FaultKind.LOCKED, FaultKind.FULL, FaultKind.REJECTED})

Result = int | Exception


@dataclass(frozen=True, slots=True)
class Clocks:
    """Monotonic and wall clock, in seconds."""

    mono: Callable[[], float]
    unix: Callable[[], float]


class Memory:
    """What the writer would tell a fresh database: who there is, and what happened last."""

    def __init__(self) -> None:
        self._standing: dict[tuple[str, ...], Operation] = {}
        self._journal: deque[Operation] = deque(maxlen=JOURNAL_LENGTH)

    def keep(self, operation: Operation) -> None:
        """Remember a change that was committed, if it can be repeated without harm."""
        match operation:
            case EnsureUser(patient_id=patient_id):
                self._standing[("user", patient_id)] = operation
            case EnsureDevice(patient_id=patient_id, device=device):
                self._standing[("device", patient_id, device.device_id)] = operation
            case SaveAlarmBook(patient_id=patient_id):
                self._standing[("book", patient_id)] = operation
            case SaveBaseline(patient_id=patient_id):
                self._standing[("baseline", patient_id)] = operation
            case SaveEvolution(patient_id=patient_id):
                self._standing[("evolution", patient_id)] = operation
            case ArchiveUser(patient_id=patient_id):
                self._standing[("archived", patient_id)] = operation
            case (
                StoreAlert()
                | AcknowledgeAlert()
                | ClearAlert()
                | RecordDelivery()
                | SaveEscalation()
            ):
                self._journal.append(operation)
            case _:
                # Waveform and figures would come twice; they stay in the file put aside.
                pass

    def operations(self) -> tuple[Operation, ...]:
        """Return what to repeat, in order."""
        return (*self._standing.values(), *self._journal)


class Committer:
    """Runs operations in transactions. One thread only, but for ``health``."""

    def __init__(self, path: Path, clocks: Clocks, live_streams: Callable[[], set[str]]) -> None:
        self._path = path
        self._clocks = clocks
        self._live_streams = live_streams
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._fault: Fault | None = None
        self._retry_s = RETRY_FIRST_S
        self._retry_at_s = 0.0
        self._aside: Path | None = None
        self._aside_at_s = 0.0
        self._note = ""
        self.memory = Memory()
        self.checkpointer = Checkpointer(path, clocks.mono)

    @property
    def fault(self) -> Fault | None:
        """What is wrong now; None: the last attempt succeeded."""
        return self._fault

    @property
    def damaged_path(self) -> Path | None:
        """The last file put aside since the start."""
        return self._aside

    def health(self) -> PartHealth:
        """Say how the database is; any thread may ask."""
        fault, aside = self._fault, self._aside
        if fault is not None:
            return PartHealth(PART, False, str(fault))
        complaint = self.checkpointer.complaint()
        if complaint:
            return PartHealth(PART, not self.checkpointer.is_crowded, complaint)
        if aside is None:
            return PartHealth(PART, True, self._note or "writing")
        recent = self._clocks.mono() - self._aside_at_s < SET_ASIDE_PAUSE_S
        return PartHealth(PART, not recent, self._note)

    def is_due(self) -> bool:
        """Return whether an attempt may be made now."""
        return self._fault is None or self._clocks.mono() >= self._retry_at_s

    def wait_s(self) -> float:
        """Return how long to wait before the next attempt."""
        return 0.0 if self._fault is None else max(0.0, self._retry_at_s - self._clocks.mono())

    def open(self) -> bool:
        """Open, check, migrate; a damaged file is put aside. False: not now, it is tried again.

        Raises StoreError when the schema is newer than this program.
        """
        try:
            self._open()
        except TROUBLE as error:
            self._failed(fault_of(error))
        else:
            self._succeeded()
        return self._connection is not None

    def commit(self, operations: Sequence[Operation]) -> list[Result] | None:
        """Run operations in one transaction; it is on the disk when this returns.

        An operation that the database rejects gives its exception in place of an id and does not
        hinder the others. None: nothing was done, a fault stands in ``fault``; try again later.
        """
        try:
            self._notice_lost_file()
            if self._connection is None:
                self._open()
            assert self._connection is not None
            results = _transaction(self._connection, operations)
        except TROUBLE as error:
            self._failed(fault_of(error))
            return None
        self._succeeded()
        for operation, result in zip(operations, results, strict=True):
            if not isinstance(result, Exception):
                self.memory.keep(operation)
        return results

    def checkpoint(self) -> None:
        """Fold the write-ahead log in; a disk at fault shows as with any other change."""
        if self._connection is None:
            return
        try:
            self.checkpointer.run(self._connection)
        except sqlite3.Error as error:
            self._failed(fault_of(error))

    def replace_damaged(self, reason: str) -> None:
        """Put the database aside as if SQLite had reported the damage."""
        self._failed(fault_of(damage_error(reason)))

    def close(self) -> None:
        """Close the file; the write-ahead log is folded in by SQLite."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            try:
                connection.close()
            except sqlite3.Error as error:
                _log.warning("database did not close cleanly: %s", error)

    def _open(self) -> None:
        connection, integrity = open_checked(self._path)
        self._adopt(connection, complete=integrity.complete)

    def _adopt(self, connection: sqlite3.Connection, *, complete: bool = True) -> None:
        """Take a checked connection into use: repeat what is known, finish what was cut off."""
        try:
            connection.execute("BEGIN IMMEDIATE")
            for operation in self.memory.operations():
                operation.apply(connection)
            finish_interrupted(connection, self._live_streams())
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        self._file = _identity(self._path)
        if self._aside is None:
            self._note = "" if complete else "writing; the waveform was not checked at start"

    def _notice_lost_file(self) -> None:
        """Reopen when the file was deleted or replaced under us: writes would go nowhere."""
        if self._connection is not None and _identity(self._path) != self._file:
            _log.error("database file %s was removed or replaced; opening it anew", self._path)
            self.close()

    def _failed(self, fault: Fault) -> None:
        self._roll_back()
        if fault.kind not in _KEEPS_CONNECTION:
            self.close()
        if fault.kind is FaultKind.DAMAGED and self._may_set_aside():
            self._start_anew(fault)
            return
        self._set_fault(fault)

    def _set_fault(self, fault: Fault) -> None:
        if self._fault is None or self._fault.kind is not fault.kind:
            _log.error("database: %s", fault)
            self._retry_s = RETRY_FIRST_S
        self._fault = fault
        self._retry_at_s = self._clocks.mono() + self._retry_s
        self._retry_s = min(2 * self._retry_s, RETRY_LONGEST_S)

    def _succeeded(self) -> None:
        if self._fault is not None:
            _log.warning("database works again, after: %s", self._fault)
        self._fault = None
        self._retry_s = RETRY_FIRST_S

    def _roll_back(self) -> None:
        if self._connection is not None and self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error:
                self.close()

    def _may_set_aside(self) -> bool:
        return self._aside is None or self._clocks.mono() - self._aside_at_s >= SET_ASIDE_PAUSE_S

    def _start_anew(self, fault: Fault) -> None:
        try:
            aside = set_aside(self._path, self._clocks.unix())
            self._aside, self._aside_at_s = aside, self._clocks.mono()
            self._note = f"the damaged database was kept as {aside}; a new one is in use"
            connection, _ = open_checked(self._path)
            saved = self._salvage(aside, connection)
            self._adopt(connection)
        except TROUBLE as error:
            self._set_fault(fault_of(error))
            return
        self._note += f", {saved} rows of the old one were carried over"
        _log.error("database: %s; %s", fault, self._note)
        self._succeeded()

    def _salvage(self, aside: Path, connection: sqlite3.Connection) -> int:
        connection.execute("BEGIN IMMEDIATE")
        saved = salvage(aside, connection)
        connection.execute(
            "INSERT INTO meta (key, value) VALUES (?, ?)",
            (f"set aside {self._clocks.unix():.0f}", str(aside)),
        )
        connection.execute("COMMIT")
        return saved


def _transaction(connection: sqlite3.Connection, operations: Sequence[Operation]) -> list[Result]:
    connection.execute("BEGIN IMMEDIATE")
    results = [_apply(connection, operation) for operation in operations]
    connection.execute("COMMIT")
    return results


def _apply(connection: sqlite3.Connection, operation: Operation) -> Result:
    """Apply one operation; a rejected one is undone alone. Raises when the disk is at fault."""
    connection.execute("SAVEPOINT operation")
    try:
        result: Result = operation.apply(connection)
    except (sqlite3.Error, ValueError, TypeError, OverflowError) as error:
        if isinstance(error, TROUBLE) and fault_of(error).kind is not FaultKind.REJECTED:
            raise
        connection.execute("ROLLBACK TO operation")
        _log.error("database rejected a %s: %s", type(operation).__name__, error)
        result = error
    connection.execute("RELEASE operation")
    return result


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
