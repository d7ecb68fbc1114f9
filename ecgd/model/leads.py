"""The six limb leads: order on the wire, axes, and who is whose neighbour."""

from __future__ import annotations

from typing import Final

LIMB_LEADS: Final = ("I", "II", "III", "aVL", "aVF", "aVR")
"""Order on the wire and in arrays."""

AXIS_DEG: Final[dict[str, float]] = {
    "I": 0.0,
    "II": 60.0,
    "III": 120.0,
    "aVL": -30.0,
    "aVF": 90.0,
    "aVR": -150.0,
}
"""Frontal-plane axis of each limb lead."""

DERIVATION: Final[dict[str, tuple[float, float]]] = {
    "I": (1.0, 0.0),
    "II": (0.0, 1.0),
    "III": (-1.0, 1.0),
    "aVL": (1.0, -0.5),
    "aVF": (-0.5, 1.0),
    "aVR": (-0.5, -0.5),
}
"""Each limb lead as (weight of I, weight of II)."""

ANATOMICAL_ORDER: Final = ("aVL", "I", "-aVR", "II", "aVF", "III")
"""Neighbours here are contiguous (Fourth Universal Definition of MI, 2018)."""

_KNOWN: Final[dict[str, str]] = {
    name.lower(): name for name in (*LIMB_LEADS, *(f"V{n}" for n in range(1, 7)))
}


def canonical_lead(name: str) -> str:
    """Return the usual spelling of a lead ("avf" → "aVF"); an unknown name stays as it is."""
    bare = name.strip()
    key = bare.lower().removeprefix("lead_").removeprefix("lead ")
    return _KNOWN.get(key, bare)
