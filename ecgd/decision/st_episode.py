"""Episodes of ST change, as the European ST-T Database marks them.

An episode is a change of at least 0.1 mV that lasts for 30 s. It begins and ends where the change
crosses 0.05 mV, with 30 s below that before and after (Taddei et al. 1992). The change is against
the patient's own baseline; without one, against the usual level of the minutes before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ecgd.model.finding import LeadSt, Territory
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.st_episode import EpisodeEnd, Excursion, StEpisode, StReference, StWatch

EPISODE_MV: Final = 0.1
EDGE_MV: Final = 0.05
LEAST_S: Final = 30.0
"""Least change, the change at which an episode begins and ends, and how long each has to last."""

MOST_UNCERTAIN_MV: Final = 0.05
"""ST that is less certain says nothing here: half of what makes an episode."""

GAP_S: Final = 20.0
"""A longer hole in the measurements breaks what has to last."""

LOST_S: Final = 120.0
"""ST unmeasured for so long ends an episode where it was last seen."""

USUAL_S: Final = 300.0
"""Time in which the level of the minutes before follows; six times as slowly while ST is off it."""

LEARNED_S: Final = 60.0
"""The minutes before say something after so much signal."""

GROUPS: Final = {
    Territory.INFERIOR.value: ("II", "III", "aVF"),
    Territory.HIGH_LATERAL.value: ("I", "aVL"),
    "aVR": ("aVR",),
}
"""The limb leads by territory; every other lead is a group of its own."""

_ROUNDING_MV: Final = 1e-9


@dataclass(frozen=True, slots=True)
class _Change:
    """One group's change now. ``leads`` have changed by enough to count."""

    change_mv: float
    leads: tuple[str, ...]
    reference: StReference


def watch_episodes(
    watch: StWatch, leads_st: Iterable[LeadSt], time_s: float
) -> tuple[StWatch, tuple[StEpisode, ...]]:
    """Take one window's ST at ``time_s``; return the memory, and episodes confirmed or ended."""
    measured = {st.lead: st for st in leads_st if _is_trusted(st)}
    levels = {lead: st.level_mv for lead, st in measured.items() if st.level_mv is not None}
    excursions = dict(watch.excursions)
    told = []
    for group, leads in _groups(measured, excursions):
        change = _change_of([measured[lead] for lead in leads if lead in measured], watch)
        after, episode = _step(excursions.pop(group, None), group, change, levels, time_s)
        if after is not None:
            excursions[group] = after
        if episode is not None:
            told.append(episode)
    return _learn(watch, levels, excursions, time_s), tuple(told)


def _is_trusted(st: LeadSt) -> bool:
    return st.level_mv is not None and (st.uncertainty_mv or 0.0) <= MOST_UNCERTAIN_MV


def _groups(
    measured: Mapping[str, LeadSt], excursions: Mapping[str, Excursion]
) -> list[tuple[str, tuple[str, ...]]]:
    """Return the groups that are measured, or were."""
    others = [lead for lead in (*measured, *excursions) if lead not in LIMB_LEADS]
    groups = dict(GROUPS) | {lead: (lead,) for lead in others if lead not in GROUPS}
    return [
        (group, leads)
        for group, leads in groups.items()
        if group in excursions or not measured.keys().isdisjoint(leads)
    ]


def _change_of(leads_st: Iterable[LeadSt], watch: StWatch) -> _Change | None:
    """Return a group's change: that of its second lead, so that one lead alone makes none."""
    usual, learned = dict(watch.usual_mv), dict(watch.learned_s)
    changes = {}
    reference = StReference.BASELINE
    for st in leads_st:
        if st.change_mv is not None:
            changes[st.lead] = st.change_mv
        elif st.level_mv is not None and learned.get(st.lead, 0.0) >= LEARNED_S:
            changes[st.lead] = st.level_mv - usual[st.lead]
            reference = StReference.BEFORE
    if not changes:
        return None
    ordered = sorted(changes.values())
    up, down = (ordered[-2], ordered[1]) if len(ordered) > 1 else (ordered[0], ordered[0])
    change_mv = up if up >= -down else down
    sign = 1.0 if change_mv > 0 else -1.0
    beyond = (lead for lead, mv in changes.items() if sign * mv >= EPISODE_MV - _ROUNDING_MV)
    return _Change(change_mv, tuple(beyond), reference)


