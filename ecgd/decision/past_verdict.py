"""A stored window judged anew, by the real rules with other settings.

What the plain rules of ST do not say by themselves is kept as it was: a verdict that a change, a
new block or a person's confirmation made graver or milder than the plain rule stays so, the plain
rule's part moves with the threshold. With the settings under which it was stored, a window gives
the verdict that was stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from ecgd.config.settings import AlarmSettings, AnalysisSettings, EnsembleSettings
from ecgd.decision.findings import find, unjudged_events
from ecgd.decision.st_rules import judge_st
from ecgd.decision.territories import unseen_territories
from ecgd.model.finding import (
    NOT_VISIBLE,
    Domain,
    EventType,
    Finding,
    LeadSt,
    Outcome,
    RhythmFinding,
    RiskLevel,
    Severity,
    StFinding,
    StRule,
)
from ecgd.model.past_window import PastLead, PastWindow
from ecgd.model.rhythm import (
    ATRIAL_FIBRILLATION,
    BRADYCARDIA,
    EXTREME_BRADYCARDIA,
    EXTREME_TACHYCARDIA,
    IRREGULAR,
    OSCILLATIONS,
    PAUSE,
    REGULAR,
    SLOW_SHARE,
    SUPRAVENTRICULAR_TACHYCARDIA,
    TACHYCARDIA,
    UNKNOWN,
)

GRAVEST_FIRST: Final = tuple(RiskLevel)

_HIDES_ECTOPY: Final = OSCILLATIONS | {UNKNOWN}
_EXTREME: Final = frozenset({EXTREME_BRADYCARDIA, EXTREME_TACHYCARDIA})
_MILDER: Final = frozenset(
    {
        *(PAUSE, SUPRAVENTRICULAR_TACHYCARDIA, ATRIAL_FIBRILLATION),
        *(TACHYCARDIA, BRADYCARDIA, IRREGULAR, REGULAR),
    }
)
"""Labels in whose place an extreme rate would have been told."""

_FAST_INTERVALS: Final = 16
_SLOW_INTERVALS: Final = 4

_STEEP_MV_PER_S: Final = 1.0
"""Stands for a slope that was stored as too steep for a depression."""

_CARRIED: Final = {
    EventType.FREQUENT_ECTOPY: Severity.LOW,
    EventType.RATE_CHANGE: Severity.LOW,
    EventType.CARDIAC_ANOMALY: Severity.HIGH,
}
"""What the rules find from figures that are not stored (CARDIAC_ANOMALY: high potassium)."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Every setting that decides whether an alarm is raised."""

    analysis: AnalysisSettings
    ensemble: EnsembleSettings
    alarms: AlarmSettings


@dataclass(frozen=True, slots=True)
class PastVerdict:
    """What the alarm machine would have observed."""

    judged: bool
    findings: tuple[Finding, ...]
    unjudged: frozenset[EventType]


def judge_anew(
    window: PastWindow, now: Thresholds, other: Thresholds, *, has_networks: bool
) -> PastVerdict:
    """Return the verdict on a stored window under ``other``; ``now`` are those it was judged by."""
    st = st_anew(window, now.analysis, other.analysis)
    return verdict_of(window, st, now, other, has_networks=has_networks)


def verdict_of(
    window: PastWindow,
    st: StFinding | None,
    now: Thresholds,
    other: Thresholds,
    *,
    has_networks: bool,
) -> PastVerdict:
    """Return the verdict on a window whose ST has been judged anew."""
    rhythm = _rhythm_anew(window.rhythm, now.analysis, other.analysis)
    found = find(
        st,
        rhythm,
        window.scores,
        analysis=other.analysis,
        ensemble=other.ensemble,
        judged=st is not None or rhythm.label != UNKNOWN,
    )
    carried = (_carried(kind) for kind in _kinds_anew(window, now.analysis, other.analysis))
    findings = (*found, *carried)
    unseen = unjudged_events(st, rhythm, window.scores, has_networks=has_networks)
    if rhythm.label not in _EXTREME and window.rhythm.label in _EXTREME:
        unseen |= {EventType.SUPRAVENTRICULAR_TACHYCARDIA}
    judged = window.outcome is not Outcome.CANNOT_JUDGE or bool(findings) or rhythm.label != UNKNOWN
    return PastVerdict(judged, findings, unseen)


def _kinds_anew(
    window: PastWindow, now: AnalysisSettings, other: AnalysisSettings
) -> Iterator[EventType]:
    """Yield the kinds that stored figures do not give again, or give directly."""
    for kind in _CARRIED:
        per_min = window.ectopy_per_min
        is_asked = kind is EventType.FREQUENT_ECTOPY and now.ectopy_per_min != other.ectopy_per_min
        if is_asked and per_min is not None and window.rhythm.label not in _HIDES_ECTOPY:
            if per_min >= other.ectopy_per_min:
                yield kind
        elif kind in window.kinds:
            yield kind


