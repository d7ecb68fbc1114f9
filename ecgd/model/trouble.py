"""What is wrong with a signal, in words that whoever looks after the patient understands.

The only place where these words stand: status, alarms, live view, API and coverage take them
from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Cause(StrEnum):
    """What spoils a signal, as far as the signal itself tells."""

    ELECTRODE_OFF = "electrode off"
    GAPS = "gaps"
    SATURATED = "saturated"
    FLAT = "flat"
    LOOSE = "loose"
    DRY = "dry"
    MOTION = "motion"
    MUSCLE = "muscle"
    HUM = "hum"
    SMALL = "small"


ELECTRODES: Final[Mapping[str, str]] = {
    "RA": "right-arm electrode",
    "LA": "left-arm electrode",
    "LL": "left-leg electrode",
    "RL": "right-leg electrode",
}

_OF_AN_ELECTRODE: Final[Mapping[Cause, str]] = {
    Cause.ELECTRODE_OFF: "{electrode} off",
    Cause.LOOSE: "{electrode} loose",
    Cause.DRY: "{electrode} dry or badly stuck",
    Cause.MUSCLE: "muscle tension at the {electrode}",
    Cause.FLAT: "no signal from the {electrode}",
}

_OF_THE_SIGNAL: Final[Mapping[Cause, str]] = {
    Cause.ELECTRODE_OFF: "electrode off",
    Cause.GAPS: "data missing on the way",
    Cause.SATURATED: "signal beyond the device's range",
    Cause.FLAT: "no signal",
    Cause.LOOSE: "electrode loose",
    Cause.DRY: "dry electrode",
    Cause.MOTION: "the patient is moving",
    Cause.MUSCLE: "muscle tension",
    Cause.HUM: "mains hum",
    Cause.SMALL: "signal too small",
}

REMEDIES: Final[Mapping[Cause, str]] = {
    Cause.ELECTRODE_OFF: "stick it on again",
    Cause.GAPS: "bring device and gateway nearer to each other",
    Cause.SATURATED: "check electrodes and cable",
    Cause.FLAT: "check electrode and cable",
    Cause.LOOSE: "press it on or change it, and fasten its cable",
    Cause.DRY: "moisten it or change it",
    Cause.MOTION: "ask the patient to keep still",
    Cause.MUSCLE: "let the patient rest warm, arms supported",
    Cause.HUM: "keep cables away from mains leads and chargers",
    Cause.SMALL: "check where the electrodes sit",
}
"""What helps, as a carer can do it."""


@dataclass(frozen=True, slots=True)
class SignalTrouble:
    """One cause that spoils ``leads``. ``electrode`` None: it cannot be told, or is not one."""

    cause: Cause
    leads: tuple[str, ...]
    electrode: str | None = None

    @property
    def words(self) -> str:
        """What it is, such as "left-arm electrode loose"."""
        return trouble_words(self.cause, self.electrode)

    @property
    def advice(self) -> str:
        """What it is and what helps."""
        return f"{self.words}: {REMEDIES[self.cause]}"


def trouble_words(cause: Cause, electrode: str | None = None) -> str:
    """Return a cause in words, with its electrode where one is known."""
    if electrode is None or cause not in _OF_AN_ELECTRODE:
        return _OF_THE_SIGNAL[cause]
    return _OF_AN_ELECTRODE[cause].format(electrode=electrode_words(electrode))


def electrode_words(electrode: str) -> str:
    """Return the name of an electrode; one of the chest goes by its own.

    >>> electrode_words("LA")
    'left-arm electrode'
    """
    return ELECTRODES.get(electrode.upper(), f"electrode {electrode}")


def electrodes_off_words(electrodes: Iterable[str]) -> tuple[str, ...]:
    """Return, for each electrode that is off, that it is, with its label."""
    return tuple(
        f"{trouble_words(Cause.ELECTRODE_OFF, each)} ({each})" for each in sorted(electrodes)
    )
