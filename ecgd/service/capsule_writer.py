"""The thread that writes capsules: it makes plain what the loop has kept, and gives it the store.

It is never waited for. What finds no room in its queue is left out, and the capsule has no end.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from ecgd.errors import StoreError
from ecgd.model.baseline import Baseline
from ecgd.service.capsule_journal import Entry, Judged
from ecgd.service.capsule_lines import (
    Line,
    checkpoint_line,
    confirmed_by,
    entry_line,
    without_name,
)
from ecgd.service.capsule_recorder import Capture
from ecgd.store.capsule_stream import StreamWriter

_log = logging.getLogger(__name__)

JOBS_MAX: Final = 128
"""So many pieces of the loop's may wait: seven patients for a minute and a half."""

LINES_AT_ONCE: Final = 100
"""Lines of one frame: what is lost at most of what was made, when the daemon is killed."""

REST_S: Final = 0.002
"""After each few lines: the loop and the analysis go first."""

LINES_BEFORE_REST: Final = 5

PARTS_UNDER_WAY: Final = 64
"""So many pieces, of some 20 kB, wait for the disk at once: what led to an alert of two patients.

The disk takes all that wait together, every few seconds; seven patients are told of in four turns.
"""

DISK_PATIENCE_S: Final = 30.0


class CapsuleStore(Protocol):
    """Keeps pieces."""

    def store_capsule_part(
        self, capsule_id: str, alert_ids: tuple[str, ...], part: int, data: bytes, *, is_last: bool
    ) -> Future[int]:
        """Keep one piece."""


@dataclass(frozen=True, slots=True)
class _Job:
    """New entries of a capture. ``begins``: its checkpoint goes first; ``ended``: it has ended."""

    capture: Capture
    entries: list[Entry]
    alert_ids: tuple[str, ...]
    begins: bool
    ended: str


@dataclass(slots=True)
class _Making:
    stream: StreamWriter
    part: int = 0
    names: set[str] = field(default_factory=set)
    """Who confirmed a chronic finding: no line says so."""

    def meet(self, baseline: Baseline | None) -> None:
        """Learn of a name that evidence may hold from now on."""
        self.names |= {confirmed_by(baseline)} - {""}

    def nameless(self, line: Line) -> Line:
        """Return a line without those names."""
        for name in self.names:
            line = without_name(line, name)
        return line


class CapsuleWriter:
    """Takes what recorders tell.

    ``header`` is called in the thread, once a capsule, and ``prepare`` when it starts.
    """

    def __init__(
        self,
        store: CapsuleStore,
        header: Callable[[Capture], dict[str, Any]],
        prepare: Callable[[], object] = lambda: None,
    ) -> None:
        self._store = store
        self._header = header
        self._prepare = prepare
        self._jobs: queue.Queue[_Job | None] = queue.Queue(JOBS_MAX)
        self._making: dict[str, _Making] = {}
        self.lost: set[str] = set()
        """Capsules whose rest found no room."""
        self._under_way: deque[Future[int]] = deque()
        self._thread = threading.Thread(target=self._run, name="capsules", daemon=True)
        self._thread.start()

    def tell(self, capture: Capture, entries: list[Entry], ended: str) -> None:
        """Take new entries; called in the loop, and never waits."""
        begins, capture.told = capture.told == 0, capture.told + 1
        job = _Job(capture, entries, tuple(capture.alert_ids), begins, ended)
        if capture.capsule_id in self.lost:
            return
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            self.lost.add(capture.capsule_id)
            _log.error("no room for the rest of capsule %s: it has no end", capture.capsule_id)

    def close(self, timeout_s: float = 3.0) -> None:
        """Write what waits, as far as there is time."""
        try:
            self._jobs.put(None, timeout=timeout_s)
        except queue.Full:
            return
        self._thread.join(timeout_s)

    def _run(self) -> None:
        self._prepare()
        while (job := self._jobs.get()) is not None:
            try:
                self._do(job)
            except Exception:  # noqa: BLE001 - what cannot be written must hinder nothing
                _log.exception("capsule %s cannot be written", job.capture.capsule_id)
                self._making.pop(job.capture.capsule_id, None)

    def _do(self, job: _Job) -> None:
        capture = job.capture
        if job.begins:
            begun = self._making[capture.capsule_id] = _Making(StreamWriter())
            begun.meet(capture.checkpoint.history.baseline)
            state = begun.nameless(checkpoint_line(capture.checkpoint))
            self._write(job, [["capsule", self._header(capture)], state])
        making = self._making.get(capture.capsule_id)
        if making is None:
            return
        lines: list[Line] = []
        for number, entry in enumerate(job.entries):
            if isinstance(entry, Judged) and "baseline" in entry.given:
                making.meet(entry.given["baseline"])
            lines.append(making.nameless(entry_line(entry)))
            if number % LINES_BEFORE_REST == 0:
                time.sleep(REST_S)
            if len(lines) >= LINES_AT_ONCE:
                self._write(job, lines)
                lines = []
        if job.ended:
            lines.append(["end", {"reason": job.ended, "alerts": list(job.alert_ids)}])
        if lines:
            self._write(job, lines)
        if job.ended:
            self._seal(job)

    def _write(self, job: _Job, lines: list[Line]) -> None:
        self._keep(job, self._making[job.capture.capsule_id].stream.lines(lines), is_last=False)

    def _seal(self, job: _Job) -> None:
        data = self._making[job.capture.capsule_id].stream.seal()
        self._keep(job, data, is_last=True)
        del self._making[job.capture.capsule_id]
        _log.info("capsule %s is whole", job.capture.capsule_id)

    def _keep(self, job: _Job, data: bytes, *, is_last: bool) -> None:
        making = self._making[job.capture.capsule_id]
        while len(self._under_way) >= PARTS_UNDER_WAY:
            self._await(self._under_way.popleft())
        name = job.capture.capsule_id
        kept = self._store.store_capsule_part(
            name, job.alert_ids, making.part, data, is_last=is_last
        )
        making.part += 1
        self._under_way.append(kept)

    def _await(self, kept: Future[int]) -> None:
        try:
            kept.result(DISK_PATIENCE_S)
        except (StoreError, TimeoutError) as error:
            _log.warning("a piece of a capsule is not on the disk: %s", error)
