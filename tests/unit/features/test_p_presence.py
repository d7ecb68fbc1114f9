"""P waves told by a beat's own signs and by those of the beats before it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecgd.features.boundary_network import STEPS
from ecgd.features.delineation import _p_signs
from ecgd.features.p_presence import MEMORY_S, REMEMBERED, PSign, weigh_p_waves

RR_S = 0.8
DOUBTFUL = PSign(0.0, -0.5, -0.16, 0.020)


def row(count: int, sign: PSign = DOUBTFUL, begin_s: float = 0.0) -> list[PSign]:
    return [replace(sign, r_peak_s=begin_s + RR_S * k) for k in range(count)]


def test_a_doubtful_wave_that_comes_again_at_its_place_is_a_p_wave() -> None:
    log_odds, _ = weigh_p_waves(row(6))
    moving = [replace(each, place_s=-0.16 + 0.03 * (-1) ** k) for k, each in enumerate(row(6))]
    wandering, _ = weigh_p_waves(moving)
    assert min(log_odds[1:]) > log_odds[0]
    assert log_odds[-1] > 0.0 > max(wandering[1:])


@pytest.mark.parametrize(
    "better",
    [
        replace(DOUBTFUL, log_odds=2.0),
        replace(DOUBTFUL, spread_s=0.008),
    ],
)
def test_each_sign_speaks_for_a_p_wave(better: PSign) -> None:
    for earlier in ([], row(5, begin_s=-4.0)):
        (plain,), _ = weigh_p_waves([DOUBTFUL], earlier)
        (surer,), _ = weigh_p_waves([better], earlier)
        assert surer > plain


def test_surer_beats_before_speak_for_it_too() -> None:
    surer = row(5, replace(DOUBTFUL, log_odds=4.0), -4.0)
    assert weigh_p_waves([DOUBTFUL], surer)[0] > weigh_p_waves([DOUBTFUL], row(5, begin_s=-4.0))[0]


def test_a_stream_in_pieces_is_told_as_in_one() -> None:
    signs = [replace(each, place_s=-0.16 - 0.004 * (k % 3)) for k, each in enumerate(row(12))]
    whole, known = weigh_p_waves(signs)
    pieces: list[float] = []
    memory: tuple[PSign, ...] = ()
    for start in range(0, 12, 2):
        told, memory = weigh_p_waves(signs[start : start + 2], memory)
        pieces += told
    assert pieces == whole
    assert memory == known == tuple(signs[-REMEMBERED:])


def test_a_beat_measured_again_is_not_its_own_witness() -> None:
    log_odds, known = weigh_p_waves(row(3))
    again, still = weigh_p_waves(row(3)[-1:], known)
    assert again == log_odds[-1:]
    assert still == known


def test_beats_of_long_ago_are_forgotten() -> None:
    late = replace(DOUBTFUL, r_peak_s=MEMORY_S[1] + 4.5)
    alone, _ = weigh_p_waves([late])
    assert weigh_p_waves([late], row(5))[0] == alone


def test_a_place_known_to_the_point_has_finite_odds() -> None:
    sharp = replace(DOUBTFUL, spread_s=0.0)
    log_odds, _ = weigh_p_waves(row(6, sharp))
    assert all(abs(each) < 100.0 for each in log_odds)


def test_scores_that_leave_hardly_a_doubt_give_a_spread_of_nearly_nought() -> None:
    scores = np.full((250, STEPS), -200.0, dtype=np.float32)
    each = np.arange(250)
    scores[each, each] = 60.0
    scores[each, each + 1] = 40.0
    with np.errstate(invalid="raise"):
        signs = _p_signs(scores, np.arange(250.0))
    assert all(0.0 <= sign.spread_s < 1e-6 and sign.log_odds > 50.0 for sign in signs)
