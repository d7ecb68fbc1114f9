"""Packets to absolute sample indices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from block_examples import FS_HZ, INFO, PACKET_SAMPLES, Sent, SmallDevice

from ecgd.model.device import DeviceStatus
from ecgd.protocol import (
    BlockDecoder,
    BlockEncoder,
    HelloPacket,
    Placement,
    PlacementKind,
    ResetReason,
    SamplesPacket,
    StatusPacket,
    Timeline,
)

NEXT, GAP = PlacementKind.NEXT, PlacementKind.GAP
REPEAT, RESET = PlacementKind.REPEAT, PlacementKind.RESET


class Receiver:
    """Decoder and timeline of one line; placements as they come."""

    def __init__(self) -> None:
        self.timeline = Timeline()
        self._decoder = BlockDecoder()

    def take(self, sent: Iterable[Sent], late_s: float = 0.05) -> list[Placement]:
        placements = []
        for packet in sent:
            arrived_s = packet.sent_s + late_s
            for event in self._decoder.feed(packet.data):
                if isinstance(event, SamplesPacket):
                    placements.append(self.timeline.place(event, arrived_s))
                elif isinstance(event, StatusPacket):
                    self.timeline.observe_status(event, arrived_s)
                elif isinstance(event, HelloPacket):
                    self.timeline.observe_hello(event)
        return placements


def device(counter: int = 0) -> SmallDevice:
    return SmallDevice(np.random.default_rng(0), encoder=BlockEncoder(boot=1, counter=counter))


def is_samples(sent: Sent) -> bool:
    return len(sent.data) == 85


def next_at(start_index: int, origin: int = 0) -> Placement:
    return Placement(NEXT, start_index, 0, origin)


def test_packets_in_order_follow_each_other() -> None:
    node, receiver = device(), Receiver()
    placements = receiver.take([*node.start(), *node.run(100)])
    assert placements == [next_at(25 * number) for number in range(100)]


@pytest.mark.parametrize("counter", [65_536 - 60, (1 << 32) - 60, (1 << 32) - 2000])
def test_the_counters_wrap_without_a_trace(counter: int) -> None:
    node, receiver = device(counter), Receiver()
    placements = receiver.take([*node.start(), *node.run(200)])
    assert placements == [next_at(25 * number) for number in range(200)]


@pytest.mark.parametrize("lost", [1, 2, 9, 10, 11, 50, 200, 700, 2600])
@pytest.mark.parametrize("counter", [0, 65_000, (1 << 32) - 900])
def test_a_loss_is_a_gap_of_exactly_its_length(lost: int, counter: int) -> None:
    node, receiver = device(counter), Receiver()
    receiver.take([*node.start(), *node.run(25)])
    node.lose(lost)
    first, *rest = receiver.take(node.run(3))

    assert first == Placement(GAP, 25 * (25 + lost), 25 * lost, 0)
    assert rest == [next_at(25 * (26 + lost)), next_at(25 * (27 + lost))]


@pytest.mark.parametrize("turns", [1, 2, 5])
def test_an_outage_beyond_the_counters_turn_is_measured_by_the_arrival_time(turns: int) -> None:
    node, receiver = device(), Receiver()
    receiver.take([*node.start(), *node.run(25)])
    lost = turns * 65_536 // 25 + 7
    node.lose(lost)
    (placement,) = receiver.take(filter(is_samples, node.run(1)))

    assert placement == Placement(GAP, 25 * (25 + lost), 25 * lost, 0)


def test_an_outage_too_long_for_the_arrival_time_begins_a_new_origin() -> None:
    node, receiver = device(), Receiver()
    receiver.take([*node.start(), *node.run(25)])
    node.pause(36_000)
    first, second = receiver.take(filter(is_samples, node.run(2)))

    assert first == Placement(RESET, 0, 0, 1, ResetReason.UNRESOLVED)
    assert second == next_at(25, origin=1)


def test_the_full_counter_measures_any_outage_if_the_status_comes_first() -> None:
    node, receiver = device(), Receiver()
    receiver.take([*node.start(), *node.run(25)])
    node.pause(36_000)
    (placement,) = receiver.take([node.status(), *node.run(1)])

    assert placement == Placement(GAP, 25 * 25 + 9_000_000, 9_000_000, 0)


def test_a_line_that_was_cut_for_the_counters_turn_is_not_taken_for_a_late_one() -> None:
    node, receiver = device(), Receiver()
    receiver.take([*node.start(), *node.run(25)])
    node.now_s += 65_536 / FS_HZ
    (placement,) = receiver.take(filter(is_samples, node.run(1)))

    assert placement.kind is RESET
    assert placement.reason is ResetReason.UNRESOLVED


@pytest.mark.parametrize("stall_s", [0.5, 4.0, 30.0, 120.0])
def test_a_stalled_line_shifts_nothing(stall_s: float) -> None:
    node, receiver = device(), Receiver()
    receiver.take([*node.start(), *node.run(50)])
    end_s = node.now_s + stall_s
    stalled = [replace(sent, sent_s=end_s) for sent in node.run(round(10 * stall_s))]
    lost_one = [sent for number, sent in enumerate(stalled) if number != 2]
    placements = receiver.take([*lost_one, *node.run(5)])

    assert {placement.kind for placement in placements} == {NEXT, GAP}
    assert sum(placement.gap_samples for placement in placements) == 25
    assert placements[-1].start_index == node.index - 25


def test_a_backlog_at_the_beginning_shifts_nothing() -> None:
    node, receiver = device(), Receiver()
    backlog = [replace(sent, sent_s=160.0) for sent in [*node.start(), *node.run(300)]]
    node.now_s = 160.0
    placements = receiver.take([*backlog, *node.run(50)])
    assert placements == [next_at(25 * number) for number in range(350)]


def test_a_drifting_oscillator_shifts_nothing() -> None:
    node, receiver = device(), Receiver()
    sent = [*node.start(), *node.run(600)]
    drifted = [replace(one, sent_s=100.0 + (one.sent_s - 100.0) * 1.005) for one in sent]
    receiver.take(drifted)
    lost = 2 * 65_536 // 25
    node.lose(lost)
    node.now_s = 100.0 + (node.now_s - 100.0) * 1.005
    (placement,) = receiver.take(filter(is_samples, node.run(1)))

    assert placement.gap_samples == 25 * lost


def test_a_repeated_packet_is_dropped() -> None:
    node, receiver = device(), Receiver()
    *before, last = [*node.start(), *node.run(15)]
    receiver.take([*before, last])

    assert receiver.take([last]) == [Placement(REPEAT, 25 * 14, 0, 0)]
    assert receiver.take(node.run(1)) == [next_at(25 * 15)]


def test_an_overtaken_packet_is_dropped_and_its_gap_stays() -> None:
    node, receiver = device(), Receiver()
    sent = [*node.start(), *node.run(20)]
    overtaken = sent.pop(8)
    receiver.take(sent)

    assert receiver.take([overtaken]) == [Placement(REPEAT, 25 * 6, 0, 0)]
    assert receiver.take(node.run(1)) == [next_at(25 * 20)]


def test_a_packet_that_the_first_one_overtook_is_dropped() -> None:
    node, receiver = device(30_000), Receiver()
    first, second = node.run(2)
    placements = receiver.take([second, first, *node.run(1)])
    assert placements == [next_at(0), Placement(REPEAT, -25, 0, 0), next_at(25)]


def test_repeated_and_late_statuses_change_nothing() -> None:
    node, receiver = device(), Receiver()
    sent = [*node.start(), *node.run(25)]
    statuses = [one for one in sent if len(one.data) == 26]
    placements = receiver.take([*sent, *statuses, *statuses[::-1], *node.run(5)])
    assert placements == [next_at(25 * number) for number in range(30)]


@pytest.mark.parametrize("ran", [1, 3, 25, 300, 2621, 2650])
@pytest.mark.parametrize("lost", [0, 2, 8, 9])
def test_a_restart_begins_a_new_origin_at_the_next_hello_or_status(ran: int, lost: int) -> None:
    node, receiver = device(), Receiver()
    receiver.take([*node.start(), *node.run(ran)])
    node.restart(down_s=2.0)
    start = [*node.start(), *node.run(40)]
    placements = receiver.take(start[lost:])

    origins = [placement.origin for placement in placements]
    (reset,) = [placement for placement in placements if placement.kind is RESET]
    assert reset.reason is ResetReason.RESTARTED
    opened = origins.index(1)
    assert opened <= (0 if lost < 2 else 12 - lost)
    assert placements[opened + 1 :] == [
        next_at(25 * number, origin=1) for number in range(1, len(placements) - opened)
    ]


def test_a_restart_is_seen_by_its_samples_alone() -> None:
    node, receiver = device(), Receiver()
    receiver.take([*node.start(), *node.run(300)])
    node.restart(down_s=1.0)
    list(node.start())
    placements = receiver.take(node.run(2))

    assert placements == [
        Placement(RESET, 0, 0, 1, ResetReason.RESTARTED),
        next_at(25, origin=1),
    ]


@pytest.mark.parametrize(("boot", "uptime_s"), [(1, 29), (2, 1000)])
def test_a_restart_is_seen_by_the_boot_number_or_by_the_uptime(boot: int, uptime_s: int) -> None:
    node, receiver = device(), Receiver()
    receiver.take([*node.start(), *node.run(300)])
    sequence, counter = node.encoder.sequence, node.encoder.counter
    status = StatusPacket(sequence, counter, DeviceStatus(uptime_s=uptime_s), boot)
    receiver.take([Sent(status.to_bytes(), node.now_s, 0)])
    node.encoder.drop(0)

    assert receiver.take(node.run(2)) == [
        Placement(RESET, 0, 0, 1, ResetReason.RESTARTED),
        next_at(25, origin=1),
    ]


def test_a_restart_while_the_line_is_cut_is_not_taken_for_a_held_up_packet() -> None:
    """The new run is heard again just where the old one ended, in counter and in sequence."""
    receiver = Receiver()
    counts = np.zeros((2, PACKET_SAMPLES), dtype=np.int32)
    for number in range(100):
        packet = SamplesPacket(number, 25 * number, counts)
        receiver.timeline.place(packet, 10.0 + 0.1 * number)
    receiver.timeline.observe_cut()
    placement = receiver.timeline.place(SamplesPacket(100, 2500, counts), 32.0)

    assert placement == Placement(RESET, 0, 0, 1, ResetReason.RESTARTED)


def test_after_a_cut_the_same_run_goes_on() -> None:
    node, receiver = device(), Receiver()
    receiver.take([*node.start(), *node.run(30)])
    receiver.timeline.observe_cut()
    node.lose(150)

    assert receiver.take(node.run(2)) == [
        Placement(GAP, 25 * 180, 25 * 150, 0),
        next_at(25 * 181),
    ]


def test_a_restart_during_a_long_outage_is_no_gap() -> None:
    node, receiver = device(), Receiver()
    receiver.take([*node.start(), *node.run(300)])
    node.restart(down_s=1800.0)
    list(node.start())
    node.lose(6000)
    placements = receiver.take(node.run(30))

    assert {placement.origin for placement in placements[10:]} == {1}


def test_a_hello_on_request_or_repeated_changes_nothing() -> None:
    node, receiver = device(), Receiver()
    hello, status = node.start()
    receiver.take([hello, hello, status, *node.run(3)])
    asked = Sent(node.encoder.hello(INFO), node.now_s, 0)

    assert receiver.take([hello, asked, asked, *node.run(1)]) == [next_at(75)]


def test_another_rate_begins_a_new_origin() -> None:
    node, receiver = device(), Receiver()
    receiver.take([*node.start(), *node.run(3)])
    faster = Sent(node.encoder.hello(replace(INFO, fs_hz=500.0)), node.now_s, 0)
    first, second = receiver.take([faster, *node.run(2)])

    assert first == Placement(RESET, 0, 0, 1, ResetReason.RATE_CHANGED)
    assert second == next_at(25, origin=1)


def test_stopping_and_starting_is_a_gap() -> None:
    node, receiver = device(), Receiver()
    receiver.take([*node.start(), *node.run(20)])
    stopped = []
    for _ in range(600):
        node.pause(1)
        stopped.append(node.status())
    (placement,) = receiver.take([*stopped, *node.run(1)])

    assert placement == Placement(GAP, 500 + 150_000, 150_000, 0)


def test_a_partly_repeated_packet_is_a_restart_and_not_a_shift() -> None:
    receiver = Receiver()
    counts = np.zeros((2, PACKET_SAMPLES), dtype=np.int32)
    receiver.timeline.place(SamplesPacket(0, 1000, counts), 10.0)
    placement = receiver.timeline.place(SamplesPacket(1, 1010, counts), 10.1)

    assert placement.kind is RESET
    assert receiver.timeline.origin == 1


def silence(sequence: int, counter: int, samples: int = PACKET_SAMPLES) -> SamplesPacket:
    return SamplesPacket(sequence, counter, np.zeros((2, samples), dtype=np.int32))


def test_a_packet_across_two_that_are_there_was_not_overtaken() -> None:
    timeline = Timeline()
    for number in range(4):
        timeline.place(silence(number, 1000 + 25 * number), 10.0 + 0.1 * number)

    assert timeline.place(silence(2, 1045), 10.4).kind is RESET


def test_the_same_silence_long_after_is_a_restart_and_no_repeat() -> None:
    timeline = Timeline()
    for number in range(10):
        timeline.place(silence(number, 25 * number), 10.0 + 0.1 * number)

    assert timeline.place(silence(3, 75), 11.5).kind is REPEAT
    assert timeline.place(silence(3, 75), 20.0).kind is RESET


def test_a_status_of_another_run_is_never_taken_for_an_overtaken_one() -> None:
    timeline = Timeline()
    timeline.observe_status(StatusPacket(0, 0, DeviceStatus(), boot=1), 10.0)
    for number in range(10):
        timeline.place(silence(1 + number, 25 * number), 10.1 + 0.1 * number)
    timeline.observe_status(StatusPacket(4, 100, DeviceStatus(), boot=2), 11.2)

    assert timeline.place(silence(11, 250), 11.3) == Placement(
        RESET, 0, 0, 1, ResetReason.RESTARTED
    )


def test_a_long_gap_is_measured_at_the_rate_of_the_hello() -> None:
    timeline = Timeline()
    timeline.observe_hello(HelloPacket(0, replace(INFO, fs_hz=500.0), boot=1))
    for number in range(300):
        timeline.place(silence(number % 256, 50 * number, 50), 10.0 + 0.1 * number)
    lost = 65_536 + 12_000
    counter = (50 * 300 + lost) % 65_536
    placement = timeline.place(silence(7, counter, 50), 40.0 + lost / 500.0)

    assert placement == Placement(GAP, 15_000 + lost, lost, 0)


def test_a_packet_longer_than_the_first_one_may_be_lost_in_a_stall() -> None:
    timeline = Timeline()
    timeline.place(silence(0, 0, 10), 10.0)
    timeline.place(silence(1, 10), 10.1)
    placement = timeline.place(silence(3, 60), 40.0)

    assert placement == Placement(GAP, 60, 25, 0)


def test_a_stall_after_a_cut_that_was_overcome_shifts_nothing() -> None:
    timeline = Timeline()
    timeline.place(silence(0, 0), 10.0)
    timeline.observe_cut()
    timeline.place(silence(1, 25), 10.1)

    assert timeline.place(silence(2, 50), 40.0) == next_at(50)


def test_memory_is_bounded() -> None:
    node, receiver = device(), Receiver()
    receiver.take([*node.start(), *node.run(2000)])
    assert len(receiver.timeline._seen) == 32
