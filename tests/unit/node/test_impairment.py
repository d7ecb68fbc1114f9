"""What a bad radio does: seeded, counted, independent of how bytes are split."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.node.impairment import HELD_MAX, ImpairedLine, Impairment, impair

PACKETS = [bytes([k % 256]) * 80 for k in range(2000)]
PLAIN = b"".join(PACKETS)


def test_a_perfect_line_changes_nothing() -> None:
    assert impair(PACKETS, Impairment(), 1) == PLAIN


def test_the_same_seed_does_the_same_and_another_does_not() -> None:
    bad = Impairment(packet_loss=0.1, byte_loss=0.01, bit_errors=0.001, garbage_at_start=50)
    assert impair(PACKETS, bad, 5) == impair(PACKETS, bad, 5)
    assert impair(PACKETS, bad, 5) != impair(PACKETS, bad, 6)


def test_packets_are_lost_whole() -> None:
    arrived = impair(PACKETS, Impairment(packet_loss=0.2), 1)
    assert len(arrived) % 80 == 0
    assert len(arrived) / len(PLAIN) == pytest.approx(0.8, abs=0.03)


def test_bytes_are_lost_singly() -> None:
    line = ImpairedLine(Impairment(byte_loss=0.05), 1)
    arrived = line.carry(PLAIN, 0.0)
    assert len(arrived) / len(PLAIN) == pytest.approx(0.95, abs=0.005)
    assert line.count.bytes_lost == len(PLAIN) - len(arrived)
    assert line.count.bytes_out == len(arrived)


def test_bits_flip_at_the_rate_asked_for() -> None:
    line = ImpairedLine(Impairment(bit_errors=0.01), 1)
    arrived = np.frombuffer(line.carry(PLAIN, 0.0), dtype=np.uint8)
    difference = np.unpackbits(arrived ^ np.frombuffer(PLAIN, dtype=np.uint8))
    assert difference.sum() == line.count.bits_flipped
    assert difference.mean() == pytest.approx(0.01, rel=0.05)


def test_garbage_precedes_the_first_byte() -> None:
    arrived = impair([b"first"], Impairment(garbage_at_start=300), 1)
    assert len(arrived) == 305
    assert arrived.endswith(b"first")
    assert len(set(arrived[:300])) > 100


def test_a_stall_holds_everything_and_then_lets_it_go() -> None:
    line = ImpairedLine(Impairment(stall_every_s=10.0, stall_length_s=2.0), 1)
    arrived = {tick: line.carry(bytes([tick]), tick / 2) for tick in range(50)}
    stalled = [tick for tick, data in arrived.items() if not data]
    assert stalled == [20, 21, 22, 23, 40, 41, 42, 43]
    assert arrived[24] == bytes([20, 21, 22, 23, 24])
    assert b"".join(arrived.values()) == bytes(range(50))


def test_a_long_stall_loses_the_newest_bytes_and_counts_them() -> None:
    line = ImpairedLine(Impairment(stall_every_s=10.0, stall_length_s=9.0), 1)
    for _ in range(3):
        assert line.carry(bytes(HELD_MAX // 2), 11.0) == b""
    assert line.count.bytes_lost == HELD_MAX // 2
    assert len(line.carry(b"", 19.5)) == HELD_MAX
