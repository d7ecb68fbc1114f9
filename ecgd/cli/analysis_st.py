"""What a person reads about the shape of ST in a recording, and about its episodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from ecgd.cli.words import clean, duration, signed_mv
from ecgd.model.assessment import Assessment
from ecgd.model.finding import LeadSt, Outcome
from ecgd.model.st_episode import StEpisode

SHAPED_MV: Final = 0.05
"""Nearer to zero the shape of ST says little."""

EPISODES_SHOWN: Final = 20


@dataclass(slots=True)
class StAccount:
    """Gathers shapes by lead, and episodes by where and when they began."""

    levels_mv: dict[str, list[float]] = field(default_factory=dict)
    shapes: dict[str, Counter[str]] = field(default_factory=dict)
    episodes: dict[tuple[str, float], StEpisode] = field(default_factory=dict)

    def take(self, assessment: Assessment) -> None:
        """Take one window."""
        for episode in assessment.st_episodes:
            self.episodes[episode.group, episode.start_s] = episode
        if assessment.st is None or assessment.outcome is Outcome.CANNOT_JUDGE:
            return
        for lead in assessment.st.leads:
            if lead.level_mv is not None and lead.slope is not None:
                self.levels_mv.setdefault(lead.lead, []).append(lead.level_mv)
                self.shapes.setdefault(lead.lead, Counter())[_shape(lead)] += 1

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield what there is to say, each with its heading."""
        shapes = "  ".join(
            f"{clean(lead)} {self.shapes[lead].most_common(1)[0][0]}"
            for lead, levels_mv in self.levels_mv.items()
            if abs(median(levels_mv)) >= SHAPED_MV
        )
        if shapes:
            yield "ST shape", shapes
        for episode in list(self.episodes.values())[:EPISODES_SHOWN]:
            yield "ST episode", _words(episode)
        if len(self.episodes) > EPISODES_SHOWN:
            yield "", f"and {len(self.episodes) - EPISODES_SHOWN} more (--json lists all)"


def _shape(lead: LeadSt) -> str:
    return ", ".join(str(each) for each in (lead.slope, lead.curve) if each is not None)


def _words(episode: StEpisode) -> str:
    lasted = "goes on"
    if episode.end_s is not None:
        lasted = f"for {duration(episode.end_s - episode.start_s)}"
    return (
        f"{episode.direction} in {clean(episode.group)}, {signed_mv(episode.change_mv)} mV against "
        f"the {episode.reference}, from {duration(max(0.0, episode.start_s))}, {lasted}"
    )
