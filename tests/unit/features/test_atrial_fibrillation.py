"""Atrial fibrillation from intervals and P waves."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.features.atrial_fibrillation import (
    EVIDENT,
    SHORT_SPAN_S,
    SPAN_S,
    fibrillation_log_odds,
)
from ecgd.model.beat import Beat, BeatClass, Waves
from ecgd.model.signal import FloatArray

FS_HZ = 250.0
RNG_SEED = 12


def odds(
    rr_s: FloatArray,
    p_share: float,
    span_s: float = SPAN_S,
    ventricular: frozenset[int] = frozenset(),
) -> float | None:
    """Return the log-odds at the end of these intervals; P comes in ``p_share`` of the beats."""
    rng = np.random.default_rng(RNG_SEED)
    r_peaks = np.rint(np.cumsum(rr_s) * FS_HZ).astype(int).tolist()
    beats = []
    for k, r_peak in enumerate(r_peaks):
        p_peak = r_peak - 40 if rng.random() < p_share else None
        kind = BeatClass.V if k in ventricular else BeatClass.N
        waves = Waves(r_peak - 12, r_peak + 12, p_peak=p_peak)
        beats.append(Beat(r_peak, waves, (), (), beat_class=kind))
    return fibrillation_log_odds(beats, r_peaks[-1] + 50, FS_HZ, span_s)


def irregular(spread: float, count: int = 60) -> FloatArray:
    rng = np.random.default_rng(RNG_SEED)
    return 0.8 * (1 + rng.uniform(-spread, spread, count))


@pytest.mark.parametrize("span_s", [SHORT_SPAN_S, SPAN_S])
@pytest.mark.parametrize(
    ("spread", "p_share", "fibrillates"),
    [(0.3, 0.1, True), (0.3, 1.0, False), (0.02, 0.1, False), (0.15, 0.3, True)],
)
def test_it_takes_irregular_beats_and_no_constant_p(
    spread: float, p_share: float, fibrillates: bool, span_s: float
) -> None:
    log_odds = odds(irregular(spread), p_share, span_s)
    assert log_odds is not None
    assert (log_odds >= EVIDENT) is fibrillates


def test_too_short_a_span_says_nothing() -> None:
    assert odds(irregular(0.3, 20), 0.1, SPAN_S) is None
    assert odds(irregular(0.3, 20), 0.1, SHORT_SPAN_S) is not None
    assert fibrillation_log_odds([], 1000, FS_HZ) is None


@pytest.mark.parametrize("pattern", [(0.5, 1.1), (0.8, 0.5, 1.1), (0.8, 0.8, 0.5, 1.1)])
def test_a_pattern_that_repeats_is_none(pattern: tuple[float, ...]) -> None:
    log_odds = odds(np.tile(pattern, 60 // len(pattern)), 0.5)
    assert log_odds is not None
    assert log_odds < EVIDENT


def test_ventricular_beats_take_no_part() -> None:
    rr_s = np.tile((0.8, 0.8, 0.8, 0.8, 0.45, 1.15), 10)
    early = frozenset(range(4, 60, 6))
    classed, unclassed = odds(rr_s, 0.5, ventricular=early), odds(rr_s, 0.5)
    assert classed is not None
    assert unclassed is not None
    assert classed < EVIDENT
    assert classed < unclassed
