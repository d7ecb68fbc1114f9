"""ST of one window in the light of the minutes before."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ecgd.decision.st_episode import watch_episodes
from ecgd.model.finding import LeadSt, RhythmFinding
from ecgd.model.rhythm import OSCILLATIONS
from ecgd.model.signal import Window
from ecgd.model.st_episode import StEpisode
from ecgd.pipeline.history import History

MOST_BEHIND_S: Final = 7.5
"""Half of the 15 s for which a beat counts."""


def watch_st(
    history: History, window: Window, leads_st: tuple[LeadSt, ...], rhythm: RhythmFinding
) -> tuple[History, tuple[StEpisode, ...]]:
    """Return the history after one window, and the ST episodes that it confirms or ends.

    Without beats that can be told apart there is no ST, whatever was measured.
    """
    measured = () if rhythm.label in OSCILLATIONS else leads_st
    time_s = window.time_s - _behind_s(measured, rhythm)
    if history.st_watch.time_s is not None:
        time_s = max(time_s, history.st_watch.time_s)
    watch, episodes = watch_episodes(history.st_watch, measured, time_s)
    return replace(history, st_watch=watch), episodes


def _behind_s(leads_st: tuple[LeadSt, ...], rhythm: RhythmFinding) -> float:
    """Return how far behind the newest beat the middle of those lies that a level is made of."""
    beat_count = max((lead.beat_count for lead in leads_st if lead.measurable), default=0)
    return min(MOST_BEHIND_S, beat_count * (rhythm.rr_median_s or 0.0) / 2)
