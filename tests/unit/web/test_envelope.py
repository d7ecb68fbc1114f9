"""Least and most of buckets: whatever the blocks, no peak is lost and none is invented."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ecgd.model.live import LiveSamples
from ecgd.web.envelope import Envelope

FS_HZ = 250.0


def _samples(
    start_index: int, values: list[int], valid: list[bool], origin: int = 0
) -> LiveSamples:
    signal_mv = np.array([values, [-each for each in values]], dtype=np.float64)
    return LiveSamples(
        origin, start_index, FS_HZ, ("I", "II"), signal_mv, np.array(valid, dtype=np.bool_), 1.0
    )


@given(
    values=st.lists(st.integers(-9, 9), min_size=1, max_size=80),
    cuts=st.lists(st.integers(1, 79), max_size=8),
    bucket=st.integers(1, 30),
    start_index=st.integers(0, 100),
    data=st.data(),
)
def test_buckets_of_any_blocks_are_those_of_the_whole(
    values: list[int], cuts: list[int], bucket: int, start_index: int, data: st.DataObject
) -> None:
    size = len(values)
    valid = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
    envelope = Envelope(bucket)
    told: dict[int, tuple[float | None, float | None]] = {}
    edges = [0, *sorted({cut for cut in cuts if cut < size}), size]
    for first, last in pairwise(edges):
        block = _samples(start_index + first, values[first:last], valid[first:last])
        for shape in envelope.take(block):
            pairs = zip(shape["min_mv"]["I"], shape["max_mv"]["I"], strict=True)
            for place, pair in enumerate(pairs):
                index = shape["start_index"] + place * bucket
                assert index not in told
                told[index] = pair
    for index, pair in told.items():
        members = [
            values[place]
            for place in range(size)
            if index <= start_index + place < index + bucket and valid[place]
        ]
        assert pair == ((min(members), max(members)) if members else (None, None))
    whole = (start_index + size) // bucket * bucket
    first_bucket = start_index // bucket * bucket
    assert sorted(told) == list(range(first_bucket, whole, bucket))


def test_a_gap_ends_a_bucket_early() -> None:
    envelope = Envelope(10)
    assert list(envelope.take(_samples(0, [1, 2, 3], [True] * 3))) == []
    (early,) = envelope.take(_samples(25, [7], [True]))
    assert (early["start_index"], early["max_mv"]["I"]) == (0, [3.0])


def test_another_origin_begins_anew() -> None:
    envelope = Envelope(4)
    assert list(envelope.take(_samples(0, [1, 2], [True] * 2))) == []
    early, whole = envelope.take(_samples(0, [5, 6, 7, 8], [True] * 4, origin=1))
    assert (early["origin"], early["max_mv"]["I"]) == (0, [2.0])
    assert (whole["origin"], whole["min_mv"]["I"]) == (1, [5.0])
