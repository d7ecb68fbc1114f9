from __future__ import annotations

import pytest

from ecgd.features.beat_path import likeliest_beats

EVEN_S = [0.4, 1.2, 2.0, 2.8, 3.6]
LARGE_MV = [1.0] * 5


def test_in_a_quiet_signal_every_crest_that_stands_out_is_a_beat() -> None:
    times_s = [0.4, 1.2, 1.7, 2.8, 4.6]
    assert likeliest_beats(times_s, LARGE_MV, [8.0] * 5, 0.8, 1.0) == [0, 1, 2, 3, 4]


def test_nothing_that_speaks_for_a_beat_gives_none() -> None:
    assert likeliest_beats([], [], [], 0.8, 3.0) == []
    assert likeliest_beats(EVEN_S, LARGE_MV, [-1.0] * 5, 0.8, 3.0) == []


@pytest.mark.parametrize("usual_rr_s", [0.8, None])
def test_one_likely_crest_is_a_beat(usual_rr_s: float | None) -> None:
    assert likeliest_beats([2.0], [1.0], [0.5], usual_rr_s, 3.0) == [0]


def test_rhythm_finds_a_doubtful_beat_and_leaves_out_a_doubtful_crest() -> None:
    doubtful = [3.0, 3.0, -0.5, 3.0, 3.0]
    assert likeliest_beats(EVEN_S, LARGE_MV, doubtful, 0.8, 3.0) == [0, 1, 2, 3, 4]
    times_s = [0.4, 1.2, 1.65, 2.0, 2.8]
    assert likeliest_beats(times_s, LARGE_MV, [3.0, 3.0, 0.5, 3.0, 3.0], 0.8, 3.0) == [0, 1, 3, 4]


def test_without_a_price_rhythm_says_nothing() -> None:
    doubtful = [3.0, 3.0, -0.5, 3.0, 3.0]
    assert likeliest_beats(EVEN_S, LARGE_MV, doubtful, 0.8, 0.0) == [0, 1, 3, 4]


def test_a_pause_costs_no_more_than_any_odd_interval() -> None:
    times_s = [0.4, 1.2, 2.0, 6.0]
    assert likeliest_beats(times_s, [1.0] * 4, [3.5] * 4, 0.8, 3.0) == [0, 1, 2, 3]


def test_of_crests_close_together_the_likelier_is_the_beat() -> None:
    assert likeliest_beats([1.0, 1.2], [1.0, 1.0], [2.0, 3.0], None, 1.0) == [1]


def test_a_small_crest_soon_after_or_before_a_large_one_is_its_wave() -> None:
    assert likeliest_beats([1.0, 1.3], [1.0, 0.5], [4.0, 2.0], None, 1.0) == [0]
    assert likeliest_beats([1.0, 1.25], [0.5, 1.0], [2.0, 4.0], None, 1.0) == [1]
    assert likeliest_beats([1.0, 1.3], [1.0, 0.9], [4.0, 2.0], None, 1.0) == [0, 1]
