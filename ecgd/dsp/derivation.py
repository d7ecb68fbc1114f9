"""The six limb leads from any two of them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ecgd.model.leads import DERIVATION, LIMB_LEADS
from ecgd.model.signal import FloatArray, Mixing


def complete_limb_leads(
    leads: tuple[str, ...], signal: FloatArray
) -> tuple[tuple[str, ...], FloatArray]:
    """Return the six limb leads first, in the order of ``LIMB_LEADS``, then the other leads.

    ``signal`` has shape (lead, sample). Measured leads stay exactly as measured; the missing are
    derived from I and II where both are measured, else from the first two limb leads. With fewer
    than two limb leads, leads and signal come back as they are.
    """
    sources = derivation_sources(leads)
    if len(sources) < 2 or leads[: len(LIMB_LEADS)] == LIMB_LEADS:
        return leads, signal
    weights = _weights_from(sources)
    pair = signal[[leads.index(sources[0]), leads.index(sources[1])]]
    rows = [
        signal[leads.index(lead)] if lead in leads else weights[k] @ pair
        for k, lead in enumerate(LIMB_LEADS)
    ]
    others = tuple(lead for lead in leads if lead not in LIMB_LEADS)
    rows += [signal[leads.index(lead)] for lead in others]
    return (*LIMB_LEADS, *others), np.stack(rows)


@lru_cache(maxsize=64)
def mixing_of(leads: tuple[str, ...], measured: tuple[str, ...]) -> Mixing | None:
    """Return how completed ``leads`` follow from the ``measured`` ones; None: all were measured."""
    sources = tuple(k for k, lead in enumerate(leads) if lead in measured)
    if len(sources) == len(leads):
        return None
    named = tuple(leads[k] for k in sources)
    weights = np.zeros((len(leads), len(sources)))
    weights[sources, range(len(sources))] = 1.0
    from_pair = _weights_from(derivation_sources(named))
    for k, lead in enumerate(leads):
        if lead not in named:
            weights[k, :2] = from_pair[LIMB_LEADS.index(lead)]
    weights.setflags(write=False)
    return Mixing(sources, weights)


def derivation_sources(leads: tuple[str, ...]) -> tuple[str, ...]:
    """Return the limb leads that derived leads come from: two, or fewer where no two are there."""
    measured = tuple(lead for lead in LIMB_LEADS if lead in leads)
    return measured[:2]


@lru_cache(maxsize=16)
def _weights_from(sources: tuple[str, ...]) -> FloatArray:
    """Return, per limb lead, its weights on the two source leads; shape (6, 2)."""
    basis = np.array([DERIVATION[lead] for lead in LIMB_LEADS])
    from_sources = np.array([DERIVATION[lead] for lead in sources])
    weights: FloatArray = np.round(basis @ np.linalg.inv(from_sources), 12)
    weights.setflags(write=False)
    return weights
