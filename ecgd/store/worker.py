"""The store's thread: takes from the inbox, commits alerts at once and telemetry in batches."""

from __future__ import annotations

import logging
import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecgd.errors import StoreError
from ecgd.model.status import LatencySummary, PartHealth
from ecgd.store.checkpoint import CheckpointStatistics
from ecgd.store.commit import PART, Clocks, Committer, Result
from ecgd.store.operations import Operation, Probe
from ecgd.store.packing import Packer, PackNext
from ecgd.store.queues import AppendBlock, Inbox, Pending
from ecgd.store.retention import Retention, RetentionStatistics
from ecgd.store.staging import BATCH_ROWS, Staging

PACK_EVERY_S = 5.0
COMMIT_BUDGET_MS = 200.0
STUCK_S = 5.0
"""A commit that takes longer is reported."""

_LATENCIES_KEPT = 1000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoreStatistics:
    """Figures for diagnostics. ``waiting`` counts are what is not on the disk yet.

    ``commit`` is from the call to the commit's return, of alerts and what is as urgent.
    """

    waiting_alerts: int
    waiting_urgent: int
    waiting_telemetry: int
    dropped_telemetry: int
    refused: int
    commits: int
    commit: LatencySummary | None
    damaged_path: Path | None
    retention: RetentionStatistics
    checkpoint: CheckpointStatistics

    def upkeep(self) -> tuple[tuple[str, float], ...]:
        """Return what the housekeeping has done, by name."""
        done, log = self.retention, self.checkpoint
        return (
            ("rows compacted", done.removed_rows),
            ("recordings thinned", done.thinned_recordings),
            ("bytes removed", done.removed_bytes),
            ("pages given back", done.freed_pages),
            ("checkpoints", log.checkpoints),
            ("checkpoint longest ms", log.longest_ms),
            ("log bytes", log.log_bytes),
            ("reader in the way s", log.blocked_s),
        )


