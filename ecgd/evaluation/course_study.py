"""Courses of ST, simulated over real recordings: do the networks see them before the ST rules?

Each recording is looked at by the daemon's analysis as it is, where whatever is told is told
wrongly, and with injuries that grow, stay and go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.config.settings import Settings
from ecgd.decision.alarm_table import STANDING
from ecgd.decision.findings import ST_EVENTS
from ecgd.ensemble.fusion import MEMBERS
from ecgd.evaluation.alarm_course import AlarmStep, follow_alarms
from ecgd.evaluation.corpus import PAIR, Entry, read_corpus, read_entry
from ecgd.evaluation.ensemble_study import FUSED, EnsembleRow, told_by
from ecgd.evaluation.injection import BeatTimes, times_of
from ecgd.evaluation.judged_networks import judged_hash, networks, taught, validated
from ecgd.evaluation.stream import (
    Analysed,
    analyse_stream,
    cut_recording,
    signal_of,
    with_signal,
)
from ecgd.evaluation.trajectories import SLIGHT_MV, Episode, Trajectory, draw_trajectory, lay_over
from ecgd.model.assessment import Assessment
from ecgd.model.finding import EventType, Outcome, Severity
from ecgd.model.network_label import ANOMALY, FALLING_ST, RISING_ST
from ecgd.sources.recording import Recording

COLLECTIONS: Final = ("qtdb", "mitdb")
MOST: Final = 12
"""So many recordings at most, evenly taken."""

COURSE_S: Final = 900.0
HOP_S: Final = 2.0
MOMENT_S: Final = 10.0
"""So much of each, a window and a moment of the RNN's ranking every so often."""

SEEDS: Final = (41, 42)
"""Of each recording's courses; other ones than those that taught and validated."""

RNN: Final = MEMBERS[2]
RULES: Final = "ST rules, a window"
RULES_ALARM: Final = "ST rules, alarm"
NETWORKS_ALARM: Final = "networks, alarm"

_ST_KINDS: Final = frozenset(event_type for event_type, _ in ST_EVENTS.values())
_ANOMALY_KIND: Final = frozenset({EventType.CARDIAC_ANOMALY})


@dataclass(frozen=True, slots=True)
class Watched:
    """What each detector said at the end of each window: a probability, or 0 and 1."""

    times_s: tuple[float, ...]
    signs: Mapping[str, tuple[float, ...]]

    def onsets(self, detector: str, threshold: float) -> list[float]:
        """Return when a detector reached a threshold that it had not reached the window before."""
        on = np.array(self.signs[detector]) >= threshold
        begins = on & ~np.concatenate(([False], on[:-1]))
        return [self.times_s[k] for k in np.flatnonzero(begins).tolist()]


@dataclass(frozen=True, slots=True)
class Course:
    """A course laid over a recording; ``rows`` are moments that judge the RNN's labels."""

    episodes: tuple[Episode, ...]
    watched: Watched
    rows: tuple[EnsembleRow, ...]


@dataclass(frozen=True, slots=True)
class CourseRecord:
    """One recording as it is, and with each of its courses."""

    record: str
    hours: float
    plain: Watched
    courses: tuple[Course, ...]


def is_slight(episode: Episode) -> bool:
    """Tell whether an episode is such as posture makes, and means nothing."""
    return abs(episode.size_mv) <= SLIGHT_MV[1]


def course_jobs(data: Path, models: Path | None = None) -> list[Callable[[], CourseRecord]]:
    """Return a job for each recording whose patient has not taught, of those that are taken.

    Those of the European ST-T Database are left out: their own ST changes.
    """
    if not judged_hash(models):
        return []
    fits = [
        entry
        for entry in read_corpus(data)
        if entry.collection in COLLECTIONS
        and not entry.patient.startswith("edb")
        and not taught(models, entry.patient)
    ]
    places = np.unique(np.linspace(0, len(fits) - 1, min(MOST, len(fits))).round().astype(int))
    return [partial(study_course, data, models, fits[k]) for k in places.tolist()]


def study_course(data: Path, models: Path | None, entry: Entry) -> CourseRecord:
    """Look at a recording without and with courses of ST; the same ones each time."""
    recording = read_entry(data, entry)
    whole = cut_recording(recording, 0.0, min(COURSE_S, recording.duration_s))
    plain = analyse_stream(whole, _settings(), networks(models))
    times = times_of(plain.beats, whole.fs_hz)
    courses = tuple(_course(entry, whole, times, models, seed) for seed in SEEDS)
    return CourseRecord(entry.name, whole.duration_s / 3600.0, watched(plain), courses)


