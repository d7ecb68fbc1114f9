"""The ring: contiguous views, gaps of exact length, bounded memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgd.model.signal import SampleBlock
from ecgd.pipeline.ring import Ring


def block(start_index: int, length: int) -> SampleBlock:
    """A block whose counts are their own absolute indices (lead 0) and their negatives (lead 1)."""
    indices = np.arange(start_index, start_index + length, dtype=np.int32)
    return SampleBlock(
        start_index, np.stack([indices, -indices]), np.ones(length, dtype=np.bool_), 0.0
    )


def test_a_view_is_contiguous_and_shares_memory() -> None:
    ring = Ring(2, 100)
    for start in range(0, 240, 30):
        ring.append(block(start, 30))
    counts, valid = ring.view(240, 100)
    assert counts[0].tolist() == list(range(140, 240))
    assert valid.all()
    assert counts.base is not None
    assert counts[0].flags.c_contiguous


def test_a_view_cannot_be_written() -> None:
    ring = Ring(2, 10)
    ring.append(block(0, 10))
    counts, _ = ring.view(10, 5)
    with pytest.raises(ValueError, match="read-only"):
        counts[0, 0] = 1


def test_appending_goes_on_after_a_view_was_taken() -> None:
    ring = Ring(2, 10)
    ring.append(block(0, 10))
    ring.view(10, 10)
    ring.append(block(10, 3))
    assert ring.view(13, 3)[0][0].tolist() == [10, 11, 12]


def test_a_gap_has_its_exact_length_and_is_invalid() -> None:
    ring = Ring(2, 50)
    ring.append(block(0, 10))
    assert ring.append(block(17, 5)) == 7
    counts, valid = ring.view(22, 22)
    assert valid.tolist() == [True] * 10 + [False] * 7 + [True] * 5
    assert counts[0, 17:].tolist() == [17, 18, 19, 20, 21]


def test_a_gap_longer_than_the_ring_leaves_nothing_valid_of_before() -> None:
    ring = Ring(2, 20)
    ring.append(block(0, 20))
    ring.append(block(1000, 5))
    _, valid = ring.view(1005, 20)
    assert valid.tolist() == [False] * 15 + [True] * 5


def test_a_block_longer_than_the_ring_keeps_its_newest_samples() -> None:
    ring = Ring(2, 20)
    ring.append(block(0, 95))
    assert ring.view(95, 20)[0][0].tolist() == list(range(75, 95))


def test_going_back_in_time_is_refused() -> None:
    ring = Ring(2, 20)
    ring.append(block(0, 10))
    with pytest.raises(ValueError, match="3 samples before"):
        ring.append(block(7, 10))


@pytest.mark.parametrize(("end_index", "length"), [(31, 5), (30, 21), (9, 5)])
def test_a_view_outside_the_ring_is_refused(end_index: int, length: int) -> None:
    ring = Ring(2, 20)
    ring.append(block(0, 30))
    with pytest.raises(ValueError, match="not in the ring"):
        ring.view(end_index, length)


@settings(derandomize=True, max_examples=200)
@given(
    capacity=st.integers(5, 60),
    pieces=st.lists(st.tuples(st.integers(0, 90), st.integers(1, 90)), min_size=1, max_size=12),
    data=st.data(),
)
def test_any_view_equals_the_plain_list(
    capacity: int, pieces: list[tuple[int, int]], data: st.DataObject
) -> None:
    ring = Ring(2, capacity)
    plain: list[int | None] = []
    for gap, length in pieces:
        start = len(plain) + gap
        ring.append(block(start, length))
        plain += [None] * gap + list(range(start, start + length))
    length = data.draw(st.integers(1, min(capacity, len(plain))))
    back = data.draw(st.integers(0, min(capacity, len(plain)) - length))
    end = len(plain) - back
    counts, valid = ring.view(end, length)
    seen = [int(c) if ok else None for c, ok in zip(counts[0], valid, strict=True)]
    assert seen == plain[end - length : end]
