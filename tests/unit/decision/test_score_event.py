"""Scores that are kept as a health event: once, and only when they have lasted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecgd.config.settings import EnsembleSettings
from ecgd.decision.score_event import NotableScores, follow_scores, is_notable
from ecgd.model.finding import EnsembleScore

SETTINGS = EnsembleSettings()
HOLD_S = 60.0


def opinion(fused: float) -> EnsembleScore:
    return EnsembleScore((("cnn", fused),), fused, fused, 0)


@pytest.mark.parametrize(
    ("fused", "notable"), [(0.649, False), (0.65, True), (0.74, True), (0.75, False), (0.99, False)]
)
def test_the_band_below_an_anomaly(fused: float, notable: bool) -> None:
    assert is_notable(opinion(fused), SETTINGS) is notable


def test_an_anomaly_that_the_rules_explain_is_notable_and_what_is_usual_is_not() -> None:
    assert is_notable(replace(opinion(0.95), explained_by="ATRIAL_FIBRILLATION"), SETTINGS)
    assert not is_notable(replace(opinion(0.70), is_usual=True), SETTINGS)


def tellings(scores: list[float]) -> list[int]:
    """Return the seconds in which an event was told."""
    course, told = NotableScores(), []
    for second, fused in enumerate(scores):
        after = follow_scores(course, is_notable(opinion(fused), SETTINGS), float(second), HOLD_S)
        if after.told and not course.told:
            told.append(second)
        course = after
        assert len(course.judgements) <= HOLD_S + 11
    return told


def test_it_is_told_once_it_has_lasted_and_again_only_after_it_was_gone() -> None:
    assert tellings([0.7] * 59) == []
    assert tellings([0.7] * 3000) == [60]
    assert tellings([0.7] * 100 + [0.2] * 30 + [0.7] * 200) == [60]
    assert len(tellings([0.7] * 100 + [0.2] * 90 + [0.7] * 200)) == 2


def test_scores_that_wander_around_the_threshold_do_not_fill_the_journal() -> None:
    rng = np.random.default_rng(1)
    assert len(tellings(rng.normal(0.65, 0.03, 6 * 3600).tolist())) <= 1
