"""How sure the ST rules are, from the measuring uncertainty alone."""

from __future__ import annotations

from math import erf, sqrt

from ecgd.config.settings import AnalysisSettings
from ecgd.model.finding import LeadSt, StFinding, StRule

_HALF_WIDTH_SD = 1.96


def st_confidence(st: StFinding, settings: AnalysisSettings) -> float | None:
    """Return the probability, 0 to 1, that the deciding leads truly meet their threshold.

    The error of a level is taken as normal with ``uncertainty_mv`` as its 95 % half-width. A
    contiguous pair is as sure as its less sure lead, the finding as its surest pair. It speaks
    of the measurement, not of the disease. None: no contiguous pair decided, or no uncertainty
    is known; nor is there one for the modified Sgarbossa rule, which asks for a ratio.
    """
    if st.rule is StRule.SGARBOSSA:
        return None
    by_lead = {lead.lead: lead for lead in st.leads}
    sign = 1.0 if st.elevated else -1.0
    threshold_mv = settings.st_elevation_mv if st.elevated else settings.st_depression_mv
    sure: list[float] = []
    for pair in st.contiguous:
        each = [_probability(by_lead, name, sign, threshold_mv) for name in pair]
        known = [probability for probability in each if probability is not None]
        if len(known) == len(pair):
            sure.append(min(known))
    return round(max(sure), 3) if sure else None


def _probability(
    by_lead: dict[str, LeadSt], name: str, sign: float, threshold_mv: float
) -> float | None:
    lead = by_lead[name.removeprefix("-")]
    if lead.level_mv is None or lead.uncertainty_mv is None:
        return None
    level_mv = sign * (-lead.level_mv if name.startswith("-") else lead.level_mv)
    sd_mv = lead.uncertainty_mv / _HALF_WIDTH_SD
    if sd_mv <= 0:
        return 1.0 if level_mv >= threshold_mv else 0.0
    return 0.5 * (1 + erf((level_mv - threshold_mv) / (sd_mv * sqrt(2))))