def _step(
    excursion: Excursion | None,
    group: str,
    change: _Change | None,
    levels: Mapping[str, float],
    time_s: float,
) -> tuple[Excursion | None, StEpisode | None]:
    """Return a group's excursion after this window, and the episode that there is to tell."""
    if change is None:
        return _unseen(excursion, time_s)
    if excursion is None:
        if abs(change.change_mv) < EDGE_MV - _ROUNDING_MV:
            return None, None
        excursion = Excursion(_begun(group, change, levels, time_s, time_s), time_s)
    excursion = _followed(excursion, change, levels, time_s)
    low_s = excursion.low_since_s
    if low_s is not None and time_s - low_s >= LEAST_S - _ROUNDING_MV:
        ended = replace(excursion.episode, end_s=low_s, end=EpisodeEnd.BACK)
        other_way = abs(change.change_mv) >= EDGE_MV - _ROUNDING_MV
        anew = Excursion(_begun(group, change, levels, low_s, time_s), time_s)
        return anew if other_way else None, ended if excursion.is_confirmed else None
    high_s = excursion.high_since_s
    if excursion.is_confirmed or high_s is None or time_s - high_s < LEAST_S - _ROUNDING_MV:
        return excursion, None
    episode = replace(excursion.episode, confirmed_s=time_s)
    return replace(excursion, episode=episode, is_confirmed=True), episode


def _unseen(
    excursion: Excursion | None, time_s: float
) -> tuple[Excursion | None, StEpisode | None]:
    if excursion is None or time_s - excursion.seen_s < LOST_S:
        return excursion, None
    ended = replace(excursion.episode, end_s=excursion.seen_s, end=EpisodeEnd.UNSEEN)
    return None, ended if excursion.is_confirmed else None


def _begun(
    group: str, change: _Change, levels: Mapping[str, float], start_s: float, time_s: float
) -> StEpisode:
    return StEpisode(
        group=group,
        reference=change.reference,
        start_s=start_s,
        confirmed_s=time_s,
        extremum_s=time_s,
        change_mv=change.change_mv,
        leads=change.leads,
        st_mv=tuple(levels.items()),
    )


def _followed(
    excursion: Excursion, change: _Change, levels: Mapping[str, float], time_s: float
) -> Excursion:
    """Return the excursion with this change: its extremum, and since when it is high or low."""
    episode = excursion.episode
    broken = time_s - excursion.seen_s > GAP_S
    size_mv = change.change_mv if episode.change_mv > 0 else -change.change_mv
    if size_mv > abs(episode.change_mv):
        episode = replace(
            _begun(episode.group, change, levels, episode.start_s, time_s),
            reference=episode.reference,
            confirmed_s=episode.confirmed_s,
        )
    return replace(
        excursion,
        episode=episode,
        seen_s=time_s,
        high_since_s=_since(
            size_mv >= EPISODE_MV - _ROUNDING_MV, broken, excursion.high_since_s, time_s
        ),
        low_since_s=_since(size_mv < EDGE_MV - _ROUNDING_MV, broken, excursion.low_since_s, time_s),
    )


def _since(holds: bool, broken: bool, since_s: float | None, time_s: float) -> float | None:
    if not holds:
        return None
    return time_s if since_s is None or broken else since_s


def _learn(
    watch: StWatch, levels: Mapping[str, float], excursions: Mapping[str, Excursion], time_s: float
) -> StWatch:
    """Follow the usual level of each lead, but not into an episode, nor into what may be one."""
    passed_s = 0.0 if watch.time_s is None else min(GAP_S, max(0.0, time_s - watch.time_s))
    usual, learned = dict(watch.usual_mv), dict(watch.learned_s)
    for lead, level_mv in levels.items():
        excursion = excursions.get(_group_of(lead))
        if excursion and (excursion.is_confirmed or excursion.high_since_s is not None):
            continue
        follow_s = USUAL_S if excursion is None else 6 * USUAL_S
        known_s = learned.get(lead, 0.0) + passed_s
        learned[lead] = min(known_s, USUAL_S)
        share = passed_s / max(passed_s, follow_s if known_s >= LEARNED_S else known_s, 1e-9)
        usual[lead] = usual.get(lead, level_mv) + share * (level_mv - usual.get(lead, level_mv))
    return StWatch(time_s, tuple(usual.items()), tuple(learned.items()), tuple(excursions.items()))


def _group_of(lead: str) -> str:
    return next((group for group, leads in GROUPS.items() if lead in leads), lead)
