"""Only what the device has sent is taken, and that but once."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from block_examples import SmallDevice, noise_counts, packets_of

from ecgd.errors import ProtocolError
from ecgd.model.device import DeviceStatus
from ecgd.protocol import (
    Answer,
    BlockDecoder,
    BlockEncoder,
    CommandPacket,
    Fault,
    FaultKind,
    HelloPacket,
    LinkKey,
    Mark,
    Packet,
    ReplyPacket,
    SamplesPacket,
    SealGuard,
)
from ecgd.protocol.chaskey import Chaskey

KEY = LinkKey(bytes(range(16)))
INFO_STATUS = DeviceStatus(battery_mv=3700, uptime_s=60)


def sealed_device(boot: int = 1, counter: int = 0) -> SmallDevice:
    encoder = BlockEncoder(boot=boot, counter=counter, key=KEY)
    return SmallDevice(np.random.default_rng(5), boot=boot, encoder=encoder)


def line_of(device: SmallDevice, packet_count: int) -> list[bytes]:
    return [sent.data for sent in device.run(packet_count)]


def opening(device: SmallDevice) -> list[bytes]:
    return [sent.data for sent in device.start()]


def receiver(mark: Mark | None = None) -> tuple[BlockDecoder, SealGuard]:
    guard = SealGuard(KEY, mark)
    return BlockDecoder(guard), guard


def refusals(events: tuple[Packet | Fault, ...]) -> list[str]:
    return [
        event.detail
        for event in events
        if isinstance(event, Fault) and event.kind is FaultKind.AUTHENTICATION
    ]


def heard(decoder: BlockDecoder, *packets: bytes) -> tuple[tuple[Packet, ...], list[str]]:
    events = decoder.feed(b"".join(packets)) + decoder.reset()
    return packets_of(events), refusals(events)


def test_a_whole_run_is_taken_and_the_mark_stands_behind_its_last_sample() -> None:
    device = sealed_device()
    decoder, guard = receiver()
    packets, refused = heard(decoder, *opening(device), *line_of(device, 30))

    assert len(packets) == 35
    assert not refused
    assert guard.mark == Mark(1, 750)


def test_a_receiver_without_the_key_takes_nothing() -> None:
    device = sealed_device()
    decoder = BlockDecoder()
    assert heard(decoder, *opening(device), *line_of(device, 10)) == ((), [])
    assert decoder.statistics.refused == 0


def test_packets_without_a_tag_are_refused_by_name() -> None:
    plain = SmallDevice(np.random.default_rng(5))
    decoder, guard = receiver()
    packets, refused = heard(decoder, *opening(plain), *line_of(plain, 9))

    assert packets == ()
    assert refused == ["a packet without authentication"] * 11
    assert guard.mark is None


def test_nothing_that_was_taken_is_taken_again() -> None:
    device = sealed_device()
    decoder, _ = receiver()
    line = [*opening(device), *line_of(device, 25)]
    first, _ = heard(decoder, *line)
    again, refused = heard(decoder, *line)

    assert len(first) == 29
    # The hello of this run says nothing new and does no harm.
    assert [type(packet) for packet in again] == [HelloPacket]
    assert len(refused) == 28
    assert len(heard(decoder, *line_of(device, 5))[0]) == 6


def test_an_earlier_run_is_refused_even_by_a_receiver_that_was_restarted() -> None:
    old = sealed_device(boot=6)
    recorded = [*opening(old), *line_of(old, 12)]
    decoder, guard = receiver(Mark(7, 100))
    packets, refused = heard(decoder, *recorded)

    assert packets == ()
    assert len(refused) == 3
    assert guard.mark == Mark(7, 100)


def test_a_receiver_that_was_restarted_goes_on_at_its_mark_at_once() -> None:
    device = sealed_device(boot=7, counter=1_000_000)
    before = line_of(device, 3)
    decoder, guard = receiver(Mark(7, 1_000_075))
    packets, refused = heard(decoder, *before)
    assert packets == ()
    assert len(refused) == 3

    assert len(heard(decoder, *line_of(device, 3))[0]) == 3
    assert guard.mark == Mark(7, 1_000_150)


def test_without_a_mark_samples_wait_for_the_first_status() -> None:
    device = sealed_device(boot=7, counter=1_000_000)
    device.packets = 5
    decoder, _ = receiver()
    line = line_of(device, 8)
    packets, _ = heard(decoder, *line)
    assert [type(packet) for packet in packets[1:]] == [SamplesPacket] * 3
    assert len(packets) == 4


def test_a_loss_of_more_than_the_counter_turns_is_over_with_the_next_status() -> None:
    device = sealed_device()
    decoder, guard = receiver()
    heard(decoder, *opening(device), *line_of(device, 10))
    device.lose(4000)
    packets, refused = heard(decoder, *line_of(device, 20))

    assert len([p for p in packets if isinstance(p, SamplesPacket)]) == 10
    assert not refused
    assert guard.mark == Mark(1, 4030 * 25)


def test_one_status_that_is_right_by_chance_locks_no_device_out() -> None:
    device = sealed_device()
    decoder, _ = receiver()
    heard(decoder, *opening(device), *line_of(device, 15))
    chance = BlockEncoder(boot=60_000, counter=4_000_000_000, key=KEY)
    heard(decoder, chance.status(INFO_STATUS))
    chance = BlockEncoder(boot=1, counter=4_000_000_000, key=KEY)
    heard(decoder, chance.status(INFO_STATUS))

    packets, refused = heard(decoder, *line_of(device, 25))
    assert len(packets) == 28
    assert not refused


def test_the_first_status_of_a_run_stands_where_its_hello_did() -> None:
    decoder, _ = receiver(Mark(3, 500))
    device = sealed_device(boot=4)
    hello, status = opening(device)
    assert len(heard(decoder, hello, status)[0]) == 2
    assert heard(decoder, status) == (
        (),
        ["a packet that was here before, or is older than one that was"],
    )


def test_replies_and_commands_are_plain_and_a_damaged_one_is_noise() -> None:
    encoder = BlockEncoder(boot=1, key=KEY)
    reply = encoder.reply(CommandPacket(3, 1), Answer.OK, value=1)
    decoder, _ = receiver()
    assert [type(packet) for packet in heard(decoder, reply)[0]] == [ReplyPacket]
    assert heard(decoder, reply[:-1] + bytes((reply[-1] ^ 1,))) == ((), [])


def test_each_changed_bit_of_a_sealed_packet_is_seen() -> None:
    device = sealed_device()
    decoder, _ = receiver()
    heard(decoder, *opening(device), *line_of(device, 4))
    whole = device.encoder.samples(noise_counts(device.rng))
    for bit in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        assert heard(decoder, bytes(damaged)) == ((), [])
    assert len(heard(decoder, whole)[0]) == 1


def test_another_run_another_turn_or_another_key_gives_another_tag() -> None:
    packet = BlockEncoder().samples(noise_counts(np.random.default_rng(1)))
    places = [Mark(1), Mark(2), Mark(1, 1 << 16), Mark(256)]
    tags = {*KEY.tags(packet, places), *LinkKey(bytes(16)).tags(packet, places)}
    assert len(tags) == 8


def test_a_key_shows_itself_nowhere() -> None:
    assert repr(KEY) == f"LinkKey({KEY.fingerprint})"
    assert bytes(range(16)).hex() not in repr(KEY)
    with pytest.raises(TypeError):
        pickle.dumps(KEY)


@pytest.mark.parametrize("size", [0, 15, 17])
def test_a_key_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(ProtocolError, match="has 16"):
        LinkKey(bytes(size))
    with pytest.raises(ValueError, match="key of"):
        Chaskey(bytes(size))
