"""The decoder: resynchronisation, faults, account and work."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from block_examples import INFO, decode, noise_counts, one_of_each, packets_of

from ecgd.protocol import (
    MAX_PACKET_SIZE,
    BlockDecoder,
    BlockEncoder,
    Fault,
    FaultKind,
    HelloPacket,
    Packet,
    SamplesPacket,
)
from ecgd.protocol.decoder import NOISE_LIMIT
from ecgd.protocol.frame import SYNC, seal_frame

PACKETS = one_of_each(np.random.default_rng(11))
LINE = b"".join(packet.to_bytes() for packet in PACKETS)
SAMPLES = PACKETS[1]


def reseal(packet: bytes) -> bytes:
    """The same bytes with a right CRC."""
    return packet[:-4] + zlib.crc32(packet[:-4]).to_bytes(4, "little")


def test_each_kind_of_packet_is_found() -> None:
    decoder = BlockDecoder()

    assert decoder.feed(LINE) == PACKETS
    assert decoder.statistics.packets == len(PACKETS)
    assert decoder.statistics.bytes_accepted == len(LINE) == decoder.statistics.bytes_in
    assert decoder.reset() == ()


@pytest.mark.parametrize("packet", PACKETS, ids=lambda packet: type(packet).__name__)
def test_each_packet_decodes_alone(packet: Packet) -> None:
    assert decode(packet.to_bytes()) == (packet,)


def test_noise_is_told_once_and_before_the_packet_behind_it() -> None:
    noise = bytes(100) + bytes((SYNC, SYNC)) + bytes(30)
    events = decode(noise + SAMPLES.to_bytes() + noise)

    assert events == (
        Fault(FaultKind.NOISE, 132),
        SAMPLES,
        Fault(FaultKind.NOISE, 132),
    )


def test_endless_noise_is_told_while_it_lasts() -> None:
    decoder = BlockDecoder()
    faults = decoder.feed(bytes(2 * NOISE_LIMIT + 10))

    assert faults == (Fault(FaultKind.NOISE, NOISE_LIMIT),) * 2
    assert decoder.reset() == (Fault(FaultKind.NOISE, 10),)


def test_a_wrong_crc_is_told_with_the_noise_it_stands_in() -> None:
    damaged = SAMPLES.to_bytes()[:-1] + b"\x00"
    first, second, third = decode(damaged + bytes(2 * NOISE_LIMIT))

    assert isinstance(first, Fault)
    assert first.crc_errors >= 1
    assert second == Fault(FaultKind.NOISE, NOISE_LIMIT)
    assert third == Fault(FaultKind.NOISE, 85)


@pytest.mark.parametrize("head", ["a5", "a562", "a56276", "a542 12 00", "a541 2a", "a544 f2"])
def test_no_false_sync_hides_the_packet_behind_it(head: str) -> None:
    false_sync = bytes.fromhex(head)
    decoder = BlockDecoder()

    events = decoder.feed(false_sync + LINE + LINE)
    assert packets_of(events + decoder.reset()) == PACKETS + PACKETS
    assert decoder.statistics.bytes_discarded == len(false_sync)


def test_a_packet_behind_an_unfinished_one_comes_when_the_line_is_cut() -> None:
    decoder = BlockDecoder()
    begun = bytes.fromhex("a544 f2 00")

    assert decoder.feed(begun + SAMPLES.to_bytes()) == ()
    assert decoder.statistics.bytes_pending == 4 + 85
    assert decoder.reset() == (Fault(FaultKind.NOISE, 4), SAMPLES)
    assert decoder.statistics.bytes_pending == 0


def test_a_half_packet_before_a_cut_does_not_meet_the_bytes_after_it() -> None:
    decoder = BlockDecoder()
    whole = SAMPLES.to_bytes()

    decoder.feed(whole[:40])
    assert decoder.reset() == (Fault(FaultKind.NOISE, 40),)
    assert decoder.feed(whole[40:] + whole) == (Fault(FaultKind.NOISE, 45), SAMPLES)


@pytest.mark.parametrize("size", [10, 45, 84])
def test_a_truncated_packet_costs_itself_only(size: int) -> None:
    cut = SAMPLES.to_bytes()[:size]
    events = decode(cut + LINE)

    assert packets_of(events) == PACKETS
    assert isinstance(events[0], Fault)
    assert events[0].discarded == size


def test_a_wrong_crc_is_counted() -> None:
    damaged = bytearray(SAMPLES.to_bytes())
    damaged[50] ^= 0x04
    decoder = BlockDecoder()

    events = decoder.feed(bytes(damaged) + LINE)
    assert packets_of(events) == PACKETS
    assert isinstance(events[0], Fault)
    assert events[0].crc_errors >= 1
    assert decoder.statistics.crc_errors == events[0].crc_errors


@pytest.mark.parametrize("packet", PACKETS, ids=lambda packet: type(packet).__name__)
def test_no_flipped_bit_is_ever_accepted(packet: Packet) -> None:
    whole = packet.to_bytes()
    for bit in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        assert packets_of(decode(bytes(damaged))) == (), f"bit {bit}"


@pytest.mark.parametrize("version", [2, 3])
def test_another_version_says_so_by_its_hello(version: int) -> None:
    hello = bytearray(HelloPacket(3, INFO).to_bytes())
    hello[1] = version << 6 | 1
    events = decode(reseal(bytes(hello)) + SAMPLES.to_bytes())

    assert events == (
        Fault(FaultKind.VERSION, len(hello), detail=f"protocol version {version}"),
        SAMPLES,
    )


def test_an_unknown_type_is_passed_over_whole() -> None:
    strange = seal_frame(0x1F, 0, SAMPLES.to_bytes())
    decoder = BlockDecoder()

    assert decoder.feed(strange) == (Fault(FaultKind.TYPE, len(strange), 0, "packet type 31"),)
    assert decoder.statistics.refused == 1
    assert decoder.statistics.bytes_discarded == len(strange)


def test_content_that_breaks_the_specification_is_refused_whole() -> None:
    hello = bytearray(HelloPacket(3, INFO).to_bytes())
    hello[4 + 27] = 7
    (fault,) = decode(reseal(bytes(hello)))

    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.CONTENT
    assert fault.discarded == len(hello)
    assert "leads" in fault.detail


@pytest.mark.parametrize("kind", [0x00, 0x20, 0x27, 0x28, 0x2F, 0x30, 0x3F])
def test_types_that_cannot_be_are_no_candidates(kind: int) -> None:
    decoder = BlockDecoder()
    decoder.feed(seal_frame(kind, 0, bytes(20)))
    assert decoder.statistics.bytes_checked == 0


def test_version_0_and_bodies_over_the_limit_are_no_candidates() -> None:
    hello = bytearray(HelloPacket(3, INFO).to_bytes())
    hello[1] = 1
    long = bytes((SYNC, 0x62, 2 + 243, 0)) + bytes(2 + 243 + 4)
    decoder = BlockDecoder()

    decoder.feed(reseal(bytes(hello)) + reseal(long))
    assert decoder.statistics.bytes_checked == 0


HOSTILE = {
    "nothing but sync": bytes((SYNC,)),
    "longest claims": bytes.fromhex("a544f2"),
    "longest samples": bytes.fromhex("a566 bc"),
    "shortest claims": bytes.fromhex("a54400"),
    "sync at every second byte": bytes.fromhex("a544"),
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("piece", [1, 77, 100_000])
def test_work_is_linear_and_memory_bounded_on_hostile_input(kind: str, piece: int) -> None:
    work = []
    for size in (20_000, 40_000):
        hostile = (HOSTILE[kind] * size)[:size]
        decoder = BlockDecoder()
        for start in range(0, size, piece):
            decoder.feed(hostile[start : start + piece])
            assert decoder.statistics.bytes_pending < MAX_PACKET_SIZE
        work.append(decoder.statistics.bytes_checked)

    assert work[1] <= 2.02 * work[0] + MAX_PACKET_SIZE
    assert work[1] <= 40_000 * MAX_PACKET_SIZE / 2


def test_a_good_packet_survives_every_hostile_prefix() -> None:
    for hostile in HOSTILE.values():
        assert packets_of(decode(hostile * 500 + SAMPLES.to_bytes())) == (SAMPLES,)


def test_a_clean_line_is_checked_once() -> None:
    rng = np.random.default_rng(5)
    encoder = BlockEncoder()
    line = b"".join(encoder.samples(noise_counts(rng)) for _ in range(200))
    decoder = BlockDecoder()

    packets = decoder.feed(line)
    assert len(packets) == 200
    assert all(isinstance(packet, SamplesPacket) for packet in packets)
    assert decoder.statistics.bytes_checked == len(line)
