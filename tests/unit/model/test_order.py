"""Medians and quantiles are those of numpy, whatever the number of values."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.model.order import LONG, median_of, quantile_of

COUNTS = (1, 2, 3, 8, LONG - 1, LONG, LONG + 1, 1250)


@pytest.mark.parametrize("count", COUNTS)
def test_a_median_is_numpys(count: int) -> None:
    values = np.random.default_rng(count).normal(size=(3, count))
    np.testing.assert_allclose(median_of(values), np.median(values, axis=1), rtol=1e-12)
    np.testing.assert_allclose(median_of(values.T, axis=0), np.median(values, axis=1), rtol=1e-12)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("share", [0.0, 0.25, 0.97, 1.0])
def test_a_quantile_is_numpys(count: int, share: float) -> None:
    values = np.random.default_rng(count).normal(size=(3, count))
    expected = np.quantile(values, share, axis=1)
    np.testing.assert_allclose(quantile_of(values, share), expected, rtol=1e-12)
    np.testing.assert_allclose(quantile_of(values.T, share, axis=0), expected, rtol=1e-12)


def test_the_values_stay_in_their_order() -> None:
    values = np.array([3.0, 1.0, 2.0])
    assert float(median_of(values)) == 2.0
    assert values.tolist() == [3.0, 1.0, 2.0]
