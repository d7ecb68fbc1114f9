"""Samples without a counter to absolute indices (docs/protocol.md, "Six-lead", "Timeline")."""

from __future__ import annotations

import math
from typing import Final

from ecgd.protocol.clock import DeviceClock
from ecgd.protocol.lateness import LatenessWatch
from ecgd.protocol.six_lead import FRAME_SIZE
from ecgd.protocol.timeline import Placement, PlacementKind, ResetReason

STRAY_BYTES: Final = 2
"""So few discarded bytes more than whole frames were added on the line, not left over from one."""

LOSS_S: Final = 0.1
"""Samples that stay this much later than the device's clock says were preceded by a loss."""

LOSS_AT_BREAK_S: Final = 0.03
"""The same where bytes were discarded shortly before: there the loss is no surprise."""

BREAK_S: Final = 10.0
"""Shortly before."""

EARLY_S: Final = 0.05
"""No sample comes so much earlier than the clock says: a gap before it was too long."""

DRIFT: Final = 0.01
"""Error of the nominal rate, until the clock has measured the device's own."""

OUTAGE_S: Final = 300.0
"""The line cut for longer than this: how many samples are missing is not known well enough."""


class SixLeadTimeline:
    """Gives samples that carry no counter their absolute index, by counting them.

    What was discarded between two good frames is a gap of as many samples as frames were touched.
    Bytes that never arrived show as lateness against the device's clock that stays; a lateness
    that shrinks is a line that was held up. After a cut the clock alone tells. A device that
    starts anew cannot be told from one that was cut off. Times are monotonic seconds.
    """

    def __init__(self, fs_hz: float = 250.0) -> None:
        self._fs_hz = fs_hz
        self._clock = DeviceClock(fs_hz)
        self._origin = 0
        self._expected: int | None = None
        self._began_s = 0.0
        self._last_s = 0.0
        self._break_s = -math.inf
        self._was_cut = False
        self._watch = LatenessWatch()

    @property
    def origin(self) -> int:
        """Number of the present origin; the first is 0."""
        return self._origin

    def place(self, sample_count: int, discarded: int, arrived_s: float) -> Placement:
        """Say where samples stand that were complete at ``arrived_s``.

        ``discarded`` counts the bytes that were discarded between them and the samples before.
        """
        expected = self._expected
        if expected is None:
            return self._open(PlacementKind.NEXT, None, sample_count, arrived_s)
        was_cut, self._was_cut = self._was_cut, False
        if was_cut and arrived_s - self._last_s > OUTAGE_S:
            self._origin += 1
            self._clock.restart()
            return self._open(PlacementKind.RESET, ResetReason.UNRESOLVED, sample_count, arrived_s)
        if discarded:
            self._break_s = arrived_s
        touched = (discarded + FRAME_SIZE - 1 - STRAY_BYTES) // FRAME_SIZE
        gap = self._gap(expected + sample_count, touched, was_cut, arrived_s)
        start = expected + gap
        self._expected = start + sample_count
        self._last_s = arrived_s
        return Placement(PlacementKind.GAP if gap else PlacementKind.NEXT, start, gap, self._origin)

    def observe_cut(self) -> None:
        """Learn that the line was cut: what was sent meanwhile never arrives."""
        self._was_cut = self._expected is not None

    def _open(
        self, kind: PlacementKind, reason: ResetReason | None, sample_count: int, arrived_s: float
    ) -> Placement:
        self._expected = sample_count
        self._began_s = self._last_s = arrived_s
        self._watch = LatenessWatch()
        self._clock.observe(sample_count, arrived_s)
        return Placement(kind, 0, 0, self._origin, reason)

    def _gap(self, end: int, touched: int, was_cut: bool, arrived_s: float) -> int:
        """Return how many samples are missing before samples that would end at ``end``."""
        late_s = self._late_s(end + touched, arrived_s)
        gap = max(0, touched + self._missing(late_s, was_cut, arrived_s))
        late_s = self._late_s(end + gap, arrived_s)
        if late_s <= self._limit_s(arrived_s):
            self._watch.note_usual(late_s, arrived_s)
            self._clock.observe(end + gap, arrived_s)
        return gap

    def _missing(self, late_s: float, was_cut: bool, arrived_s: float) -> int:
        """Return how many more samples are missing than were touched; negative: fewer."""
        if was_cut or late_s < -EARLY_S:
            return self._samples_in(late_s - self._watch.usual_s)
        if late_s <= self._limit_s(arrived_s):
            return 0
        return self._samples_in(self._watch.note_late(late_s, arrived_s))

    def _samples_in(self, duration_s: float) -> int:
        """Samples that the device takes in this time, by its own clock."""
        return round(duration_s * self._fs_hz * (1.0 + (self._clock.ppm or 0.0) * 1e-6))

    def _limit_s(self, arrived_s: float) -> float:
        """How late samples may come without being watched."""
        limit_s = LOSS_AT_BREAK_S if arrived_s - self._break_s < BREAK_S else LOSS_S
        if self._clock.ppm is None:
            limit_s += DRIFT * (arrived_s - self._began_s)
        return limit_s + self._watch.usual_s

    def _late_s(self, end: int, arrived_s: float) -> float:
        """How much later than the device's clock says the samples before ``end`` arrived."""
        due_s = self._clock.time_s(end)
        return 0.0 if due_s is None else arrived_s - due_s
