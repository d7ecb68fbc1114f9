"""Whether what a line delivers is of now, or was held up: nothing is raised from stale data.

A device that kept its samples while the link was away sends them when it is back; bytes wait in
the kernel while the daemon itself is stopped. Both begin with a hole in the arrivals, and both
come faster than they were measured.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ecgd.decision.hold_off import STALE_S
from ecgd.model.assessment import Assessment
from ecgd.pipeline.intake import IntakeEvent, SamplesPlaced

SETTLE_S: Final = 1.0
"""For so long after a hole nothing counts, and after the last second that was catching up."""

CATCH_UP_S: Final = 0.5
"""Samples that come so much sooner than the last ones did are being caught up with."""


class Freshness:
    """Follows one line's arrivals; times are monotonic.

    A hole of up to ``STALE_S`` can hold up nothing for longer than that, so it is passed over: a
    jittering radio costs no judgement. Without a hole a steady delay is invisible.
    """

    def __init__(self) -> None:
        self._fresh_from_s = 0.0
        self._newest_s: float | None = None
        self._origin = -1
        self._zero_s = 0.0

    def note(self, events: Iterable[IntakeEvent]) -> None:
        """Take in what has come."""
        for event in events:
            if isinstance(event, SamplesPlaced):
                end = event.block.start_index + int(event.block.counts.shape[1])
                arrived_s = event.block.arrived_s
                self._note(event.origin, arrived_s, arrived_s - end / event.device.fs_hz)

    def is_stale(self, assessment: Assessment, now_s: float) -> bool:
        """Tell whether a window is too old to say anything about now."""
        arrived_s = assessment.arrived_s
        return arrived_s < self._fresh_from_s or now_s - arrived_s > STALE_S

    def _note(self, origin: int, arrived_s: float, zero_s: float) -> None:
        """Take in samples whose count began at ``zero_s`` if they are of now."""
        before_s, self._newest_s = self._newest_s, arrived_s
        settling = arrived_s < self._fresh_from_s
        hole = before_s is not None and arrived_s - before_s > STALE_S
        gained = origin != self._origin or zero_s < self._zero_s - CATCH_UP_S
        if hole or (settling and gained):
            self._fresh_from_s = arrived_s + SETTLE_S
            self._origin, self._zero_s = origin, zero_s
