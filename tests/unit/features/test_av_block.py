"""Conduction from atria to ventricles, as P waves and intervals show it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecgd.features.av_block import observe_conduction
from ecgd.model.beat import Beat, BeatClass, Waves
from ecgd.model.rhythm import RhythmSign

FS_HZ = 250.0


def beats(times_s: list[float], pr_s: float | None = 0.16) -> list[Beat]:
    made = []
    for at_s in times_s:
        r_peak = round(at_s * FS_HZ)
        onset = None if pr_s is None else r_peak - 12 - round(pr_s * FS_HZ)
        waves = Waves(r_peak - 12, r_peak + 12, p_onset=onset)
        made.append(Beat(r_peak, waves, (), ()))
    return made


def told(made: list[Beat]) -> dict[RhythmSign, str]:
    seen = observe_conduction(made, made[-1].r_peak + 50, FS_HZ)
    return {each.sign: each.text for each in seen}


def steady(count: int = 20) -> list[float]:
    return [0.5 + 0.8 * k for k in range(count)]


def dropping(*dropped: int) -> list[float]:
    return [at_s for k, at_s in enumerate(steady(30)) if k not in dropped]


@pytest.mark.parametrize(("pr_s", "found"), [(0.16, False), (0.208, False), (0.24, True)])
def test_a_long_pr_is_a_first_degree_block(pr_s: float, found: bool) -> None:
    shown = told(beats(steady(), pr_s))
    assert (RhythmSign.FIRST_DEGREE_BLOCK in shown) is found
    if found:
        assert shown[RhythmSign.FIRST_DEGREE_BLOCK] == "first-degree AV block, PR 240 ms"


def test_without_p_waves_or_with_scattered_ones_nothing_is_told() -> None:
    assert told(beats(steady(), None)) == {}
    assert told(beats(steady(5), 0.24)) == {}
    rng = np.random.default_rng(1)
    scattered = [beats([at_s], 0.24 + rng.uniform(-0.08, 0.08))[0] for at_s in steady()]
    assert told(scattered) == {}


def test_beats_that_are_dropped_twice() -> None:
    assert RhythmSign.DROPPED_BEATS in told(beats(dropping(12, 20)))
    assert told(beats(dropping(12))) == {}, "once is no block"


def test_a_compensatory_pause_is_none() -> None:
    made = beats(dropping(12, 20))
    early = [replace(b, beat_class=BeatClass.V) if k in {11, 18} else b for k, b in enumerate(made)]
    assert told(early) == {}
