"""From verdicts to evidence for alarms: one finding for each kind that is present."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ecgd.config.settings import AnalysisSettings, EnsembleSettings
from ecgd.decision.confidence import st_confidence
from ecgd.decision.network_findings import score_finding
from ecgd.decision.rhythm_findings import hidden_by, rhythm_findings
from ecgd.model.finding import (
    ConfounderKind,
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
from ecgd.model.rhythm import UNKNOWN

ST_EVENTS: Final = {
    RiskLevel.CRITICAL_STEMI: (EventType.STEMI_DETECTED, Severity.CRITICAL),
    RiskLevel.HIGH_MI_RISK: (EventType.ACUTE_MI_RISK, Severity.HIGH),
    RiskLevel.MODERATE_RISK: (EventType.CARDIAC_ISCHEMIA, Severity.MEDIUM),
    RiskLevel.LOW_RISK: (EventType.CARDIAC_ISCHEMIA, Severity.LOW),
}
"""Event and severity of each risk level; NORMAL has none."""

UNKNOWN_RHYTHM: Final = UNKNOWN
"""Label of a rhythm that could not be judged."""

_SHOWN_TERRITORIES: Final = frozenset({Territory.INFERIOR.value, Territory.HIGH_LATERAL.value})


def find(
    st: StFinding | None,
    rhythm: RhythmFinding,
    scores: EnsembleScore | None,
    *,
    analysis: AnalysisSettings,
    ensemble: EnsembleSettings,
    judged: bool = True,
) -> tuple[Finding, ...]:
    """Return the heart findings of one window; none if it could not be judged.

    The risk table wins over the scores: a low score never hides an ST finding. The networks alone
    raise CARDIAC_ANOMALY, and only when their own score is graver than what the rules found; the
    pattern of high potassium raises it too.
    """
    if not judged:
        return ()
    found = (
        _st_finding(st, analysis),
        *rhythm_findings(rhythm, analysis),
        _electrolyte_finding(st),
    )
    by_rules = tuple(finding for finding in found if finding is not None)
    st_severity = max((f.severity for f in by_rules if f.event_type in _ST_KINDS), default=0)
    by_scores = None if scores is None else score_finding(scores, ensemble, st_severity)
    return by_rules if by_scores is None else _joined(by_rules, by_scores)


def unjudged_events(
    st: StFinding | None,
    rhythm: RhythmFinding,
    scores: EnsembleScore | None,
    *,
    has_networks: bool = True,
) -> frozenset[EventType]:
    """Return the kinds whose absence from a judged window's findings says nothing.

    For ``Observation.unjudged``. ST that was not measurable, or only in part of the territories
    that limb leads show, must not clear an ST alarm; a rhythm that was not judged, or that hides
    another, must not clear a rhythm alarm, nor networks that gave no score theirs. Without networks
    CARDIAC_ANOMALY is the pattern of high potassium alone, and seen where ST is.
    """
    st_seen = st is not None and _SHOWN_TERRITORIES.isdisjoint(st.not_visible)
    anomaly_seen = st is not None and not has_networks
    return frozenset(
        (
            *(() if st_seen else _ST_KINDS),
            *hidden_by(rhythm),
            *(() if scores is not None or anomaly_seen else (EventType.CARDIAC_ANOMALY,)),
        )
    )


_ST_KINDS: Final = frozenset(event_type for event_type, _ in ST_EVENTS.values())


def _st_finding(st: StFinding | None, settings: AnalysisSettings) -> Finding | None:
    if st is None or st.risk_level not in ST_EVENTS:
        return None
    event_type, severity = ST_EVENTS[st.risk_level]
    return Finding(
        event_type,
        severity,
        Domain.HEART,
        evidence=st.evidence,
        territory=st.territory,
        confidence=st_confidence(st, settings),
    )


def _electrolyte_finding(st: StFinding | None) -> Finding | None:
    """Return the pattern of high potassium, which needs a blood test and no catheter."""
    shown = () if st is None else st.confounders
    evidence = tuple(
        f"electrolyte assessment: pattern of {each.kind} ({each.evidence})"
        for each in shown
        if each.kind is ConfounderKind.HYPERKALAEMIA
    )
    if not evidence:
        return None
    return Finding(EventType.CARDIAC_ANOMALY, Severity.HIGH, Domain.HEART, evidence)


def _joined(by_rules: tuple[Finding, ...], by_scores: Finding) -> tuple[Finding, ...]:
    """Return the findings with the networks': one for each kind, the graver severity."""
    same = next((each for each in by_rules if each.event_type is by_scores.event_type), None)
    if same is None:
        return (*by_rules, by_scores)
    joined = replace(
        by_scores,
        severity=max(same.severity, by_scores.severity),
        evidence=(*same.evidence, *by_scores.evidence),
    )
    return (*(each for each in by_rules if each is not same), joined)