def _carried(kind: EventType) -> Finding:
    return Finding(kind, _CARRIED[kind], Domain.HEART, ("as it was stored",))


def st_anew(window: PastWindow, now: AnalysisSettings, other: AnalysisSettings) -> StFinding | None:
    """Return what the ST rules would have said; None: they could not have judged."""
    if window.risk_level is None:
        return None
    leads = tuple(_lead_st(lead) for lead in window.leads)
    stored = _as_stored(leads, window.rule, window.risk_level)
    if window.rule is not StRule.PLAIN or _is_quiet(window, now, other):
        return stored
    then = judge_st(leads, now)
    seen = stored if then is None else replace(stored, not_visible=then.not_visible)
    if _st_settings(other) == _st_settings(now):
        return seen
    anew = judge_st(leads, other)
    if anew is None:
        # The leads are too uncertain for that threshold; what else made the verdict stays.
        return None if then is not None and then.risk_level is window.risk_level else seen
    plain = None if then is None else then.risk_level
    return replace(anew, risk_level=_moved(window.risk_level, plain, anew.risk_level))


def _st_settings(settings: AnalysisSettings) -> tuple[float, ...]:
    return settings.st_elevation_mv, settings.st_depression_mv, settings.st_change_mv


def _lead_st(lead: PastLead) -> LeadSt:
    return LeadSt(
        lead.lead,
        True,
        lead.level_mv,
        lead.uncertainty_mv,
        lead.change_mv,
        slope_mv_per_s=_STEEP_MV_PER_S if lead.rises else None,
    )


def _as_stored(leads: tuple[LeadSt, ...], rule: StRule, risk: RiskLevel) -> StFinding:
    levels = {st.lead: st.level_mv or 0.0 for st in leads}
    not_visible = (*NOT_VISIBLE, *unseen_territories(levels))
    return StFinding(leads, risk, not_visible=not_visible, rule=rule)


def _is_quiet(window: PastWindow, now: AnalysisSettings, other: AnalysisSettings) -> bool:
    """Tell whether every lead is so near to zero that both thresholds say the same."""
    least_mv = min(
        *(now.st_elevation_mv, other.st_elevation_mv),
        *(now.st_depression_mv, other.st_depression_mv),
    )
    return all(abs(st.level_mv) + (st.uncertainty_mv or 0.0) < least_mv for st in window.leads)


def _moved(stored: RiskLevel, plain: RiskLevel | None, anew: RiskLevel) -> RiskLevel:
    """Return the stored level, its plain part moved: the rest remains a floor, or a ceiling."""
    if plain is stored:
        return anew
    rank = GRAVEST_FIRST.index
    if plain is None or rank(stored) < rank(plain):
        return min(stored, anew, key=rank)
    return max(stored, anew, key=rank)


def _rhythm_anew(
    rhythm: RhythmFinding, now: AnalysisSettings, other: AnalysisSettings
) -> RhythmFinding:
    """Return the rhythm with its extreme rates by the other limits.

    What is graver hides them, as it did; what an extreme rate hid is told as far as it is stored.
    """
    limits = (now.bradycardia_bpm, now.tachycardia_bpm)
    if limits == (other.bradycardia_bpm, other.tachycardia_bpm):
        return rhythm
    if rhythm.label not in _EXTREME | _MILDER:
        return rhythm
    fast_bpm, slow_bpm = rhythm.fast_bpm, rhythm.slow_bpm
    if fast_bpm is not None and fast_bpm > other.tachycardia_bpm:
        lasted_s = _FAST_INTERVALS * 60.0 / fast_bpm
        return replace(rhythm, label=EXTREME_TACHYCARDIA, lasted_s=lasted_s)
    if slow_bpm is not None and slow_bpm < SLOW_SHARE * other.bradycardia_bpm:
        lasted_s = _SLOW_INTERVALS * 60.0 / slow_bpm
        return replace(rhythm, label=EXTREME_BRADYCARDIA, lasted_s=lasted_s)
    if rhythm.label not in _EXTREME or (fast_bpm is None and slow_bpm is None):
        return rhythm
    return replace(rhythm, label=_under_extreme(rhythm, other), lasted_s=0.0)


def _under_extreme(rhythm: RhythmFinding, settings: AnalysisSettings) -> str:
    if (rhythm.longest_pause_s or 0.0) > settings.pause_s:
        return PAUSE
    if rhythm.fibrillates:
        return ATRIAL_FIBRILLATION
    return TACHYCARDIA if rhythm.label == EXTREME_TACHYCARDIA else BRADYCARDIA
