"""ST that a named person has confirmed to be chronic: reported, but no acute alarm.

It holds until it expires, and only at the level that was confirmed: ST that has grown since is
judged as if nothing had been confirmed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ecgd.config.settings import AnalysisSettings
from ecgd.model.baseline import Confirmation
from ecgd.model.finding import RiskLevel, StFinding

_ROUNDING_MV: Final = 1e-9


def as_confirmed(
    st: StFinding | None, confirmed: Confirmation | None, settings: AnalysisSettings
) -> StFinding | None:
    """Return the verdict in view of what was confirmed: LOW_RISK where it is all there is."""
    if st is None or confirmed is None or st.risk_level is RiskLevel.NORMAL:
        return st
    grown = _grown(st, confirmed, settings.st_change_mv)
    if grown:
        words = f"beyond the level that {confirmed.by} confirmed as chronic: {', '.join(grown)}"
        return replace(st, evidence=(*st.evidence, words))
    if not _is_by_level(st):
        return st
    words = f"confirmed as chronic by {confirmed.by}, until {confirmed.until}"
    return replace(st, risk_level=RiskLevel.LOW_RISK, evidence=(*st.evidence, words))


def _grown(st: StFinding, confirmed: Confirmation, least_mv: float) -> tuple[str, ...]:
    """Return each elevated or depressed lead that is so by ``least_mv`` more than confirmed."""
    usual_mv = dict(confirmed.level.leads_mv)
    change_mv = {
        each.lead: each.level_mv - usual_mv[each.lead]
        for each in st.leads
        if each.level_mv is not None and each.lead in usual_mv
    }
    further = (
        *((lead, change_mv.get(lead, 0.0)) for lead in st.elevated),
        *((lead, -change_mv.get(lead, 0.0)) for lead in st.depressed),
    )
    return tuple(
        f"{lead} {change_mv[lead]:+.2f} mV" for lead, mv in further if mv >= least_mv - _ROUNDING_MV
    )


def _is_by_level(st: StFinding) -> bool:
    """Tell whether levels alone have led to the verdict: a block or T waves were not confirmed."""
    if st.risk_level is RiskLevel.CRITICAL_STEMI:
        return bool(st.contiguous)
    if st.risk_level is RiskLevel.HIGH_MI_RISK:
        return len(st.elevated) >= 2 or "aVR" in st.elevated
    return bool(st.elevated or st.depressed)
