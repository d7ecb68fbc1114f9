"""What was exported, counted while it is written."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ecgd.cli.record_excerpt import Placed
from ecgd.store.catalogue import StoredStream
from ecgd.store.entries import StoredAlert


@dataclass(slots=True)
class Tally:
    """Samples from the first to the last, and what is missing between them."""

    start_unix_s: float = 0.0
    valid_samples: int = 0
    missing_samples: int = 0
    gap_count: int = 0
    length: int = 0
    offsets: dict[str, tuple[StoredStream, int]] = field(default_factory=dict)
    _in_gap: bool = False

    def take(self, piece: Placed) -> None:
        """Count one piece."""
        if not self.offsets:
            self.start_unix_s = piece.unix_s
        offset = piece.position - piece.stream_index
        self.offsets.setdefault(piece.stream.stream, (piece.stream, offset))
        if piece.position > self.length:
            self.gap_count += not self._in_gap
            self.missing_samples += piece.position - self.length
            self._in_gap = True
        here = int(np.count_nonzero(piece.valid))
        begun = np.diff(piece.valid.astype(np.int8), prepend=np.int8(not self._in_gap)) == -1
        self.gap_count += int(np.count_nonzero(begun))
        self._in_gap = not piece.valid[-1]
        self.valid_samples += here
        self.missing_samples += int(piece.valid.size) - here
        self.length = piece.end

    def position_of(self, stored: StoredAlert, fs_hz: float) -> int | None:
        """Return where an alert lies among the samples; None: outside.

        By its sample where it has one, else by the wall clock.
        """
        index, row_id = stored.alert.sample_index, stored.recording_id
        by_clock = round((stored.alert.occurred_unix_s - self.start_unix_s) * fs_hz)
        position = by_clock
        for stream, offset in self.offsets.values():
            if index is not None and row_id in stream.row_ids:
                position = index + offset
        return position if 0 <= position < self.length else None
