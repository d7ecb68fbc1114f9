"""What files call an electrocardiogram's leads, their units and the leads' usual names."""

from __future__ import annotations

import re
from typing import Final

from ecgd.model.leads import LIMB_LEADS, canonical_lead

_NAMED: Final[dict[str, str]] = {
    name.lower(): name
    for name in (
        *LIMB_LEADS,
        *(f"V{number}" for number in range(1, 10)),
        *(f"V{number}R" for number in range(1, 7)),
        *("MLI", "MLII", "MLIII"),
        *(f"{family}{number}" for family in ("MV", "MCL", "CM") for number in range(1, 7)),
        *("CC5", "CS5", "Vx", "Vy", "Vz"),
    )
} | {
    # As electrodes, and as they are called where Romance languages are spoken.
    "la ra": "I",
    "ll ra": "II",
    "ll la": "III",
    "di": "I",
    "dii": "II",
    "diii": "III",
}

_PREFIX: Final = re.compile(r"(?:ecg|ekg|leads?|ableitung|abl)(?![a-z]{4})")
_BETWEEN: Final = re.compile(r"[\s_.:#-]+")
_UNIT_BEHIND: Final = re.compile(
    r"^(?P<name>.*?)\s*(?:\[(?P<square>[^\]]*)\]|\((?P<round>[^)]*)\)"
    r"|(?<=.)[_/ ]\s*(?P<bare>[nuµμm]?v|[nuµμm]?s|sec|msec|(?:milli|micro)?(?:volts?|seconds?)))$",
    re.IGNORECASE,
)
_UV_PER_UNIT: Final[dict[str, float]] = {
    "nv": 0.001,
    "uv": 1.0,
    "mv": 1000.0,
    "v": 1e6,
    "nanovolt": 0.001,
    "microvolt": 1.0,
    "mikrovolt": 1.0,
    "millivolt": 1000.0,
    "volt": 1e6,
}


def read_lead(text: str) -> str | None:
    """Return the usual name of the lead that a column or signal is called after, None if none.

    "ECG II", "lead_ii" and "II" are all "II"; an ECG channel without a lead ("ECG", "ECG 2")
    stays as it is.
    """
    bare = text.strip(" \t\"'")
    key = _BETWEEN.sub(" ", bare.lower()).strip()
    prefixed = False
    while found := _PREFIX.match(key):
        prefixed = True
        key = key[found.end() :].strip()
    key = key.removesuffix(" ref")
    for candidate in (key, key.replace(" ", "")):
        if candidate in _NAMED:
            return _NAMED[candidate]
    return bare if prefixed and (not key or key.isdecimal()) else None


def usual_name(text: str) -> str:
    """Return a lead's usual name; what is no lead keeps its own."""
    return read_lead(text) or canonical_lead(text)


def split_unit(text: str) -> tuple[str, str | None]:
    """Split "I [mV]", "time_s" or "II (µV)" into name and unit; None where none is said."""
    found = _UNIT_BEHIND.match(text.strip(" \t\"'"))
    if found is None:
        return text.strip(" \t\"'"), None
    units = (found["square"], found["round"], found["bare"])
    return found["name"], next(unit for unit in units if unit is not None).strip()


def uv_per_unit(text: str) -> float | None:
    """Return how many µV one of a unit is; None where it is no voltage."""
    # The micro sign, the Greek letter, and UTF-8 that was read as Latin-1.
    key = text.strip().lower().replace("â", "").replace("µ", "u").replace("μ", "u")
    return _UV_PER_UNIT.get(key) or _UV_PER_UNIT.get(key.removesuffix("s"))
