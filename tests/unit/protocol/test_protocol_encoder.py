"""The device's side."""

from __future__ import annotations

import numpy as np
import pytest
from block_examples import INFO, STATUS, noise_counts, packets_of

from ecgd.errors import ProtocolError
from ecgd.protocol import (
    Answer,
    BlockDecoder,
    BlockEncoder,
    CommandPacket,
    HelloPacket,
    ReplyPacket,
    SamplesPacket,
    StatusPacket,
)

BOOT = 5334
"""Its first sequence number is 254."""


def test_the_encoder_counts_packets_and_samples() -> None:
    rng = np.random.default_rng(1)
    first, second = noise_counts(rng), noise_counts(rng, samples=10)
    encoder = BlockEncoder(boot=BOOT, counter=65_530)

    line = encoder.hello(INFO) + encoder.samples(first)
    encoder.pass_over(1000)
    line += encoder.samples(second, self_test=True) + encoder.status(STATUS)
    line += encoder.reply(CommandPacket(5, 99), Answer.UNKNOWN_COMMAND)

    assert packets_of(BlockDecoder().feed(line)) == (
        HelloPacket(254, INFO, BOOT),
        SamplesPacket(255, 65_530, first),
        SamplesPacket(0, (65_530 + 1025) % 65_536, second, self_test=True),
        StatusPacket(1, 65_530 + 1035, STATUS, BOOT),
        ReplyPacket(2, 5, 99, Answer.UNKNOWN_COMMAND),
    )
    assert (encoder.sequence, encoder.counter) == (3, 66_565)


def test_a_dropped_packet_is_counted_like_a_sent_one() -> None:
    sent, dropped = BlockEncoder(boot=7), BlockEncoder(boot=7)
    sent.samples(np.zeros((2, 25), dtype=np.int32))
    dropped.drop(25)
    assert (sent.sequence, sent.counter) == (dropped.sequence, dropped.counter)


def test_the_full_counter_wraps_at_32_bits() -> None:
    encoder = BlockEncoder(counter=(1 << 32) - 5)
    encoder.samples(np.zeros((1, 10), dtype=np.int32))
    assert encoder.counter == 5


def test_samples_that_cannot_be_sent_are_not_counted() -> None:
    encoder = BlockEncoder()
    with pytest.raises(ProtocolError):
        encoder.samples(np.full((2, 25), 9999, dtype=np.int32))
    assert (encoder.sequence, encoder.counter) == (0, 0)
