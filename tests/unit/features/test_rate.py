"""Rates, and when one changes suddenly."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.features.rate import RateChange, extremely_fast_s, sudden_change
from ecgd.model.signal import FloatArray


def change(before_s: float, now_s: float, spread: float = 0.02) -> RateChange | None:
    """Return the change after 50 s at one interval and 10 s at another."""
    rng = np.random.default_rng(3)
    rr_s = np.concatenate((np.full(round(50 / before_s), before_s), np.full(30, now_s)))
    rr_s *= 1 + rng.uniform(-spread, spread, rr_s.size)
    r_s = np.cumsum(rr_s)
    r_s = r_s[r_s < r_s[round(50 / before_s) - 1] + 10.5]
    return sudden_change(r_s, np.diff(r_s), float(r_s[-1]) + 0.1, 30.0)


def test_a_steady_rate_does_not_change() -> None:
    assert change(0.8, 0.8) is None
    assert change(0.8, 0.7) is None


@pytest.mark.parametrize(("before_s", "now_s"), [(0.8, 0.5), (0.5, 0.9)])
def test_a_jump_is_told_with_both_rates(before_s: float, now_s: float) -> None:
    told = change(before_s, now_s)
    assert told is not None
    assert told.before_bpm == pytest.approx(60 / before_s, rel=0.03)
    assert told.now_bpm == pytest.approx(60 / now_s, rel=0.03)


def test_where_nothing_was_steady_nothing_jumps() -> None:
    assert change(0.8, 0.5, spread=0.3) is None


def test_two_missed_beats_do_not_hide_an_extreme_rate() -> None:
    rr_s: FloatArray = np.full(16, 0.4)
    assert extremely_fast_s(rr_s, 140.0) == pytest.approx(6.4)
    rr_s[[4, 9]] = 0.8
    assert extremely_fast_s(rr_s, 140.0) == pytest.approx(7.2)
    rr_s[[1, 12]] = 0.8
    assert extremely_fast_s(rr_s, 140.0) is None
    assert extremely_fast_s(rr_s[:15], 140.0) is None
