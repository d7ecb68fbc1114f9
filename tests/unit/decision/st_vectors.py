"""ST of the six limb leads from a vector in the frontal plane."""

from __future__ import annotations

from math import cos, radians

from ecgd.model.finding import LeadSt
from ecgd.model.leads import DERIVATION, LIMB_LEADS


def levels_of(axis_deg: float, size_mv: float) -> dict[str, float]:
    """Return each lead's ST in mV; leads I and II are the projections on 0 and +60 degrees."""
    lead_i = size_mv * cos(radians(axis_deg))
    lead_ii = size_mv * cos(radians(axis_deg - 60.0))
    return {lead: a * lead_i + b * lead_ii for lead, (a, b) in DERIVATION.items()}


def leads_of(
    levels_mv: dict[str, float],
    *,
    uncertainty_mv: float | None = None,
    change_mv: float | None = None,
    slope_mv_per_s: float | None = None,
) -> tuple[LeadSt, ...]:
    """Return measured leads; limb leads that are not named are at 0 mV."""
    known = dict.fromkeys(LIMB_LEADS, 0.0) | levels_mv
    return tuple(
        LeadSt(
            lead,
            True,
            level_mv=mv,
            uncertainty_mv=uncertainty_mv,
            change_mv=change_mv,
            slope_mv_per_s=slope_mv_per_s,
        )
        for lead, mv in known.items()
    )
