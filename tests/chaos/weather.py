"""What a line does to bytes, for how long, and what befalls the device meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CALM_FIRST_S: Final = 15.0
"""So long a run is undisturbed before it begins."""


@dataclass(frozen=True, slots=True)
class Weather:
    """A kind of disturbance: ``bad_s`` of it, ``calm_s`` without, and again.

    Shares are of bytes or bits: ``byte_loss`` single bytes, ``burst_loss`` in bursts of
    ``burst_bytes`` on average, ``packet_loss`` of whole packets. ``twice`` and ``exchanged``: at so
    many bytes a piece of up to ``piece_bytes`` comes twice, or changes its place with the next one.
    ``stall_s``, ``cut_s``: longest stall and longest absence of the connection, one each a bad
    time. ``resets``: so many a bad time, in the middle of a packet. ``drift_ppm``: the oscillator
    steps each bad time to anywhere within so much.
    """

    byte_loss: float = 0.0
    burst_loss: float = 0.0
    burst_bytes: float = 200.0
    packet_loss: float = 0.0
    bit_errors: float = 0.0
    twice: float = 0.0
    exchanged: float = 0.0
    piece_bytes: int = 40
    stall_s: float = 0.0
    cut_s: float = 0.0
    resets: int = 0
    drift_ppm: float = 0.0
    bad_s: float = 45.0
    calm_s: float = 15.0

    def is_bad(self, time_s: float) -> bool:
        """Whether the disturbance is on ``time_s`` after the beginning of a run."""
        since_s = time_s - CALM_FIRST_S
        return since_s >= 0 and since_s % (self.bad_s + self.calm_s) < self.bad_s
