"""What a training came to: every label's figures on patients who taught nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Final

import numpy as np

from ecgd.evaluation.detection_figures import (
    Interval,
    auc,
    average_precision,
    brier,
    by_patient,
    sensitivity_at,
    specificity_at,
)
from ecgd.evaluation.logistic import Logistic
from ecgd.model.network_label import ANOMALY, HEADS, RHYTHM
from ecgd.model.signal import BoolArray, Float32Array, FloatArray
from ecgd.training.judging import Cohort, rows_of
from ecgd.training.quantisation import Trial

DRAWS: Final = 400
LEAST_TOLD: Final = 5
"""A label with fewer moments of either kind gets no figures."""


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """One label of one detector on validation patients, calibrated by the other half of them."""

    detector: str
    label: str
    ill: int
    well: int
    auc: Interval
    precision: float
    sensitivity: float
    specificity: float
    brier: float


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """All that is told of one training; ``patients``: who was there, and who validated."""

    weights_version: str
    code_version: str
    inputs_version: str
    data_fingerprint: str
    seed: int
    patients: Mapping[str, bool]
    teaching: Mapping[str, int]
    validating: Mapping[str, int]
    taught: Mapping[str, Mapping[str, tuple[int, int]]]
    epochs: Mapping[str, int]
    trials: Mapping[str, tuple[Trial, ...]]
    chosen: Mapping[str, str]
    prevalence: float
    cohort: Cohort
    members: Mapping[str, FloatArray]
    fused: Mapping[str, FloatArray]
    rivals: Mapping[str, FloatArray]
    disturbed: Mapping[str, Mapping[str, FloatArray]]
    rival_models: Mapping[str, Logistic] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What a detector told of one label: arrays of shape (moment,).

    ``scores`` rank; ``probabilities`` are calibrated, None: the scores are probabilities. Halves
    that were calibrated by each other cannot be ranked together.
    """

    detector: str
    label: str
    truth: Float32Array
    scores: FloatArray
    probabilities: FloatArray | None = None


def figures_of(each: Told, cohort: Cohort, rows: BoolArray) -> LabelFigures | None:
    """Return one label's figures on some moments, None where too few are known."""
    truth, told = each.truth, each.scores
    known = rows & (truth >= 0.0) & np.isfinite(told)
    holds, scores = truth[known] > 0.5, told[known]
    probabilities = scores if each.probabilities is None else each.probabilities[known]
    ill, well = int(holds.sum()), int((~holds).sum())
    if min(ill, well) < LEAST_TOLD:
        return None
    patients = [name for name, own in zip(cohort.patients, known, strict=True) if own]
    return LabelFigures(
        each.detector,
        each.label,
        ill,
        well,
        by_patient(auc, holds, scores, patients, DRAWS),
        average_precision(holds, scores),
        sensitivity_at(holds, scores),
        specificity_at(holds, scores),
        brier(holds, probabilities),
    )


def all_figures(run: Run) -> list[LabelFigures]:
    """Return every member's labels, the rival's and the fused label."""
    cohort = run.cohort
    found: list[LabelFigures | None] = []
    for member, told in run.members.items():
        for k, label in enumerate(HEADS[member]):
            truth, logits = cohort.truth[member][:, k], cohort.logits[member][:, k]
            each = Told(member, label, truth, logits, told[:, k])
            found.append(figures_of(each, cohort, rows_of(cohort, label)))
            if label in RHYTHM:
                # Long recordings are few patients with many moments, and most of them very ill.
                alone = replace(each, detector=f"{member}, short recordings")
                found.append(figures_of(alone, cohort, cohort.is_short))
    anomaly = next(iter(cohort.truth.values()))[:, 0]
    for key, fused in run.fused.items():
        found.append(figures_of(Told(key, ANOMALY, anomaly, fused), cohort, cohort.is_short))
    for label, told in run.rivals.items():
        truth = truth_of_label(cohort, label)
        found.append(figures_of(Told("logistic", label, truth, told), cohort, cohort.is_short))
    return [each for each in found if each is not None]


def common_figures(run: Run) -> list[LabelFigures]:
    """Return the fused label's figures on the moments that every member sees."""
    cohort = run.cohort
    rows = cohort.is_short.copy()
    for told in run.members.values():
        rows &= np.isfinite(told[:, 0])
    anomaly = next(iter(cohort.truth.values()))[:, 0]
    scores = {name: each[:, 0] for name, each in cohort.logits.items()} | dict(run.fused)
    found = [
        figures_of(Told(name, ANOMALY, anomaly, own), cohort, rows) for name, own in scores.items()
    ]
    return [each for each in found if each is not None]


def metrics_of(run: Run, member: str) -> dict[str, float | None]:
    """Return a member's figures for the manifest, by name."""
    told = [each for each in all_figures(run) if each.detector == member]
    metrics: dict[str, float | None] = {}
    for each in told:
        metrics[f"auc {each.label}"] = _number(each.auc.value)
        metrics[f"brier {each.label}"] = _number(each.brier)
    for trial in run.trials[member]:
        metrics[f"auc loss {trial.scheme}"] = _number(trial.anomaly_loss)
        metrics[f"invoke p99 ms {trial.scheme}"] = _number(1000.0 * trial.invoke_p99_s)
    return metrics


def truth_of_label(cohort: Cohort, label: str) -> Float32Array:
    """Return the truth of a label, shape (moment,); -1: unknown."""
    for member, labels in HEADS.items():
        if label in labels and member in cohort.truth:
            return cohort.truth[member][:, labels.index(label)]
    return np.full(len(cohort.patients), -1.0, np.float32)


def _number(value: float) -> float | None:
    return round(value, 5) if isfinite(value) else None
