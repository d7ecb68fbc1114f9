"""Several patients, one buzzer: the gravest alarm of all sounds and shines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ecgd.decision.alarm import Annunciation
from ecgd.decision.alarm_book import RANK
from ecgd.model.alarm import Priority


@dataclass(frozen=True, slots=True)
class Sound:
    """What the pins show. ``priority`` None: no light and no sound."""

    priority: Priority | None
    sounding: bool
    audio_paused_s: float | None


def combine(annunciations: Iterable[Annunciation]) -> Sound:
    """Return what one buzzer and one row of lights show for several patients.

    What sounds goes before what only shines; a pause holds for those that were paused.
    """
    everyone = tuple(annunciations)
    audible = _highest(each.priority for each in everyone if each.sounding)
    paused = [each.audio_paused_s for each in everyone if each.audio_paused_s is not None]
    shown = audible or _highest(each.light for each in everyone)
    return Sound(shown, audible is not None, max(paused, default=None))


def _highest(priorities: Iterable[Priority | None]) -> Priority | None:
    return max(priorities, key=lambda priority: RANK[priority], default=None)
