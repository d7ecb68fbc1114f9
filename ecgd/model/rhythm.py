"""What a rhythm is called, and what else was seen in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

VENTRICULAR_FIBRILLATION: Final = "ventricular fibrillation"
VENTRICULAR_TACHYCARDIA: Final = "ventricular tachycardia"
ASYSTOLE: Final = "asystole"
VENTRICULAR_RUN: Final = "run of ventricular beats"
EXTREME_TACHYCARDIA: Final = "extreme tachycardia"
EXTREME_BRADYCARDIA: Final = "extreme bradycardia"
PAUSE: Final = "pause"
SUPRAVENTRICULAR_TACHYCARDIA: Final = "supraventricular tachycardia suspected"
ATRIAL_FIBRILLATION: Final = "atrial fibrillation suspected"
TACHYCARDIA: Final = "tachycardia"
BRADYCARDIA: Final = "bradycardia"
IRREGULAR: Final = "irregular"
REGULAR: Final = "regular"
UNKNOWN: Final = "unknown"
"""Every label, gravest first; the first that holds is given."""

OSCILLATIONS: Final = frozenset({VENTRICULAR_FIBRILLATION, VENTRICULAR_TACHYCARDIA})
"""Rhythms of the ventricle that are told without a look at single beats."""


SLOW_SHARE: Final = 1.05
"""Five beats so little above the limit of a slow rate count as below it: a heart rate meter may err
by 10 % (IEC 60601-2-27), and experts called such alarms true (PhysioNet/CinC challenge 2015)."""


class RhythmSign(StrEnum):
    """What may be seen beside the label."""

    PREMATURE_VENTRICULAR = "premature ventricular beats"
    PREMATURE_SUPRAVENTRICULAR = "premature supraventricular beats"
    COUPLETS = "ventricular couplets"
    BIGEMINY = "ventricular bigeminy"
    TRIGEMINY = "ventricular trigeminy"
    VENTRICULAR_RUN = "run of ventricular beats"
    SUPRAVENTRICULAR_RUN = "run of supraventricular beats"
    ATRIAL_FIBRILLATION = "atrial fibrillation"
    FIRST_DEGREE_BLOCK = "first-degree AV block"
    DROPPED_BEATS = "dropped beats"
    RATE_RISE = "sudden rise of the rate"
    RATE_FALL = "sudden fall of the rate"


@dataclass(frozen=True, slots=True)
class RhythmObservation:
    """One thing that was seen: what it is, its figure, and both as people read them."""

    sign: RhythmSign
    value: float | None
    text: str
