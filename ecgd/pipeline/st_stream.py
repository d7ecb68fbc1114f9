"""The ST decision by itself: levels of single beats in, the verdict of each moment out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ecgd.config.settings import AnalysisSettings
from ecgd.decision.st_change import (
    ChangeWatch,
    StBeat,
    StLevel,
    level_of,
    recent_beats,
    watch_change,
    with_st_change,
)
from ecgd.decision.st_rules import judge_st
from ecgd.model.finding import LeadSt, RiskLevel, StFinding, Territory
from ecgd.model.st_change import StReference

ACUTE: Final = (RiskLevel.CRITICAL_STEMI, RiskLevel.HIGH_MI_RISK)
"""While these hold by the absolute rules, nothing is learned."""

COVERED_95: Final = 1.96
"""Half-width of the 95 % interval in standard errors."""

STANDING: Final = "depressed from the beginning: new depression counts, and the slope is not known"


@dataclass(frozen=True, slots=True)
class StMoment:
    """The verdict at one moment; ``st`` None: too few beats to judge."""

    time_s: float
    st: StFinding | None
    watch: ChangeWatch


def judge_moment(
    before: ChangeWatch, beats: Sequence[StBeat], time_s: float, settings: AnalysisSettings
) -> StMoment:
    """Judge ST after the beats that were new up to ``time_s``.

    What the levels were at the beginning is taken as usual for the patient, unless the absolute
    criteria of an infarction held then.
    """
    level = level_of(recent_beats(before, beats, time_s))
    st = None if level is None else _absolute(level, before.reference, settings)
    may_learn = st is not None and st.risk_level not in ACUTE
    watch = watch_change(before, beats, time_s, settings, may_learn=may_learn)
    return StMoment(time_s, with_st_change(st, watch.change), watch)


def _absolute(
    level: StLevel, reference: StReference | None, settings: AnalysisSettings
) -> StFinding | None:
    usual_mv = {} if reference is None else dict(reference.level.leads_mv)
    leads = tuple(
        LeadSt(
            lead,
            True,
            level_mv=level_mv,
            uncertainty_mv=COVERED_95 * level.error_mv,
            change_mv=level_mv - usual_mv[lead] if lead in usual_mv else None,
        )
        for lead, level_mv in level.vector.leads_mv
    )
    st = judge_st(leads, settings)
    if st is None or not _rests_on_depression(st):
        return st
    if reference is None:
        # Nobody knows yet what is usual, and the criteria of an infarction do not hold.
        return replace(st, risk_level=RiskLevel.LOW_RISK)
    return st if _is_new(st, settings) else _standing(st)


def _rests_on_depression(st: StFinding) -> bool:
    """Tell whether a verdict would be less without depression, or one elevated lead.

    Left main: aVR is elevated where the others are depressed.
    """
    if st.risk_level is RiskLevel.HIGH_MI_RISK:
        return st.territory is Territory.LEFT_MAIN and st.elevated == ("aVR",)
    return st.risk_level is RiskLevel.MODERATE_RISK


def _is_new(st: StFinding, settings: AnalysisSettings) -> bool:
    """Tell whether an elevated lead, or both of a depressed pair, differ from what is usual."""
    change_mv = {each.lead: each.change_mv or 0.0 for each in st.leads}
    least_mv = settings.st_change_mv
    if any(change_mv[lead] >= least_mv for lead in st.elevated):
        return True
    return sum(change_mv[lead] <= -least_mv for lead in st.depressed) >= 2


def _standing(st: StFinding) -> StFinding:
    return replace(st, risk_level=RiskLevel.LOW_RISK, evidence=(*st.evidence, STANDING))
