"""Samples packets: raw counts, packed, one sample of every lead after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ecgd.errors import ProtocolError
from ecgd.model.signal import CountArray
from ecgd.protocol.frame import MAX_BODY_SIZE, SAMPLES_BIT, Frame, check_range, seal_frame

WIDTHS_BITS: Final = (12, 16)
MAX_LEADS: Final = 6
COUNTER_SIZE: Final = 2
COUNTER_MODULUS: Final = 1 << 16
MAX_PAYLOAD_SIZE: Final = MAX_BODY_SIZE - COUNTER_SIZE

_LEADS_MASK: Final = 0x07
_WIDE_BIT: Final = 0x08
_SELF_TEST_BIT: Final = 0x10


@dataclass(frozen=True, slots=True, eq=False)
class SamplesPacket:
    """At most 100 ms of samples.

    ``counts`` has shape (lead, sample), int32, in the order of the hello's leads, two's complement
    of ``width_bits``. ``counter`` holds the low 16 bits of the device's sample counter at the
    first sample. With ``self_test`` True the samples are the device's own square wave.
    """

    sequence: int
    counter: int
    counts: CountArray
    width_bits: int = 12
    self_test: bool = False

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SamplesPacket):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        counts = self.counts
        return (
            *(self.sequence, self.counter, self.width_bits, self.self_test),
            *(counts.shape, counts.tobytes()),
        )

    @property
    def sample_count(self) -> int:
        return int(self.counts.shape[1])

    def to_bytes(self) -> bytes:
        """Return the packet on the line; raises ProtocolError for what the format cannot carry."""
        check_range("number of leads", len(self.counts), 1, MAX_LEADS)
        check_range("counter", self.counter, 0, COUNTER_MODULUS - 1)
        payload = pack_counts(self.counts, self.width_bits)
        check_range("payload length", len(payload), 1, MAX_PAYLOAD_SIZE)
        kind = samples_type(len(self.counts), self.width_bits, self.self_test)
        return seal_frame(kind, self.sequence, self.counter.to_bytes(2, "little") + payload)

    @classmethod
    def from_frame(cls, frame: Frame) -> SamplesPacket:
        """Decode a frame of a samples type; raises ProtocolError when its body is not canonical."""
        lead_count, width_bits = samples_format(frame.kind)
        counts = unpack_counts(frame.body[COUNTER_SIZE:], lead_count, width_bits)
        counter = int.from_bytes(frame.body[:COUNTER_SIZE], "little")
        self_test = bool(frame.kind & _SELF_TEST_BIT)
        return cls(frame.sequence, counter, counts, width_bits, self_test)


def samples_type(lead_count: int, width_bits: int, self_test: bool) -> int:
    """Return the six-bit type that names this format."""
    wide = _WIDE_BIT if width_bits == 16 else 0
    return SAMPLES_BIT | (_SELF_TEST_BIT if self_test else 0) | wide | lead_count


def samples_format(kind: int) -> tuple[int, int]:
    """Return (number of leads, bits per sample) of a samples type; leads may be 0 or 7: invalid."""
    return kind & _LEADS_MASK, 16 if kind & _WIDE_BIT else 12


def payload_size(sample_count: int, lead_count: int, width_bits: int) -> int:
    """Bytes that so many samples of so many leads take."""
    return (sample_count * lead_count * width_bits + 7) // 8


def samples_in_payload(size: int, lead_count: int, width_bits: int) -> int:
    """Samples per lead in a payload of ``size`` bytes; 0 when no number of samples gives it."""
    if not 1 <= lead_count <= MAX_LEADS:
        return 0
    sample_count = size * 8 // (lead_count * width_bits)
    return sample_count if payload_size(sample_count, lead_count, width_bits) == size else 0


def pack_counts(counts: CountArray, width_bits: int) -> bytes:
    """Pack counts of shape (lead, sample); raises ProtocolError when one does not fit."""
    if width_bits not in WIDTHS_BITS:
        raise ProtocolError(f"samples of {width_bits} bits", "The block protocol has 12 and 16.")
    flat = np.ascontiguousarray(counts.T).reshape(-1)
    limit = 1 << (width_bits - 1)
    if flat.size and not (-limit <= flat.min() and flat.max() < limit):
        raise ProtocolError(f"a count does not fit in {width_bits} bits", "Scale or clamp it.")
    if width_bits == 16:
        return flat.astype("<i2").tobytes()
    return _pack_twelve(flat)[: payload_size(flat.size, 1, 12)]


def unpack_counts(payload: bytes, lead_count: int, width_bits: int) -> CountArray:
    """Return counts of shape (lead, sample), read-only; the inverse of ``pack_counts``.

    Raises ProtocolError for a length or padding that no number of samples gives.
    """
    sample_count = samples_in_payload(len(payload), lead_count, width_bits)
    if sample_count == 0:
        raise ProtocolError(f"{len(payload)} bytes are no whole number of samples")
    flat = _unpack(payload, lead_count * sample_count, width_bits)
    counts = np.ascontiguousarray(flat.reshape(sample_count, lead_count).T)
    counts.flags.writeable = False
    return counts


def _pack_twelve(flat: CountArray) -> bytes:
    padded = np.zeros((flat.size + 1) // 2 * 2, dtype=np.uint16)
    padded[: flat.size] = (flat & 0xFFF).astype(np.uint16)
    first, second = padded[0::2], padded[1::2]
    packed = np.empty((first.size, 3), dtype=np.uint8)
    packed[:, 0] = first & 0xFF
    packed[:, 1] = first >> 8 | (second & 0x0F) << 4
    packed[:, 2] = second >> 4
    return packed.tobytes()


def _unpack(payload: bytes, size: int, width_bits: int) -> CountArray:
    if width_bits == 16:
        return np.frombuffer(payload, dtype="<i2").astype(np.int32)
    if size % 2 and payload[-1] & 0xF0:
        raise ProtocolError("the padding is not zero")
    raw: NDArray[np.int32] = np.zeros((size + 1) // 2 * 3, dtype=np.int32)
    raw[: len(payload)] = np.frombuffer(payload, dtype=np.uint8)
    flat = np.empty(raw.size // 3 * 2, dtype=np.int32)
    flat[0::2] = raw[0::3] | (raw[1::3] & 0x0F) << 8
    flat[1::2] = raw[1::3] >> 4 | raw[2::3] << 4
    signed: CountArray = ((flat[:size] ^ 0x800) - 0x800).astype(np.int32)
    return signed
