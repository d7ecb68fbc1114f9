"""Which assessments become rows, and what the rows say."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from store_examples import FS_HZ, NOW_UNIX_S

from ecgd.model.assessment import Assessment
from ecgd.model.finding import (
    Domain,
    EnsembleScore,
    EventType,
    Finding,
    LeadQuality,
    LeadSt,
    Outcome,
    RhythmFinding,
    RiskLevel,
    Severity,
    StFinding,
    Territory,
)
from ecgd.store.figures import StoreResult
from ecgd.store.results import Thinner, features

SCORES = EnsembleScore(
    (("cnn", 0.9), ("lstm", 0.5)),
    fused=0.7,
    boosted=0.8,
    consensus=1,
    disagreement=0.4,
    confidence=0.24,
    labels=(("cnn: infarction", 0.812345), ("lstm: ectopy", 0.1)),
    models_hash="abc",
)


def make_assessment(second: int, *, risk: RiskLevel | None = RiskLevel.NORMAL) -> Assessment:
    return Assessment(
        start_index=250 * second,
        end_index=250 * (second + 5),
        fs_hz=FS_HZ,
        arrived_s=float(second),
        origin=0,
        outcome=Outcome.NORMAL,
        risk_level=risk,
        rhythm=RhythmFinding("regular", 72.0, rr_median_s=0.83),
        quality=(LeadQuality("I", 0.8, True), LeadQuality("II", 0.6, True)),
    )


def rows(thinner: Thinner, assessment: Assessment) -> tuple[StoreResult, ...]:
    return thinner.results("ann", None, assessment, NOW_UNIX_S)


def test_an_unchanged_verdict_is_stored_every_five_seconds() -> None:
    thinner = Thinner(5.0)
    stored = [len(rows(thinner, make_assessment(second))) for second in range(11)]
    assert stored == [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]


def test_a_new_verdict_is_stored_at_once() -> None:
    thinner = Thinner(5.0)
    rows(thinner, make_assessment(0))
    found = Finding(EventType.PAUSE, Severity.HIGH, Domain.HEART)
    changed = (
        make_assessment(1, risk=RiskLevel.CRITICAL_STEMI),
        replace(make_assessment(2, risk=RiskLevel.CRITICAL_STEMI), findings=(found,)),
        replace(make_assessment(3), outcome=Outcome.CANNOT_JUDGE),
        replace(make_assessment(4), rhythm=RhythmFinding("irregular", 80.0)),
        replace(make_assessment(5), origin=1),
    )
    assert [len(rows(thinner, assessment)) for assessment in changed] == [1] * 5


def test_patients_do_not_thin_each_other() -> None:
    thinner = Thinner(5.0)
    assert rows(thinner, make_assessment(0))
    assert thinner.results("bob", None, make_assessment(0), NOW_UNIX_S)


def test_the_networks_answer_follows_the_rules() -> None:
    thinner = Thinner(5.0)
    assert [row.model_name for row in rows(thinner, make_assessment(0))] == ["rules"]
    scored = replace(make_assessment(0), scores=SCORES)
    second = rows(thinner, scored)
    assert [(row.model_name, row.prediction) for row in second] == [
        ("cnn", 0.9),
        ("lstm", 0.5),
        ("ensemble", 0.8),
    ]
    assert [row.confidence for row in second] == pytest.approx([0.8, 0.0, 0.24])
    cnn, _, ensemble = (json.loads(row.features or "") for row in second)
    assert cnn == {"models_hash": "abc", "labels": {"infarction": 0.8123}}
    assert ensemble == {
        "models_hash": "abc",
        "fused": 0.7,
        "consensus": 1,
        "disagreement": 0.4,
        "is_usual": False,
        "is_clearly_new": False,
        "explained_by": "",
        "left_out": [],
        "told": ["infarction"],
    }
    assert rows(thinner, replace(make_assessment(1), scores=SCORES)) == ()


def test_a_scored_window_without_a_first_answer_gives_both() -> None:
    names = [
        row.model_name for row in rows(Thinner(5.0), replace(make_assessment(0), scores=SCORES))
    ]
    assert names == ["rules", "cnn", "lstm", "ensemble"]


@pytest.mark.parametrize(
    ("risk", "prediction"),
    [(RiskLevel.CRITICAL_STEMI, 0.95), (RiskLevel.NORMAL, 0.05), (None, None)],
)
def test_the_rules_prediction_is_their_risk(
    risk: RiskLevel | None, prediction: float | None
) -> None:
    row = rows(Thinner(5.0), make_assessment(0, risk=risk))[0]
    assert row.prediction == prediction
    assert row.risk_level == (None if risk is None else risk.value)
    assert row.confidence == pytest.approx(0.7)


def test_the_features_say_what_is_known() -> None:
    st = StFinding(
        (LeadSt("II", True, level_mv=0.21), LeadSt("I", False, reason="noise")),
        RiskLevel.CRITICAL_STEMI,
        elevated=("II", "III"),
        territory=Territory.INFERIOR,
    )
    found = features(replace(make_assessment(0), st=st))
    assert found == {
        "rhythm": "regular",
        "heart_rate_bpm": 72.0,
        "rr_median_s": 0.83,
        "fibrillates": False,
        "sqi": {"I": 0.8, "II": 0.6},
        "st_mv": {"II": 0.21},
        "st_more": [[None, None]],
        "elevated": ["II", "III"],
        "territory": "inferior",
    }
    stored = rows(Thinner(5.0), replace(make_assessment(0), st=st))[0].features
    assert stored is not None
    assert json.loads(stored) == found
