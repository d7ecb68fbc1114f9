"""Lossless coding of waveform: pieces of a few seconds, each of which decodes alone.

A lead, or its difference to what the leads before it suggest, is predicted by polynomials of order
0 to 3 (as in Shorten and FLAC) after a common divisor is taken out (a coarse converter at a fine
scale); the best of these is Rice coded. ``docs/database.md`` has the layout and the figures.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ecgd.errors import StoreError
from ecgd.model.signal import BoolArray, CountArray, IntArray, SampleBlock
from ecgd.store import rice

MAGIC = b"ECGW"
VERSION = 1
SAMPLES_MAX = 1 << 20
LEADS_MAX = 32

_HEADER = struct.Struct("<4sBBHIqIddidd")
_LEAD = struct.Struct("<BIq")
_SEED = struct.Struct("<q")
_LENGTH = struct.Struct("<I")
_CRC = struct.Struct("<I")
_ALL_VALID = 0x01
_ORDER_MAX = 3
_DIVISOR_MAX = 2**32 - 1
_DAMAGED = "The piece is damaged; the others are not"


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """One piece of waveform with what it takes to read it.

    ``unix_s`` is the wall time of its first sample; ``fs_hz``, ``counts_per_mv`` and
    ``baseline_counts`` are those of the device.
    """

    block: SampleBlock
    fs_hz: float
    counts_per_mv: float
    baseline_counts: int
    unix_s: float

    @property
    def end_unix_s(self) -> float:
        """Wall time just after the last sample."""
        return self.unix_s + int(self.block.counts.shape[1]) / self.fs_hz


@dataclass(frozen=True, slots=True)
class Span:
    """Where a piece lies in a chain of pieces, and which samples and wall time it covers."""

    offset: int
    length: int
    start_index: int
    end_index: int
    unix_s: float
    end_unix_s: float


def encode(segment: Segment) -> bytes:
    """Code one piece; every count comes back as it was, invalid samples included.

    Raises StoreError when it has no sample, no lead, or more than the format allows.
    """
    block = segment.block
    leads, samples = (int(size) for size in block.counts.shape)
    _refuse_size(leads, samples)
    all_valid = bool(block.valid.all())
    body = (b"" if all_valid else _encode_mask(block.valid)) + _encode_leads(block.counts)
    header = _HEADER.pack(
        MAGIC,
        VERSION,
        _ALL_VALID if all_valid else 0,
        leads,
        _HEADER.size + len(body) + _CRC.size,
        block.start_index,
        samples,
        segment.fs_hz,
        segment.counts_per_mv,
        segment.baseline_counts,
        block.arrived_s,
        segment.unix_s,
    )
    return header + body + _CRC.pack(zlib.crc32(header + body))


def decode(data: bytes) -> Segment:
    """Return the piece that ``data`` holds, and nothing else. Raises StoreError if damaged."""
    if _length_at(data, 0) != len(data):
        raise StoreError("A waveform piece is damaged: checksum or length is wrong", _DAMAGED)
    fields = _HEADER.unpack_from(data)
    _, version, flags, leads, _, start_index, samples, fs_hz, scale, baseline, arrived_s, at_s = (
        fields
    )
    if version != VERSION:
        raise StoreError(
            f"A waveform piece has format {version}, this program knows {VERSION}",
            "Read it with the version of ecgd that wrote it, or a newer one",
        )
    body = data[_HEADER.size : -_CRC.size]
    _refuse_size(leads, samples)
    try:
        if flags & _ALL_VALID:
            valid = np.ones(samples, np.bool_)
        else:
            valid, body = _decode_mask(body, samples)
        counts = _decode_leads(body, leads, samples)
    except (struct.error, zlib.error, IndexError, KeyError, ValueError) as error:
        raise StoreError(f"A waveform piece makes no sense: {error}", _DAMAGED) from error
    return Segment(SampleBlock(start_index, counts, valid, arrived_s), fs_hz, scale, baseline, at_s)


def read_all(data: bytes) -> tuple[tuple[Segment, ...], int]:
    """Return the pieces of a chain of pieces, and how many damaged stretches were stepped over."""
    segments: list[Segment] = []
    damaged = 0
    expected = 0
    for offset, length in _walk(data):
        damaged += offset != expected
        segments.append(decode(data[offset : offset + length]))
        expected = offset + length
    return tuple(segments), damaged + (expected != len(data))


def read_validity(data: bytes) -> tuple[tuple[tuple[int, BoolArray], ...], int]:
    """Return first index and validity of each piece of a chain, and how many stretches are damaged.

    The counts themselves are not decoded, so this is fast.
    """
    found: list[tuple[int, BoolArray]] = []
    damaged = 0
    expected = 0
    for offset, length in _walk(data):
        damaged += offset != expected
        _, _, flags, _, _, start_index, samples, *_ = _HEADER.unpack_from(data, offset)
        expected = offset + length
        if flags & _ALL_VALID:
            valid = np.ones(samples, np.bool_)
        else:
            valid, _ = _decode_mask(data[offset + _HEADER.size : expected], samples)
        found.append((start_index, valid))
    return tuple(found), damaged + (expected != len(data))


def spans(data: bytes) -> tuple[tuple[Span, ...], int]:
    """Return where the pieces of a chain lie, undecoded, and how many stretches are damaged."""
    found: list[Span] = []
    damaged = 0
    expected = 0
    for offset, length in _walk(data):
        damaged += offset != expected
        fields = _HEADER.unpack_from(data, offset)
        start_index, samples, fs_hz, unix_s = fields[5], fields[6], fields[7], fields[11]
        end_index, end_unix_s = start_index + samples, unix_s + samples / fs_hz
        found.append(Span(offset, length, start_index, end_index, unix_s, end_unix_s))
        expected = offset + length
    return tuple(found), damaged + (expected != len(data))


def _walk(data: bytes) -> Iterator[tuple[int, int]]:
    """Give offset and length of each whole piece, in order."""
    offset = data.find(MAGIC)
    while offset >= 0:
        length = _length_at(data, offset)
        if length is not None:
            yield offset, length
        offset = data.find(MAGIC, offset + (length or 1))


def _length_at(data: bytes, offset: int) -> int | None:
    """Return the length of the piece that begins at ``offset``; None: no whole piece does."""
    if len(data) - offset < _HEADER.size + _CRC.size or not data.startswith(MAGIC, offset):
        return None
    length: int = _HEADER.unpack_from(data, offset)[4]
    if not _HEADER.size + _CRC.size <= length <= len(data) - offset:
        return None
    end = offset + length - _CRC.size
    checksum: int = _CRC.unpack_from(data, end)[0]
    return length if zlib.crc32(data[offset:end]) == checksum else None


def _refuse_size(leads: int, samples: int) -> None:
    if not (0 < samples <= SAMPLES_MAX and 0 < leads <= LEADS_MAX):
        raise StoreError(
            f"A piece of {leads} lead(s) and {samples} sample(s) is out of bounds",
            f"A piece has 1 to {LEADS_MAX} leads and 1 to {SAMPLES_MAX} samples",
        )


def _encode_mask(valid: BoolArray) -> bytes:
    packed = zlib.compress(np.packbits(valid).tobytes())
    return _LENGTH.pack(len(packed)) + packed


def _decode_mask(body: bytes, samples: int) -> tuple[BoolArray, bytes]:
    end = _LENGTH.size + int(_LENGTH.unpack_from(body)[0])
    packed = np.frombuffer(zlib.decompress(body[_LENGTH.size : end]), np.uint8)
    return np.unpackbits(packed, count=samples).astype(np.bool_), body[end:]


def _encode_leads(counts: CountArray) -> bytes:
    wide = counts.astype(np.int64)
    parts: list[bytes] = []
    for row in range(wide.shape[0]):
        plans = [_plan(wide[row] - guess, mode << 4) for mode, guess in _guesses(wide[:row])]
        parts.append(_encode_lead(min(plans, key=lambda plan: plan.cost)))
    return b"".join(parts)


def _decode_leads(body: bytes, leads: int, samples: int) -> CountArray:
    counts = np.zeros((leads, samples), np.int64)
    for row in range(leads):
        guess = dict(_guesses(counts[:row]))[body[0] >> 4]
        residuals, used = _decode_lead(body, samples)
        counts[row] = residuals + guess
        body = body[used:]
    return counts.astype(np.int32)


def _guesses(before: IntArray) -> list[tuple[int, IntArray]]:
    """Return what a row may look like, from the rows before it: (number, guess).

    With leads I and II first, the last four are III, aVR, aVL and aVF up to rounding, so that a
    device which sends derived leads costs little more than one which does not.
    """
    guesses = [(0, np.zeros(before.shape[1], np.int64))]
    if len(before) > 0:
        guesses.append((1, before[0]))
    if len(before) > 1:
        first, second = before[0], before[1]
        guesses += [
            (2, second - first),
            (3, -((first + second) >> 1)),
            (4, first - (second >> 1)),
            (5, second - (first >> 1)),
        ]
    return guesses


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """One way to code a row: ``residuals`` of ``order`` after ``divisor`` and ``seeds``."""

    mode: int
    divisor: int
    first: int
    seeds: tuple[int, ...]
    residuals: IntArray
    cost: int


def _plan(lead: IntArray, mode: int) -> _Plan:
    """Return the order that leaves least."""
    common = int(np.gcd.reduce(np.diff(lead), initial=0))
    divisor = common if 0 < common <= _DIVISOR_MAX else 1
    orders = [(lead - lead[0]) // divisor]
    for _ in range(min(_ORDER_MAX, lead.size - 1)):
        orders.append(np.diff(orders[-1]))
    costs = [int(np.abs(residuals).sum()) for residuals in orders]
    order = costs.index(min(costs))
    seeds = tuple(int(residuals[0]) for residuals in orders[:order])
    return _Plan(mode | order, divisor, int(lead[0]), seeds, orders[order], costs[order])


def _encode_lead(plan: _Plan) -> bytes:
    """Code one row: mode, divisor, first value, one seed per order, then the residuals."""
    head = _LEAD.pack(plan.mode, plan.divisor, plan.first)
    return head + b"".join(map(_SEED.pack, plan.seeds)) + rice.encode(plan.residuals)


def _decode_lead(body: bytes, samples: int) -> tuple[IntArray, int]:
    mode, divisor, first = _LEAD.unpack_from(body)
    order = mode & 0x0F
    start = _LEAD.size + order * _SEED.size
    values, used = rice.decode(body[start:], samples - order)
    for step in reversed(range(order)):
        seed = _SEED.unpack_from(body, _LEAD.size + step * _SEED.size)[0]
        values = np.cumsum(np.concatenate(([seed], values)), dtype=np.int64)
    return values * divisor + first, start + used
