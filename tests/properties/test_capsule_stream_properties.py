"""However a capsule is torn or damaged, it is known for that, and what is whole of it is read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgd.errors import CapsuleError
from ecgd.store.capsule_stream import MAGIC, StreamWriter, read_stream

LINES = st.lists(
    st.tuples(st.sampled_from(["came", "judged", "step"]), st.integers(), st.text(max_size=9)),
    max_size=6,
)


def write(batches: list[list[Any]]) -> tuple[bytes, list[Any]]:
    writer = StreamWriter()
    told = [[list(line) for line in batch] for batch in batches]
    data = b"".join(writer.lines(batch) for batch in told) + writer.seal()
    return data, [line for batch in told for line in batch]


@given(st.lists(LINES.filter(bool), max_size=4))
def test_a_whole_capsule_is_complete(batches: list[Any]) -> None:
    data, lines = write(batches)
    content = read_stream(data)
    assert content.is_complete
    assert list(content.lines) == lines


@given(st.lists(LINES.filter(bool), min_size=1, max_size=4), st.data())
def test_every_prefix_says_that_it_is_one(batches: list[Any], draw: st.DataObject) -> None:
    data, lines = write(batches)
    length = draw.draw(st.integers(0, len(data) - 1))
    content = read_stream(data[:length])
    assert not content.is_complete
    assert list(content.lines) == lines[: len(content.lines)]


@given(st.lists(LINES.filter(bool), min_size=1, max_size=4), st.data())
def test_no_damage_goes_unseen(batches: list[Any], draw: st.DataObject) -> None:
    data, lines = write(batches)
    place = draw.draw(st.integers(0, len(data) - 1))
    flipped = data[place] ^ (1 << draw.draw(st.integers(0, 7)))
    damaged = data[:place] + bytes([flipped]) + data[place + 1 :]
    if place < len(MAGIC):
        with pytest.raises(CapsuleError, match="not the bytes of a capsule"):
            read_stream(damaged)
        return
    content = read_stream(damaged)
    assert not content.is_complete
    assert list(content.lines) == lines[: len(content.lines)]


@given(st.binary(min_size=1, max_size=20))
def test_something_behind_the_end_is_told(behind: bytes) -> None:
    data, lines = write([[("came", 1, "")]])
    content = read_stream(data + behind)
    assert content.problem == "there is something behind its end"
    assert list(content.lines) == lines


def test_a_frame_left_out_is_seen() -> None:
    writer = StreamWriter()
    first, second = writer.lines([["came", 1]]), writer.lines([["came", 2]])
    content = read_stream(first + writer.seal())
    assert second
    assert content.problem == "its seal does not fit: it was changed or is damaged"
