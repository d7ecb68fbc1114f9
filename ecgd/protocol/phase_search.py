"""Where ``six-lead`` frames begin: they have no sync word, so thirteen phases are possible."""

from __future__ import annotations

from typing import Final

from ecgd.protocol.six_lead import FRAME_SIZE, SAMPLE_BYTES, ByteOrder, check_identities

LOCK_FRAMES: Final = 4
"""Frames in a row that prove a phase, where all keep all identities."""

LOCK_FRAMES_BY_SUM: Final = 16
"""Frames in a row that prove a phase by their sums alone: a channel may be faulty for ever."""

RIVAL_FRAMES: Final = 2
"""Another phase with so many good sums in a row makes the evidence ambiguous."""


class PhaseSearch:
    """Follows the good sums of all thirteen phases, byte by byte.

    A frame is evidence only where it differs from the one before it: of a line that repeats itself
    nothing can be learnt, as all zeros, or any pattern, may fit at several phases and for ever.
    """

    def __init__(self, byte_order: ByteOrder, baseline_counts: int) -> None:
        self._byte_order: ByteOrder = byte_order
        self._baseline_counts = baseline_counts
        self._sum = 0
        self.scanned = 0
        self._runs = [0] * FRAME_SIZE
        self._evidence = [0] * FRAME_SIZE
        self._kept = [0] * FRAME_SIZE

    def run(self, phase: int) -> int:
        """Good sums in a row at a phase (0: frames end on multiples of 13)."""
        return self._runs[phase]

    def has_rival(self, phase: int) -> bool:
        """Whether another phase might be right as well."""
        return any(run >= RIVAL_FRAMES for other, run in enumerate(self._runs) if other != phase)

    def proves(self, phase: int) -> bool:
        """Whether there is enough evidence for a phase, and none for another."""
        enough = self.proves_by_sum(phase) or self._kept[phase] >= LOCK_FRAMES
        return enough and not self.has_rival(phase)

    def proves_by_sum(self, phase: int) -> bool:
        """Whether sums alone are enough."""
        return self._evidence[phase] >= LOCK_FRAMES_BY_SUM

    def scan_next(self, buffer: bytearray) -> bool:
        """Take the next byte of ``buffer``; tell whether a frame with a good sum ends with it.

        The phase of that frame is ``scanned % 13`` afterwards.
        """
        at = self.scanned
        self.scanned = at + 1
        if at < SAMPLE_BYTES:
            self._sum += buffer[at]
            return False
        byte = buffer[at]
        good = self._sum & 0xFF == byte
        self._sum += byte - buffer[at - SAMPLE_BYTES]
        phase = self.scanned % FRAME_SIZE
        if good:
            self._note(phase, buffer)
        else:
            self._runs[phase] = self._evidence[phase] = self._kept[phase] = 0
        return good

    def forget(self, size: int) -> None:
        """Learn that the buffer has lost ``size`` bytes, a multiple of 13, at its beginning."""
        self.scanned -= size

    def _note(self, phase: int, buffer: bytearray) -> None:
        end = self.scanned
        frame = bytes(buffer[end - FRAME_SIZE : end])
        self._runs[phase] += 1
        before = buffer[max(0, end - 2 * FRAME_SIZE) : end - FRAME_SIZE]
        if self._runs[phase] > 1 and frame == before:
            return
        self._evidence[phase] += 1
        kept = check_identities(frame, self._byte_order, self._baseline_counts)
        self._kept[phase] = self._kept[phase] + 1 if all(kept) else 0
