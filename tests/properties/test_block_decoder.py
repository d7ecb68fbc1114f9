"""What holds for every stream of bytes: splits, account, no loss, no false packet."""

from __future__ import annotations

import os

import numpy as np
from block_examples import decode, noise_counts, one_of_each, packets_of
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgd.protocol import (
    MAX_PACKET_SIZE,
    BlockDecoder,
    BlockEncoder,
    Fault,
    Packet,
)
from ecgd.protocol.frame import SYNC

PACKETS = one_of_each(np.random.default_rng(3))
WHOLE = [packet.to_bytes() for packet in PACKETS]

CORRUPTED_PACKETS = int(os.environ.get("ECGD_CORRUPTED_PACKETS", "20000"))
"""docs/protocol.md tells of a run with more."""


@st.composite
def noise(draw: st.DrawFn) -> bytes:
    """Random bytes, with sync bytes and whole false headers more often than chance has them."""
    parts = st.one_of(
        st.binary(max_size=60),
        st.binary(max_size=2).map(lambda tail: bytes((SYNC,)) + tail),
        st.sampled_from(WHOLE).flatmap(
            lambda whole: st.integers(1, len(whole) - 1).map(lambda size: whole[:size])
        ),
        st.integers(1, 6000).map(bytes),
        st.just(bytes.fromhex("a544f2")),
    )
    return b"".join(draw(st.lists(parts, max_size=4)))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A packet with some bits flipped."""
    whole = bytearray(draw(st.sampled_from(WHOLE)))
    bits = st.integers(0, 8 * len(whole) - 1)
    for bit in draw(st.sets(bits, min_size=1, max_size=12)):
        whole[bit // 8] ^= 1 << bit % 8
    return bytes(whole)


STREAMS = st.lists(st.one_of(st.sampled_from(WHOLE), noise(), damaged()), max_size=8).map(b"".join)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(STREAMS, st.lists(st.integers(0, 300), max_size=30))
def test_any_split_gives_the_same_events_and_account(line: bytes, sizes: list[int]) -> None:
    whole, split = BlockDecoder(), BlockDecoder()
    expected = whole.feed(line)
    events: tuple[Packet | Fault, ...] = ()
    rest = line
    for size in [*sizes, len(line)]:
        piece, rest = rest[:size], rest[size:]
        events += split.feed(piece)

    assert events == expected
    assert split.statistics == whole.statistics
    assert split.reset() == whole.reset()
    assert split.statistics == whole.statistics


@settings(derandomize=True, max_examples=60, deadline=None)
@given(STREAMS)
def test_every_byte_is_accounted_for_at_every_moment(line: bytes) -> None:
    decoder = BlockDecoder()
    told = 0
    for byte in line:
        told += sum(e.discarded for e in decoder.feed(bytes((byte,))) if isinstance(e, Fault))
        now = decoder.statistics
        assert now.bytes_in == now.bytes_accepted + now.bytes_discarded + now.bytes_pending
        assert now.bytes_pending < MAX_PACKET_SIZE
    told += sum(e.discarded for e in decoder.reset() if isinstance(e, Fault))

    assert decoder.statistics.bytes_pending == 0
    assert told == decoder.statistics.bytes_discarded


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.lists(st.tuples(noise(), st.sampled_from(PACKETS)), max_size=6), noise())
def test_no_garbage_hides_a_good_packet(parts: list[tuple[bytes, Packet]], tail: bytes) -> None:
    line = b"".join(garbage + packet.to_bytes() for garbage, packet in parts) + tail
    assert packets_of(decode(line)) == tuple(packet for _, packet in parts)


@settings(derandomize=True, max_examples=500, deadline=None)
@given(damaged())
def test_no_damaged_packet_is_accepted(packet: bytes) -> None:
    assert packets_of(decode(packet)) == ()


def damage(rng: np.random.Generator, packets: np.ndarray) -> np.ndarray:
    """Damage every row in one of four ways: few bits, a burst, a tail cut off, many bits."""
    damaged_packets = packets.copy()
    size = packets.shape[1]
    ways = rng.integers(0, 4, len(packets))
    for row, way in zip(damaged_packets, ways, strict=True):
        before = row.copy()
        while (row == before).all():
            if way == 0:
                bits = rng.integers(0, 8 * size, int(rng.integers(1, 9)))
                np.bitwise_xor.at(row, bits // 8, (1 << bits % 8).astype(np.uint8))
            elif way == 1:
                start = int(rng.integers(0, size - 1))
                burst = rng.integers(0, 256, min(12, size - start), dtype=np.uint8)
                row[start : start + len(burst)] ^= burst
            elif way == 2:
                kept = int(rng.integers(1, size))
                row[kept:] = rng.integers(0, 256, size - kept, dtype=np.uint8)
            else:
                bits = np.flatnonzero(rng.random(8 * size) < 0.05)
                np.bitwise_xor.at(row, bits // 8, (1 << bits % 8).astype(np.uint8))
    return damaged_packets


def test_no_packet_comes_out_of_a_line_on_which_every_packet_is_damaged() -> None:
    rng = np.random.default_rng(2)
    encoder = BlockEncoder()
    batch = 2000
    decoder = BlockDecoder()
    for _ in range(-(-CORRUPTED_PACKETS // batch)):
        line = b"".join(encoder.samples(noise_counts(rng)) for _ in range(batch))
        packets = np.frombuffer(line, dtype=np.uint8).reshape(batch, 85)
        assert packets_of(decoder.feed(damage(rng, packets).tobytes())) == ()
    assert packets_of(decoder.reset()) == ()

    now = decoder.statistics
    assert now.bytes_in >= 85 * CORRUPTED_PACKETS
    assert now.packets == now.refused == 0
    assert now.crc_errors >= CORRUPTED_PACKETS // 2
