"""Assessments as rows of ``analysis_results``, thinned to what a replay could not say better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ecgd.decision.network_findings import told_labels
from ecgd.decision.rhythm_findings import ectopy_per_min
from ecgd.decision.st_rules import HORIZONTAL_MAX_MV_PER_S
from ecgd.model.assessment import Assessment
from ecgd.model.finding import EnsembleScore, LeadSt, RiskLevel, StRule
from ecgd.model.intervals import Intervals, Variability
from ecgd.store.figures import StoreResult
from ecgd.store.rows import to_json
from ecgd.store.streams import Stream

RULES = "rules"
ENSEMBLE = "ensemble"

_RISK: dict[RiskLevel, float] = {
    RiskLevel.CRITICAL_STEMI: 0.95,
    RiskLevel.HIGH_MI_RISK: 0.85,
    RiskLevel.MODERATE_RISK: 0.70,
    RiskLevel.LOW_RISK: 0.10,
    RiskLevel.NORMAL: 0.05,
}


@dataclass(frozen=True, slots=True)
class _Kept:
    """The last assessment of one patient that was stored."""

    origin: int
    end_index: int
    verdict: tuple[object, ...]


class Thinner:
    """Lets an assessment through when its verdict is new, else one every ``every_s``.

    The raw signal is kept whole and the analysis can be replayed exactly, so nothing is lost.
    The networks' answer follows the rules' answer of the same window.
    """

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._kept: dict[str, _Kept] = {}

    def results(
        self, patient_id: str, stream: Stream | None, assessment: Assessment, at_unix_s: float
    ) -> tuple[StoreResult, ...]:
        """Return the rows that this assessment makes: often none."""
        kept = self._kept.get(patient_id)
        place = (assessment.origin, assessment.end_index)
        second = kept is not None and (kept.origin, kept.end_index) == place
        if not second and kept is not None and not self._is_due(kept, assessment):
            return ()
        self._kept[patient_id] = _Kept(*place, _verdict(assessment))
        risk = assessment.risk_level
        opinions = _scored(assessment) if assessment.scores else []
        if not second:
            opinions.insert(0, _ruled(assessment))
        return tuple(
            StoreResult(
                patient_id=patient_id,
                stream=stream,
                at_unix_s=at_unix_s,
                start_index=assessment.start_index,
                end_index=assessment.end_index,
                outcome=assessment.outcome.value,
                risk_level=None if risk is None else risk.value,
                **opinion,
            )
            for opinion in opinions
        )

    def _is_due(self, kept: _Kept, assessment: Assessment) -> bool:
        if kept.origin != assessment.origin or kept.verdict != _verdict(assessment):
            return True
        elapsed = assessment.end_index - kept.end_index
        return elapsed < 0 or elapsed >= self._every_s * assessment.fs_hz


def _verdict(assessment: Assessment) -> tuple[object, ...]:
    events = frozenset(finding.event_type for finding in assessment.findings)
    return (assessment.outcome, assessment.risk_level, assessment.rhythm.label, events)


def _ruled(assessment: Assessment) -> dict[str, Any]:
    risk = assessment.risk_level
    return {
        "model_name": RULES,
        "prediction": None if risk is None else _RISK[risk],
        "confidence": assessment.sqi,
        "features": to_json(features(assessment)),
    }


def _scored(assessment: Assessment) -> list[dict[str, Any]]:
    scores = assessment.scores
    assert scores is not None
    return [
        *(_opinion(scores, name, probability) for name, probability in scores.members),
        {
            "model_name": ENSEMBLE,
            "prediction": scores.boosted,
            "confidence": scores.confidence,
            "features": to_json(_fusion(scores)),
        },
    ]


def _opinion(scores: EnsembleScore, name: str, probability: float) -> dict[str, Any]:
    prefix = f"{name}: "
    labels = {
        label.removeprefix(prefix): round(share, 4)
        for label, share in scores.labels
        if label.startswith(prefix)
    }
    features = {"models_hash": scores.models_hash} | ({"labels": labels} if labels else {})
    return {
        "model_name": name,
        "prediction": probability,
        "confidence": abs(2 * probability - 1),
        "features": to_json(features),
    }


def _fusion(scores: EnsembleScore) -> dict[str, Any]:
    told = told_labels(scores)
    return {
        "models_hash": scores.models_hash,
        "fused": scores.fused,
        "consensus": scores.consensus,
        "disagreement": scores.disagreement,
        "is_usual": scores.is_usual,
        "is_clearly_new": scores.is_clearly_new,
        "explained_by": scores.explained_by,
        "left_out": list(scores.left_out),
    } | ({"told": list(told)} if told else {})


def features(assessment: Assessment) -> dict[str, Any]:
    """Return the figures behind a verdict; what is unknown or empty is left out."""
    rhythm, st = assessment.rhythm, assessment.st
    intervals = assessment.intervals or Intervals()
    variability = assessment.variability or Variability(0.0, 0.0, 0)
    figures: dict[str, Any] = {
        "rhythm": rhythm.label,
        "heart_rate_bpm": rhythm.heart_rate_bpm,
        "rr_median_s": rhythm.rr_median_s,
        "rr_irregularity": rhythm.rr_irregularity,
        "longest_pause_s": rhythm.longest_pause_s,
        "fast_bpm": _rounded(rhythm.fast_bpm),
        "slow_bpm": _rounded(rhythm.slow_bpm),
        "fibrillates": rhythm.fibrillates,
        "lasted_s": _rounded(rhythm.lasted_s) or None,
        "ectopy_per_min": _rounded(ectopy_per_min(rhythm)),
        "rhythm_observations": [seen.text for seen in rhythm.observations],
        "pr_ms": _rounded(intervals.pr_ms),
        "qrs_ms": _rounded(intervals.qrs_ms),
        "qt_ms": _rounded(intervals.qt_ms),
        "qtc_fridericia_ms": _rounded(intervals.qtc_fridericia_ms),
        "axis_deg": _rounded(intervals.axis_deg),
        "sdnn_ms": _rounded(variability.sdnn_ms),
        "rmssd_ms": _rounded(variability.rmssd_ms),
        "sqi": {quality.lead: round(quality.sqi, 3) for quality in assessment.quality},
        "findings": [finding.event_type.value for finding in assessment.findings],
        "cannot_judge": list(assessment.cannot_judge),
    }
    if st is not None:
        levels = [lead for lead in st.leads if lead.level_mv is not None]
        figures["st_mv"] = {lead.lead: round(lead.level_mv or 0.0, 4) for lead in levels}
        figures["st_more"] = [_more_of(lead) for lead in levels]
        figures["st_rule"] = None if st.rule is StRule.PLAIN else st.rule.value
        figures["confounders"] = [each.kind.value for each in st.confounders]
        figures["elevated"] = list(st.elevated)
        figures["depressed"] = list(st.depressed)
        figures["territory"] = None if st.territory is None else st.territory.value
    return {name: value for name, value in figures.items() if value not in (None, [], {})}


def _more_of(lead: LeadSt) -> list[int | None]:
    """Return what a verdict by another threshold needs of a lead, briefly.

    Error and change against the own baseline in µV, and 1 where ST rises too steeply for a
    depression.
    """
    rises = (lead.slope_mv_per_s or 0.0) > HORIZONTAL_MAX_MV_PER_S
    figures = (lead.uncertainty_mv, lead.change_mv)
    micro = [None if mv is None else round(1000 * mv) for mv in figures]
    return [*micro, 1] if rises else micro


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 1)
