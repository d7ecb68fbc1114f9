"""Streams are cut at fixed places; gaps are marked, nothing is lost, nothing is invented."""

from __future__ import annotations

import numpy as np
import pytest
from store_examples import DEVICE, FS_HZ, make_block

from ecgd.model.signal import SampleBlock
from ecgd.store.codec import Segment
from ecgd.store.streams import Segmenter, StampedBlock, Stream

STREAM = Stream("key", "ann", DEVICE, "boot", 1000.0, 10.0)


def cut(blocks: list[SampleBlock], segment_s: float = 1.0) -> list[Segment]:
    segmenter = Segmenter(STREAM, segment_s)
    pieces = [
        piece
        for block in blocks
        for piece in segmenter.add(StampedBlock(block, 1000.0 + block.start_index / FS_HZ))
    ]
    return pieces + segmenter.flush()


def spans(pieces: list[Segment]) -> list[tuple[int, int]]:
    return [(piece.block.start_index, piece.block.end_index) for piece in pieces]


@pytest.mark.parametrize("size", [1, 7, 25, 250, 333, 1000])
def test_the_pieces_do_not_depend_on_the_blocks(size: int) -> None:
    whole = make_block(100, 1000)
    blocks = [
        SampleBlock(100 + at, whole.counts[:, at : at + size], whole.valid[at : at + size], 0.0)
        for at in range(0, 1000, size)
    ]
    pieces = cut(blocks)
    assert spans(pieces) == [(100, 250), (250, 500), (500, 750), (750, 1000), (1000, 1100)]
    joined = np.concatenate([piece.block.counts for piece in pieces], axis=1)
    assert np.array_equal(joined, whole.counts)
    assert all(piece.block.valid.all() for piece in pieces)
    assert [piece.unix_s for piece in pieces] == pytest.approx(
        [1000.0 + piece.block.start_index / FS_HZ for piece in pieces]
    )


def test_a_gap_inside_a_piece_is_marked() -> None:
    pieces = cut([make_block(0, 50), make_block(80, 20)])
    assert spans(pieces) == [(0, 100)]
    assert np.flatnonzero(~pieces[0].block.valid).tolist() == list(range(50, 80))


def test_a_gap_over_a_boundary_ends_the_piece() -> None:
    pieces = cut([make_block(0, 50), make_block(1010, 20)])
    assert spans(pieces) == [(0, 50), (1010, 1030)]
    assert all(piece.block.valid.all() for piece in pieces)


def test_samples_that_come_twice_are_kept_twice() -> None:
    first, again = make_block(0, 50), make_block(20, 50)
    pieces = cut([first, again])
    assert spans(pieces) == [(0, 50), (20, 70)]
    assert np.array_equal(pieces[1].block.counts, again.counts)


def test_invalid_samples_keep_their_counts() -> None:
    block = make_block(0, 50)
    block.valid[5] = False
    piece = cut([block])[0]
    assert np.array_equal(piece.block.counts, block.counts)
    assert np.array_equal(piece.block.valid, block.valid)


def test_a_piece_carries_the_devices_scale() -> None:
    piece = cut([make_block(0, 10)])[0]
    assert (piece.fs_hz, piece.counts_per_mv, piece.baseline_counts) == (250.0, 400.0, 2048)
