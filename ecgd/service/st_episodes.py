"""ST episodes of a window, to the store and the log."""

from __future__ import annotations

import logging
from typing import Final

from ecgd.model.assessment import Assessment
from ecgd.model.st_episode import StEpisode
from ecgd.service.logs import log_event
from ecgd.store.writer import StoreWriter

BEGAN: Final = "st_episode_began"
ENDED: Final = "st_episode_ended"

_log = logging.getLogger(__name__)


def keep_episodes(
    store: StoreWriter, patient_id: str, name: str, assessment: Assessment, unix_s: float
) -> None:
    """Store and log the episodes that a window confirmed or ended; ``unix_s`` is its end."""
    for episode in assessment.st_episodes:
        what = BEGAN if episode.end is None else ENDED
        message = f"{name}: {episode_words(episode)}"
        store.store_st_episode(patient_id, episode, unix_s - assessment.time_s)
        change_mv = round(episode.change_mv, 3)
        facts = {
            "group": episode.group,
            "change_mv": change_mv,
            "reference": episode.reference.value,
            "leads": list(episode.leads),
        }
        store.store_health_event(patient_id, what, message, facts)
        log_event(_log, what, message, patient=patient_id, group=episode.group, change_mv=change_mv)


def episode_words(episode: StEpisode) -> str:
    """Say in words what an episode is."""
    what = f"ST {episode.direction} in {episode.group} leads, {episode.change_mv:+.2f} mV"
    against = f"against the {episode.reference.value}"
    if episode.end is None or episode.end_s is None:
        return f"{what} {against}, lasting"
    return f"{what} {against}, ended after {episode.end_s - episode.start_s:.0f} s"
