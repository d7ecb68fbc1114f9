from __future__ import annotations

import numpy as np

from ecgd.dsp.normalise import min_max, z_score

SIGNAL = np.array([[1.0, 2.0, 3.0, 6.0], [5.0, 5.0, 5.0, 5.0]])


def test_z_score_has_mean_0_and_deviation_1_per_lead() -> None:
    scaled = z_score(SIGNAL)
    np.testing.assert_allclose(scaled[0].mean(), 0.0, atol=1e-12)
    np.testing.assert_allclose(scaled[0].std(), 1.0)


def test_min_max_spans_0_to_1_per_lead() -> None:
    np.testing.assert_allclose(min_max(SIGNAL)[0], [0.0, 0.2, 0.4, 1.0])


def test_a_constant_lead_becomes_zeros_and_no_division_by_zero() -> None:
    assert z_score(SIGNAL)[1].tolist() == [0.0] * 4
    assert min_max(SIGNAL)[1].tolist() == [0.0] * 4
