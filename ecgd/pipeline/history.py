"""What one window leaves for the next."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from ecgd.decision.score_watch import ScoreWatch
from ecgd.decision.st_change import ChangeWatch
from ecgd.features.p_presence import PSign
from ecgd.features.r_peaks import PeakHints
from ecgd.features.usual_beats import UsualBeats
from ecgd.features.ventricular import Oscillation
from ecgd.features.ventricular_run import RunMemory
from ecgd.model.baseline import Baseline, MedianBeat
from ecgd.model.beat import Beat
from ecgd.model.evolution import Evolution
from ecgd.model.intervals import Variability
from ecgd.model.morphology import Morphology
from ecgd.model.st_episode import StWatch
from ecgd.pipeline.lasting import Lasting
from ecgd.pipeline.model_memory import ModelMemory

NO_ORIGIN = -1
"""No window has it: the first one begins a count of its own."""

KEPT_S = 300.0
"""Beats are kept for so long: the standard short record (Task Force 1996)."""


@dataclass(frozen=True, slots=True)
class History:
    """The final beats of the last minutes, oldest first, and since when the signal was watched.

    ``origin`` is the sample count's: another origin invalidates everything. ``watched_from`` is
    the first index of the unbroken stretch in which beats would have been seen. Beats before
    ``final_before`` have been told. ``hints`` is what the beat detector knows,
    ``p_signs`` what the last beats showed of P waves. ``baseline`` is the
    patient's own and outlives the sample count; ``learned_index`` is where it last learned.
    ``electrodes`` and ``channels`` remember what windows said about exchanged electrodes and
    about measured leads that contradict each other, ``swap_evidence`` what showed the former.
    ``waves`` are those of the last windows, told without beats; ``runs`` knows the usual beat and
    the last runs of ventricular ones, ``fibrillates`` whether the atria do, by the last window
    that could show it. ``certainty`` is the mean confidence in the beats up to ``certain_index``.
    ``variability`` was measured at ``varied_index``. ``evolution`` is the course of ST, T and
    Q over hours; it outlives the sample count too, and so does ``st_watch``, which finds ST
    episodes. ``change_watch`` compares ST with what is usual, ``may_learn_change`` says whether the
    last window spoke against learning from it. ``usual`` is the last window's median beat,
    ``usual_beats`` what the beats of the last minutes looked like.
    ``shapes`` are those of the last windows' usual beats, with their time in s. ``models`` is
    what the networks will see of the windows before; nothing is kept where there are none.
    ``score_watch`` knows which scores of theirs are usual; it outlives the sample count too.
    """

    origin: int = 0
    end_index: int = 0
    watched_from: int = 0
    beats: tuple[Beat, ...] = ()
    final_before: int = 0
    hints: PeakHints | None = None
    p_signs: tuple[PSign, ...] = ()
    baseline: Baseline | None = None
    learned_index: int = 0
    electrodes: Lasting = field(default_factory=Lasting)
    channels: Lasting = field(default_factory=Lasting)
    swap_evidence: str = ""
    waves: tuple[Oscillation, ...] = ()
    runs: RunMemory = field(default_factory=RunMemory)
    fibrillates: bool = False
    certainty: float = 1.0
    certain_index: int = 0
    variability: Variability | None = None
    varied_index: int = 0
    evolution: Evolution = field(default_factory=Evolution)
    shapes: tuple[tuple[float, Morphology], ...] = ()
    st_watch: StWatch = field(default_factory=StWatch)
    change_watch: ChangeWatch = field(default_factory=ChangeWatch)
    may_learn_change: bool = False
    usual: MedianBeat | None = None
    usual_beats: UsualBeats | None = None
    models: ModelMemory = field(default_factory=ModelMemory)
    score_watch: ScoreWatch = field(default_factory=ScoreWatch)

    def since(self, index: int) -> tuple[Beat, ...]:
        """Return the beats whose R peak is at or after an index."""
        return self.beats[bisect_left(self.beats, index, key=lambda beat: beat.r_peak) :]

    def extended(self, beats: tuple[Beat, ...], oldest: int) -> tuple[Beat, ...]:
        """Return the kept beats from index ``oldest`` on, with new ones behind them."""
        return (*self.since(oldest), *beats)
