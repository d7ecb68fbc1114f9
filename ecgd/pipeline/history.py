"""What one window leaves for the next."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from ecgd.features.r_peaks import PeakHints
from ecgd.features.ventricular import Oscillation
from ecgd.model.baseline import Baseline
from ecgd.model.beat import Beat
from ecgd.model.intervals import Variability
from ecgd.pipeline.lasting import Lasting

KEPT_S = 300.0
"""Beats are kept for so long: the standard short record (Task Force 1996)."""


@dataclass(frozen=True, slots=True)
class History:
    """The final beats of the last minutes, oldest first, and since when the signal was watched.

    ``origin`` is the sample count's: another origin invalidates everything. ``watched_from`` is
    the first index of the unbroken stretch in which beats would have been seen. Beats before
    ``final_before`` have been told. ``hints`` is what the beat detector knows. ``baseline`` is the
    patient's own and outlives the sample count; ``learned_index`` is where it last learned.
    ``electrodes`` and ``channels`` remember what windows said about exchanged electrodes and
    about measured leads that contradict each other, ``swap_evidence`` what showed the former.
    ``waves`` are those of the last windows, told without beats. ``variability`` was
    measured at ``varied_index``.
    """

    origin: int = 0
    end_index: int = 0
    watched_from: int = 0
    beats: tuple[Beat, ...] = ()
    final_before: int = 0
    hints: PeakHints | None = None
    baseline: Baseline | None = None
    learned_index: int = 0
    electrodes: Lasting = field(default_factory=Lasting)
    channels: Lasting = field(default_factory=Lasting)
    swap_evidence: str = ""
    waves: tuple[Oscillation, ...] = ()
    variability: Variability | None = None
    varied_index: int = 0

    def since(self, index: int) -> tuple[Beat, ...]:
        """Return the beats whose R peak is at or after an index."""
        return self.beats[bisect_left(self.beats, index, key=lambda beat: beat.r_peak) :]

    def extended(self, beats: tuple[Beat, ...], oldest: int) -> tuple[Beat, ...]:
        """Return the kept beats from index ``oldest`` on, with new ones behind them."""
        return (*self.since(oldest), *beats)
