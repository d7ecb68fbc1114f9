"""Classes and their reasons: what the networks say, fibrillating atria, and runs."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.features import classify as module
from ecgd.features.beat_times import Times
from ecgd.features.beat_traits import Forms
from ecgd.features.class_model import ANSWERS, Networks, pack, trained, unpack
from ecgd.features.classify import Classed, classify
from ecgd.features.usual_beats import TRAITS, SeenBeats
from ecgd.model.beat import BeatClass
from ecgd.model.signal import FloatArray


class Fixed(Networks):
    """Networks that answer the same for every beat."""

    answer: tuple[float, ...] = ()

    def probabilities(self, traits: FloatArray) -> FloatArray:
        return np.tile(self.answer, (len(traits), 1))


def seen(*beats: dict[str, float]) -> SeenBeats:
    rows = np.zeros((len(beats), len(TRAITS)))
    rows[:, TRAITS.index("like")] = 0.97
    rows[:, TRAITS.index("p_steady")] = 0.9
    for row, traits in zip(rows, beats, strict=True):
        for name, value in traits.items():
            row[TRAITS.index(name)] = value
    nothing = np.zeros((len(beats), 1))
    return SeenBeats(
        rows,
        tuple(range(len(beats))),
        (0.8,) * len(beats),
        nothing,
        np.ones(1, np.bool_),
        nothing,
        nothing.astype(np.int64),
        np.zeros(len(beats), np.int64),
        Times(nothing, 0.8, ()),
        Forms(nothing, nothing[:, 0], nothing[:, 0]),
    )


def told(
    monkeypatch: pytest.MonkeyPatch,
    answer: tuple[float, ...],
    *beats: dict[str, float],
    after_early: bool = False,
) -> tuple[Classed, ...]:
    fixed = Fixed(*(np.zeros(1) for _ in range(6)))
    monkeypatch.setattr(Fixed, "answer", answer)
    monkeypatch.setattr(module, "trained", lambda: fixed)
    return classify(seen(*beats), [0.148] * len(beats), after_early=after_early)


def test_the_likeliest_answer_is_the_class_and_its_share_the_confidence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    beat = told(monkeypatch, (0.1, 0.1, 0.7, 0.1), {"early": np.log(0.68), "like": 0.41})[0]
    assert beat == Classed(
        BeatClass.V, 0.7, "early by 32 %, 148 ms wide, unlike the usual beat (0.41)"
    )


def test_noise_has_no_class(monkeypatch: pytest.MonkeyPatch) -> None:
    usual, other = told(monkeypatch, (0.2, 0.1, 0.1, 0.6), {}, {"like": 0.7})
    assert other.beat_class is BeatClass.Q
    assert other.reason.startswith("too much noise")
    assert usual.beat_class is BeatClass.N


def test_atria_that_fibrillate_have_no_early_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    fibrillating = {"p_steady": 0.1, "irregular": 0.2, "early": -0.4}
    sinus = {"p_steady": 0.9, "irregular": 0.2, "early": -0.4}
    beats = told(monkeypatch, (0.3, 0.5, 0.1, 0.1), fibrillating, sinus)
    assert [beat.beat_class for beat in beats] == [BeatClass.N, BeatClass.S]
    assert beats[0].confidence == 0.3


def test_a_run_of_early_beats_lasts_until_its_rate_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fast = {"to_settled": np.log(0.65)}
    ended = {"to_settled": np.log(0.95), "change": 0.4}
    beats = told(monkeypatch, (0.6, 0.2, 0.1, 0.1), fast, fast, ended, fast, after_early=True)
    assert [beat.beat_class.value for beat in beats] == ["S", "S", "N", "N"]
    assert beats[0].reason.startswith("in a run early by 35 %")


def test_a_strange_p_wave_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    traits = {"early": np.log(0.7), "p_like_moved": 0.12}
    beat = told(monkeypatch, (0.1, 0.8, 0.05, 0.05), traits)[0]
    assert beat.reason.endswith("P wave unlike the usual one (0.12)")


def test_packed_networks_are_the_same() -> None:
    networks = trained()
    count, _, units = networks.hidden.shape
    again = unpack(pack(networks), count, units)
    np.testing.assert_array_equal(again.hidden, networks.hidden)
    np.testing.assert_array_equal(again.last_offset, networks.last_offset)


def test_noise_is_an_answer_of_its_own_where_the_signal_is_restless() -> None:
    networks = trained()
    traits = np.tile(networks.mean, (2, 1))
    traits[:, TRAITS.index("unrest")] = (-1.51, -1.49)
    quiet, restless = networks.probabilities(traits)[:, ANSWERS.index("noise")]
    assert restless > 2 * quiet
