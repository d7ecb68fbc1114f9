"""From verdicts to findings: the table wins over the scores."""

from __future__ import annotations

from dataclasses import replace

import pytest
from st_vectors import leads_of, levels_of

from ecgd.config.settings import AnalysisSettings, EnsembleSettings
from ecgd.decision.confidence import st_confidence
from ecgd.decision.findings import find, unjudged_events
from ecgd.decision.st_rules import judge_st
from ecgd.model import rhythm as rhythm_labels
from ecgd.model.finding import (
    NOT_VISIBLE,
    Domain,
    EnsembleScore,
    EventType,
    Finding,
    RhythmFinding,
    RiskLevel,
    Severity,
    StFinding,
    Territory,
)

ANALYSIS, ENSEMBLE = AnalysisSettings(), EnsembleSettings()
CALM = RhythmFinding("regular", 70.0, longest_pause_s=0.9)
ST_EVENTS = {
    EventType.STEMI_DETECTED,
    EventType.ACUTE_MI_RISK,
    EventType.CARDIAC_ISCHEMIA,
}


def found(
    st: StFinding | None = None,
    rhythm: RhythmFinding = CALM,
    scores: EnsembleScore | None = None,
    judged: bool = True,
) -> dict[EventType, Finding]:
    findings = find(st, rhythm, scores, analysis=ANALYSIS, ensemble=ENSEMBLE, judged=judged)
    assert len({finding.event_type for finding in findings}) == len(findings)
    return {finding.event_type: finding for finding in findings}


def st_at(risk: RiskLevel) -> StFinding:
    return StFinding((), risk, evidence=("as measured",), territory=Territory.INFERIOR)


def score_of(fused: float, boosted: float | None = None) -> EnsembleScore:
    members = (("cnn", fused), ("lstm", fused))
    boosted = boosted or fused
    return EnsembleScore(members, fused, boosted, 2, left_out=("rnn",), is_clearly_new=True)


@pytest.mark.parametrize(
    ("risk", "event_type", "severity"),
    [
        (RiskLevel.CRITICAL_STEMI, EventType.STEMI_DETECTED, Severity.CRITICAL),
        (RiskLevel.HIGH_MI_RISK, EventType.ACUTE_MI_RISK, Severity.HIGH),
        (RiskLevel.MODERATE_RISK, EventType.CARDIAC_ISCHEMIA, Severity.MEDIUM),
        (RiskLevel.LOW_RISK, EventType.CARDIAC_ISCHEMIA, Severity.LOW),
    ],
)
def test_risk_gives_event_and_severity(
    risk: RiskLevel, event_type: EventType, severity: Severity
) -> None:
    assert found(st_at(risk))[event_type] == Finding(
        event_type, severity, Domain.HEART, ("as measured",), Territory.INFERIOR
    )


def test_nothing_found_is_nothing() -> None:
    assert found(st_at(RiskLevel.NORMAL)) == {}
    assert found() == {}


@pytest.mark.parametrize("score", [0.0, 0.3, 1.0])
def test_a_score_never_hides_nor_changes_a_stemi(score: float) -> None:
    findings = found(st_at(RiskLevel.CRITICAL_STEMI), scores=score_of(score, 1.0))
    assert set(findings) == {EventType.STEMI_DETECTED}
    assert findings[EventType.STEMI_DETECTED].severity is Severity.CRITICAL


def test_the_boost_alone_raises_no_anomaly() -> None:
    findings = found(st_at(RiskLevel.MODERATE_RISK), scores=score_of(0.6, 0.99))
    assert set(findings) == {EventType.CARDIAC_ISCHEMIA}


def test_a_graver_score_stands_beside_a_milder_st_finding() -> None:
    findings = found(st_at(RiskLevel.MODERATE_RISK), scores=score_of(0.95, 1.0))
    assert findings[EventType.CARDIAC_ANOMALY].severity is Severity.CRITICAL
    assert findings[EventType.CARDIAC_ISCHEMIA].severity is Severity.MEDIUM


@pytest.mark.parametrize(
    ("rhythm", "event_type", "severity"),
    [
        (RhythmFinding("asystole", 0.0, longest_pause_s=5.0), EventType.ASYSTOLE, 4),
        (
            RhythmFinding("ventricular fibrillation", None, longest_pause_s=5.0),
            EventType.VENTRICULAR_FIBRILLATION,
            4,
        ),
        (
            RhythmFinding("ventricular tachycardia", 220.0),
            EventType.VENTRICULAR_TACHYCARDIA,
            4,
        ),
        (RhythmFinding("extreme bradycardia", 35.0), EventType.EXTREME_BRADYCARDIA, 3),
        (RhythmFinding("extreme tachycardia", 150.0), EventType.EXTREME_TACHYCARDIA, 3),
        (
            RhythmFinding("atrial fibrillation suspected", 90.0),
            EventType.ATRIAL_FIBRILLATION,
            2,
        ),
        (RhythmFinding("pause", 60.0, longest_pause_s=3.1), EventType.PAUSE, 2),
        (RhythmFinding("regular", 60.0, longest_pause_s=3.1), EventType.PAUSE, 2),
        (RhythmFinding("pause", 60.0, longest_pause_s=4.0), EventType.PAUSE, 3),
    ],
)
def test_rhythms(rhythm: RhythmFinding, event_type: EventType, severity: int) -> None:
    findings = found(rhythm=rhythm)
    assert set(findings) == {event_type}
    assert findings[event_type].severity == severity
    assert findings[event_type].domain is Domain.HEART


