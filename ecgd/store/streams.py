"""One patient's samples on their way to the disk: cut into pieces of a few seconds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecgd.model.device import DeviceInfo
from ecgd.model.signal import SampleBlock
from ecgd.store.codec import Segment


@dataclass(frozen=True, slots=True)
class Stream:
    """Samples of one device under one sample count; ``key`` is unique for ever."""

    key: str
    patient_id: str
    device: DeviceInfo
    boot_id: str
    opened_unix_s: float
    opened_mono_s: float


@dataclass(frozen=True, slots=True, eq=False)
class StampedBlock:
    """A block and the wall time of its first sample."""

    block: SampleBlock
    unix_s: float


class Segmenter:
    """Cuts one stream at absolute multiples of the piece's length.

    A gap inside a piece becomes invalid samples; a gap that reaches into another piece ends this
    one. A block that overlaps what is there already begins a new piece, so that nothing is lost.
    """

    def __init__(self, stream: Stream, segment_s: float) -> None:
        self._stream = stream
        self._length = max(1, round(segment_s * stream.device.fs_hz))
        self._parts: list[SampleBlock] = []
        self._unix_s = 0.0

    @property
    def pending_samples(self) -> int:
        """Samples that no finished piece holds yet, gaps included."""
        return self._parts[-1].end_index - self._parts[0].start_index if self._parts else 0

    def add(self, stamped: StampedBlock) -> list[Segment]:
        """Take a block and return the pieces that it completes."""
        finished: list[Segment] = []
        block, unix_s = stamped.block, stamped.unix_s
        while block.counts.shape[1]:
            if self._parts and not self._continues(block):
                finished += self.flush()
            room = self._length - block.start_index % self._length
            head = _part(block, 0, room)
            self._take(head, unix_s)
            if head.end_index % self._length == 0:
                finished += self.flush()
            unix_s += room / self._stream.device.fs_hz
            block = _part(block, room, None)
        return finished

    def flush(self) -> list[Segment]:
        """Finish the piece under way, if there is one."""
        if not self._parts:
            return []
        device = self._stream.device
        counts = np.concatenate([part.counts for part in self._parts], axis=1)
        valid = np.concatenate([part.valid for part in self._parts])
        first, last = self._parts[0], self._parts[-1]
        block = SampleBlock(first.start_index, counts, valid, last.arrived_s)
        self._parts = []
        return [
            Segment(block, device.fs_hz, device.counts_per_mv, device.baseline_counts, self._unix_s)
        ]

    def _continues(self, block: SampleBlock) -> bool:
        last = self._parts[-1]
        same_piece = block.start_index // self._length == last.start_index // self._length
        same_leads = block.counts.shape[0] == last.counts.shape[0]
        return same_piece and same_leads and block.start_index >= last.end_index

    def _take(self, block: SampleBlock, unix_s: float) -> None:
        if not self._parts:
            self._unix_s = unix_s
        else:
            gap = block.start_index - self._parts[-1].end_index
            if gap:
                self._parts.append(_fill(self._parts[-1], gap))
        self._parts.append(block)


def _part(block: SampleBlock, start: int, stop: int | None) -> SampleBlock:
    return replace(
        block,
        start_index=block.start_index + start,
        counts=block.counts[:, start:stop],
        valid=block.valid[start:stop],
    )


def _fill(before: SampleBlock, count: int) -> SampleBlock:
    """Return a gap: invalid samples that repeat the last count, which costs next to nothing."""
    counts = np.repeat(before.counts[:, -1:], count, axis=1)
    return SampleBlock(before.end_index, counts, np.zeros(count, np.bool_), before.arrived_s)
