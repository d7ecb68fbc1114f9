"""A place on the earth, as a satellite receiver tells it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """A fix by WGS 84; ``accuracy_m`` None: the receiver does not say how far off it may be.

    ``age_s`` is how old it is for whoever is told of it. ``receiver_time`` is the receiver's own
    word for when it was, only good to tell one fix from the next.
    """

    latitude_deg: float
    longitude_deg: float
    accuracy_m: float | None = None
    age_s: float = 0.0
    receiver_time: str = ""
