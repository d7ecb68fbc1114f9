"""A signal in which every sample tells its own number."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ecgd.model.signal import CountArray
from ecgd.node.device import COUNTS_PER_MV
from ecgd.node.feed import FeedBlock

NUMBERS: Final = 1 << 24
"""Two leads of 12 bits hold so many different samples: 18 hours at 250 Hz."""

_MASK: Final = NUMBERS - 1
_FACTOR: Final = 0x9E3779
_SECOND: Final = 0x85EBCB
_HALF: Final = 12

Numbers = NDArray[np.int64]


def counts_of(numbers: Numbers) -> CountArray:
    """Return counts of shape (2, sample), which look like noise: the worst signal there is."""
    mixed = numbers * _FACTOR & _MASK
    mixed = (mixed ^ mixed >> _HALF) * _SECOND & _MASK
    rows = np.stack([mixed & 0xFFF, mixed >> _HALF])
    return ((rows ^ 0x800) - 0x800).astype(np.int32)


def numbers_of(counts: CountArray) -> Numbers:
    """Return the numbers of samples, from counts of shape (2 or more, sample)."""
    low, high = (counts[row].astype(np.int64) & 0xFFF for row in (0, 1))
    mixed = (high << _HALF | low) * pow(_SECOND, -1, NUMBERS) & _MASK
    numbers: Numbers = (mixed ^ mixed >> _HALF) * pow(_FACTOR, -1, NUMBERS) & _MASK
    return numbers


class NumberedFeed:
    """Stands where a device's electrodes do. ``first`` is the number of its first sample."""

    leads = ("I", "II")

    def __init__(self, first: int = 0) -> None:
        self.position = first

    def take(self, sample_count: int) -> FeedBlock:
        """Return the next samples, in mV."""
        numbers = np.arange(self.position, self.position + sample_count, dtype=np.int64)
        self.position += sample_count
        signal_mv = counts_of(numbers) / COUNTS_PER_MV
        return FeedBlock(signal_mv, np.ones(sample_count, dtype=np.bool_), frozenset())
