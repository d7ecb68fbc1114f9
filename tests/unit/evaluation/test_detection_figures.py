"""Figures of a detector, against what can be counted by hand."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from ecgd.evaluation.detection_figures import (
    Figure,
    auc,
    average_precision,
    brier,
    by_patient,
    reliability,
    sensitivity_at,
    share_above,
    specificity_at,
)

HOLDS = np.array([False, False, True, True])
SCORES = np.array([0.1, 0.4, 0.35, 0.8])


def test_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    assert auc(HOLDS, SCORES) == pytest.approx(0.75)
    assert auc(HOLDS, np.zeros(4)) == pytest.approx(0.5)
    assert auc(HOLDS, -SCORES) == pytest.approx(0.25)
    rng = np.random.default_rng(1)
    holds, scores = rng.random(200) < 0.3, np.round(rng.random(200), 1)
    ill, well = scores[holds][:, None], scores[~holds][None, :]
    pairs = (ill > well).mean() + 0.5 * (ill == well).mean()
    assert auc(holds, scores) == pytest.approx(pairs)


def test_average_precision_counts_ties_at_once() -> None:
    assert average_precision(HOLDS, SCORES) == pytest.approx(0.5 * 1.0 + 0.5 * 2 / 3)
    assert average_precision(HOLDS, np.ones(4)) == pytest.approx(0.5)
    assert average_precision(HOLDS, np.array([0.0, 0.1, 0.8, 0.9])) == pytest.approx(1.0)


def test_operating_points_hold_what_they_promise() -> None:
    rng = np.random.default_rng(2)
    holds = rng.random(1000) < 0.4
    scores = rng.normal(holds * 1.5, 1.0)
    well = np.sort(scores[~holds])
    threshold = well[int(np.ceil(0.95 * well.size)) - 1]
    assert (scores[~holds] <= threshold).mean() >= 0.95
    assert sensitivity_at(holds, scores) == pytest.approx((scores[holds] > threshold).mean())
    ill = np.sort(scores[holds])
    least = ill[int(np.floor(0.10 * ill.size))]
    assert specificity_at(holds, scores) == pytest.approx((scores[~holds] < least).mean())


def test_all_alike_detects_nothing() -> None:
    assert sensitivity_at(HOLDS, np.ones(4)) == 0.0
    assert specificity_at(HOLDS, np.ones(4)) == 0.0


@pytest.mark.parametrize("figure", [auc, average_precision, sensitivity_at, specificity_at])
def test_without_both_kinds_there_is_no_figure(figure: Figure) -> None:
    assert isnan(figure(np.zeros(4, np.bool_), SCORES))
    assert isnan(figure(np.ones(4, np.bool_), SCORES))


def test_brier_and_reliability() -> None:
    assert brier(HOLDS, HOLDS.astype(float)) == 0.0
    assert brier(HOLDS, np.full(4, 0.5)) == pytest.approx(0.25)
    bins = reliability(HOLDS, np.array([0.05, 0.95, 1.0, 0.91]))
    assert [(each.count, round(each.held, 3)) for each in bins] == [(1, 0.0), (3, 0.667)]


def test_patients_are_drawn_not_recordings() -> None:
    rng = np.random.default_rng(3)
    holds = np.repeat(rng.random(30) < 0.5, 20)
    scores = np.repeat(rng.normal(size=30), 20) + holds
    alone = by_patient(auc, holds, scores, [str(k) for k in range(600)], draws=200)
    whole = by_patient(auc, holds, scores, [str(k // 20) for k in range(600)], draws=200)
    assert alone.value == whole.value == pytest.approx(auc(holds, scores))
    assert whole.high - whole.low > 2 * (alone.high - alone.low)
    assert whole.low < whole.value < whole.high


def test_limits_are_unknown_where_no_draw_has_both_kinds() -> None:
    each = by_patient(auc, np.ones(5, np.bool_), np.arange(5.0), list("abcde"), draws=10)
    assert isnan(each.value) and isnan(each.low) and isnan(each.high)


def test_share_above_a_threshold() -> None:
    assert share_above(0.75)(HOLDS, SCORES) == pytest.approx(0.5)
    assert isnan(share_above(0.75)(np.zeros(4, np.bool_), SCORES))
