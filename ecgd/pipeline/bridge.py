"""Bridges the holes that single lost frames leave: a beat is not lost with one sample of it."""

from __future__ import annotations

from typing import Final

import numpy as np

from ecgd.model.signal import BoolArray, FloatArray

BRIDGE_S: Final = 0.012
"""Longest hole that is bridged, three samples at 250 Hz: shorter than any wave of a beat."""

_REACH: Final = 2
"""Known samples on either side that a bridge stands on."""


def bridge_short_holes(
    signal: FloatArray, valid: BoolArray, longest: int
) -> tuple[FloatArray, BoolArray]:
    """Return signal (lead, sample) and validity (sample,) with short holes filled, both new.

    A hole of up to ``longest`` samples with two known samples on either side is filled by the cubic
    through these four. Any other hole stays as it is, and invalid.
    """
    filled, known = signal.copy(), valid.copy()
    edges = np.flatnonzero(np.diff(valid.astype(np.int8), prepend=1, append=1))
    for start, stop in edges.reshape(-1, 2):
        before, after = slice(start - _REACH, start), slice(stop, stop + _REACH)
        has_room = start >= _REACH and stop + _REACH <= valid.size
        if stop - start <= longest and has_room and valid[before].all() and valid[after].all():
            at = np.r_[before, after]
            hole = np.arange(start, stop)
            filled[:, start:stop] = signal[:, at] @ _weights(at, hole)
            known[start:stop] = True
    return filled, known


def _weights(at: np.ndarray, hole: np.ndarray) -> FloatArray:
    """Return Lagrange's weights of known places on missing ones; shape (known, missing)."""
    rows = []
    for k, place in enumerate(at):
        others = np.delete(at, k)
        factors = (hole[:, None] - others[None, :]) / (place - others)[None, :]
        rows.append(factors.prod(axis=1))
    weights: FloatArray = np.stack(rows)
    return weights
