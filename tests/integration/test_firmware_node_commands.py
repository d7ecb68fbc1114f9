"""The firmware's node, compiled for this computer: what it answers and when it obeys."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from firmware_core import (
    Bench,
    hellos_of,
    needs_compiler,
    one_worker,
    packets,
    replies_of,
    samples_of,
    statuses_of,
    still,
)

from ecgd.protocol import (
    Answer,
    Command,
    HelloPacket,
    ReplyPacket,
    SamplesPacket,
    StatusPacket,
    encode_command,
)

pytestmark = [needs_compiler, one_worker]

ADS1292R = "FRONT_END=FRONT_END_ADS1292R"


def test_every_command_has_one_reply_in_order() -> None:
    bench = Bench()
    codes = [1, 2, 3, 2, 6, 200, 5, 4, 4, 6]
    arguments = [0, 0, 0, 0, 60, 0, 1, 125_000, 333_000, 61]
    for sequence, (code, argument) in enumerate(zip(codes, arguments, strict=True)):
        bench.hear(encode_command(code, argument, sequence=sequence))
        bench.samples(still(50))
    replies = replies_of(bench.run())
    assert [packet.command_sequence for packet in replies] == list(range(10))
    assert [packet.code for packet in replies] == codes
    assert [packet.answer for packet in replies] == [
        *[Answer.OK] * 5,
        Answer.UNKNOWN_COMMAND,
        Answer.OK,
        Answer.OK,
        Answer.NOT_SUPPORTED,
        Answer.BAD_ARGUMENT,
    ]
    assert [packet.value for packet in replies] == [0, 0, 0, 0, 0, 0, 2, 125_000, 125_000, 0]


def test_a_command_cut_short_hinders_no_later_one() -> None:
    bench = Bench()
    bench.samples(still(25))
    bench.hear(encode_command(Command.STOP, sequence=1)[:9])
    bench.samples(still(30))  # 120 ms
    bench.hear(encode_command(Command.IDENTIFY, 1, sequence=2))
    bench.samples(still(25))
    assert [packet.command_sequence for packet in replies_of(bench.run())] == [2]


@pytest.mark.parametrize(("pause_samples", "heard"), [(20, [1, 2]), (30, [2])])
def test_a_command_whose_rest_is_late_is_none(pause_samples: int, heard: list[int]) -> None:
    command = encode_command(Command.IDENTIFY, 1, sequence=1)
    bench = Bench()
    bench.samples(still(25))
    bench.hear(command[:9])
    bench.samples(still(pause_samples))
    bench.hear(command[9:])
    bench.samples(still(25))
    bench.hear(encode_command(Command.IDENTIFY, 1, sequence=2))
    bench.samples(still(25))
    assert [packet.command_sequence for packet in replies_of(bench.run())] == heard


def test_nothing_goes_before_the_first_hello_and_its_status() -> None:
    bench = Bench()
    bench.hear(encode_command(Command.IDENTIFY, 1))
    bench.samples(still(30))
    kinds = [type(packet) for packet in packets(bench.run())]
    assert kinds == [HelloPacket, StatusPacket, ReplyPacket, SamplesPacket]


def test_hellos_keep_two_seconds_apart_and_every_question_has_its_reply() -> None:
    bench = Bench()
    for sequence in range(20):
        bench.hear(encode_command(Command.HELLO, sequence=sequence))
        bench.samples(still(100))
    told = bench.run()
    assert len(replies_of(told)) == 20
    hello_ms = [sent.time_ms for sent in told.sent if b"\x08ecg-node" in sent.data]
    assert 3 <= len(hellos_of(told)) <= 5
    assert all(later - sooner >= 1990 for sooner, later in pairwise(hello_ms))


def test_another_rate_comes_with_a_reply_then_a_hello_then_its_samples() -> None:
    bench = Bench()
    bench.samples(still(613))
    bench.hear(encode_command(Command.SET_FS, 125_000, sequence=7))
    bench.samples(still(60))
    told = bench.run()
    every = packets(told)
    reply = next(at for at, packet in enumerate(every) if isinstance(packet, ReplyPacket))
    hello = max(at for at, packet in enumerate(every) if isinstance(packet, HelloPacket))
    assert reply < hello
    told_hello = every[hello]
    assert isinstance(told_hello, HelloPacket)
    assert told_hello.info.fs_hz == 125.0
    before = [packet for packet in every[:hello] if isinstance(packet, SamplesPacket)]
    behind = [packet for packet in every[hello:] if isinstance(packet, SamplesPacket)]
    assert {packet.counts.shape[1] for packet in before} == {25}
    assert {packet.counts.shape[1] for packet in behind} == {12}
    assert behind[0].counter == before[-1].counter + 25
    assert told.of("rate") == [(250,), (125,)]


def test_the_test_signal_is_marked_from_its_first_sample_till_it_is_gone() -> None:
    bench = Bench()
    bench.samples(still(40))
    bench.hear(encode_command(Command.SELF_TEST, 1))
    bench.samples(still(250))
    bench.hear(encode_command(Command.SELF_TEST, 0))
    bench.samples(still(200))
    told = bench.run()
    sent = samples_of(told)
    marks = [packet.self_test for packet in sent]
    assert {packet.counts.shape[1] for packet in sent} == {25}
    first, behind = marks.index(True), len(marks) - marks[::-1].index(True)
    assert all(marks[first:behind])
    assert sent[first].counter == 50
    # It ends with a packet, and the one behind it, in which the input settles, is marked too.
    assert sent[behind].counter == 325
    assert [packet.status.self_test for packet in statuses_of(told)] == [False, True]


def test_a_front_end_that_does_not_answer_fails_the_self_test() -> None:
    bench = Bench(ADS1292R)
    bench.say("fault", 1)
    bench.hear(encode_command(Command.SELF_TEST, 1))
    bench.say("wait", 1100)
    told = bench.run()
    (reply,) = replies_of(told)
    assert reply.answer is Answer.FAILED
    assert [packet.uptime_s for packet in (s.status for s in statuses_of(told))] == [0, 1]
    assert len(told.of("led")) > 10


def test_identify_blinks_for_as_long_as_was_asked() -> None:
    bench = Bench()
    bench.samples(still(250))
    bench.hear(encode_command(Command.IDENTIFY, 3))
    bench.samples(still(1250))
    changes = [(time_ms, on) for time_ms, on in bench.run().of("led") if 1050 < time_ms < 4000]
    lengths = np.diff([time_ms for time_ms, _ in changes])
    assert set(lengths.tolist()) == {248, 252} or set(lengths.tolist()) == {250}
    assert len(changes) >= 10


def test_stopping_sends_statuses_only_and_the_counter_runs_on() -> None:
    bench = Bench()
    bench.samples(still(60))
    bench.hear(encode_command(Command.STOP))
    bench.samples(still(500))
    bench.hear(encode_command(Command.START))
    bench.samples(still(300))
    told = bench.run()
    counters = [packet.counter for packet in samples_of(told)]
    assert counters[:3] == [0, 25, 561]
    states = [(packet.status.sending, packet.counter) for packet in statuses_of(told)]
    assert states[1:3] == [(False, 250), (False, 500)]
    assert states[3][0] is True
