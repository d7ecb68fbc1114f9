"""Change of ST: whatever the levels are, nothing throws, and nothing is told without beats."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgd.config.settings import AnalysisSettings
from ecgd.decision.st_change import LEAST_SHARE
from ecgd.model.signal import FloatArray
from ecgd.service.st_levels import judge_table
from ecgd.sources.st_levels_file import StLevelsTable

SETTINGS = AnalysisSettings()
LEVELS = st.one_of(st.floats(-5.0, 5.0), st.just(math.nan), st.just(0.0))
ROWS = st.lists(st.tuples(st.floats(0.0, 30.0), LEVELS, LEVELS), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_nothing_throws(rows: list[tuple[float, float, float]]) -> None:
    times = np.cumsum([row[0] for row in rows])
    pairs = np.array([row[1:] for row in rows])
    found = judge_table(StLevelsTable(times, pairs, ("I", "II")), SETTINGS)
    assert found.judged_s >= 0
    if np.isfinite(pairs).all(axis=1).sum() < 4:
        assert (found.verdict, found.change) == (None, None)
    if found.change is not None:
        assert found.change.vector.size_mv > 0.0
        assert found.change.threshold_mv >= LEAST_SHARE * SETTINGS.st_change_mv


@settings(max_examples=30, deadline=None)
@given(
    st.integers(20, 300),
    st.floats(-0.05, 0.05),
    st.floats(-0.05, 0.05),
    st.floats(0.01, 3.0),
)
def test_levels_that_stand_still_never_change(
    count: int, one_mv: float, two_mv: float, step_s: float
) -> None:
    times: FloatArray = np.arange(count, dtype=np.float64) * step_s
    pairs = np.tile((one_mv, two_mv), (count, 1))
    found = judge_table(StLevelsTable(times, pairs, ("I", "II")), SETTINGS)
    assert found.change is None
