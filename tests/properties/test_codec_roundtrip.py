"""Whatever the counts and the gaps: the codec gives back what it got, and only that."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ecgd.errors import StoreError
from ecgd.model.signal import BoolArray, CountArray, SampleBlock
from ecgd.store import codec, rice
from ecgd.store.codec import Segment

SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 130))
SMALL = st.integers(-300, 300)
ANY = st.integers(-(2**31), 2**31 - 1)


@st.composite
def blocks(draw: st.DrawFn) -> SampleBlock:
    shape = draw(SHAPES)
    elements = draw(st.sampled_from([SMALL, ANY]))
    counts: CountArray = draw(hnp.arrays(np.int32, shape, elements=elements))
    if draw(st.booleans()):
        counts = np.cumsum(counts, axis=1, dtype=np.int64).astype(np.int32)
    valid: BoolArray = draw(hnp.arrays(np.bool_, shape[1]))
    return SampleBlock(draw(st.integers(0, 2**62)), counts, valid, draw(st.floats(0, 1e9)))


@settings(max_examples=150)
@given(blocks(), st.integers(-(2**31), 2**31 - 1))
def test_blocks_come_back(block: SampleBlock, baseline: int) -> None:
    back = codec.decode(codec.encode(Segment(block, 250.0, 400.0, baseline, 1e9)))
    assert np.array_equal(back.block.counts, block.counts)
    assert np.array_equal(back.block.valid, block.valid)
    assert back.block.start_index == block.start_index
    assert back.block.arrived_s == block.arrived_s
    assert back.baseline_counts == baseline


@settings(max_examples=150)
@given(hnp.arrays(np.int64, st.integers(1, 200), elements=st.integers(-(2**33), 2**33)))
@example(np.array([2**33] + [0] * 31, np.int64))
def test_rice_codes_are_exact_and_bounded(
    values: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> None:
    coded = rice.encode(values)
    back, used = rice.decode(coded + b"rest", values.size)
    assert np.array_equal(back, values)
    assert used == len(coded)
    assert len(coded) <= 8 * (values.size + rice.PARTITION) + 64


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_garbage_is_refused_and_nothing_else(data: bytes) -> None:
    segments, damaged = codec.read_all(data)
    assert segments == ()
    assert damaged == (1 if data else 0)
    try:
        codec.decode(data)
    except StoreError:
        return
    raise AssertionError("garbage was taken for a piece")


@settings(max_examples=60)
@given(st.lists(blocks(), min_size=1, max_size=4), st.binary(max_size=20))
def test_pieces_are_found_behind_garbage(pieces: list[SampleBlock], garbage: bytes) -> None:
    coded = b"".join(codec.encode(Segment(block, 250.0, 400.0, 0, 0.0)) for block in pieces)
    segments, damaged = codec.read_all(garbage + coded)
    assert [segment.block.start_index for segment in segments] == [
        block.start_index for block in pieces
    ]
    assert damaged == (1 if garbage else 0)
