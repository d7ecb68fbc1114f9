"""Telemetry between inbox and disk: blocks become coded pieces, everything keeps its order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field

from ecgd.errors import StoreError
from ecgd.store import codec
from ecgd.store.codec import Segment
from ecgd.store.operations import CloseRecording, Operation, StoreSegment
from ecgd.store.queues import AppendBlock, Flush, Pending, dropped_error
from ecgd.store.streams import Segmenter, Stream

ROWS_MAX = 20_000
"""So many rows and coded pieces wait while the disk is at fault; then the oldest are dropped."""

BATCH_ROWS = 500
"""A transaction takes so many rows at most: an alert waits no longer than for one batch."""


@dataclass(slots=True)
class _Cut:
    """One stream being cut into pieces, with those who wait for its unfinished piece."""

    stream: Stream
    segmenter: Segmenter
    begun_s: float = 0.0
    waiting: list[Future[int]] = field(default_factory=list)


class Staging:
    """Holds what is to be committed. One thread only."""

    def __init__(self, segment_s: float, recording_s: float) -> None:
        self._segment_s = segment_s
        self._recording_s = recording_s
        self._cuts: dict[str, _Cut] = {}
        self._rows: deque[Pending] = deque()
        self._flush_wanted = False

    def __len__(self) -> int:
        return len(self._rows)

    def stage(self, arrivals: Iterable[Pending], now_s: float) -> int:
        """Take what the inbox gave; returns how many rows had to be dropped."""
        for pending in arrivals:
            match pending.work:
                case AppendBlock():
                    self._append(pending, pending.work)
                case Flush():
                    self._flush_all(now_s)
                    self._flush_wanted = True
                    self._rows.append(pending)
                case CloseRecording(stream=stream):
                    self._finish(self._cuts.pop(stream.key, None), now_s)
                    self._flush_wanted = True
                    self._rows.append(pending)
                case _:
                    self._rows.append(pending)
        self._flush_stale(now_s)
        return self._drop_oldest()

    def live_streams(self) -> tuple[Stream, ...]:
        """Return the streams that have an unclosed recording."""
        return tuple(cut.stream for cut in self._cuts.values())

    def is_due(self, now_s: float, gather_s: float) -> bool:
        """Return whether it is time to commit."""
        if not self._rows:
            return False
        full = len(self._rows) >= BATCH_ROWS
        return full or self._flush_wanted or now_s - self._rows[0].enqueued_s >= gather_s

    def due_in_s(self, now_s: float, gather_s: float) -> float:
        """Return how long the oldest row may still wait."""
        return max(0.0, self._rows[0].enqueued_s + gather_s - now_s) if self._rows else gather_s

    def batch(self) -> list[Pending]:
        """Return the next rows to commit; they stay until ``committed``."""
        return [self._rows[index] for index in range(min(BATCH_ROWS, len(self._rows)))]

    def committed(self, count: int) -> None:
        """Forget the first rows: they are on the disk."""
        for _ in range(count):
            self._rows.popleft()
        if not self._rows:
            self._flush_wanted = False

    def abandon(self, error: Exception) -> int:
        """Give up everything, at the end; returns how many rows."""
        count = len(self._rows)
        for pending in self._rows:
            pending.resolve(error)
        self._rows.clear()
        for cut in self._cuts.values():
            Pending(Flush(), 0.0, cut.waiting).resolve(error)
        return count

    def _append(self, pending: Pending, append: AppendBlock) -> None:
        cut = self._cuts.get(append.stream.key)
        if cut is None:
            cut = _Cut(append.stream, Segmenter(append.stream, self._segment_s))
            self._cuts[append.stream.key] = cut
        was_empty = not cut.segmenter.pending_samples
        finished = cut.segmenter.add(append.stamped)
        if finished or was_empty:
            cut.begun_s = pending.enqueued_s
        if cut.segmenter.pending_samples:
            self._emit(cut, finished, pending.enqueued_s)
            cut.waiting += pending.futures
        else:
            cut.waiting += pending.futures
            self._emit(cut, finished, pending.enqueued_s)

    def _emit(self, cut: _Cut, segments: list[Segment], now_s: float) -> None:
        """Make rows of finished pieces; the last one answers those who wait."""
        for position, segment in enumerate(segments):
            last = position == len(segments) - 1
            futures = cut.waiting if last else []
            try:
                work = self._row(cut.stream, segment)
            except StoreError as error:
                Pending(Flush(), now_s, futures).resolve(error)
                continue
            self._rows.append(Pending(work, now_s, futures))
        if segments:
            cut.waiting = []

    def _row(self, stream: Stream, segment: Segment) -> Operation:
        block = segment.block
        return StoreSegment(
            stream=stream,
            start_index=block.start_index,
            sample_count=int(block.counts.shape[1]),
            unix_s=segment.unix_s,
            data=codec.encode(segment),
            recording_s=self._recording_s,
        )

    def _finish(self, cut: _Cut | None, now_s: float) -> None:
        if cut is not None:
            self._emit(cut, cut.segmenter.flush(), now_s)

    def _flush_all(self, now_s: float) -> None:
        for cut in self._cuts.values():
            self._finish(cut, now_s)

    def _flush_stale(self, now_s: float) -> None:
        """Finish pieces that grow no more: their link is silent."""
        for cut in self._cuts.values():
            if cut.segmenter.pending_samples and now_s - cut.begun_s > 2 * self._segment_s:
                self._finish(cut, now_s)

    def _drop_oldest(self) -> int:
        dropped = 0
        kept: list[Pending] = []
        while len(self._rows) + len(kept) > ROWS_MAX:
            oldest = self._rows.popleft()
            if oldest.droppable:
                oldest.resolve(dropped_error())
                dropped += 1
            else:
                kept.append(oldest)
        self._rows.extendleft(reversed(kept))
        return dropped
