"""A signal as a file holds it, before it is checked and turned into counts."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.model.signal import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class RawSignal:
    """``signal_uv`` has shape (lead, sample), in µV; not a number where a sample is missing."""

    signal_uv: FloatArray
    leads: tuple[str, ...]
    fs_hz: float
