"""The members' answers as one opinion."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan

import pytest

from ecgd.config.settings import EnsembleSettings
from ecgd.ensemble.member import Answer, FusedCalibration
from ecgd.ensemble.opinion import ask_members
from ecgd.model.finding import RiskLevel
from ecgd.model.signal import FloatArray


class Fixed:
    """Members that give these answers."""

    names = ("cnn", "lstm")
    scoring = "fixed"
    models_hash = "abc"
    fused_calibration: Mapping[str, FusedCalibration] = {}

    def __init__(self, answers: Mapping[str, Answer | None]) -> None:
        self._answers = answers

    def score(self, inputs: Mapping[str, FloatArray | None]) -> Mapping[str, Answer | None]:
        return self._answers


def opinion_of(answers: Mapping[str, Answer | None], risk: RiskLevel | None = None) -> object:
    return ask_members(Fixed(answers), {}, EnsembleSettings(), risk)


def test_labels_and_hash_come_with_the_score() -> None:
    scores = ask_members(
        Fixed({"cnn": Answer(0.9, (("infarction", 0.8),)), "lstm": Answer(0.7), "rnn": None}),
        {},
        EnsembleSettings(),
        RiskLevel.NORMAL,
    )
    assert scores is not None
    assert scores.members == (("cnn", 0.9), ("lstm", 0.7))
    assert scores.labels == (("cnn: infarction", 0.8),)
    assert scores.models_hash == "abc"
    assert scores.left_out == ("rnn",)


def test_what_is_no_probability_brings_no_labels() -> None:
    scores = ask_members(
        Fixed({"cnn": Answer(nan, (("infarction", 0.8),)), "lstm": Answer(0.5)}),
        {},
        EnsembleSettings(),
        RiskLevel.NORMAL,
    )
    assert scores is not None
    assert scores.labels == ()


def test_without_st_nothing_is_boosted() -> None:
    for risk, boosted in ((None, 0.4), (RiskLevel.CRITICAL_STEMI, 1.3 * 0.4 + 0.3 * 0.95)):
        scores = ask_members(Fixed({"cnn": Answer(0.4)}), {}, EnsembleSettings(), risk)
        assert scores is not None
        assert scores.boosted == pytest.approx(boosted)


def test_nobody_answered() -> None:
    assert opinion_of({"cnn": None}) is None
    assert opinion_of({}) is None
