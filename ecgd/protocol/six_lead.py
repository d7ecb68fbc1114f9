"""The ``six-lead`` frame: six counts of 16 bits and an 8-bit sum (docs/protocol.md, "Six-lead")."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ecgd.errors import ProtocolError
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import CountArray

ByteOrder = Literal["little", "big"]

SAMPLE_BYTES: Final = 12
FRAME_SIZE: Final = SAMPLE_BYTES + 1
LEADS: Final = LIMB_LEADS
"""Order on the line: I, II, III, aVL, aVF, aVR."""

ROUNDING_COUNTS: Final = 2
"""Rounding of three measured leads, each by itself, moves an identity by no more than this."""

IDENTITIES: Final = ("I+III=II", "aVR+aVL+aVF=0", "2aVL=I-III", "2aVF=II+III")
"""What six limb leads fulfil, whatever the heart and the electrodes do (Goldberger, 1942).

The last two say how augmented leads are made, and are rounded twice: twice the tolerance.
"""

_STRUCTS: Final = {"little": struct.Struct("<6h"), "big": struct.Struct(">6h")}
_DTYPES: Final = {"little": "<i2", "big": ">i2"}

Kept = tuple[bool, bool, bool, bool]


@dataclass(frozen=True, slots=True, eq=False)
class SixLeadSamples:
    """Consecutive samples of one line: ``counts`` of shape (6, sample), int32, order ``LEADS``."""

    counts: CountArray

    @property
    def sample_count(self) -> int:
        return int(self.counts.shape[1])


def encode_six_lead(counts: CountArray, byte_order: ByteOrder = "little") -> bytes:
    """Return the frames of counts of shape (6, sample), 13 bytes a sample.

    Raises ProtocolError for another shape, or where a count does not fit in 16 bits.
    """
    if counts.ndim != 2 or len(counts) != len(LEADS):
        raise ProtocolError(
            f"counts of shape {counts.shape}", f"A six-lead frame carries {', '.join(LEADS)}."
        )
    if counts.size and not (counts.min() >= -0x8000 and counts.max() <= 0x7FFF):
        raise ProtocolError("a count does not fit in 16 bits", "Scale or clamp it.")
    frames = np.zeros((counts.shape[1], FRAME_SIZE), dtype=np.uint8)
    samples = np.ascontiguousarray(counts.T).astype(_DTYPES[byte_order])
    frames[:, :SAMPLE_BYTES] = samples.view(np.uint8)
    frames[:, SAMPLE_BYTES] = frames[:, :SAMPLE_BYTES].sum(axis=1, dtype=np.uint8)
    return frames.tobytes()


def decode_six_lead(frames: bytes, byte_order: ByteOrder = "little") -> CountArray:
    """Return counts of shape (6, sample) of whole frames whose sums have been found right."""
    octets = np.frombuffer(frames, dtype=np.uint8).reshape(-1, FRAME_SIZE)
    samples: NDArray[np.int16] = np.ascontiguousarray(octets[:, :SAMPLE_BYTES]).view(
        _DTYPES[byte_order]
    )
    counts: CountArray = np.ascontiguousarray(samples.T.astype(np.int32))
    counts.flags.writeable = False
    return counts


def sum_holds(frame: bytes) -> bool:
    """Whether the last of 13 bytes is the sum of the others modulo 256."""
    return sum(frame[:SAMPLE_BYTES]) & 0xFF == frame[SAMPLE_BYTES]


def check_identities(frame: bytes, byte_order: ByteOrder, baseline_counts: int) -> Kept:
    """Tell which of ``IDENTITIES`` one frame keeps, within rounding."""
    one, two, three, avl, avf, avr = _STRUCTS[byte_order].unpack_from(frame)
    limit = ROUNDING_COUNTS
    return (
        -limit <= one + three - two - baseline_counts <= limit,
        -limit <= avl + avf + avr - 3 * baseline_counts <= limit,
        -2 * limit <= 2 * (avl - baseline_counts) - one + three <= 2 * limit,
        -2 * limit <= 2 * avf - two - three <= 2 * limit,
    )
