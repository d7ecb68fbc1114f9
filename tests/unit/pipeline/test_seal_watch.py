"""What is said of authentication: nothing while all is well, else what to do."""

from __future__ import annotations

import numpy as np
import pytest
from block_examples import INFO, STATUS

from ecgd.pipeline.seal_watch import NO_KEY, NOT_SEALED, OTHER_KEY, REPLAYED, SealWatch
from ecgd.protocol import (
    Answer,
    Command,
    Fault,
    FaultKind,
    HelloPacket,
    ReplyPacket,
    SamplesPacket,
    StatusPacket,
)
from ecgd.protocol.seal_guard import Verdict

SAMPLES = SamplesPacket(1, 0, np.zeros((2, 25), dtype=np.int32))


def reply(value: int) -> ReplyPacket:
    return ReplyPacket(1, 0, Command.HELLO, Answer.OK, value)


def refusal(verdict: Verdict) -> Fault:
    return Fault(FaultKind.AUTHENTICATION, 85, detail=verdict.value)


def test_a_device_is_authentic_once_its_samples_were_taken_until_the_line_is_cut() -> None:
    watch = SealWatch(has_key=True)
    course = [watch.authenticated]
    watch.note(SAMPLES)
    course.append(watch.authenticated)
    watch.begin_anew()
    course.append(watch.authenticated)
    assert course == [False, True, False]


def test_without_a_key_nobody_is_authentic_or_not() -> None:
    watch = SealWatch(has_key=False)
    watch.note(SAMPLES)
    assert watch.authenticated is None


@pytest.mark.parametrize(
    ("verdict", "words"), [(Verdict.UNSEALED, NOT_SEALED), (Verdict.REPLAYED, REPLAYED)]
)
def test_refused_packets_say_why_until_samples_are_taken(verdict: Verdict, words: str) -> None:
    watch = SealWatch(has_key=True)
    watch.note(refusal(verdict))
    assert watch.trouble == words
    watch.note(Fault(FaultKind.NOISE, 12))
    assert watch.trouble == words
    watch.note(SAMPLES)
    assert watch.trouble == ""


def test_a_sealed_device_says_in_the_clear_why_nothing_is_understood() -> None:
    watch = SealWatch(has_key=False)
    watch.note(reply(0))
    assert watch.trouble == ""
    watch.note(reply(1))
    assert watch.trouble == NO_KEY


@pytest.mark.parametrize("proof", [HelloPacket(2, INFO), StatusPacket(2, 0, STATUS)])
def test_another_key_is_named_until_one_packet_is_right(proof: HelloPacket | StatusPacket) -> None:
    watch = SealWatch(has_key=True)
    watch.note(reply(1))
    assert watch.trouble == OTHER_KEY
    watch.note(proof)
    assert watch.trouble == ""


def test_a_reply_amid_good_samples_raises_no_trouble() -> None:
    watch = SealWatch(has_key=True)
    watch.note(SAMPLES)
    watch.note(reply(1))
    assert watch.trouble == ""
