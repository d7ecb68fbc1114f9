"""Patterns that raise ST without an infarction; each is told with its figures, for a person.

None of them silences: an alarm goes down to HIGH at most, and stays CRITICAL where the opposite
leads are depressed or ST has grown over the patient's own baseline.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import sqrt
from typing import Final

from ecgd.decision.territories import HIGH_LATERAL, INFERIOR
from ecgd.model.finding import Confounder, ConfounderKind, LeadSt, StCurve
from ecgd.model.morphology import LeadShape, Morphology

R_AVL_MV: Final = 1.1
GUBNER_MV: Final = 2.5
LEWIS_MV: Final = 1.7
"""Limb criteria of left ventricular hypertrophy: Sokolow 1949, Gubner and Ungerleider 1943,
Lewis 1914."""

J_PEAK_MV: Final = 0.1
NARROW_S: Final = 0.12
EARLY_PAIRS: Final = (("II", "III"), ("II", "aVF"), ("aVF", "III"), ("I", "aVL"))
"""Contiguous inferior or lateral leads (Macfarlane 2015)."""

PR_MV: Final = 0.05
DEPRESSED_MV: Final = 0.05
PR_LEADS: Final = 2
"""Pericarditis: so much PR depression in so many leads that are not aVR."""

TALL_T_MV: Final = 0.5
NARROW_T_S: Final = 0.1
FLAT_P_MV: Final = 0.05
"""Hyperkalaemia: a T taller than the limb leads of healthy hearts usually show, whose width at
half its height is below this at 60 bpm (it goes with the root of RR), and P below this."""

SOFTENING: Final = frozenset(
    {
        ConfounderKind.LVH,
        ConfounderKind.EARLY_REPOLARISATION,
        ConfounderKind.PERICARDITIS,
        ConfounderKind.HYPERKALAEMIA,
    }
)
"""Those under which an ST elevation alone is no longer CRITICAL."""

GROWTH_MV: Final = 0.1
"""Growth over the own baseline that no confounder explains."""

_SECONDARY: Final = frozenset({ConfounderKind.LBBB, ConfounderKind.PACING})
"""Under these the height of R, S and T says nothing about muscle or potassium."""


def find_confounders(
    shape: Morphology,
    wide: Confounder | None,
    counted: Mapping[str, LeadSt],
    elevated: Collection[str],
) -> tuple[Confounder, ...]:
    """Return every pattern that is there. ``wide`` is what a wide QRS is, if it is wide."""
    is_secondary = wide is not None and wide.kind in _SECONDARY
    found = (
        wide,
        None if is_secondary else hypertrophy(shape),
        early_repolarisation(shape),
        pericarditis(shape, counted, elevated),
        None if is_secondary else hyperkalaemia(shape),
    )
    return tuple(each for each in found if each is not None)


def hypertrophy(shape: Morphology) -> Confounder | None:
    """Return left ventricular hypertrophy by the limb criteria."""
    first, third, avl = (shape.leads[lead] for lead in ("I", "III", "aVL"))
    gubner_mv = first.r_mv + third.s_mv
    lewis_mv = gubner_mv - first.s_mv - third.r_mv
    met = (
        (avl.r_mv >= R_AVL_MV, f"R in aVL {avl.r_mv:.2f} mV", "Sokolow"),
        (gubner_mv >= GUBNER_MV, f"R(I) + S(III) {gubner_mv:.2f} mV", "Gubner–Ungerleider"),
        (lewis_mv >= LEWIS_MV, f"Lewis index {lewis_mv:.2f} mV", "Lewis"),
    )
    words = ", ".join(said for holds, said, _ in met if holds)
    sources = ", ".join(source for holds, _, source in met if holds)
    return Confounder(ConfounderKind.LVH, words, sources) if words else None


def early_repolarisation(shape: Morphology) -> Confounder | None:
    """Return the pattern of early repolarisation (Macfarlane et al. 2015)."""
    if shape.qrs_s >= NARROW_S:
        return None
    peaks = {
        lead: each.j_peak_mv
        for lead, each in shape.leads.items()
        if each.j_peak_mv is not None and each.j_peak_mv >= J_PEAK_MV
    }
    shown = {lead for pair in EARLY_PAIRS if peaks.keys() >= set(pair) for lead in pair}
    if not shown:
        return None
    figures = ", ".join(f"{lead} {peaks[lead]:.2f} mV" for lead in peaks if lead in shown)
    words = f"J peak: {figures}; QRS {1000 * shape.qrs_s:.0f} ms"
    return Confounder(ConfounderKind.EARLY_REPOLARISATION, words, "Macfarlane 2015")


def pericarditis(
    shape: Morphology, counted: Mapping[str, LeadSt], elevated: Collection[str]
) -> Confounder | None:
    """Return the pattern of pericarditis.

    Concave elevation in more than one territory, no depression but in aVR, and a PR segment that is
    low (in aVR high). Source: ESC 2015 on pericardial diseases.
    """
    up = [lead for lead in elevated if lead != "aVR"]
    is_wide_spread = any(lead in HIGH_LATERAL for lead in up) and any(
        lead in INFERIOR for lead in up
    )
    levels = {lead: st.level_mv or 0.0 for lead, st in counted.items() if lead != "aVR"}
    if not is_wide_spread or any(mv <= -DEPRESSED_MV for mv in levels.values()):
        return None
    if not all(counted[lead].curve is StCurve.CONCAVE for lead in up):
        return None
    low = {lead: mv for lead in levels if (mv := _pr(shape.leads[lead])) <= -PR_MV}
    avr_mv = _pr(shape.leads["aVR"])
    if len(low) < PR_LEADS and avr_mv < PR_MV:
        return None
    figures = ", ".join(f"{lead} {mv:+.2f} mV" for lead, mv in (low | {"aVR": avr_mv}).items())
    words = f"concave elevation in {', '.join(up)}; PR segment {figures}"
    return Confounder(ConfounderKind.PERICARDITIS, words, "ESC 2015")


def hyperkalaemia(shape: Morphology) -> Confounder | None:
    """Return the pattern of high potassium: tall narrow T, wide QRS, flat P.

    Source: clinical reference; Mattu, Brady and Robinson 2000.
    """
    if shape.qrs_s < NARROW_S or _highest_p(shape) >= FLAT_P_MV:
        return None
    narrow_s = NARROW_T_S * sqrt(shape.rr_s)
    tall = {
        lead: each
        for lead, each in shape.leads.items()
        if (each.t_mv or 0.0) >= TALL_T_MV and (each.t_width_s or 1.0) <= narrow_s
    }
    if not tall:
        return None
    figures = ", ".join(
        f"{lead} {each.t_mv:.2f} mV, {1000 * (each.t_width_s or 0.0):.0f} ms wide"
        for lead, each in tall.items()
    )
    words = f"T: {figures}; QRS {1000 * shape.qrs_s:.0f} ms; P below {FLAT_P_MV:.2f} mV"
    return Confounder(ConfounderKind.HYPERKALAEMIA, words, "Mattu 2000")


def _pr(lead: LeadShape) -> float:
    return 0.0 if lead.pr_mv is None else lead.pr_mv


def _highest_p(shape: Morphology) -> float:
    return max(
        (abs(each.p_mv) for each in shape.leads.values() if each.p_mv is not None), default=0.0
    )
