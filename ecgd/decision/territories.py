"""Which limb leads are neighbours, which territory they show, and what lies across from it.

Sources: Fourth Universal Definition of Myocardial Infarction (2018) for contiguity; the pipeline
document, sections 5.2, 5.3 and 7, for the lists of leads.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Final

from ecgd.model.finding import Territory
from ecgd.model.leads import ANATOMICAL_ORDER

Pair = tuple[str, str]

MINUS_AVR: Final = "-aVR"

INFERIOR: Final = ("II", "III", "aVF")
HIGH_LATERAL: Final = ("I", "aVL")
RECIPROCAL: Final = {
    Territory.INFERIOR: ("aVL", "I"),
    Territory.HIGH_LATERAL: ("III", "aVF"),
}
"""Leads that see each territory from the other side."""

CONTIGUOUS: Final[tuple[Pair, ...]] = (*pairwise(ANATOMICAL_ORDER), ("II", "III"))
"""Neighbours in the anatomical order, and the one further pair of the document's lists."""


def pairs_among(leads: Collection[str]) -> tuple[Pair, ...]:
    """Return the contiguous pairs of which both leads are there."""
    there = frozenset(leads)
    return tuple(pair for pair in CONTIGUOUS if there.issuperset(pair))


def has_pair(levels: Mapping[str, float]) -> bool:
    """Tell whether at least one contiguous pair of leads was measured."""
    return any(all(lead.removeprefix("-") in levels for lead in pair) for pair in CONTIGUOUS)


def shown_territory(leads: Collection[str]) -> Territory:
    """Return the territory that elevated leads show: the one they show alone."""
    inferior = sum(lead in leads for lead in INFERIOR) >= 2
    lateral = all(lead in leads for lead in HIGH_LATERAL)
    if inferior != lateral:
        return Territory.INFERIOR if inferior else Territory.HIGH_LATERAL
    return Territory.UNCLEAR


def territory_of_any(leads: Collection[str]) -> Territory:
    """Return the territory of leads that need no neighbour."""
    inferior = any(lead in INFERIOR for lead in leads)
    lateral = any(lead in HIGH_LATERAL for lead in leads)
    if inferior != lateral:
        return Territory.INFERIOR if inferior else Territory.HIGH_LATERAL
    return Territory.UNCLEAR


def opposite_leads(territory: Territory | None) -> tuple[str, ...]:
    """Return the leads in which a territory's infarction shows as depression."""
    return RECIPROCAL.get(territory, ()) if territory is not None else ()


def artery_hint(territory: Territory | None, levels: Mapping[str, float]) -> str:
    """Name the usual artery. Source: the clinical table of territories."""
    if territory is Territory.INFERIOR:
        if "II" not in levels or "III" not in levels:
            return "right coronary or circumflex artery"
        right = levels["III"] > levels["II"]
        return (
            "right coronary artery more likely (III > II)"
            if right
            else "circumflex artery more likely (II ≥ III)"
        )
    if territory is Territory.HIGH_LATERAL:
        return "circumflex artery or diagonal branch"
    if territory is Territory.LEFT_MAIN:
        return "left main artery or several vessels"
    return ""


def unseen_territories(levels: Mapping[str, float]) -> tuple[str, ...]:
    """Return the territories that limb leads show, but not those that were measured this time."""
    inferior = sum(lead in levels for lead in INFERIOR) >= 2
    lateral = all(lead in levels for lead in HIGH_LATERAL)
    return (
        *(() if inferior else (Territory.INFERIOR.value,)),
        *(() if lateral else (Territory.HIGH_LATERAL.value,)),
    )
