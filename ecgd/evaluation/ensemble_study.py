"""The installed networks on patients who taught nothing, asked by the daemon's own analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from math import nan
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.config.settings import Settings
from ecgd.evaluation.anomaly_labels import Truth
from ecgd.evaluation.corpus import PAIR, Entry, read_corpus, read_entry
from ecgd.evaluation.ensemble_rival import RIVAL, rival_figures
from ecgd.evaluation.injection_study import noise_for
from ecgd.evaluation.judged_networks import judged_hash, networks, rivals_of, taught, validated
from ecgd.evaluation.rhythm_truth import read_marks
from ecgd.evaluation.stream import analysis_of, cut_recording, signal_of, with_signal
from ecgd.model.finding import EnsembleScore
from ecgd.model.network_label import ANOMALY
from ecgd.pipeline.history import History
from ecgd.pipeline.model_memory import ModelMemory
from ecgd.service.offline import windows_of
from ecgd.sources.recording import Recording

PARTS: Final = 16
LONG_S: Final = 600.0
LONG_HOP_S: Final = 5.0
"""Of long recordings so much is asked about, a window every so often."""

FUSED: Final = "fused"
LIMB: Final = ("ptbxl", "other12lead")
"""Where I and II are known to be I and II: these are disturbed as well."""


class Condition(StrEnum):
    """How a recording was changed before the analysis saw it."""

    AS_IS = "as recorded"
    NOISY = "recorded noise, 12 dB"
    LOST = "one lead lost"


@dataclass(frozen=True, slots=True)
class EnsembleRow:
    """One moment: what holds, and what was told, before any boost.

    ``told`` holds (detector, label, probability): a member, "fused" or the logistic regression;
    nothing where it could not see. ``validated``: the patient calibrated the networks; else
    nothing is known of him to them.
    """

    patient: str
    collection: str
    is_long: bool
    validated: bool
    processing: str
    truth: tuple[tuple[str, bool], ...]
    told: tuple[tuple[str, str, float], ...]
    condition: Condition = Condition.AS_IS

    def holds(self, label: str) -> bool | None:
        """Return whether a label holds, None: nobody said."""
        return dict(self.truth).get(label)

    def score(self, detector: str, label: str) -> float:
        """Return a detector's probability of a label, NaN: it was not told."""
        return next((p for d, own, p in self.told if (d, own) == (detector, label)), nan)


@dataclass(frozen=True, slots=True)
class EnsemblePart:
    """What some of the recordings gave, and whose were left out: these patients had taught."""

    rows: tuple[EnsembleRow, ...]
    left_out: frozenset[str]


def ensemble_jobs(data: Path, models: Path | None = None) -> list[Callable[[], EnsemblePart]]:
    """Return the work in parts: nothing where no model is installed, or no list of who taught."""
    if not judged_hash(models):
        return []
    return [partial(study_ensemble, data, models, part) for part in range(PARTS)]


def study_ensemble(data: Path, models: Path | None, part: int) -> EnsemblePart:
    """Ask about the recordings of one part whose patients have not taught.

    QTDB, of which no expert has said what it shows, is judged by courses that are laid over it.
    """
    entries = [entry for entry in read_corpus(data) if entry.collection != "qtdb"]
    fresh = [entry for entry in entries if not taught(models, entry.patient)]
    rows: list[EnsembleRow] = []
    for number, entry in list(enumerate(fresh))[part::PARTS]:
        for condition, recording in _conditions(data, entry, number):
            rows += _ask(data, models, entry, recording, condition)
    left_out = frozenset(entry.patient for entry in entries) - {entry.patient for entry in fresh}
    return EnsemblePart(tuple(rows), left_out)


def _conditions(data: Path, entry: Entry, number: int) -> Iterator[tuple[Condition, Recording]]:
    recording = read_entry(data, entry)
    yield Condition.AS_IS, recording
    if entry.collection in LIMB and len(recording.leads) == len(PAIR):
        signal_mv = signal_of(recording)
        noise_mv = noise_for(signal_mv, number, data / "nstdb")
        if noise_mv is not None:
            yield Condition.NOISY, with_signal(recording, signal_mv + noise_mv)
        yield Condition.LOST, _with_one_lead(recording, number % len(PAIR))


def _with_one_lead(recording: Recording, kept: int) -> Recording:
    leads = recording.leads[kept : kept + 1]
    device = replace(recording.device, leads=leads)
    counts = recording.counts[kept : kept + 1]
    return replace(recording, leads=leads, counts=counts, device=device)


def _ask(
    data: Path, models: Path | None, entry: Entry, recording: Recording, condition: Condition
) -> Iterator[EnsembleRow]:
    settings = Settings()
    truth_at: Callable[[float], Truth] = lambda _: entry.truth  # noqa: E731
    if entry.is_long:
        recording = cut_recording(recording, 0.0, min(LONG_S, recording.duration_s))
        truth_at = read_marks(data / entry.collection / entry.name, LONG_S).truth_at
        settings = replace(settings, analysis=replace(settings.analysis, hop_s=LONG_HOP_S))
    analysis = analysis_of(recording, settings, networks(models))
    history, windows = History(), list(windows_of(recording, settings))
    for number, window in enumerate(windows, start=1):
        assessed = analysis.assess(window, history)
        history = assessed.history
        if entry.is_long or number == len(windows):
            scores = analysis.score(assessed).assessment.scores
            rivals = () if entry.is_long else rival_told(models, history.models)
            yield EnsembleRow(
                entry.patient,
                entry.collection,
                entry.is_long,
                validated(models, entry.patient),
                entry.processing,
                tuple(truth_at(window.time_s).items()),
                (*told_by(scores), *rivals),
                condition,
            )


def told_by(scores: EnsembleScore | None) -> tuple[tuple[str, str, float], ...]:
    """Return what the networks told, by (detector, label, probability)."""
    if scores is None:
        return ()
    own = [(*name.partition(": "), p) for name, p in scores.labels]
    return (
        (FUSED, ANOMALY, scores.fused),
        *((name, ANOMALY, p) for name, p in scores.members),
        *((member, label, p) for member, _, label, p in own),
    )


def rival_told(models: Path | None, memory: ModelMemory) -> tuple[tuple[str, str, float], ...]:
    """Return what the logistic regression tells; nothing before there is a row of figures."""
    figures = rival_figures(memory)
    if figures is None:
        return ()
    return tuple(
        (RIVAL, label, float(rival.probabilities(figures[np.newaxis])[0]))
        for label, rival in rivals_of(models).items()
    )
