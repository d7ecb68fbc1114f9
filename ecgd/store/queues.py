"""The writer's inbox: alerts are never dropped up to a stated number, telemetry oldest first."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field

from ecgd.errors import StoreError
from ecgd.store.alarms import SaveAlarmBook, SaveBaseline, StoreAlert
from ecgd.store.evolutions import SaveEvolution
from ecgd.store.operations import CloseRecording, Operation
from ecgd.store.streams import StampedBlock, Stream

ALERTS_MAX = 4096
"""So many alerts may wait for the disk; the next one is refused, and its future says so."""

URGENT_MAX = 4096
"""So many other urgent operations may wait."""

TELEMETRY_MAX = 20_000
"""So many blocks and rows may wait; then the oldest are dropped and counted."""

TELEMETRY_BYTES_MAX = 32 << 20
"""And so many bytes of samples."""


@dataclass(frozen=True, slots=True, eq=False)
class AppendBlock:
    """Samples of a stream."""

    stream: Stream
    stamped: StampedBlock


@dataclass(frozen=True, slots=True)
class Flush:
    """Everything before this is to be committed now."""

    def apply(self, _connection: sqlite3.Connection) -> int:
        return 0


Work = Operation | AppendBlock


@dataclass(slots=True)
class Pending:
    """One piece of work and everybody who waits for it."""

    work: Work
    enqueued_s: float
    futures: list[Future[int]] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        """Memory that only its samples take."""
        if not isinstance(self.work, AppendBlock):
            return 0
        block = self.work.stamped.block
        return block.counts.nbytes + block.valid.nbytes

    @property
    def droppable(self) -> bool:
        """Whether it may be dropped when the disk is stuck."""
        return not isinstance(self.work, CloseRecording | Flush)

    def resolve(self, result: int | Exception) -> None:
        """Tell everybody who waits."""
        for future in self.futures:
            if not future.set_running_or_notify_cancel():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)


@dataclass(frozen=True, slots=True)
class InboxCounts:
    """Depths and losses. ``urgent`` counts what is not durable yet, alerts included."""

    urgent: int
    alerts: int
    telemetry: int
    dropped: int
    refused: int


class Inbox:
    """Two bounded queues under one lock: any thread puts, the writer's thread takes."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._urgent: deque[Pending] = deque()
        self._telemetry: deque[Pending] = deque()
        self._telemetry_bytes = 0
        self._alerts = 0
        self._others = 0
        self._dropped = 0
        self._refused = 0
        self._closed = False

    def put_urgent(self, operation: Operation, now_s: float) -> Future[int]:
        """Enqueue what must not be lost; the future fails at once when the limit is reached."""
        future: Future[int] = Future()
        with self._changed:
            if self._closed or self._is_full(operation):
                self._refused += 1
                future.set_exception(_refusal(self._closed))
                return future
            waiting = self._superseded(operation)
            if waiting is not None:
                waiting.work = operation
                waiting.futures.append(future)
                return future
            self._urgent.append(Pending(operation, now_s, [future]))
            self._count(operation, 1)
            self._changed.notify()
        return future

    def put_telemetry(self, work: Work, now_s: float) -> Future[int]:
        """Enqueue at the end; the oldest makes room."""
        future: Future[int] = Future()
        pending = Pending(work, now_s, [future])
        with self._changed:
            if self._closed:
                future.set_exception(_refusal(closed=True))
                return future
            self._telemetry.append(pending)
            self._telemetry_bytes += pending.size_bytes
            dropped = self._make_room()
            self._changed.notify()
        for loser in dropped:
            loser.resolve(dropped_error())
        return future

    def take(self, timeout_s: float) -> tuple[list[Pending], list[Pending]]:
        """Wait until there is work, or for the time given; return urgent and telemetry."""
        with self._changed:
            if not (self._urgent or self._telemetry or self._closed):
                self._changed.wait(timeout_s)
            urgent, telemetry = list(self._urgent), list(self._telemetry)
            self._urgent.clear()
            self._telemetry.clear()
            self._telemetry_bytes = 0
        return urgent, telemetry

    def settled(self, pending: Pending) -> None:
        """An urgent operation is done with: its place is free again."""
        assert not isinstance(pending.work, AppendBlock)
        with self._changed:
            self._count(pending.work, -1)

    def count_dropped(self, number: int) -> None:
        """Account for telemetry that was dropped after it was taken."""
        with self._changed:
            self._dropped += number

    def close(self) -> None:
        """Take nothing more."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    @property
    def closed(self) -> bool:
        """Whether nothing more is taken."""
        return self._closed

    def counts(self) -> InboxCounts:
        """Return depths and losses."""
        with self._changed:
            return InboxCounts(
                self._alerts + self._others,
                self._alerts,
                len(self._telemetry),
                self._dropped,
                self._refused,
            )

    def _is_full(self, operation: Operation) -> bool:
        if isinstance(operation, StoreAlert):
            return self._alerts >= ALERTS_MAX
        return self._others >= URGENT_MAX

    def _count(self, operation: Operation, change: int) -> None:
        if isinstance(operation, StoreAlert):
            self._alerts += change
        else:
            self._others += change

    def _superseded(self, operation: Operation) -> Pending | None:
        """Return what waits of the same kind and patient, where only the newest is of use."""
        if not isinstance(operation, SaveAlarmBook | SaveBaseline | SaveEvolution):
            return None
        for pending in self._urgent:
            work = pending.work
            if type(work) is type(operation) and work.patient_id == operation.patient_id:
                return pending
        return None

    def _make_room(self) -> list[Pending]:
        dropped: list[Pending] = []
        kept: list[Pending] = []
        while len(self._telemetry) + len(kept) > TELEMETRY_MAX or (
            self._telemetry_bytes > TELEMETRY_BYTES_MAX and len(self._telemetry) > 1
        ):
            oldest = self._telemetry.popleft()
            if not oldest.droppable:
                kept.append(oldest)
                continue
            self._telemetry_bytes -= oldest.size_bytes
            dropped.append(oldest)
        self._telemetry.extendleft(reversed(kept))
        self._dropped += len(dropped)
        return dropped


def dropped_error() -> StoreError:
    """Return what the future of dropped telemetry raises."""
    return StoreError(
        "Telemetry was dropped: the disk did not keep up", "See the database's health for the cause"
    )


def _refusal(closed: bool) -> StoreError:
    if closed:
        return StoreError("The store is closed", "Open it again to write")
    return StoreError(
        "Too many operations wait for the disk", "See the database's health for the cause"
    )
