"""The installed networks on patients who taught nothing, asked by the daemon's own analysis."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import nan
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.config.settings import EnsembleSettings, Settings
from ecgd.ensemble.fusion import MEMBERS
from ecgd.evaluation.anomaly_labels import (
    ANOMALY,
    FIBRILLATION,
    HEADS,
    INFARCTION,
    VENTRICULAR_TACHYCARDIA,
    Truth,
)
from ecgd.evaluation.boundary_folds import unseen_network
from ecgd.evaluation.corpus import Entry, read_corpus, read_entry, read_patients
from ecgd.evaluation.detection_figures import (
    auc,
    average_precision,
    by_patient,
    sensitivity_at,
    share_above,
    specificity_at,
)
from ecgd.evaluation.rhythm_truth import read_marks
from ecgd.evaluation.stream import cut_recording
from ecgd.inference.scorer import load_sound_scorer, read_models
from ecgd.model.finding import EnsembleScore
from ecgd.model.signal import BoolArray, FloatArray
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History
from ecgd.service.offline import windows_of

PARTS: Final = 16
LONG_S: Final = 600.0
LONG_HOP_S: Final = 5.0
"""Of long recordings so much is asked about, a window every so often."""

DRAWS: Final = 300
FUSED: Final = "fused"
LEAST_TOLD: Final = 5
ALARMED: Final = (INFARCTION, FIBRILLATION, VENTRICULAR_TACHYCARDIA)


@dataclass(frozen=True, slots=True)
class EnsembleRow:
    """One moment: what holds, and what was told, before any boost.

    ``told`` holds (member or "fused", label, probability); nothing where nobody could see.
    ``validated``: the patient calibrated the networks; else nothing is known of him to them.
    """

    patient: str
    is_long: bool
    validated: bool
    processing: str
    truth: tuple[tuple[str, bool], ...]
    told: tuple[tuple[str, str, float], ...]

    def holds(self, label: str) -> bool | None:
        """Return whether a label holds, None: nobody said."""
        return dict(self.truth).get(label)

    def score(self, detector: str, label: str) -> float:
        """Return a detector's probability of a label, NaN: it was not told."""
        return next((p for d, own, p in self.told if (d, own) == (detector, label)), nan)


def ensemble_jobs(data: Path) -> list[Callable[[], list[EnsembleRow]]]:
    """Return the work in parts: nothing where no model is installed, or no list of who taught."""
    directory, manifest, _ = read_models(None)
    if directory is None or manifest is None or not read_patients(directory):
        return []
    return [partial(study_ensemble, data, part) for part in range(PARTS)]


def study_ensemble(data: Path, part: int) -> list[EnsembleRow]:
    """Ask about the recordings of one part whose patients have not taught."""
    directory, _, _ = read_models(None)
    known = {} if directory is None else read_patients(directory)
    fresh = [e for e in read_corpus(data) if known.get(e.patient, True) and e.collection != "qtdb"]
    rows: list[EnsembleRow] = []
    for entry in fresh[part::PARTS]:
        rows += _ask(data, entry, validated=entry.patient in known)
    return rows


def _ask(data: Path, entry: Entry, *, validated: bool) -> Iterator[EnsembleRow]:
    recording, settings = read_entry(data, entry), Settings()
    truth_at: Callable[[float], Truth] = lambda _: entry.truth  # noqa: E731
    if entry.is_long:
        recording = cut_recording(recording, 0.0, min(LONG_S, recording.duration_s))
        truth_at = read_marks(data / entry.collection / entry.name, LONG_S).truth_at
        settings = replace(settings, analysis=replace(settings.analysis, hop_s=LONG_HOP_S))
    scorer = load_sound_scorer(None)
    network = unseen_network(recording.path)
    analysis = Analysis(settings.analysis, settings.ensemble, scorer, time.monotonic, network)
    history, windows = History(), list(windows_of(recording, settings))
    for number, window in enumerate(windows, start=1):
        assessed = analysis.assess(window, history)
        history = assessed.history
        if entry.is_long or number == len(windows):
            scores = analysis.score(assessed).assessment.scores
            yield EnsembleRow(
                entry.patient,
                entry.is_long,
                validated,
                entry.processing,
                tuple(truth_at(window.time_s).items()),
                _told(scores),
            )