class Worker:
    """Owns the committer and the staging; only ``health`` and ``statistics`` are for others."""

    def __init__(
        self,
        inbox: Inbox,
        committer: Committer,
        staging: Staging,
        packer: Packer,
        retention: Retention,
        *,
        clocks: Clocks,
        gather_s: float,
    ) -> None:
        self._inbox = inbox
        self._committer = committer
        self._staging = staging
        self._packer = packer
        self._retention = retention
        self._clocks = clocks
        self._gather_s = gather_s
        self._held: list[Pending] = []
        self._latencies_s: deque[float] = deque(maxlen=_LATENCIES_KEPT)
        self._commits = 0
        self._busy_since_s: float | None = None
        self._pack_at_s = 0.0
        self._damage: str | None = None
        self._lost = 0
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self.finished: Future[None] = Future()

    def start(self) -> None:
        """Open the database and start the thread; StoreError: the schema is too new."""
        self._committer.open()
        self._thread.start()

    def close(self, timeout_s: float) -> bool:
        """Commit everything and end; returns whether everything is on the disk."""
        self._inbox.close()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return self.finished.done() and not self._lost

    def replace_damaged(self, reason: str) -> None:
        """Put the database aside before the next commit."""
        self._damage = reason

    def health(self) -> PartHealth:
        """How the database is, and what waits in memory because of it."""
        health = self._committer.health()
        busy_since_s = self._busy_since_s
        busy_s = 0.0 if busy_since_s is None else self._clocks.mono() - busy_since_s
        if self.finished.done() and not self._inbox.closed:
            return PartHealth(PART, False, "the writer has ended unexpectedly; see the log")
        if busy_s > STUCK_S:
            health = PartHealth(PART, False, f"the disk has not answered for {busy_s:.0f} s")
        counts = self._inbox.counts()
        if health.healthy or not (counts.alerts or counts.dropped or counts.refused):
            return health
        waiting = (
            f"{counts.alerts} alert(s) wait in memory, {counts.refused} change(s) refused, "
            f"{counts.dropped} piece(s) of telemetry dropped"
        )
        return PartHealth(PART, False, f"{health.detail}; {waiting}")

    def statistics(self) -> StoreStatistics:
        """Queue depths, losses and commit latency."""
        counts = self._inbox.counts()
        return StoreStatistics(
            waiting_alerts=counts.alerts,
            waiting_urgent=counts.urgent,
            waiting_telemetry=counts.telemetry + len(self._staging),
            dropped_telemetry=counts.dropped,
            refused=counts.refused,
            commits=self._commits,
            commit=_summary(tuple(self._latencies_s)),
            damaged_path=self._committer.damaged_path,
            retention=self._retention.statistics(),
            checkpoint=self._committer.checkpointer.statistics(),
        )

    def _run(self) -> None:
        try:
            while not self._inbox.closed:
                self._step(self._wait_s())
            self._end()
        except Exception as error:  # noqa: BLE001 - whoever watches ``finished`` must learn of it
            _log.exception("the store's thread has ended")
            self.finished.set_exception(error)
        else:
            self.finished.set_result(None)

    def _wait_s(self) -> float:
        if self._committer.fault is not None:
            return self._committer.wait_s()
        checkpointer = self._committer.checkpointer
        if checkpointer.is_full:
            return self._gather_s
        gathered_s = self._staging.due_in_s(self._clocks.mono(), self._gather_s)
        house_s = PACK_EVERY_S if checkpointer.is_crowded else self._retention.due_in_s()
        return min(gathered_s, house_s, PACK_EVERY_S)

    def _step(self, wait_s: float) -> None:
        """Take what has come and write what is due."""
        urgent, telemetry = self._inbox.take(wait_s)
        self._held += urgent
        now_s = self._clocks.mono()
        dropped = self._staging.stage(telemetry, now_s)
        if dropped:
            self._inbox.count_dropped(dropped)
        damage, self._damage = self._damage, None
        if damage is not None:
            self._committer.replace_damaged(damage)
        if not self._committer.is_due() or not self._commit_urgent():
            return
        if self._committer.fault is not None:
            self._commit([Probe(self._clocks.unix())])
        full = self._committer.checkpointer.is_full
        if self._is_well() and not full and self._staging.is_due(now_s, self._gather_s):
            self._commit_rows()
        crowded = self._committer.checkpointer.is_crowded
        if self._is_well() and not crowded and now_s >= self._pack_at_s:
            self._pack(now_s)
        self._keep_house()

    def _keep_house(self) -> None:
        """Do one small step of what is never urgent."""
        checkpointer = self._committer.checkpointer
        if self._is_well() and not checkpointer.is_crowded and self._retention.due_in_s() <= 0:
            self._retention.work(self._commit_one)
        if self._is_well() and checkpointer.due_in_s() <= 0:
            self._busy_since_s = self._clocks.mono()
            self._committer.checkpoint()
            self._busy_since_s = None

    def _is_well(self) -> bool:
        return self._committer.fault is None

    def _commit_one(self, operation: Operation) -> int | None:
        """Commit one operation of our own; None: a fault, or the database rejected it."""
        results = self._commit([operation])
        return results[0] if results is not None and isinstance(results[0], int) else None

    def _commit_urgent(self) -> bool:
        """Commit what is held; False: a fault keeps it here."""
        while self._held:
            batch = self._held[:BATCH_ROWS]
            results = self._commit([_operation(pending) for pending in batch])
            if results is None:
                return False
            now_s = self._clocks.mono()
            del self._held[: len(batch)]
            for pending, result in zip(batch, results, strict=True):
                self._latencies_s.append(now_s - pending.enqueued_s)
                self._inbox.settled(pending)
                pending.resolve(result)
        return True

    def _commit_rows(self) -> bool:
        """Commit one batch of telemetry; False: there is none, or a fault keeps it here."""
        batch = self._staging.batch()
        results = self._commit([_operation(pending) for pending in batch])
        if results is None:
            return False
        self._staging.committed(len(batch))
        for pending, result in zip(batch, results, strict=True):
            pending.resolve(result)
        return bool(batch)

    def _pack(self, now_s: float) -> bool:
        """Pack one finished recording; False: none is ready."""
        results = self._commit([PackNext(self._packer, self._clocks.unix())])
        packed = results is not None and isinstance(results[0], int) and results[0] > 0
        self._pack_at_s = now_s if packed else now_s + PACK_EVERY_S
        return packed

    def _commit(self, operations: list[Operation]) -> list[Result] | None:
        self._busy_since_s = self._clocks.mono()
        try:
            results = self._committer.commit(operations)
        finally:
            self._busy_since_s = None
        self._commits += results is not None
        return results

    def _end(self) -> None:
        """Write all that is left, once; what cannot be written is given up, and says so."""
        self._step(0.0)
        if self._commit_urgent():
            while len(self._staging) and self._commit_rows():
                pass
            while self._pack(self._clocks.mono()):
                pass
        error = StoreError(
            "The database was closed before this was written", "See its health for the cause"
        )
        for pending in self._held:
            pending.resolve(error)
        self._lost = len(self._held) + self._staging.abandon(error)
        self._committer.close()


def _operation(pending: Pending) -> Operation:
    assert not isinstance(pending.work, AppendBlock)
    return pending.work


def _summary(latencies_s: tuple[float, ...]) -> LatencySummary | None:
    if not latencies_s:
        return None
    p50, p95, p99, most = np.percentile(np.array(latencies_s) * 1000, (50, 95, 99, 100))
    return LatencySummary(
        stage="store commit",
        budget_ms=COMMIT_BUDGET_MS,
        count=len(latencies_s),
        p50_ms=float(p50),
        p95_ms=float(p95),
        p99_ms=float(p99),
        max_ms=float(most),
    )
