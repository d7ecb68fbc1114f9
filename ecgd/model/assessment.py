"""The analysis' answer to one window."""

from __future__ import annotations

from dataclasses import dataclass, field

from ecgd.model.beat import Beat
from ecgd.model.finding import (
    ChannelFinding,
    EnsembleScore,
    EventType,
    Finding,
    LeadQuality,
    Outcome,
    PlacementFinding,
    RhythmFinding,
    RiskLevel,
    StFinding,
)
from ecgd.model.intervals import Intervals, Variability
from ecgd.model.st_episode import StEpisode
from ecgd.model.trouble import SignalTrouble


@dataclass(frozen=True, slots=True)
class StageLatency:
    """How long one stage took."""

    stage: str
    duration_s: float


@dataclass(frozen=True, slots=True)
class Assessment:
    """One window, judged or not.

    ``risk_level`` None: ST was not judged, which is never the same as NORMAL. ``unjudged`` names
    the kinds of alarm that this window could not see. ``beats`` are those that became final in
    this window: every beat appears in exactly one assessment of a stream. ``troubles`` say why
    leads are unusable, ``beat_confidence`` is the probability that the window's
    beats are right, ``placement`` and ``channels`` what is wrong with electrodes and measured
    leads, None: nothing that could be seen. ``st_episodes`` are those that this window confirms
    or ends. ``scores_age_s``: ``scores`` are of a window that is so much older, for the rules'
    answer to this one came first. ``latency`` is the only field that differs between two runs.
    """

    start_index: int
    end_index: int
    fs_hz: float
    arrived_s: float
    origin: int
    outcome: Outcome
    risk_level: RiskLevel | None
    rhythm: RhythmFinding
    quality: tuple[LeadQuality, ...]
    st: StFinding | None = None
    scores: EnsembleScore | None = None
    scores_age_s: float = 0.0
    findings: tuple[Finding, ...] = ()
    cannot_judge: tuple[str, ...] = ()
    unjudged: frozenset[EventType] = frozenset()
    beats: tuple[Beat, ...] = ()
    troubles: tuple[SignalTrouble, ...] = ()
    beat_confidence: float | None = None
    placement: PlacementFinding | None = None
    channels: ChannelFinding | None = None
    intervals: Intervals | None = None
    variability: Variability | None = None
    st_episodes: tuple[StEpisode, ...] = ()
    latency: tuple[StageLatency, ...] = field(default=(), compare=False)

    @property
    def time_s(self) -> float:
        """End of the window, in seconds since index 0."""
        return self.end_index / self.fs_hz

    @property
    def sqi(self) -> float:
        """Mean quality over the leads, 0 to 1."""
        return sum(q.sqi for q in self.quality) / len(self.quality) if self.quality else 0.0
