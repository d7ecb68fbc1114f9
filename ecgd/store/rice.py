"""Rice coding of signed integers, with one parameter per 32 values, in whole arrays.

Rice 1979 (JPL 79-22) as Shorten and FLAC use it: a value is folded to an unsigned one, its upper
part is written in unary, its lower ``k`` bits as they are. Unary parts and lower bits are kept in
two streams, so that both directions are array operations and no loop runs over samples.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from ecgd.errors import StoreError
from ecgd.model.signal import IntArray

PARTITION = 32
"""Values that share one parameter."""

_K_BITS = 5
_K_MAX = (1 << _K_BITS) - 1
_SIZES = struct.Struct("<II")
_DAMAGED = "The piece cannot be decoded; restore it from a backup"

_BitArray = NDArray[np.uint8]


def encode(values: IntArray) -> bytes:
    """Code signed integers (each up to 2**33 in magnitude), shape (value,)."""
    folded = (values << 1) ^ (values >> 63)
    k = _parameters(folded)
    k_each = np.repeat(k, PARTITION)[: folded.size]
    quotients = folded >> k_each
    unary = np.zeros(int(quotients.sum()) + folded.size, np.uint8)
    unary[np.cumsum(quotients + 1) - 1] = 1
    low_bits = _write_low_bits(folded, k_each)
    sizes = _SIZES.pack(unary.size, low_bits.size)
    return sizes + b"".join(
        np.packbits(bits).tobytes() for bits in (_parameter_bits(k), unary, low_bits)
    )


def decode(data: bytes, count: int) -> tuple[IntArray, int]:
    """Return ``count`` values and how many bytes they took.

    Raises StoreError when ``data`` is not what ``encode`` made of ``count`` values.
    """
    if len(data) < _SIZES.size:
        raise StoreError("A coded piece ends too early", _DAMAGED)
    unary_size, low_size = _SIZES.unpack_from(data)
    offset = _SIZES.size
    parameters, offset = _read_bits(data, offset, -(-count // PARTITION) * _K_BITS)
    unary, offset = _read_bits(data, offset, unary_size)
    low_bits, offset = _read_bits(data, offset, low_size)
    return _join(parameters, unary, low_bits, count), offset


def _read_bits(data: bytes, offset: int, size: int) -> tuple[_BitArray, int]:
    end = offset + -(-size // 8)
    if end > len(data):
        raise StoreError("A coded piece ends too early", _DAMAGED)
    return np.unpackbits(np.frombuffer(data[offset:end], np.uint8), count=size), end


def _join(parameter_bits: _BitArray, unary: _BitArray, low_bits: _BitArray, count: int) -> IntArray:
    """Undo ``encode`` on the three bit streams."""
    weights = 1 << np.arange(_K_BITS)
    k = parameter_bits.reshape(-1, _K_BITS).astype(np.int64) @ weights
    k_each = np.repeat(k, PARTITION)[:count]
    ends = np.flatnonzero(unary)
    if ends.size != count or int(k_each.sum()) != low_bits.size:
        raise StoreError("The parts of a coded piece disagree", _DAMAGED)
    quotients = np.diff(ends, prepend=-1) - 1
    folded = (quotients << k_each) | _read_low_bits(low_bits, k_each)
    values: IntArray = (folded >> 1) ^ -(folded & 1)
    return values


def _parameters(folded: IntArray) -> IntArray:
    """Return each partition's cheapest parameter: the logarithm of its mean, or a neighbour."""
    padded = np.zeros(-(-folded.size // PARTITION) * PARTITION, np.int64)
    padded[: folded.size] = folded
    rows = padded.reshape(-1, PARTITION)
    middle = np.log2(np.maximum(rows.mean(axis=1), 1.0)).astype(np.int64)
    choices = np.clip(np.stack([middle - 1, middle, middle + 1]), 0, _K_MAX)
    costs = (rows[None] >> choices[:, :, None]).sum(axis=2) + choices * PARTITION
    best: IntArray = np.take_along_axis(choices, costs.argmin(axis=0)[None], axis=0)[0]
    return best


def _parameter_bits(k: IntArray) -> _BitArray:
    return ((k[:, None] >> np.arange(_K_BITS)) & 1).astype(np.uint8).reshape(-1)


def _write_low_bits(folded: IntArray, k_each: IntArray) -> _BitArray:
    bits = np.zeros(int(k_each.sum()), np.uint8)
    starts = np.cumsum(k_each) - k_each
    for plane in range(int(k_each.max(initial=0))):
        wide = k_each > plane
        bits[starts[wide] + plane] = (folded[wide] >> plane) & 1
    return bits


def _read_low_bits(bits: _BitArray, k_each: IntArray) -> IntArray:
    low = np.zeros(k_each.size, np.int64)
    starts = np.cumsum(k_each) - k_each
    for plane in range(int(k_each.max(initial=0))):
        wide = k_each > plane
        low[wide] |= bits[starts[wide] + plane].astype(np.int64) << plane
    return low
