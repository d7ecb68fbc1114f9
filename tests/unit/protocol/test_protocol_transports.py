"""One test body over perfect, byte-wise, lossy and late lines, from counts to counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from block_examples import PACKET_SAMPLES, Sent, SmallDevice

from ecgd.model.signal import CountArray
from ecgd.protocol import (
    BlockDecoder,
    HelloPacket,
    PlacementKind,
    SamplesPacket,
    StatusPacket,
    Timeline,
)

PACKETS = 600
Chunk = tuple[bytes, float]
Transport = Callable[[Iterator[Sent], np.random.Generator], Iterator[Chunk]]


def perfect(sent: Iterator[Sent], _rng: np.random.Generator) -> Iterator[Chunk]:
    for packet in sent:
        yield packet.data, packet.sent_s


def byte_wise(sent: Iterator[Sent], _rng: np.random.Generator) -> Iterator[Chunk]:
    for packet in sent:
        for at, byte in enumerate(packet.data):
            yield bytes((byte,)), packet.sent_s + at / 960.0


def split_anywhere(sent: Iterator[Sent], rng: np.random.Generator) -> Iterator[Chunk]:
    rest = b""
    now_s = 0.0
    for packet in sent:
        rest, now_s = rest + packet.data, packet.sent_s
        size = int(rng.integers(0, len(rest) + 1))
        yield rest[:size], now_s
        rest = rest[size:]
    yield rest, now_s


def late(sent: Iterator[Sent], rng: np.random.Generator) -> Iterator[Chunk]:
    """Jitter, and now and then a stall of seconds whose bytes come all at once."""
    held, until_s = b"", 0.0
    for packet in sent:
        if rng.random() < 0.01:
            until_s = packet.sent_s + float(rng.uniform(0.5, 8.0))
        held += packet.data
        if packet.sent_s >= until_s:
            yield held, packet.sent_s + float(rng.uniform(0.0, 0.08))
            held = b""
    yield held, max(until_s, packet.sent_s + 0.1)


def lossy(sent: Iterator[Sent], rng: np.random.Generator) -> Iterator[Chunk]:
    """Packets and runs of packets lost, bits flipped, bytes dropped, garbage between."""
    outage = 0
    for number, packet in enumerate(sent):
        data = bytearray(packet.data)
        fate = rng.random()
        if number > 1 and fate < 0.01:
            outage = int(rng.integers(1, 120))
        if outage > 0:
            outage -= 1
            continue
        if fate > 0.97:
            data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
        elif fate > 0.94:
            del data[int(rng.integers(len(data)))]
        elif fate > 0.91:
            data += rng.bytes(int(rng.integers(1, 300)))
        yield bytes(data), packet.sent_s


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("transport", "is_lossless"),
    [(perfect, True), (byte_wise, True), (split_anywhere, True), (late, True), (lossy, False)],
)
def test_every_sample_lands_where_it_was_taken(
    transport: Transport, is_lossless: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    device = SmallDevice(rng)
    decoder, timeline = BlockDecoder(), Timeline()
    placed: dict[int, CountArray] = {}
    gaps = 0

    def line() -> Iterator[Sent]:
        yield from device.start()
        yield from device.run(PACKETS)

    base: int | None = None
    for data, arrived_s in transport(line(), np.random.default_rng(seed + 100)):
        for packet in decoder.feed(data):
            if isinstance(packet, SamplesPacket):
                placement = timeline.place(packet, arrived_s)
                assert placement.origin == 0
                assert placement.kind in {PlacementKind.NEXT, PlacementKind.GAP}
                base = packet.counter if base is None else base
                placed[base + placement.start_index] = packet.counts
                gaps += placement.gap_samples
            elif isinstance(packet, StatusPacket):
                timeline.observe_status(packet, arrived_s)
            elif isinstance(packet, HelloPacket):
                timeline.observe_hello(packet)

    for start, counts in placed.items():
        np.testing.assert_array_equal(counts, device.truth[start])
    last = max(placed) + PACKET_SAMPLES
    assert gaps + PACKET_SAMPLES * len(placed) == last - min(placed)
    if is_lossless:
        assert len(placed) == PACKETS
        assert decoder.statistics.bytes_discarded == 0
    else:
        assert gaps > 0
        assert len(placed) > PACKETS / 3
        assert decoder.statistics.bytes_discarded > 0
