"""QRS complexes that are wide: which kind, and whether ST can be judged by the plain rule.

Where the left ventricle is excited late (left bundle-branch block, pacing, a ventricular rhythm),
ST points away from the QRS in a healthy heart too, and the modified Sgarbossa rule judges.
"""

from __future__ import annotations

from typing import Final

from ecgd.decision.territories import INFERIOR
from ecgd.model.baseline import MedianBeat
from ecgd.model.finding import Confounder, ConfounderKind
from ecgd.model.morphology import LeadShape, Morphology

WIDE_S: Final = 0.12
"""QRS from which a block is complete (AHA/ACCF/HRS part III, 2009)."""

LATERAL: Final = ("I", "aVL")

LATE_S: Final = 0.06
"""A left ventricle that is excited late has its crest so long after the QRS onset (the R peak time
of the same recommendations). An elevated ST segment moves the end of the QRS, never its crest."""

VERY_WIDE_S: Final = 0.16
"""No infarction makes a QRS look this wide, nor does a spike within it change that."""

NO_Q_SHARE: Final = 0.08
NO_S_SHARE: Final = 0.15
LEAST_MV: Final = 0.05
"""A Q or an S below this share of R, or below so much, is none: R is monophasic."""

TERMINAL_S_MV: Final = 0.1
TERMINAL_S_SHARE: Final = 0.2
"""The S of lead I in a right bundle-branch block, at least."""

SUPERIOR_DEG: Final = (-150.0, -60.0)
"""From the apex of the right ventricle, and from most of the left, excitation runs upwards."""

REPLACES_PLAIN_RULE: Final = frozenset({ConfounderKind.LBBB, ConfounderKind.PACING})

_BLOCK: Final = "AHA/ACCF/HRS 2009"
_PACED: Final = "Smith 2012"


def find_wide_qrs(shape: Morphology) -> Confounder | None:
    """Return what a wide QRS is, None where it is narrow."""
    if shape.qrs_s < WIDE_S:
        return None
    width = f"QRS {1000 * shape.qrs_s:.0f} ms"
    axis = "" if shape.axis_deg is None else f", axis {shape.axis_deg:+.0f}°"
    if shape.is_paced:
        return Confounder(ConfounderKind.PACING, f"{width}, after a pacing spike", _PACED)
    if _is_left_block(shape):
        return Confounder(ConfounderKind.LBBB, f"{width}, {_lateral_words(shape)}", _BLOCK)
    first = shape.leads["I"]
    if _has_terminal_s(first):
        words = f"{width}, S of {first.s_mv:.2f} mV in I"
        return Confounder(ConfounderKind.RBBB, words, _BLOCK)
    if _runs_upwards(shape):
        return Confounder(ConfounderKind.PACING, f"{width}{axis}, no spike seen", _PACED)
    return Confounder(ConfounderKind.WIDE_QRS, f"{width}{axis}", _BLOCK)


def is_new_left_block(wide: Confounder | None, usual: MedianBeat | None) -> bool:
    """Tell whether a left bundle-branch block is new: the own baseline's QRS is narrow."""
    is_block = wide is not None and wide.kind is ConfounderKind.LBBB
    return is_block and usual is not None and usual.qrs_s < WIDE_S


def _is_left_block(shape: Morphology) -> bool:
    lateral = [shape.leads[lead] for lead in LATERAL]
    return all(map(_is_monophasic, lateral)) and max(each.crest_s for each in lateral) >= LATE_S


def _runs_upwards(shape: Morphology) -> bool:
    """Tell whether a QRS runs upwards and late, as from the apex of the right ventricle."""
    if shape.axis_deg is None or not SUPERIOR_DEG[0] <= shape.axis_deg <= SUPERIOR_DEG[1]:
        return False
    crest_s = max(shape.leads[lead].crest_s for lead in INFERIOR)
    return shape.qrs_s >= VERY_WIDE_S or crest_s >= LATE_S


def _is_monophasic(lead: LeadShape) -> bool:
    """Tell whether the QRS is one R wave."""
    return (
        lead.r_mv >= LEAST_MV
        and lead.q_mv <= max(LEAST_MV, NO_Q_SHARE * lead.r_mv)
        and lead.s_mv <= max(LEAST_MV, NO_S_SHARE * lead.r_mv)
    )


def _has_terminal_s(lead: LeadShape) -> bool:
    return lead.s_mv >= max(TERMINAL_S_MV, TERMINAL_S_SHARE * lead.r_mv)


def _lateral_words(shape: Morphology) -> str:
    figures = ", ".join(
        f"{lead} {shape.leads[lead].r_mv:.2f} and {shape.leads[lead].q_mv:.2f} mV"
        for lead in LATERAL
    )
    return f"R and Q: {figures}"
