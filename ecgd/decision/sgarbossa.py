"""The modified Sgarbossa rule: infarction behind left bundle-branch block or pacing.

Source: Smith et al. 2012 (Ann Emerg Med 60:766): concordant elevation of 0.1 mV in any lead, or
discordant elevation of 0.1 mV that is at least a quarter of the S wave. ST is taken at the J point,
as there: behind a wide QRS it rises steeply into T.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ecgd.model.finding import LeadSt
from ecgd.model.morphology import Morphology

LEAST_MV: Final = 0.1
LEAST_RATIO: Final = 0.25

_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class ExcessiveSt:
    """A lead whose ST elevation the block does not explain; ``s_mv`` None: it is concordant."""

    lead: str
    j_mv: float
    s_mv: float | None

    @property
    def words(self) -> str:
        """The figures."""
        if self.s_mv is None:
            return f"{self.lead} {self.j_mv:+.2f} mV, concordant"
        ratio = -self.j_mv / self.s_mv
        return f"{self.lead} {self.j_mv:+.2f} mV, S {self.s_mv:.2f} mV, ST/S {ratio:.2f}"


def excessive_st(counted: Mapping[str, LeadSt], shape: Morphology) -> tuple[ExcessiveSt, ...]:
    """Return the leads that meet the rule."""
    found = (_excess(st, shape) for st in counted.values())
    return tuple(each for each in found if each is not None)


def sgarbossa_words(excess: Iterable[ExcessiveSt]) -> tuple[str, ...]:
    """Name what met the rule, or that nothing did."""
    figures = "; ".join(each.words for each in excess)
    return (f"modified Sgarbossa rule: {figures or 'not met'}",)


def _excess(st: LeadSt, shape: Morphology) -> ExcessiveSt | None:
    lead = shape.leads.get(st.lead)
    j_mv = st.levels.j0_mv if st.levels is not None else st.level_mv
    if lead is None or j_mv is None or j_mv < LEAST_MV - _ROUNDING:
        return None
    if lead.is_upright:
        return ExcessiveSt(st.lead, j_mv, None)
    is_excessive = j_mv >= LEAST_RATIO * lead.depth_mv - _ROUNDING
    return ExcessiveSt(st.lead, j_mv, lead.depth_mv) if is_excessive else None
