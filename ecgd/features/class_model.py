"""Which class a beat's traits speak for: a few small networks that vote.

Each has one hidden layer; the logarithms of their answers are averaged. They are trained and
written by ``scripts/train-beat-classes`` (MIT-BIH DS1, QTDB, noise of NSTDB).
"""

from __future__ import annotations

from base64 import b85decode
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from ecgd.features.class_weights import HIDDEN, NETWORKS, WEIGHTS
from ecgd.features.usual_beats import TRAITS
from ecgd.model.signal import FloatArray

ANSWERS: Final = ("N", "S", "V", "noise")
"""What the networks tell apart; noise: no beat, or none that shows its class."""

OFFSETS: Final = (0.0, 0.5, 0.5, -1.0)
OFFSETS_IN_NOISE: Final = (0.0, 0.5, 0.5, 0.0)
UNREST: Final = -1.5
"""Added to the logarithms: ectopic beats are rarer in training than they should be missed, and
noise is an answer of its own where the rest before the QRS is restless (trait ``unrest``)."""

LARGEST: Final = 4.0
"""Traits further than so many deviations off their mean say no more."""


@dataclass(frozen=True, slots=True, eq=False)
class Networks:
    """Weights: ``mean``, ``deviation`` (trait,), hidden (network, trait, unit) and (network, 1,
    unit), last (network, unit, answer) and (network, 1, answer)."""

    mean: FloatArray
    deviation: FloatArray
    hidden: FloatArray
    hidden_offset: FloatArray
    last: FloatArray
    last_offset: FloatArray

    def probabilities(self, traits: FloatArray) -> FloatArray:
        """Return the probability of each of ``ANSWERS``, shape (beat, answer)."""
        scaled = ((traits - self.mean) / self.deviation).clip(-LARGEST, LARGEST)
        units = np.tanh(scaled @ self.hidden + self.hidden_offset)
        log_odds = units @ self.last + self.last_offset
        log_odds -= log_odds.max(axis=-1, keepdims=True)
        log_odds -= np.log(np.exp(log_odds).sum(axis=-1, keepdims=True))
        restless = traits[:, TRAITS.index("unrest"), None] > UNREST
        shares = np.exp(log_odds.mean(axis=0) + np.where(restless, OFFSETS_IN_NOISE, OFFSETS))
        normed: FloatArray = shares / shares.sum(axis=-1, keepdims=True)
        return normed


def pack(networks: Networks) -> bytes:
    """Return the weights as half-precision numbers, one after the other."""
    parts = (getattr(networks, name) for name in _shapes(*networks.hidden.shape[::2]))
    return np.concatenate([part.ravel() for part in parts]).astype("<f2").tobytes()


def unpack(data: bytes, count: int, units: int) -> Networks:
    """Return the networks packed in ``data``."""
    numbers = np.frombuffer(data, "<f2").astype(np.float64)
    parts, start = {}, 0
    for name, shape in _shapes(count, units).items():
        size = int(np.prod(shape))
        parts[name] = numbers[start : start + size].reshape(shape)
        start += size
    return Networks(**parts)


def _shapes(count: int, units: int) -> dict[str, tuple[int, ...]]:
    traits, answers = len(TRAITS), len(ANSWERS)
    return {
        "mean": (traits,),
        "deviation": (traits,),
        "hidden": (count, traits, units),
        "hidden_offset": (count, 1, units),
        "last": (count, units, answers),
        "last_offset": (count, 1, answers),
    }


@lru_cache(maxsize=1)
def trained() -> Networks:
    """Return the networks that this version was trained with."""
    return unpack(b85decode("".join(WEIGHTS)), NETWORKS, HIDDEN)
