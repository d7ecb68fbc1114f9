"""Calibration, fusion and what is said of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from lesson_material import cohort, gathered

from ecgd.config.settings import EnsembleSettings
from ecgd.ensemble.fusion import fuse
from ecgd.evaluation.detection_figures import brier
from ecgd.evaluation.logistic import logit, sigmoid
from ecgd.inference.manifest import Platt
from ecgd.model.finding import RiskLevel
from ecgd.training.judging import (
    AS_IS,
    calibrate,
    cross_calibrated,
    default_weights,
    judged_moments,
    mean_of,
    probabilities,
)
from ecgd.training.outcome import Told, figures_of


def test_calibration_makes_probabilities_true_on_the_other_half() -> None:
    material = cohort()
    members, fused = cross_calibrated(material)
    holds = material.truth["cnn"][:, 0] > 0.5
    assert brier(holds, members["cnn"][:, 0]) < brier(holds, sigmoid(material.logits["cnn"][:, 0]))
    assert brier(holds, fused["cnn+lstm"]) < brier(holds, members["cnn"][:, 0])
    assert np.isnan(fused["cnn+lstm+rnn"][:200]).all()
    assert np.isfinite(fused["cnn+lstm+rnn"][200:]).all()


def test_a_mean_of_members_is_made_bolder() -> None:
    found = calibrate(cohort())
    assert set(found.fused) == {"cnn+lstm", "cnn+rnn", "lstm+rnn", "cnn+lstm+rnn"}
    assert found.fused["cnn+lstm"][0] > 1.0
    assert found.members["cnn"][0][0] < 0.6


def test_a_label_of_which_little_is_known_stays_as_it_is() -> None:
    found = calibrate(cohort())
    assert found.members["cnn"][1] == AS_IS


def test_what_is_calibrated_is_what_the_daemon_fuses() -> None:
    material = cohort()
    found = calibrate(material)
    mean = mean_of(material, found.members, ("cnn", "lstm"))
    slope, intercept = found.fused["cnn+lstm"]
    expected = sigmoid(slope * logit(mean) + intercept)
    for row in (0, 7, 99):
        answers = {
            name: float(probabilities(material.logits[name], found.members[name])[row, 0])
            for name in ("cnn", "lstm")
        }
        told = fuse(
            answers,
            EnsembleSettings(),
            RiskLevel.NORMAL,
            {"cnn+lstm": Platt(slope=slope, intercept=intercept)},
        )
        assert told is not None
        assert told.fused == pytest.approx(expected[row], abs=1e-9)


def test_the_documents_weights_are_used() -> None:
    assert default_weights() == {"cnn": 0.40, "lstm": 0.35, "rnn": 0.25}


def test_patients_who_teach_are_not_judged_and_short_recordings_are_once() -> None:
    material = gathered()
    rows = judged_moments(material)
    owners = material.owners[rows]
    assert all(material.entries[k].validates for k in owners)
    assert np.bincount(owners, minlength=14).tolist() == [
        1 if k % 3 == 0 and k < 12 else 7 if k % 3 == 0 else 0 for k in range(14)
    ]
    last = np.flatnonzero(material.owners == 0)[-1]
    assert rows[last]


def test_figures_are_given_where_enough_is_known() -> None:
    material = cohort()
    truth, scores = material.truth["cnn"][:, 0], material.logits["cnn"][:, 0]
    whole = np.ones(600, np.bool_)
    each = figures_of(Told("cnn", "x", truth, scores), material, whole)
    assert each is not None and each.ill + each.well == 600
    assert 0.8 < each.auc.low < each.auc.value < each.auc.high < 1.0
    unknown = np.full(600, -1.0, np.float32)
    assert figures_of(Told("cnn", "x", unknown, scores), material, whole) is None


def test_halves_that_calibrate_each_other_are_ranked_by_logits() -> None:
    material = cohort()
    truth, logits = material.truth["cnn"][:, 0], material.logits["cnn"][:, 0]
    torn = np.where(material.halves, 0.9 + 0.001 * logits, sigmoid(logits))
    whole = np.ones(600, np.bool_)
    one = figures_of(Told("cnn", "x", truth, logits), material, whole)
    other = figures_of(Told("cnn", "x", truth, logits, torn), material, whole)
    assert one is not None and other is not None
    assert one.auc == other.auc
    assert other.brier == pytest.approx(brier(truth > 0.5, torn))


def test_a_patients_moments_count_as_one_in_a_calibration() -> None:
    material = replace(cohort(6), patients=("a", "a", "a", "a", "b", "c"))
    assert material.weights.tolist() == [0.25] * 4 + [1.0, 1.0]