def _told(scores: EnsembleScore | None) -> tuple[tuple[str, str, float], ...]:
    if scores is None:
        return ()
    own = [(*name.partition(": "), p) for name, p in scores.labels]
    return (
        (FUSED, ANOMALY, scores.fused),
        *((name, ANOMALY, p) for name, p in scores.members),
        *((member, label, p) for member, _, label, p in own),
    )


def ensemble_section(rows: Sequence[EnsembleRow]) -> str:
    """Return the figures as Markdown: ranking, and what is flagged at the threshold."""
    threshold = EnsembleSettings().anomaly_threshold
    if not rows:
        return "## The ensemble\n\nNo model is installed: the rules stand alone.\n"
    held = sum(not row.validated for row in rows)
    lines = [
        "## The ensemble\n",
        f"{len(rows)} moments of patients who taught nothing, {held} of them of patients who did\n"
        "not calibrate it either. *Significant anomaly* on short recordings, by experts' whole\n"
        "reading. What nobody could see counts as the lowest score. 95 % limits by a bootstrap\n"
        "over patients.\n",
        "| detector | label | with / without | AUC | AUPRC | Se at 95 % Sp | Sp at 90 % Se |",
        "|---|---|---|---|---|---|---|",
    ]
    for detector in (FUSED, *MEMBERS):
        for label in HEADS.get(detector, (ANOMALY,)):
            lines += _ranking(rows, detector, label)
    lines += [
        "",
        f"At a score of {threshold:g}, before the boost:\n",
        "| of | flagged |",
        "|---|---|",
    ]
    lines += [_flagged(rows, label, threshold) for label in ALARMED]
    lines.append(_flagged(rows, "", threshold))
    return "\n".join((*lines, "")) + "\n"


def _ranking(rows: Sequence[EnsembleRow], detector: str, label: str) -> list[str]:
    own = [
        row
        for row in rows
        if row.holds(label) is not None and not (label == ANOMALY and row.is_long)
    ]
    holds = np.array([bool(row.holds(label)) for row in own], np.bool_)
    if min(int(holds.sum()), int((~holds).sum())) < LEAST_TOLD:
        return []
    scores = _scores(own, detector, label)
    if (scores < 0.0).all():
        return []
    area = by_patient(auc, holds, scores, [row.patient for row in own], DRAWS)
    return [
        f"| {detector} | {label} | {int(holds.sum())} / {int((~holds).sum())} "
        f"| {area.value:.3f} ({area.low:.3f} to {area.high:.3f}) "
        f"| {average_precision(holds, scores):.3f} | {100 * sensitivity_at(holds, scores):.0f} % "
        f"| {100 * specificity_at(holds, scores):.0f} % |"
    ]


def _flagged(rows: Sequence[EnsembleRow], label: str, threshold: float) -> str:
    """Return a line: how many of those with a label are flagged; "": of normal recordings."""
    if label:
        own = [row for row in rows if row.holds(label)]
    else:
        own = [row for row in rows if row.holds(ANOMALY) is False and not row.is_long]
    name = label or "normal recordings"
    if not own:
        return f"| {name} | – |"
    whole: BoolArray = np.ones(len(own), np.bool_)
    patients = [row.patient for row in own]
    share = by_patient(share_above(threshold), whole, _scores(own, FUSED, ANOMALY), patients, DRAWS)
    limits = f"{100 * share.low:.0f} to {100 * share.high:.0f}"
    return f"| {name} | {100 * share.value:.0f} % ({limits}) of {len(own)} |"


def _scores(rows: Sequence[EnsembleRow], detector: str, label: str) -> FloatArray:
    told = np.array([row.score(detector, label) for row in rows], np.float64)
    return np.where(np.isnan(told), -1.0, told)
