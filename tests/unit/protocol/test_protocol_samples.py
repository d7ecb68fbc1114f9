"""Packing, and samples packets."""

from __future__ import annotations

import numpy as np
import pytest
from block_examples import noise_counts

from ecgd.errors import ProtocolError
from ecgd.protocol.frame import MAX_PACKET_SIZE, Frame, open_frame
from ecgd.protocol.samples import (
    SamplesPacket,
    pack_counts,
    payload_size,
    samples_in_payload,
    unpack_counts,
)


def test_twelve_bits_lie_low_byte_first_with_the_leads_interleaved() -> None:
    counts = np.array([[0x123, 0x7FF], [-1, -0x800]], dtype=np.int32)

    # 0x123 0xFFF | 0x7FF 0x800, each pair as three bytes, low nibble of the second value above
    # the high nibble of the first.
    assert pack_counts(counts, 12) == bytes.fromhex("23f1ff ff0780")


def test_sixteen_bits_are_little_endian() -> None:
    assert pack_counts(np.array([[1], [-2]], dtype=np.int32), 16) == bytes.fromhex("0100 feff")


@pytest.mark.parametrize("width_bits", [12, 16])
@pytest.mark.parametrize("lead_count", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("samples", [1, 2, 7, 20])
def test_every_format_comes_back(width_bits: int, lead_count: int, samples: int) -> None:
    counts = noise_counts(np.random.default_rng(samples), lead_count, samples, width_bits)
    packet = SamplesPacket(9, 40_000, counts, width_bits, self_test=samples == 7)

    encoded = packet.to_bytes()

    assert SamplesPacket.from_frame(open_frame(encoded)) == packet
    assert len(encoded) <= MAX_PACKET_SIZE


def test_a_packet_of_the_standard_format_has_85_bytes() -> None:
    packet = SamplesPacket(0, 0, noise_counts(np.random.default_rng(0)))

    assert len(packet.to_bytes()) == 85
    assert packet.sample_count == 25


@pytest.mark.parametrize(("width_bits", "count"), [(12, 2048), (12, -2049), (16, 1 << 15)])
def test_a_count_beyond_the_width_is_an_error_and_not_a_wrong_value(
    width_bits: int, count: int
) -> None:
    with pytest.raises(ProtocolError, match=f"{width_bits} bits"):
        pack_counts(np.array([[count]], dtype=np.int32), width_bits)


@pytest.mark.parametrize(
    ("lead_count", "samples", "width_bits"), [(7, 1, 12), (0, 1, 12), (2, 0, 12), (6, 21, 16)]
)
def test_what_the_format_cannot_carry_is_an_error(
    lead_count: int, samples: int, width_bits: int
) -> None:
    counts = np.zeros((lead_count, samples), dtype=np.int32)
    with pytest.raises(ProtocolError):
        SamplesPacket(0, 0, counts, width_bits).to_bytes()


def test_only_two_widths_exist() -> None:
    with pytest.raises(ProtocolError, match="24 bits"):
        pack_counts(np.zeros((1, 1), dtype=np.int32), 24)


@pytest.mark.parametrize("width_bits", [12, 16])
@pytest.mark.parametrize("lead_count", [1, 2, 3, 6])
def test_a_length_tells_one_number_of_samples(lead_count: int, width_bits: int) -> None:
    sizes = {payload_size(n, lead_count, width_bits): n for n in range(1, 20)}
    for size in range(1, max(sizes) + 1):
        assert samples_in_payload(size, lead_count, width_bits) == sizes.get(size, 0)


def test_padding_that_is_not_zero_is_refused() -> None:
    good = pack_counts(np.array([[5]], dtype=np.int32), 12)
    assert unpack_counts(good, 1, 12).tolist() == [[5]]

    with pytest.raises(ProtocolError, match="padding"):
        unpack_counts(bytes((good[0], good[1] | 0x10)), 1, 12)


def test_a_body_without_samples_is_refused() -> None:
    with pytest.raises(ProtocolError, match="0 bytes"):
        SamplesPacket.from_frame(Frame(0x22, 0, b"\x00\x00"))


def test_decoded_counts_cannot_be_changed() -> None:
    counts = unpack_counts(bytes(3), 2, 12)
    with pytest.raises(ValueError, match="read-only"):
        counts[0, 0] = 1


def test_equality_and_hash_follow_the_counts() -> None:
    rng = np.random.default_rng(4)
    counts = noise_counts(rng)
    packet, same = SamplesPacket(1, 2, counts), SamplesPacket(1, 2, counts.copy())
    other = SamplesPacket(1, 2, noise_counts(rng))

    assert packet == same
    assert len({packet, same, other}) == 2
    assert packet != "a packet"
