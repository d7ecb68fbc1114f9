"""What one window leaves for the next."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from ecgd.features.r_peaks import PeakHints
from ecgd.model.beat import Beat

KEPT_S = 300.0
"""Beats are kept for so long: the standard short record (Task Force 1996)."""


@dataclass(frozen=True, slots=True)
class History:
    """The final beats of the last minutes, oldest first, and since when the signal was watched.

    ``origin`` is the sample count's: another origin invalidates everything. ``watched_from`` is
    the first index of the unbroken stretch in which beats would have been seen. Beats before
    ``final_before`` have been told. ``hints`` is what the beat detector knows.
    """

    origin: int = 0
    end_index: int = 0
    watched_from: int = 0
    beats: tuple[Beat, ...] = ()
    final_before: int = 0
    hints: PeakHints | None = None

    def since(self, index: int) -> tuple[Beat, ...]:
        """Return the beats whose R peak is at or after an index."""
        return self.beats[bisect_left(self.beats, index, key=lambda beat: beat.r_peak) :]

    def extended(self, beats: tuple[Beat, ...], oldest: int) -> tuple[Beat, ...]:
        """Return the kept beats from index ``oldest`` on, with new ones behind them."""
        return (*self.since(oldest), *beats)
