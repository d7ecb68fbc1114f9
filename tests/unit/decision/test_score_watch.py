"""What is usual among a patient's scores: chronic findings are told once, changes always."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgd.config.settings import EnsembleSettings
from ecgd.decision.score_record import scores_from_dict, scores_to_dict
from ecgd.decision.score_watch import (
    ADOPT_S,
    FORGET_S,
    KNOWN_S,
    LONGEST_S,
    ScoreLesson,
    ScoreWatch,
    learn_score,
    may_teach,
)
from ecgd.model.finding import Domain, EventType, Finding, Severity

SETTINGS = EnsembleSettings()


def seen(watch: ScoreWatch, score: float, span_s: float, step_s: float = 5.0) -> ScoreWatch:
    """Return the watch after the same score for a time."""
    begin_s = watch.time_s if watch.time_s > -inf else -step_s
    for k in range(1, round(span_s / step_s) + 1):
        watch = learn_score(watch, ScoreLesson(score, begin_s + k * step_s, True), SETTINGS)
    return watch


def test_nothing_is_usual_before_enough_was_seen() -> None:
    watch = seen(ScoreWatch(), 0.2, KNOWN_S - 20.0)
    assert watch.usual_up_to is None
    assert not watch.is_usual(0.1)
    watch = seen(watch, 0.2, 40.0)
    assert watch.usual_up_to == pytest.approx(0.2, abs=0.05)
    assert watch.is_usual(0.2)


def test_a_high_score_of_a_quiet_patient_is_news_until_it_has_lasted_an_hour() -> None:
    watch = seen(ScoreWatch(), 0.1, 3 * 3600.0)
    assert not watch.is_usual(0.8)
    watch = seen(watch, 0.8, ADOPT_S - 60.0)
    assert not watch.is_usual(0.8)
    assert watch.adoptions == 0
    watch = seen(watch, 0.8, 300.0)
    assert watch.adoptions == 1
    assert watch.is_usual(0.8)


def test_what_a_patient_came_with_is_news_for_ten_minutes() -> None:
    watch = seen(ScoreWatch(), 0.85, KNOWN_S - 60.0)
    assert not watch.is_usual(0.85)
    assert not watch.is_clearly_new(0.99), "nothing is known yet"
    watch = seen(watch, 0.85, 120.0)
    assert watch.is_usual(0.85)
    assert watch.adoptions == 1
    assert watch.is_clearly_new(0.99)


def test_clearly_new_has_four_times_the_usual_odds() -> None:
    watch = seen(ScoreWatch(), 0.5, 2 * KNOWN_S)
    level = watch.usual_up_to
    assert level is not None
    odds = 4.0 * level / (1.0 - level)
    assert not watch.is_clearly_new(odds / (1.0 + odds) - 0.005)
    assert watch.is_clearly_new(odds / (1.0 + odds) + 0.005)


def test_what_the_rules_explain_leaves_indecision_to_be_learned() -> None:
    watch = ScoreWatch()
    for k in range(2000):
        watch = learn_score(watch, ScoreLesson(0.97, 5.0 * k, True, True), SETTINGS)
    assert watch.adoptions == 0
    assert watch.usual_up_to == pytest.approx(0.5, abs=0.05)
    assert not watch.is_usual(0.75)


def test_what_has_twice_the_usual_odds_is_news_again() -> None:
    watch = seen(ScoreWatch(), 0.80, ADOPT_S + 300.0)
    level = watch.usual_up_to
    assert level is not None
    assert level == pytest.approx(0.80, abs=0.04)
    odds = 2.0 * level / (1.0 - level)
    twice = odds / (1.0 + odds)
    assert watch.is_usual(twice - 0.005)
    assert not watch.is_usual(twice + 0.005)
    assert not watch.is_usual(0.95)


def test_rare_high_scores_are_not_usual() -> None:
    """Three windows in a hundred do not lift what is usual; one in ten does, once adopted."""
    watch = ScoreWatch()
    for _ in range(100):
        watch = seen(watch, 0.3, 97.0, 1.0)
        watch = seen(watch, 0.85, 3.0, 1.0)
    assert not watch.is_usual(0.85)


def test_what_the_rules_find_acute_teaches_nothing() -> None:
    watch = seen(ScoreWatch(), 0.1, 1200.0)
    for k in range(2000):
        lesson = ScoreLesson(0.95, 1200.0 + 5.0 * k, False)
        watch = learn_score(watch, lesson, SETTINGS)
    assert watch.adoptions == 0
    assert float(watch.news_s.sum()) == 0.0
    assert not watch.is_usual(0.95)


@pytest.mark.parametrize(
    ("kind", "severity", "teaches"),
    [
        (EventType.STEMI_DETECTED, Severity.CRITICAL, False),
        (EventType.CARDIAC_ISCHEMIA, Severity.MEDIUM, False),
        (EventType.CARDIAC_ISCHEMIA, Severity.LOW, True),
        (EventType.ATRIAL_FIBRILLATION, Severity.MEDIUM, True),
        (EventType.VENTRICULAR_TACHYCARDIA, Severity.CRITICAL, False),
    ],
)
def test_what_is_acute(kind: EventType, severity: Severity, teaches: bool) -> None:
    assert may_teach([Finding(kind, severity, Domain.HEART)]) is teaches
    assert may_teach([])


def test_a_chronic_finding_that_heals_is_forgotten_within_days() -> None:
    watch = seen(ScoreWatch(), 0.85, 4 * 3600.0)
    assert watch.is_usual(0.85)
    watch = seen(watch, 0.1, 3 * FORGET_S)
    assert not watch.is_usual(0.85)


def test_time_that_was_not_seen_teaches_nothing() -> None:
    watch = seen(ScoreWatch(), 0.2, 100.0)
    total_s = float(watch.usual_s.sum())
    late = learn_score(watch, ScoreLesson(0.2, watch.time_s + LONGEST_S + 1.0, True), SETTINGS)
    back = learn_score(watch, ScoreLesson(0.2, watch.time_s - 50.0, True), SETTINGS)
    assert float(late.usual_s.sum()) == float(back.usual_s.sum()) == total_s
    assert learn_score(watch.anew(), ScoreLesson(0.2, 0.0, True), SETTINGS).time_s == 0.0


def test_the_record_holds_it_all() -> None:
    watch = seen(seen(ScoreWatch(), 0.85, 3900.0), 0.99, 100.0)
    back = scores_from_dict(scores_to_dict(watch))
    assert np.allclose(back.usual_s, watch.usual_s, atol=0.06)
    assert np.allclose(back.news_s, watch.news_s, atol=0.06)
    assert back.adoptions == watch.adoptions == 1
    assert back.time_s == -inf
    assert back.is_usual(0.85)


GOOD = scores_to_dict(replace(ScoreWatch(), usual_s=np.ones(50)))


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"adoptions": None},
        {"usual_s": [1, 2]},
        {"usual_s": {"50": 1.0}},
        {"usual_s": {"-1": 1.0}},
        {"usual_s": {"x": 1.0}},
        {"usual_s": {"3": -1.0}},
        {"usual_s": {"3": float("nan")}},
        {"news_s": {"3": 1e12}},
        {"news_s": {"3": "much"}},
    ],
)
def test_a_damaged_record_is_an_error(change: dict[str, object]) -> None:
    scores_from_dict(GOOD)
    with pytest.raises(ValueError, match=r"."):
        scores_from_dict(GOOD | change)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.floats(-10.0, 10.0), st.booleans())))
def test_any_scores_in_any_order_keep_it_whole(steps: list[tuple[float, float, bool]]) -> None:
    watch, time_s = ScoreWatch(), 0.0
    for score, passed_s, teaches in steps:
        time_s += passed_s
        watch = learn_score(watch, ScoreLesson(score, time_s, teaches), SETTINGS)
        assert (watch.usual_s >= 0.0).all()
        assert float(watch.usual_s.sum() + watch.news_s.sum()) <= 10.0 * len(steps)
        assert watch.is_usual(score) in (True, False)
