"""Several patients, one buzzer: the gravest that may sound sounds, the gravest of all shines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ecgd.decision.alarm import Annunciation
from ecgd.decision.alarm_book import RANK
from ecgd.model.alarm import Priority


@dataclass(frozen=True, slots=True)
class Sound:
    """What the pins show. ``priority`` None: no light and no sound.

    ``priority`` is what sounds, or shines where nothing sounds; ``light`` is the gravest of all: a
    paused HIGH alarm of one patient stays red while another's LOW one sounds.
    """

    priority: Priority | None
    sounding: bool
    audio_paused_s: float | None
    light: Priority | None = None

    def begins_after(self, before: Sound) -> bool:
        """Tell whether pins that showed ``before`` begin anew: then an edge follows at once."""
        starts = self.sounding and not before.sounding
        return self.priority is not None and (starts or self.priority is not before.priority)


def combine(annunciations: Iterable[Annunciation], least: Priority | None = None) -> Sound:
    """Return what one buzzer and one row of lights show for several patients.

    A pause holds for those that were paused. Below ``least`` nothing sounds, in quiet hours.
    """
    everyone = tuple(annunciations)
    loud = (each.priority for each in everyone if each.sounding)
    audible = _highest(each for each in loud if RANK[each] >= RANK[least])
    paused = [each.audio_paused_s for each in everyone if each.audio_paused_s is not None]
    light = _highest(each.light for each in everyone)
    return Sound(audible or light, audible is not None, max(paused, default=None), light)


def _highest(priorities: Iterable[Priority | None]) -> Priority | None:
    return max(priorities, key=lambda priority: RANK[priority], default=None)
