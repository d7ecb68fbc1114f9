"""The stage of an infarction, told from the hours before.

Source: the pipeline document's table of evolution, as the clinical reference gives it: tall T and
rising ST in the first two hours, the largest ST and a new Q until twelve, falling ST with an
inverted T until two days, T as before with Q left after days.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ecgd.decision.territories import HIGH_LATERAL, INFERIOR
from ecgd.model.evolution import Evolution, Moment, TerritoryCourse
from ecgd.model.finding import LeadSt, Territory
from ecgd.model.morphology import Morphology

EVERY_S: Final = 600.0
"""A moment is the mean of ten minutes."""

MOST_MOMENTS: Final = 432
"""Three days of them."""

OUT_OF_REACH_S: Final = 3 * 86400.0

ELEVATED_MV: Final = 0.1
"""The elevation that makes an episode, as in the ST rule."""

RISE_MV: Final = 0.05
"""ST has risen, or T has grown, by so much since before: the least change that counts."""

TALL_T_SHARE: Final = 1.5
FALLEN_SHARE: Final = 0.7
"""T grown to so much of what it was is hyperacute; ST fallen to so much of its largest falls."""

SETTLED_MV: Final = 0.05
Q_MV: Final = 0.1
Q_S: Final = 0.03
"""A pathological Q (Fourth Universal Definition of MI, 2018): 30 ms wide and 0.1 mV deep."""

INVERTED_MV: Final = 0.1
RISING_S: Final = 3600.0
"""Rising: larger than within the hour before."""

HYPERACUTE: Final = "hyperacute T or rising ST, as in the first two hours"
ESTABLISHED: Final = "largest ST with a new Q, as from two to twelve hours"
RESOLVING: Final = "falling ST with T inversion, as from twelve to 48 hours"
OLD: Final = "T as before with Q left, as after days"

_LEADS: Final = {Territory.INFERIOR: INFERIOR, Territory.HIGH_LATERAL: HIGH_LATERAL}


def follow(
    evolution: Evolution, time_s: float, leads: tuple[LeadSt, ...], shape: Morphology
) -> Evolution:
    """Return the course with one more window; unchanged where a territory was not measured."""
    inferior = _course(Territory.INFERIOR, leads, shape)
    lateral = _course(Territory.HIGH_LATERAL, leads, shape)
    if inferior is None or lateral is None:
        return evolution
    now = Moment(time_s, inferior, lateral)
    moments = evolution.moments
    if moments and time_s - moments[-1].time_s < EVERY_S:
        return Evolution((*moments[:-1], _mean(moments[-1], now)), time_s)
    fresh = [each for each in moments if time_s - each.time_s <= OUT_OF_REACH_S]
    return Evolution((*fresh[-(MOST_MOMENTS - 1) :], now), time_s)


def join(earlier: Evolution, later: Evolution, gone_s: float) -> Evolution:
    """Return the course that goes on from one that ended ``gone_s`` before the newest window.

    Where a clock says that the two overlap, the later begins where the earlier ended.
    """
    if not later.moments:
        return later
    watched_s = later.until_s - later.moments[0].time_s
    before = earlier.moved(later.until_s - max(gone_s, watched_s) - earlier.until_s)
    in_reach_s = later.until_s - OUT_OF_REACH_S
    known = [each for each in before.moments if each.time_s >= in_reach_s]
    return Evolution((*known, *later.moments)[-MOST_MOMENTS:], later.until_s)


def stage_of(evolution: Evolution, territory: Territory | None) -> str:
    """Return the stage in a territory, with its figures; empty where the past does not show it.

    Late stages show no elevation that could name a territory: then both are looked at.
    """
    if len(evolution.moments) < 2:
        return ""
    looked_at = (territory,) if territory in _LEADS else tuple(_LEADS)
    return next(filter(None, (_stage_in(evolution, each) for each in looked_at)), "")


def _stage_in(evolution: Evolution, territory: Territory) -> str:
    course = [(each.time_s, each.of(territory)) for each in evolution.moments]
    first, (now_s, now) = course[0][1], course[-1]
    top_s, top = max(course, key=lambda each: each[1].st_mv)
    if top.st_mv < ELEVATED_MV or first.st_mv >= ELEVATED_MV:
        # It began before anybody looked, or it never began.
        return ""
    new_q = now.q_mv >= Q_MV > first.q_mv
    begun_s = next(at_s for at_s, each in course if each.st_mv >= ELEVATED_MV)
    words = (
        f"ST {first.st_mv:+.2f}, at most {top.st_mv:+.2f}, now {now.st_mv:+.2f} mV; "
        f"T {first.t_mv:+.2f}, now {now.t_mv:+.2f} mV; Q {now.q_mv:.2f} mV; "
        f"elevated since {(now_s - begun_s) / 3600:.1f} h"
    )
    stage = _stage(first, top, now, new_q=new_q, is_rising=_is_rising(course, top_s))
    return f"{territory}: {stage} ({words})" if stage else ""


def _stage(
    first: TerritoryCourse,
    top: TerritoryCourse,
    now: TerritoryCourse,
    *,
    new_q: bool,
    is_rising: bool,
) -> str:
    has_fallen = now.st_mv <= FALLEN_SHARE * top.st_mv
    if has_fallen and now.t_mv <= -INVERTED_MV < first.t_mv:
        return RESOLVING
    if new_q and now.st_mv < SETTLED_MV:
        return OLD
    if new_q and not has_fallen:
        return ESTABLISHED
    has_tall_t = now.t_mv >= max(TALL_T_SHARE * first.t_mv, first.t_mv + RISE_MV)
    if not new_q and now.st_mv >= ELEVATED_MV and (has_tall_t or is_rising):
        return HYPERACUTE
    return ""


def _is_rising(course: list[tuple[float, TerritoryCourse]], top_s: float) -> bool:
    now_s, now = course[-1]
    before = [each.st_mv for at_s, each in course[:-1] if now_s - at_s <= RISING_S]
    return bool(before) and top_s == now_s and now.st_mv >= min(before) + RISE_MV


def _course(
    territory: Territory, leads: tuple[LeadSt, ...], shape: Morphology
) -> TerritoryCourse | None:
    levels = [st.level_mv for st in leads if st.lead in _LEADS[territory]]
    shapes = [shape.leads[lead] for lead in _LEADS[territory]]
    heights = [each.t_mv for each in shapes]
    known = [mv for mv in levels if mv is not None]
    crests = [mv for mv in heights if mv is not None]
    if len(known) < len(shapes) or len(crests) < len(shapes):
        return None
    depths = [each.q_mv if each.q_s >= Q_S else 0.0 for each in shapes]
    count = len(shapes)
    return TerritoryCourse(sum(known) / count, sum(crests) / count, sum(depths) / count)


def _mean(moment: Moment, now: Moment) -> Moment:
    share = 1.0 / (moment.count + 1)
    return replace(
        moment,
        inferior=_blend(moment.inferior, now.inferior, share),
        high_lateral=_blend(moment.high_lateral, now.high_lateral, share),
        count=moment.count + 1,
    )


def _blend(one: TerritoryCourse, other: TerritoryCourse, share: float) -> TerritoryCourse:
    return TerritoryCourse(
        one.st_mv + (other.st_mv - one.st_mv) * share,
        one.t_mv + (other.t_mv - one.t_mv) * share,
        one.q_mv + (other.q_mv - one.q_mv) * share,
    )
