"""Fusion of the members' probabilities."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgd.config.settings import EnsembleSettings
from ecgd.ensemble.fusion import MEMBERS, ST_RISK, fuse
from ecgd.model.finding import RiskLevel

SETTINGS = EnsembleSettings()
MEMBER_KEY = "+".join(MEMBERS)


@dataclass
class Platt:
    """A calibration of the weighted mean."""

    slope: float
    intercept: float


QUIET = RiskLevel.NORMAL
probabilities = st.floats(0.0, 1.0)


def test_weighted_mean_of_all_three() -> None:
    score = fuse({"cnn": 0.9, "lstm": 0.6, "rnn": 0.2}, SETTINGS, QUIET)
    assert score is not None
    assert score.fused == pytest.approx(0.40 * 0.9 + 0.35 * 0.6 + 0.25 * 0.2)
    assert score.boosted == score.fused
    assert score.members == (("cnn", 0.9), ("lstm", 0.6), ("rnn", 0.2))
    assert (score.consensus, score.left_out) == (1, ())


def test_weights_are_renormalised_over_those_present() -> None:
    score = fuse({"cnn": 0.8, "lstm": None}, SETTINGS, QUIET)
    assert score is not None
    assert score.fused == pytest.approx(0.8)
    assert score.left_out == ("lstm", "rnn")
    pair = fuse({"lstm": 0.9, "rnn": 0.3}, SETTINGS, QUIET)
    assert pair is not None
    assert pair.fused == pytest.approx((0.35 * 0.9 + 0.25 * 0.3) / 0.60)


@pytest.mark.parametrize("members", [{}, {"cnn": None}, {"cnn": None, "lstm": None, "rnn": None}])
def test_nobody_answered_is_no_score(members: dict[str, float | None]) -> None:
    assert fuse(members, SETTINGS, RiskLevel.CRITICAL_STEMI) is None


@pytest.mark.parametrize("broken", [math.nan, math.inf, -0.1, 1.1])
def test_what_is_no_probability_is_left_out(broken: float) -> None:
    score = fuse({"cnn": broken, "rnn": 0.4}, SETTINGS, QUIET)
    assert score is not None
    assert score.fused == pytest.approx(0.4)
    assert score.left_out == ("cnn", "lstm")
    assert fuse({"cnn": broken}, SETTINGS, QUIET) is None


def test_a_member_of_weight_zero_alone_is_no_score() -> None:
    settings_ = replace(SETTINGS, rnn_weight=0.0)
    assert fuse({"rnn": 0.9}, settings_, QUIET) is None


def test_a_member_of_weight_zero_has_no_voice_at_all() -> None:
    settings_ = replace(SETTINGS, rnn_weight=0.0)
    score = fuse({"cnn": 0.2, "lstm": 0.2, "rnn": 0.9}, settings_, QUIET)
    assert score is not None
    assert score.fused == pytest.approx(0.2)
    assert (score.consensus, score.disagreement, score.left_out) == (0, 0.0, ("rnn",))


def test_weights_that_do_not_sum_to_one_are_proportions() -> None:
    doubled = replace(SETTINGS, cnn_weight=0.80, lstm_weight=0.70, rnn_weight=0.50)
    members, calibrations = {"cnn": 0.9, "lstm": 0.6, "rnn": 0.2}, {MEMBER_KEY: Platt(1.0, 1.0)}
    plain = fuse(members, SETTINGS, QUIET, calibrations)
    same = fuse(members, doubled, QUIET, calibrations)
    assert plain is not None
    assert same is not None
    assert same.fused == pytest.approx(plain.fused), "the calibration belongs to them as well"


def test_an_unknown_member_is_an_error() -> None:
    with pytest.raises(ValueError, match="without a weight: gru"):
        fuse({"cnn": 0.5, "gru": 0.5}, SETTINGS, QUIET)


@pytest.mark.parametrize(
    ("risk", "boosted"),
    [
        (RiskLevel.CRITICAL_STEMI, 1.3 * 0.4 + 0.3 * 0.95),
        (RiskLevel.HIGH_MI_RISK, 1.3 * 0.4 + 0.3 * 0.85),
        (RiskLevel.MODERATE_RISK, 1.3 * 0.4 + 0.3 * 0.70),
        (RiskLevel.LOW_RISK, 0.4),
        (RiskLevel.NORMAL, 0.4),
    ],
)
def test_boost_by_st_risk(risk: RiskLevel, boosted: float) -> None:
    score = fuse({"cnn": 0.4}, SETTINGS, risk)
    assert score is not None
    assert score.fused == pytest.approx(0.4)
    assert score.boosted == pytest.approx(boosted)


def test_disagreement_and_confidence() -> None:
    score = fuse({"cnn": 0.9, "lstm": 0.6, "rnn": 0.2}, SETTINGS, QUIET)
    assert score is not None
    assert score.disagreement == pytest.approx(0.7)
    assert score.confidence == pytest.approx(abs(2 * score.fused - 1) * 0.3)
    alone = fuse({"rnn": 0.95}, SETTINGS, QUIET)
    assert alone is not None
    assert alone.disagreement == 0.0
    assert alone.confidence == pytest.approx(0.9)


def test_the_mean_is_calibrated_before_the_boost_and_by_who_was_there() -> None:
    calibrations = {"cnn+lstm": Platt(2.0, 0.5), "cnn+lstm+rnn": Platt(1.0, 9.0)}
    score = fuse({"lstm": 0.4, "cnn": 0.4}, SETTINGS, RiskLevel.CRITICAL_STEMI, calibrations)
    assert score is not None
    corrected = 1 / (1 + math.exp(-(2.0 * math.log(0.4 / 0.6) + 0.5)))
    assert score.fused == pytest.approx(corrected)
    assert score.boosted == pytest.approx(1.3 * corrected + 0.3 * 0.95)
    assert score.members == (("cnn", 0.4), ("lstm", 0.4)), "each member's own answer stays"
    lone = fuse({"cnn": 0.4}, SETTINGS, QUIET, calibrations)
    assert lone is not None
    assert lone.fused == pytest.approx(0.4)


def test_the_calibration_belongs_to_the_default_weights() -> None:
    other = replace(SETTINGS, cnn_weight=0.5)
    score = fuse({"cnn": 0.4}, other, QUIET, {"cnn": Platt(1.0, 3.0)})
    assert score is not None
    assert score.fused == pytest.approx(0.4)


@pytest.mark.parametrize("answer", [0.0, 1.0])
def test_calibration_of_the_ends(answer: float) -> None:
    score = fuse({"cnn": answer}, SETTINGS, QUIET, {"cnn": Platt(50.0, -1.0)})
    assert score is not None
    assert score.fused == pytest.approx(answer, abs=1e-9)


def test_consensus_counts_members_at_the_threshold() -> None:
    score = fuse({"cnn": 0.75, "lstm": 0.74, "rnn": 1.0}, SETTINGS, QUIET)
    assert score is not None
    assert score.consensus == 2


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    st.fixed_dictionaries({name: st.none() | probabilities for name in MEMBERS}),
    st.sampled_from(tuple(RiskLevel)),
)
def test_scores_stay_between_their_members_and_one(
    members: dict[str, float | None], risk: RiskLevel
) -> None:
    score = fuse(members, SETTINGS, risk)
    answers = [answer for answer in members.values() if answer is not None]
    if score is None:
        assert not answers
        return
    assert min(answers) - 1e-9 <= score.fused <= max(answers) + 1e-9
    assert score.fused <= score.boosted <= 1.0
    assert len(score.members) + len(score.left_out) == len(MEMBERS)
    assert (score.boosted > score.fused) == (ST_RISK[risk] > 0.5 and score.fused < 1.0)