@pytest.mark.parametrize(
    "rhythm",
    [
        CALM,
        RhythmFinding("regular", 60.0, longest_pause_s=3.0),
        RhythmFinding("tachycardia", 139.0),
        RhythmFinding("unknown", None, longest_pause_s=9.0),
        RhythmFinding("irregular", 80.0),
    ],
)
def test_rhythms_that_are_no_alarm(rhythm: RhythmFinding) -> None:
    assert found(rhythm=rhythm) == {}


def test_labels_are_those_that_the_rhythm_analysis_gives() -> None:
    given = {
        rhythm_labels.VENTRICULAR_FIBRILLATION: EventType.VENTRICULAR_FIBRILLATION,
        rhythm_labels.VENTRICULAR_TACHYCARDIA: EventType.VENTRICULAR_TACHYCARDIA,
        rhythm_labels.ASYSTOLE: EventType.ASYSTOLE,
        rhythm_labels.EXTREME_BRADYCARDIA: EventType.EXTREME_BRADYCARDIA,
        rhythm_labels.EXTREME_TACHYCARDIA: EventType.EXTREME_TACHYCARDIA,
        rhythm_labels.ATRIAL_FIBRILLATION: EventType.ATRIAL_FIBRILLATION,
    }
    for label, event_type in given.items():
        assert set(found(rhythm=RhythmFinding(label, 50.0))) == {event_type}
    unknown = unjudged_events(None, RhythmFinding(rhythm_labels.UNKNOWN, None), None)
    assert EventType.ASYSTOLE in unknown
    paused = unjudged_events(None, RhythmFinding(rhythm_labels.PAUSE, 50.0), None)
    assert EventType.ATRIAL_FIBRILLATION not in paused
    assert EventType.PAUSE not in paused
    running = unjudged_events(None, RhythmFinding(rhythm_labels.VENTRICULAR_RUN, 120.0), None)
    assert EventType.ATRIAL_FIBRILLATION in running
    too_short = unjudged_events(None, RhythmFinding("regular", 50.0, fibrillates=None), None)
    assert EventType.ATRIAL_FIBRILLATION in too_short


def test_fibrillating_atria_are_told_beside_a_graver_rhythm() -> None:
    for label, alarms in (
        (rhythm_labels.EXTREME_BRADYCARDIA, {EventType.EXTREME_BRADYCARDIA}),
        (rhythm_labels.PAUSE, set()),
        ("irregular", set()),
    ):
        told = found(rhythm=RhythmFinding(label, 38.0, fibrillates=True))
        assert set(told) == {*alarms, EventType.ATRIAL_FIBRILLATION}
    running = found(rhythm=RhythmFinding(rhythm_labels.VENTRICULAR_RUN, 120.0, fibrillates=True))
    assert set(running) == {EventType.VENTRICULAR_TACHYCARDIA}


def test_an_unjudged_window_has_no_heart_findings() -> None:
    everything = found(
        st_at(RiskLevel.CRITICAL_STEMI), RhythmFinding("asystole", 0.0), score_of(1.0), judged=False
    )
    assert everything == {}


def test_what_was_not_seen_is_not_absent() -> None:
    score = score_of(0.1)
    whole = st_at(RiskLevel.NORMAL)
    assert unjudged_events(whole, CALM, score) == frozenset()
    assert unjudged_events(whole, CALM, None) == {EventType.CARDIAC_ANOMALY}
    assert unjudged_events(None, CALM, score) == ST_EVENTS
    blind = replace(whole, not_visible=(*NOT_VISIBLE, "high lateral"))
    assert unjudged_events(blind, CALM, score) == ST_EVENTS


@pytest.mark.parametrize(
    ("size_mv", "uncertainty_mv", "low", "high"),
    [(0.4, 0.02, 0.99, 1.0), (0.125, 0.05, 0.45, 0.75), (0.4, 0.0, 1.0, 1.0)],
)
def test_confidence_speaks_of_the_measurement(
    size_mv: float, uncertainty_mv: float, low: float, high: float
) -> None:
    leads = leads_of(levels_of(100.0, size_mv), uncertainty_mv=uncertainty_mv)
    st = judge_st(leads, ANALYSIS)
    assert st is not None
    confidence = found(st)[EventType.STEMI_DETECTED].confidence
    assert confidence is not None
    assert low <= confidence <= high


def test_confidence_of_a_depression_and_without_uncertainty() -> None:
    low = judge_st(leads_of({"II": -0.1, "aVF": -0.1}, uncertainty_mv=0.05), ANALYSIS)
    assert low is not None
    confidence = st_confidence(low, ANALYSIS)
    assert confidence is not None
    assert confidence > 0.9
    unknown = judge_st(leads_of({"II": 0.3, "aVF": 0.3}), ANALYSIS)
    assert unknown is not None
    assert st_confidence(unknown, ANALYSIS) is None
