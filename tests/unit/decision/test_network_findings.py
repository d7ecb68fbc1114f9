"""What the networks alone may say, in view of what the rules know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ecgd.config.settings import AnalysisSettings, EnsembleSettings
from ecgd.decision.findings import find
from ecgd.decision.network_findings import (
    CEILING,
    EXPLAINED_BY,
    explanation,
    severity_of_score,
)
from ecgd.model.finding import (
    Confounder,
    ConfounderKind,
    Domain,
    EnsembleScore,
    EventType,
    Finding,
    RhythmFinding,
    RiskLevel,
    Severity,
    StFinding,
)
from ecgd.model.network_label import LABELS
from ecgd.model.rhythm import RhythmObservation, RhythmSign

ANALYSIS, ENSEMBLE = AnalysisSettings(), EnsembleSettings()
CALM = RhythmFinding("regular", 70.0, longest_pause_s=0.9)
AF = Finding(EventType.ATRIAL_FIBRILLATION, Severity.MEDIUM, Domain.HEART)


def score_of(fused: float, **labels: float) -> EnsembleScore:
    seen = tuple((name.replace("__", ": ").replace("_", " "), p) for name, p in labels.items())
    members = (("cnn", fused), ("lstm", fused))
    return EnsembleScore(
        members, fused, fused, 2, left_out=("rnn",), labels=seen, is_clearly_new=True
    )


def anomaly(scores: EnsembleScore, st: StFinding | None = None) -> Finding | None:
    found = find(st, CALM, scores, analysis=ANALYSIS, ensemble=ENSEMBLE)
    return next((each for each in found if each.event_type is EventType.CARDIAC_ANOMALY), None)


def severity(scores: EnsembleScore) -> Severity | None:
    finding = anomaly(scores)
    return None if finding is None else finding.severity


def st_with(*confounders: ConfounderKind) -> StFinding:
    shown = tuple(Confounder(kind, "as measured", "a source") for kind in confounders)
    return StFinding((), RiskLevel.NORMAL, confounders=shown)


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (0.95, Severity.CRITICAL),
        (0.90, Severity.CRITICAL),
        (0.85, Severity.HIGH),
        (0.80, Severity.HIGH),
        (0.75, Severity.MEDIUM),
        (0.749, None),
        (0.65, None),
    ],
)
def test_networks_alone(score: float, expected: Severity | None) -> None:
    assert severity_of_score(score, ENSEMBLE) is expected
    finding = anomaly(score_of(score))
    assert (finding and finding.severity) == expected
    if finding is not None:
        assert finding.confidence == score
        assert finding.evidence == (
            f"networks: {score:.2f} (cnn {score:.2f}, lstm {score:.2f})",
            "2 of 2 agree",
            "left out: rnn",
        )


def test_the_evidence_names_what_the_networks_see_the_surest_first() -> None:
    shares = {"cnn: a": 0.51, "cnn: b": 0.97, "lstm: c": 0.49, "lstm: d": 0.6, "rnn: e": 0.7}
    finding = anomaly(replace(score_of(0.95), labels=tuple(shares.items())))
    assert finding is not None
    assert "seen by cnn: b 0.97, rnn: e 0.70, lstm: d 0.60" in finding.evidence
    plain = anomaly(score_of(0.95))
    assert plain is not None
    assert not any("seen by" in words for words in plain.evidence)


def test_a_score_that_is_usual_or_explained_raises_nothing() -> None:
    assert anomaly(score_of(0.95)) is not None
    assert anomaly(replace(score_of(0.95), is_usual=True)) is None
    assert anomaly(replace(score_of(0.95), explained_by="atrial fibrillation")) is None


def test_what_may_have_been_there_before_is_told_but_calls_nobody_in_the_night() -> None:
    finding = anomaly(replace(score_of(0.97, cnn__infarction=0.9), is_clearly_new=False))
    assert finding is not None
    assert finding.severity is Severity.MEDIUM
    assert "whether it is new for this patient is not known" in finding.evidence


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"cnn__infarction": 0.9}, Severity.CRITICAL),
        ({"lstm__ventricular_tachycardia": 0.9}, Severity.CRITICAL),
        ({"rnn__evolving_ST_elevation": 0.9}, Severity.CRITICAL),
        ({"cnn__something_new": 0.9}, Severity.CRITICAL),
        ({}, Severity.CRITICAL),
        ({"lstm__atrial_fibrillation": 0.99}, Severity.MEDIUM),
        ({"lstm__atrial_flutter": 0.99}, Severity.MEDIUM),
        ({"cnn__conduction_disorder": 0.99}, Severity.MEDIUM),
        ({"lstm__ectopy": 0.99}, Severity.LOW),
        ({"lstm__ectopy": 0.99, "cnn__conduction_disorder": 0.6}, Severity.MEDIUM),
        ({"lstm__atrial_fibrillation": 0.99, "cnn__infarction": 0.5}, Severity.CRITICAL),
        ({"lstm__atrial_fibrillation": 0.99, "cnn__infarction": 0.49}, Severity.MEDIUM),
    ],
)
def test_networks_make_nothing_graver_than_the_table_of_findings(
    labels: dict[str, float], expected: Severity
) -> None:
    assert severity(score_of(0.97, **labels)) is expected


@pytest.mark.parametrize(
    ("labels", "by_rules", "st", "rhythm", "expected"),
    [
        ({"lstm__atrial_fibrillation": 0.9}, (AF,), None, CALM, "ATRIAL_FIBRILLATION"),
        ({"lstm__atrial_fibrillation": 0.9}, (), None, CALM, ""),
        ({"lstm__atrial_fibrillation": 0.9, "cnn__infarction": 0.8}, (AF,), None, CALM, ""),
        ({"cnn__infarction": 0.8}, (AF,), None, CALM, ""),
        ({}, (AF,), None, CALM, "ATRIAL_FIBRILLATION"),
        ({}, (), None, CALM, ""),
        ({"lstm__tachycardia": 0.9}, (), None, CALM, "rate and beats within limits"),
        ({"lstm__tachycardia": 0.9}, (), None, RhythmFinding("unknown", None), ""),
        ({"cnn__conduction_disorder": 0.9}, (), None, CALM, ""),
        (
            {"cnn__conduction_disorder": 0.9, "cnn__ST/T_change": 0.6},
            (),
            st_with(ConfounderKind.LVH, ConfounderKind.LBBB),
            CALM,
            "left bundle-branch block",
        ),
        ({"cnn__infarction": 0.9}, (), st_with(ConfounderKind.LBBB), CALM, ""),
        (
            {"cnn__conduction_disorder": 0.9},
            (),
            None,
            replace(
                CALM,
                observations=(RhythmObservation(RhythmSign.FIRST_DEGREE_BLOCK, 240.0, "PR 240"),),
            ),
            "first-degree AV block",
        ),
    ],
)
def test_what_the_rules_know_by_themselves(
    labels: dict[str, float],
    by_rules: tuple[Finding, ...],
    st: StFinding | None,
    rhythm: RhythmFinding,
    expected: str,
) -> None:
    assert explanation(score_of(0.95, **labels), by_rules, st, rhythm) == expected


def test_a_mild_finding_explains_no_anomaly_that_has_no_name() -> None:
    ectopy = Finding(EventType.FREQUENT_ECTOPY, Severity.LOW, Domain.HEART)
    assert explanation(score_of(0.95), (ectopy,), None, CALM) == ""
    assert explanation(score_of(0.95, lstm__ectopy=0.9), (ectopy,), None, CALM) != ""


def test_the_labels_are_those_that_the_networks_are_taught() -> None:
    assert set(CEILING) | set(EXPLAINED_BY) <= set(LABELS)
