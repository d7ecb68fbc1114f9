"""When beats come, against the usual, the long and the settled RR interval."""

from __future__ import annotations

from math import log

import pytest

from ecgd.features.beat_times import TIMES, Pace, time_beats


def trait(name: str, pace: Pace, rr_s: list[float | None], after_s: list[float | None]) -> float:
    return float(time_beats(pace, rr_s, after_s).traits[-1, TIMES.index(name)])


def steady(count: int = 30, rr_s: float = 0.8) -> Pace:
    return Pace((rr_s,) * count, (True,) * count, rr_s)


def test_an_early_beat_and_its_pause() -> None:
    assert trait("early", steady(), [0.6], [1.0]) == pytest.approx(log(0.75))
    assert trait("both", steady(), [0.6], [1.0]) == pytest.approx(0.0)
    assert trait("pause", steady(), [0.6], [1.0]) == pytest.approx(log(1.0 / 0.6))


def test_of_what_follows_no_more_counts_than_every_beat_has() -> None:
    assert trait("next", steady(), [0.8], [1.7]) == trait("next", steady(), [0.8], [None])


def test_a_run_stays_early_though_it_has_become_usual() -> None:
    pace = steady()
    run = time_beats(pace, [0.5] * 12, [0.5] * 12)
    settled = run.traits[:, TIMES.index("to_settled")]
    assert settled[0] == pytest.approx(log(0.5 / 0.8))
    assert settled[-1] < -0.35
    assert run.settled_s[-1] == pytest.approx(0.76, abs=0.04)


def test_a_heart_that_speeds_up_slowly_is_followed() -> None:
    rr_s: list[float | None] = [0.8 * 0.99**k for k in range(40)]
    sped = time_beats(steady(), rr_s, rr_s).traits[:, TIMES.index("to_settled")]
    assert sped.min() > -0.12


def test_irregular_is_the_median_change() -> None:
    pace = Pace((0.8, 1.0) * 10, (True,) * 20, 0.9)
    assert trait("irregular", pace, [0.9], [0.9]) == pytest.approx(log(1.0 / 0.8))
    assert trait("irregular", steady(), [0.9], [0.9]) == 0.0


def test_intervals_next_to_other_families_are_not_usual() -> None:
    pace = Pace((0.8, 0.5, 1.1) * 8, (True, False, False) * 8, 0.8)
    assert time_beats(pace, [0.8], [0.8]).usual_s == pytest.approx(0.8)


def test_nothing_known_says_nothing() -> None:
    alone = time_beats(Pace(), [None], [None])
    assert alone.traits.shape == (1, len(TIMES))
    assert trait("early", Pace(), [None], [None]) == 0.0
    assert trait("to_settled", Pace(), [None], [None]) == 0.0
