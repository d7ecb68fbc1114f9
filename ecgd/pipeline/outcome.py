"""What a window amounts to: normal, an anomaly, or not to be judged, and why not."""

from __future__ import annotations

from ecgd.decision.territories import CONTIGUOUS
from ecgd.model.finding import (
    Finding,
    LeadQuality,
    LeadSt,
    Outcome,
    RhythmFinding,
    RiskLevel,
    Severity,
    StFinding,
)
from ecgd.model.rhythm import OSCILLATIONS, UNKNOWN

UNSTEADY = "unsteady"
"""Why ST is not judged although it was measured: its scatter leaves every pair of leads open."""


def is_judged(st: StFinding | None, rhythm: RhythmFinding) -> bool:
    return st is not None or rhythm.label != UNKNOWN


def outcome_of(findings: tuple[Finding, ...], cannot_judge: tuple[str, ...]) -> Outcome:
    if any(finding.severity >= Severity.MEDIUM for finding in findings):
        return Outcome.ANOMALY
    return Outcome.CANNOT_JUDGE if cannot_judge else Outcome.NORMAL


def risk_of(st: StFinding | None, leads_st: tuple[LeadSt, ...]) -> RiskLevel | None:
    return st.risk_level if st is not None and leads_st else None


def why_not(
    quality: tuple[LeadQuality, ...],
    leads_st: tuple[LeadSt, ...],
    st: StFinding | None,
    rhythm: RhythmFinding,
) -> tuple[str, ...]:
    """Say why a window cannot be judged; empty when it can.

    ST counts wherever the leads could show it; a recording without two contiguous limb leads is
    judged by its rhythm alone, and so is one in which nothing but the rhythm counts.
    """
    leads = {lead.lead for lead in leads_st}
    has_st_leads = any(a in leads and b in leads for a, b in CONTIGUOUS)
    by_rhythm = rhythm.label in OSCILLATIONS or (not has_st_leads and rhythm.label != UNKNOWN)
    if st is not None or by_rhythm:
        return ()
    signal = {reason for lead in quality if not lead.usable for reason in lead.reasons}
    unmeasured = {lead.reason for lead in leads_st if not lead.measurable} - {"lead unusable"}
    unsteady = st is None and any(lead.measurable for lead in leads_st)
    return (
        *sorted(signal | ({UNSTEADY} if unsteady else set())),
        *sorted(f"ST: {reason}" for reason in unmeasured if reason),
    ) or ("too few beats",)