def _course(
    entry: Entry, whole: Recording, times: Sequence[BeatTimes], models: Path | None, seed: int
) -> Course:
    rng = np.random.default_rng([seed, *f"{entry.collection}/{entry.name}".encode()])
    trajectory = draw_trajectory(whole.duration_s, rng)
    signal_mv = signal_of(whole)
    missing = len(PAIR) - len(signal_mv)
    pair_mv = np.concatenate((signal_mv, np.zeros((missing, signal_mv.shape[1]))))
    laid_mv = lay_over(pair_mv, whole.fs_hz, times, trajectory)[: len(signal_mv)]
    laid = analyse_stream(with_signal(whole, laid_mv), _settings(), networks(models))
    calibrated = validated(models, entry.patient)
    rows = tuple(_moments(entry, laid, trajectory, calibrated=calibrated))
    return Course(trajectory.episodes, watched(laid), rows)


def _settings() -> Settings:
    settings = Settings()
    return replace(settings, analysis=replace(settings.analysis, hop_s=HOP_S))


def watched(analysed: Analysed) -> Watched:
    """Return what rules, networks and their alarms said of each window.

    Of a window that cannot be judged they say what they said before it.
    """
    told = [_probabilities(opinion) for opinion in analysed.opinions]
    # Two steps a window: after the rules' answer, and after the networks' own.
    steps = list(follow_alarms(analysed.in_turn))[1::2]
    signs: dict[str, list[float | None]] = {
        RULES: [_shows_st(each) for each in analysed.assessments],
        RNN: [_evolving(each) for each in told],
        FUSED: [each.get((FUSED, ANOMALY)) for each in told],
        RULES_ALARM: [_stands(step, _ST_KINDS) for step in steps],
        NETWORKS_ALARM: [_stands(step, _ANOMALY_KIND) for step in steps],
    }
    times_s = tuple(each.time_s for each in analysed.assessments)
    return Watched(times_s, {name: held(each) for name, each in signs.items()})


def held(said: Iterable[float | None]) -> tuple[float, ...]:
    """Return what was said, in place of None what was said before, 0 at first."""
    before, kept = 0.0, []
    for now in said:
        before = before if now is None else now
        kept.append(before)
    return tuple(kept)


def _probabilities(opinion: Assessment) -> dict[tuple[str, str], float]:
    return {(detector, label): p for detector, label, p in told_by(opinion.scores)}


def _evolving(told: Mapping[tuple[str, str], float]) -> float | None:
    both = [told[RNN, label] for label in (RISING_ST, FALLING_ST) if (RNN, label) in told]
    return max(both, default=None)


def _shows_st(assessment: Assessment) -> float | None:
    if assessment.outcome is Outcome.CANNOT_JUDGE:
        return None
    return float(
        any(
            each.event_type in _ST_KINDS and each.severity >= Severity.MEDIUM
            for each in assessment.findings
        )
    )


def _stands(step: AlarmStep, kinds: frozenset[EventType]) -> float:
    return float(
        any(
            alarm.event_type in kinds
            and alarm.state in STANDING
            and alarm.severity >= Severity.MEDIUM
            for alarm in step.book.alarms
        )
    )


def _moments(
    entry: Entry, laid: Analysed, trajectory: Trajectory, *, calibrated: bool
) -> Iterator[EnsembleRow]:
    """Yield the moments that the RNN saw, one every so often, with what the simulation says."""
    every = round(MOMENT_S / HOP_S)
    for opinion in laid.opinions[::every]:
        told = told_by(opinion.scores)
        if any(detector == RNN for detector, _, _ in told):
            truth = tuple(trajectory.truth_at(opinion.time_s).items())
            yield EnsembleRow(
                entry.patient, entry.collection, True, calibrated, entry.processing, truth, told
            )


def told_at(course: Course, episode: Episode, detector: str, threshold: float) -> float | None:
    """Return how long after an episode's beginning a detector told it, None: it did not.

    What already told something when it began has not told it.
    """
    found: Sequence[float] = course.watched.onsets(detector, threshold)
    return next(
        (at - episode.start_s for at in found if episode.start_s <= at <= episode.end_s), None
    )
