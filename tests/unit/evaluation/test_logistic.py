"""Logistic models: what they find in data of which the truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.evaluation.logistic import fit_logistic, fit_platt, logit, sigmoid


def drawn(count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(count, 3))
    p = sigmoid(x @ np.array([1.5, -0.7, 0.0]) - 0.4)
    return x, rng.random(count) < p


def test_slopes_are_found_and_shrink_with_the_ridge() -> None:
    x, holds = drawn()
    free, bound = fit_logistic(x, holds, ridge=1e-6), fit_logistic(x, holds, ridge=1e4)
    np.testing.assert_allclose(free.slopes, [1.5, -0.7, 0.0], atol=0.15)
    assert free.intercept == pytest.approx(-0.4, abs=0.15)
    assert np.abs(bound.slopes).max() < 0.2
    assert free.probabilities(x).mean() == pytest.approx(holds.mean(), abs=1e-4)


def test_kinds_that_do_not_overlap_give_finite_slopes() -> None:
    x = np.concatenate((np.full((20, 1), -5.0), np.full((20, 1), 5.0)))
    fitted = fit_logistic(x, np.arange(40) >= 20, ridge=0.1)
    assert np.isfinite(fitted.slopes).all() and fitted.slopes[0] > 0


def test_platt_makes_boastful_logits_true() -> None:
    rng = np.random.default_rng(5)
    truth = rng.normal(size=5000)
    holds = rng.random(5000) < sigmoid(truth)
    slope, intercept = fit_platt(3.0 * truth + 2.0, holds)
    assert slope == pytest.approx(1 / 3, abs=0.05)
    assert intercept == pytest.approx(-2 / 3, abs=0.1)


def test_platt_keeps_off_certainty_where_few_are_known() -> None:
    slope, intercept = fit_platt(np.array([-1.0, -1.0, 1.0, 1.0]), np.arange(4) >= 2)
    assert sigmoid(np.array([slope + intercept]))[0] == pytest.approx(0.75, abs=0.01)


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(ValueError, match="both classes"):
        fit_platt(np.arange(4.0), np.ones(4, np.bool_))
    with pytest.raises(ValueError, match="wrong way round"):
        fit_platt(np.arange(20.0), np.arange(20) < 10)
    with pytest.raises(ValueError, match="both classes"):
        fit_logistic(np.ones((3, 1)), np.zeros(3, np.bool_), ridge=1.0)


def test_logit_is_the_way_back() -> None:
    p = np.array([0.001, 0.3, 0.9])
    np.testing.assert_allclose(sigmoid(logit(p)), p, atol=1e-9)
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()


def test_weights_let_patients_count_alike() -> None:
    logits = np.array([-2.0, -2.0, -1.0, 1.0, 2.0, 2.0, -2.0, -2.0])
    holds = np.array([False, False, True, False, True, True, True, True])
    alike = fit_platt(logits, holds)
    rare = fit_platt(logits, holds, np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.1, 0.1]))
    assert rare[0] > alike[0]
    doubled = fit_platt(np.tile(logits, 2), np.tile(holds, 2), np.full(16, 0.5))
    assert doubled == pytest.approx(alike, abs=1e-6)
