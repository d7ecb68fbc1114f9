"""Shapes of usual beats, for the rules that look at them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ecgd.model.leads import LIMB_LEADS
from ecgd.model.morphology import LeadShape, Morphology

PLAIN = LeadShape(0.0, 0.6, 0.1, crest_s=0.04, area_uvs=9.0, p_mv=0.1, t_mv=0.2, t_width_s=0.15)
"""A narrow upright QRS with an ordinary T."""

DOWN = LeadShape(0.0, 0.1, 0.8, crest_s=0.05, area_uvs=-9.0, p_mv=0.1, t_mv=0.1, t_width_s=0.15)


def shape_of(
    leads: dict[str, LeadShape] | None = None,
    *,
    qrs_s: float = 0.09,
    axis_deg: float | None = 40.0,
    is_paced: bool = False,
    rr_s: float = 1.0,
) -> Morphology:
    """Return a beat whose leads are ``PLAIN`` but for those given; aVR points down."""
    known = dict.fromkeys(LIMB_LEADS, PLAIN) | {"aVR": DOWN} | (leads or {})
    return Morphology(known, qrs_s, axis_deg, True, is_paced, rr_s, 5)


def with_leads(names: str, **figures: Any) -> dict[str, LeadShape]:
    """Return ``PLAIN`` leads with other figures: "II III" and so on."""
    return {name: replace(PLAIN, **figures) for name in names.split()}


def left_block(*, qrs_s: float = 0.15) -> Morphology:
    """Return a left bundle-branch block with a left axis."""
    broad = replace(PLAIN, r_mv=1.0, s_mv=0.0, crest_s=0.08, t_mv=-0.2)
    deep = replace(DOWN, s_mv=1.0, crest_s=0.08, t_mv=0.3)
    leads = {"I": broad, "aVL": broad, "II": PLAIN, "III": deep, "aVF": deep}
    return shape_of(leads, qrs_s=qrs_s, axis_deg=-30.0)
