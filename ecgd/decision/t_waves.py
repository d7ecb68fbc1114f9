"""T waves that are inverted now and were not in the patient's own baseline."""

from __future__ import annotations

from typing import Final

import numpy as np

from ecgd.decision.territories import pairs_among
from ecgd.model.baseline import MedianBeat, Span
from ecgd.model.leads import DERIVATION, LIMB_LEADS
from ecgd.model.morphology import LeadShape, Morphology

INVERTED_MV: Final = 0.1
"""T inversion (Fourth Universal Definition of MI, 2018), in leads with a prominent R or R/S > 1."""

PROMINENT_R_MV: Final = 0.5

USUAL_MV: Final = 0.05
"""In the baseline T was inverted by no more than this."""

_WEIGHTS: Final = np.array([DERIVATION[lead] for lead in LIMB_LEADS])


def newly_inverted_t(shape: Morphology, span: Span | None, usual: MedianBeat) -> tuple[str, ...]:
    """Return the leads with a neighbour that is so too; ``span`` is T's in the present beat."""
    inverted = [lead for lead, each in shape.leads.items() if _is_inverted(each)]
    if not pairs_among(inverted):
        return ()
    span = usual.t_span or span
    if span is None:
        return ()
    before_mv = dict(zip(LIMB_LEADS, _t_heights(usual, span), strict=True))
    new = [lead for lead in inverted if before_mv[lead] > -USUAL_MV]
    paired = {lead for pair in pairs_among(new) for lead in pair}
    return tuple(lead for lead in new if lead in paired)


def _is_inverted(lead: LeadShape) -> bool:
    prominent = lead.is_upright or lead.r_mv >= PROMINENT_R_MV
    return prominent and lead.t_mv is not None and lead.t_mv < -INVERTED_MV


def _t_heights(beat: MedianBeat, span: Span) -> list[float]:
    """Return each limb lead's largest deflection of T, with its sign, in mV."""
    wave_mv = _WEIGHTS @ beat.signal_mv[:, span[0] : span[1] + 1]
    at = np.abs(wave_mv).argmax(axis=1)
    heights: list[float] = wave_mv[np.arange(len(LIMB_LEADS)), at].tolist()
    return heights
