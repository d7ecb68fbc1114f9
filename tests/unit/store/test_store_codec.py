"""The waveform codec: lossless, self-contained, small, and never fooled by damage."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecgd.errors import StoreError
from ecgd.model.signal import CountArray, SampleBlock
from ecgd.store import codec
from ecgd.store.codec import Segment

SEGMENT_S = 5
SMALLER_THAN_SIX_LEADS = 5.0


def make_segment(counts: CountArray, *, start_index: int = 0, fs_hz: float = 250.0) -> Segment:
    valid = np.ones(counts.shape[1], np.bool_)
    return Segment(SampleBlock(start_index, counts, valid, 12.5), fs_hz, 400.0, 2048, 1.75e9)


def ramp(samples: int = 100) -> CountArray:
    return np.stack([np.arange(samples), 7 - 3 * np.arange(samples)]).astype(np.int32)


def read_counts(path: Path, counts_per_mv: float) -> tuple[CountArray, float]:
    """Return the first two leads of a recording at another scale."""
    record = wfdb.rdrecord(str(path), physical=False)
    scaled = record.d_signal.T[:2] * (counts_per_mv / record.adc_gain[0])
    return np.rint(scaled).astype(np.int32), float(record.fs)


def test_everything_comes_back() -> None:
    segment = make_segment(ramp(), start_index=2**40)
    segment.block.valid[10:20] = False
    back = codec.decode(codec.encode(segment))
    assert np.array_equal(back.block.counts, segment.block.counts)
    assert back.block.counts.dtype == np.int32
    assert np.array_equal(back.block.valid, segment.block.valid)
    assert back.block.start_index == 2**40
    assert (back.block.arrived_s, back.unix_s) == (12.5, 1.75e9)
    assert (back.fs_hz, back.counts_per_mv, back.baseline_counts) == (250.0, 400.0, 2048)


@pytest.mark.parametrize("samples", [1, 2, 3, 31, 32, 33, 1250])
@pytest.mark.parametrize("leads", [1, 2, 6])
def test_every_shape(samples: int, leads: int) -> None:
    counts = np.random.default_rng(samples).integers(-(2**31), 2**31, (leads, samples))
    segment = make_segment(counts.astype(np.int32))
    assert np.array_equal(codec.decode(codec.encode(segment)).block.counts, segment.block.counts)


def test_the_extremes_of_32_bits() -> None:
    counts = np.tile(np.array([-(2**31), 2**31 - 1], np.int32), (2, 50))
    counts[1] = counts[1][::-1]
    assert np.array_equal(codec.decode(codec.encode(make_segment(counts))).block.counts, counts)


def test_a_flat_line_costs_next_to_nothing() -> None:
    assert len(codec.encode(make_segment(np.full((2, 1250), 2048, np.int32)))) < 500


def test_a_coarse_converter_at_a_fine_scale_costs_no_more() -> None:
    counts = np.cumsum(np.random.default_rng(2).integers(-4, 5, (2, 1250)), axis=1)
    fine, coarse = (codec.encode(make_segment((counts * n).astype(np.int32))) for n in (16, 1))
    assert len(fine) == len(coarse)


@pytest.mark.parametrize("counts_per_mv", [1000.0, 400.0])
def test_every_recording_is_five_times_smaller_than_six_leads(
    recordings: Path, counts_per_mv: float
) -> None:
    headers = sorted(recordings.glob("*.hea"))
    assert headers
    for header in headers:
        counts, fs_hz = read_counts(header.with_suffix(""), counts_per_mv)
        length = round(SEGMENT_S * fs_hz)
        for start in range(0, counts.shape[1], length):
            piece = counts[:, start : start + length]
            coded = codec.encode(make_segment(piece, start_index=start, fs_hz=fs_hz))
            assert np.array_equal(codec.decode(coded).block.counts, piece)
            six_leads_bytes = 6 * 2 * piece.shape[1]
            assert six_leads_bytes / len(coded) >= SMALLER_THAN_SIX_LEADS, header.stem


def test_derived_leads_cost_little(recordings: Path) -> None:
    counts, fs_hz = read_counts(recordings / "normal", 1000.0)
    i, ii = counts[0] / 1.0, counts[1] / 1.0
    derived = np.rint(np.stack([i, ii, ii - i, i - ii / 2, ii - i / 2, -(i + ii) / 2])) + 7
    piece = derived[:, :1250].astype(np.int32)
    coded = codec.encode(make_segment(piece, fs_hz=fs_hz))
    assert np.array_equal(codec.decode(coded).block.counts, piece)
    assert 6 * 2 * 1250 / len(coded) >= SMALLER_THAN_SIX_LEADS


def test_any_flipped_bit_is_noticed() -> None:
    coded = codec.encode(make_segment(ramp()))
    for position in range(len(coded)):
        damaged = bytearray(coded)
        damaged[position] ^= 1 << (position % 8)
        with pytest.raises(StoreError):
            codec.decode(bytes(damaged))


@pytest.mark.parametrize("shape", [(0, 5), (2, 0), (codec.LEADS_MAX + 1, 5)])
def test_impossible_shapes_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(StoreError, match="out of bounds"):
        codec.encode(make_segment(np.zeros(shape, np.int32)))


def test_a_newer_format_is_named() -> None:
    with pytest.raises(StoreError, match="format 2, this program knows 1"):
        codec.decode(forge(codec.encode(make_segment(ramp())), 4, b"\x02"))


@pytest.mark.parametrize(
    ("offset", "value"),
    [
        pytest.param(20, struct.pack("<I", 90), id="fewer samples"),
        pytest.param(20, struct.pack("<I", 2**31), id="far too many samples"),
        pytest.param(6, struct.pack("<H", 3), id="more leads"),
        pytest.param(5, b"\x00", id="a mask that is not there"),
        pytest.param(60, b"\x0f", id="an order beyond the format"),
    ],
)
def test_sense_is_checked_even_when_the_checksum_fits(offset: int, value: bytes) -> None:
    with pytest.raises(StoreError):
        codec.decode(forge(codec.encode(make_segment(ramp())), offset, value))


def test_a_chain_is_read_past_damage() -> None:
    pieces = [codec.encode(make_segment(ramp(), start_index=100 * n)) for n in range(5)]
    whole, damaged = codec.read_all(b"".join(pieces))
    assert ([piece.block.start_index for piece in whole], damaged) == ([0, 100, 200, 300, 400], 0)

    pieces[1] = pieces[1][:30] + b"\xff" + pieces[1][31:]
    pieces[4] = pieces[4][:-1]
    left, damaged = codec.read_all(b"".join(pieces))
    assert ([piece.block.start_index for piece in left], damaged) == ([0, 200, 300], 2)


def test_an_empty_chain_is_whole() -> None:
    assert codec.read_all(b"") == ((), 0)


def forge(coded: bytes, offset: int, value: bytes) -> bytes:
    """Change a coded piece and make its checksum fit."""
    body = bytearray(coded[:-4])
    body[offset : offset + len(value)] = value
    return bytes(body) + struct.pack("<I", zlib.crc32(bytes(body)))
