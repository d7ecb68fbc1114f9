"""The ring: the newest seconds of a stream, always readable as one contiguous piece."""

from __future__ import annotations

import numpy as np

from ecgd.model.signal import BoolArray, CountArray, SampleBlock


class Ring:
    """Preallocated buffer of counts at absolute sample indices.

    Every sample is written twice, one capacity apart, so that any window of up to ``capacity``
    samples is a view without a copy. Appending costs O(1) a sample. Samples that never arrived
    are there with ``valid`` False.
    """

    def __init__(self, n_leads: int, capacity: int) -> None:
        self._capacity = capacity
        self._counts: CountArray = np.zeros((n_leads, 2 * capacity), dtype=np.int32)
        self._valid: BoolArray = np.zeros(2 * capacity, dtype=np.bool_)
        self._end_index = 0

    @property
    def capacity(self) -> int:
        return self._capacity

    @property
    def end_index(self) -> int:
        """Index after the newest sample."""
        return self._end_index

    def append(self, block: SampleBlock) -> int:
        """Append a block and return the length of the gap before it.

        A block that begins later than the newest sample leaves a gap of exact length marked
        invalid. One that begins earlier raises ``ValueError``: the timeline drops repeats.
        """
        gap = block.start_index - self._end_index
        if gap < 0:
            raise ValueError(f"block starts {-gap} samples before the ring's end")
        self._skip(gap)
        newest = min(int(block.counts.shape[1]), self._capacity)
        self._end_index = block.end_index - newest
        self._write(block.counts[:, -newest:], block.valid[-newest:])
        return gap

    def view(self, end_index: int, length: int) -> tuple[CountArray, BoolArray]:
        """Return read-only views of shape (lead, length) and (length,) that end at ``end_index``.

        They are overwritten as the ring goes on: copy what is kept. Raises ``ValueError`` when the
        range is no longer, or not yet, in the ring.
        """
        oldest = self._end_index - self._capacity
        if end_index > self._end_index or end_index - length < max(oldest, 0):
            raise ValueError(f"samples {end_index - length}..{end_index} are not in the ring")
        stop = (end_index - 1) % self._capacity + 1 + self._capacity
        counts = self._counts[:, stop - length : stop]
        valid = self._valid[stop - length : stop]
        counts.flags.writeable = False
        valid.flags.writeable = False
        return counts, valid

    def _skip(self, gap: int) -> None:
        width = min(gap, self._capacity)
        if width:
            self._end_index += gap - width
            empty = np.zeros((self._counts.shape[0], width), dtype=np.int32)
            self._write(empty, np.zeros(width, dtype=np.bool_))

    def _write(self, counts: CountArray, valid: BoolArray) -> None:
        done = 0
        width = int(counts.shape[1])
        while done < width:
            at = self._end_index % self._capacity
            step = min(width - done, self._capacity - at)
            for start in (at, at + self._capacity):
                self._counts[:, start : start + step] = counts[:, done : done + step]
                self._valid[start : start + step] = valid[done : done + step]
            self._end_index += step
            done += step
