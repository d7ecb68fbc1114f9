"""From verdicts to evidence for alarms: one finding for each kind that is present."""

from __future__ import annotations

from typing import Final

from ecgd.config.settings import AnalysisSettings, EnsembleSettings
from ecgd.decision.confidence import st_confidence
from ecgd.model.finding import (
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

ST_EVENTS: Final = {
    RiskLevel.CRITICAL_STEMI: (EventType.STEMI_DETECTED, Severity.CRITICAL),
    RiskLevel.HIGH_MI_RISK: (EventType.ACUTE_MI_RISK, Severity.HIGH),
    RiskLevel.MODERATE_RISK: (EventType.CARDIAC_ISCHEMIA, Severity.MEDIUM),
    RiskLevel.LOW_RISK: (EventType.CARDIAC_ISCHEMIA, Severity.LOW),
}
"""Event and severity of each risk level; NORMAL has none."""

UNKNOWN_RHYTHM: Final = "unknown"
"""Label of a rhythm that could not be judged."""

_RHYTHM_EVENTS: Final = {
    "ventricular fibrillation": (EventType.VENTRICULAR_FIBRILLATION, Severity.CRITICAL),
    "ventricular tachycardia": (EventType.VENTRICULAR_TACHYCARDIA, Severity.CRITICAL),
    "asystole": (EventType.ASYSTOLE, Severity.CRITICAL),
    "extreme bradycardia": (EventType.EXTREME_BRADYCARDIA, Severity.HIGH),
    "extreme tachycardia": (EventType.EXTREME_TACHYCARDIA, Severity.HIGH),
    "atrial fibrillation suspected": (EventType.ATRIAL_FIBRILLATION, Severity.MEDIUM),
}

OSCILLATIONS: Final = frozenset({"ventricular fibrillation", "ventricular tachycardia"})
"""Labels of rhythms without beats that can be told apart: nothing else can be seen under them."""

_GRAVER_THAN_AF: Final = frozenset(
    {*OSCILLATIONS, "asystole", "extreme bradycardia", "extreme tachycardia", "pause"}
)

_HIDDEN_BY_OSCILLATION: Final = frozenset(
    {EventType.EXTREME_BRADYCARDIA, EventType.EXTREME_TACHYCARDIA, EventType.PAUSE}
)

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
    raise CARDIAC_ANOMALY, and only when their own score is graver than what the rules found.
    """
    if not judged:
        return ()
    found = (_st_finding(st, analysis), *_rhythm_findings(rhythm, analysis))
    by_rules = tuple(finding for finding in found if finding is not None)
    st_severity = max((f.severity for f in by_rules if f.event_type in _ST_KINDS), default=0)
    by_scores = None if scores is None else _score_finding(scores, ensemble, st_severity)
    return by_rules if by_scores is None else (*by_rules, by_scores)


def unjudged_events(
    st: StFinding | None, rhythm: RhythmFinding, scores: EnsembleScore | None
) -> frozenset[EventType]:
    """Return the kinds whose absence from a judged window's findings says nothing.

    For ``Observation.unjudged``. ST that was not measurable, or only in part of the territories
    that limb leads show, must not clear an ST alarm; a rhythm that was not judged must not clear
    a rhythm alarm, nor networks that gave no score theirs. The rhythm has one label, the gravest:
    under a graver one atrial fibrillation cannot be seen, and where no beats can be told apart
    neither rate nor pause. A standstill can: what swings does not stand still.
    """
    st_seen = st is not None and _SHOWN_TERRITORIES.isdisjoint(st.not_visible)
    return frozenset(
        (
            *(() if st_seen else _ST_KINDS),
            *(() if rhythm.label != UNKNOWN_RHYTHM else _RHYTHM_KINDS),
            *((EventType.ATRIAL_FIBRILLATION,) if rhythm.label in _GRAVER_THAN_AF else ()),
            *(_HIDDEN_BY_OSCILLATION if rhythm.label in OSCILLATIONS else ()),
            *(() if scores is not None else (EventType.CARDIAC_ANOMALY,)),
        )
    )


def severity_of_score(score: float, settings: EnsembleSettings) -> Severity | None:
    """Return the severity of a score; None below the anomaly threshold."""
    if score >= settings.critical_threshold:
        return Severity.CRITICAL
    if score >= settings.high_threshold:
        return Severity.HIGH
    return Severity.MEDIUM if score >= settings.anomaly_threshold else None


_ST_KINDS: Final = frozenset(event_type for event_type, _ in ST_EVENTS.values())
_RHYTHM_KINDS: Final = frozenset(
    {EventType.PAUSE, *(event_type for event_type, _ in _RHYTHM_EVENTS.values())}
)


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


def _rhythm_findings(
    rhythm: RhythmFinding, settings: AnalysisSettings
) -> tuple[Finding | None, ...]:
    """Return the rhythm's findings; a rhythm that was not judged has none."""
    if rhythm.label == UNKNOWN_RHYTHM:
        return ()
    rate = "" if rhythm.heart_rate_bpm is None else f", {rhythm.heart_rate_bpm:.0f} bpm"
    by_label = _RHYTHM_EVENTS.get(rhythm.label)
    return (
        None if by_label is None else _heart(*by_label, f"rhythm: {rhythm.label}{rate}"),
        _pause_finding(rhythm, settings),
    )


def _pause_finding(rhythm: RhythmFinding, settings: AnalysisSettings) -> Finding | None:
    """Return a pause, HIGH when it was as long as an asystole; one that lasts is asystole."""
    pause_s = rhythm.longest_pause_s or 0.0
    if rhythm.label in {"asystole", *OSCILLATIONS} or pause_s <= settings.pause_s:
        return None
    severity = Severity.HIGH if pause_s >= settings.asystole_s else Severity.MEDIUM
    return _heart(EventType.PAUSE, severity, f"pause of {pause_s:.1f} s between beats")


def _score_finding(
    scores: EnsembleScore, settings: EnsembleSettings, st_severity: int
) -> Finding | None:
    """Return what the networks alone say, without the boost that the ST rules give them."""
    severity = severity_of_score(scores.fused, settings)
    if severity is None or severity <= st_severity:
        return None
    members = ", ".join(f"{name} {score:.2f}" for name, score in scores.members)
    evidence = (
        f"networks: {scores.fused:.2f} ({members})",
        f"{scores.consensus} of {len(scores.members)} agree",
        *((f"left out: {', '.join(scores.left_out)}",) if scores.left_out else ()),
    )
    return Finding(
        EventType.CARDIAC_ANOMALY, severity, Domain.HEART, evidence, confidence=scores.fused
    )


def _heart(event_type: EventType, severity: Severity, evidence: str) -> Finding:
    return Finding(event_type, severity, Domain.HEART, (evidence,))
