"""Atrial fibrillation from intervals and P waves."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.features.atrial_fibrillation import (
    EVIDENT,
    SHORT_SPAN_S,
    SPAN_S,
    fibrillation_log_odds,
    is_evident,
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
    *,
    measured: bool = True,
) -> float | None:
    """Return the log-odds at the end of these intervals; P comes in ``p_share`` of the beats."""
    rng = np.random.default_rng(RNG_SEED)
    r_peaks = np.rint(np.cumsum(rr_s) * FS_HZ).astype(int).tolist()
    beats = []
    for k, r_peak in enumerate(r_peaks):
        p_peak = r_peak - 40 if rng.random() < p_share else None
        kind = BeatClass.V if k in ventricular else BeatClass.N
        waves = Waves(r_peak - 12, r_peak + 12, p_peak=p_peak)
        beats.append(Beat(r_peak, waves if measured else None, (), (), beat_class=kind))
    return fibrillation_log_odds(
        beats, now_index=r_peaks[-1] + 50, watched_from_index=0, fs_hz=FS_HZ, span_s=span_s
    )


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
    assert fibrillation_log_odds([], now_index=9000, watched_from_index=0, fs_hz=FS_HZ) is None


@pytest.mark.parametrize("pattern", [(0.5, 1.1), (0.8, 0.5, 1.1), (0.8, 0.8, 0.5, 1.1)])
def test_a_pattern_that_repeats_is_none(pattern: tuple[float, ...]) -> None:
    log_odds = odds(np.tile(pattern, 60 // len(pattern)), 0.6)
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


def test_a_rhythm_of_ventricular_beats_counts_as_a_whole() -> None:
    blocked = odds(irregular(0.3), 0.1, ventricular=frozenset(range(60)))
    assert blocked is not None
    assert blocked >= EVIDENT
    bigeminy = odds(np.tile((0.5, 1.1), 30), 0.1, ventricular=frozenset(range(0, 60, 2)))
    assert bigeminy is not None
    assert bigeminy < EVIDENT


def test_two_even_rates_are_none() -> None:
    rates = np.concatenate((np.full(30, 0.8), np.full(40, 0.4)))
    log_odds = odds(rates, 0.1)
    assert log_odds is not None
    assert log_odds < EVIDENT


def test_where_p_is_hidden_the_intervals_tell() -> None:
    unmeasured, measured = (odds(irregular(0.3), 0.0, measured=each) for each in (False, True))
    assert unmeasured is not None
    assert measured is not None
    assert EVIDENT <= unmeasured < measured


def test_it_takes_more_where_beats_are_in_doubt() -> None:
    assert is_evident(EVIDENT, 1.0)
    assert not is_evident(EVIDENT, 0.9)
    assert not is_evident(0.5 * EVIDENT, 1.0)
    assert is_evident(0.5 * EVIDENT, 1.0, told=True)
    assert not is_evident(0.5 * EVIDENT, 0.5, told=True)


def test_few_beats_of_a_slow_rhythm_are_enough() -> None:
    assert odds(irregular(0.3, 60) * 2.2, 0.1, SHORT_SPAN_S) is not None
