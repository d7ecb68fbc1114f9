"""What the usual beat of a window looks like, lead by lead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LeadShape:
    """One limb lead, in mV against the end of the PR segment.

    ``q_mv``, ``r_mv`` and ``s_mv`` are sizes, 0 where there is no such wave; a QRS that is
    negative as a whole (QS) has its depth as Q and as S. ``q_s`` is Q's duration, ``crest_s`` how
    long after the QRS onset its largest deflection comes, ``area_uvs`` the area under the QRS, by
    which it points up or down whatever a pacing spike does. ``j_peak_mv`` is the top of a notch or
    slur at the end of the QRS, None: there is none. ``pr_mv`` is the PR segment against what goes
    before P, ``p_mv`` and ``t_mv`` the largest deflection of P and T with its sign, ``t_width_s``
    how long T stays above half of it; None: not measurable.
    """

    q_mv: float
    r_mv: float
    s_mv: float
    q_s: float = 0.0
    crest_s: float = 0.0
    area_uvs: float = 0.0
    j_peak_mv: float | None = None
    pr_mv: float | None = None
    p_mv: float | None = None
    t_mv: float | None = None
    t_width_s: float | None = None

    @property
    def depth_mv(self) -> float:
        """How deep the QRS goes."""
        return max(self.q_mv, self.s_mv)

    @property
    def is_upright(self) -> bool:
        """Whether the QRS points upwards, for the most part."""
        return self.area_uvs > 0


@dataclass(frozen=True, slots=True)
class Morphology:
    """The usual beat: ``leads`` holds the six limb leads.

    ``axis_deg`` None: the QRS has no clear direction. ``has_p``: a P wave that is the same from
    beat to beat. ``is_paced``: a pacing spike goes before the QRS.
    """

    leads: Mapping[str, LeadShape]
    qrs_s: float
    axis_deg: float | None
    has_p: bool
    is_paced: bool
    rr_s: float
    beat_count: int
