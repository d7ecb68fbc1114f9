"""Which lead identities a ``six-lead`` device keeps: a frame that breaks one is damaged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ecgd.protocol.six_lead import IDENTITIES, Kept

FAULT_FRAMES: Final = 4
"""So many frames in a row with a good sum and the same broken identity: a channel is faulty."""

STRAY_FRAMES: Final = 3
"""So many such frames with others between them show the same ..."""

DAMAGED_PER_STRAY: Final = 4
"""... unless there were this many times as many bad sums: damage spoils the sum far more often."""

MEMORY_FRAMES: Final = 256
"""Both counts are halved every so many frames."""

EARLY_STRAY_FRAMES: Final = 2
"""Before that, so many are enough: the phase may have been proved where the signal is so quiet that
no fault shows."""

REGAIN_FRAMES: Final = 1024
"""An identity that held in so many frames in a row is trusted again."""


class IdentityTrust:
    """Trusts an identity while the device keeps it.

    Real channels differ in gain, offset and noise, and a faulty one breaks identities for ever:
    such a device is still to be heard. So each identity is a check only as long as it is not the
    device itself that breaks it.
    """

    def __init__(self) -> None:
        self._trusted = [False] * len(IDENTITIES)
        self._kept_runs = [0] * len(IDENTITIES)
        self._broken_runs = [0] * len(IDENTITIES)
        self._strays = [0.0] * len(IDENTITIES)
        self._damaged = 0.0
        self._frames = 0
        self._is_proved = False

    @property
    def trusted(self) -> tuple[str, ...]:
        """Names of the identities that are trusted now."""
        return tuple(name for name, on in zip(IDENTITIES, self._trusted, strict=True) if on)

    def begin(self, frames: Sequence[Kept]) -> None:
        """Trust what the frames kept that have proved the phase.

        What the device broke before is not trusted again for a few quiet frames.
        """
        kept = [all(column) for column in zip(*frames, strict=True)]
        before = self._trusted if self._is_proved else kept
        self._trusted = [on and was for on, was in zip(kept, before, strict=True)]

    def allows(self, kept: Kept) -> bool:
        """Whether a frame keeps everything that is trusted."""
        return not any(on and not held for on, held in zip(self._trusted, kept, strict=True))

    def note_good_sum(self, kept: Kept) -> None:
        """Learn from a frame whose sum is right."""
        self._pass_frame()
        for number, held in enumerate(kept):
            if held:
                self._broken_runs[number] = 0
                self._kept_runs[number] += 1
                if self._kept_runs[number] >= REGAIN_FRAMES:
                    self._trusted[number] = True
            else:
                self._note_broken(number)

    def note_bad_sum(self) -> None:
        """Learn that a frame was damaged."""
        self._pass_frame()
        self._damaged += 1

    def _note_broken(self, number: int) -> None:
        self._kept_runs[number] = 0
        self._broken_runs[number] += 1
        self._strays[number] += 1
        strays = self._strays[number]
        needed = STRAY_FRAMES if self._is_proved else EARLY_STRAY_FRAMES
        often = strays >= needed and strays * DAMAGED_PER_STRAY > self._damaged
        if often or self._broken_runs[number] >= FAULT_FRAMES:
            self._trusted[number] = False

    def _pass_frame(self) -> None:
        self._frames += 1
        if self._frames >= MEMORY_FRAMES:
            self._frames = 0
            self._is_proved = True
            self._damaged /= 2
            self._strays = [count / 2 for count in self._strays]
