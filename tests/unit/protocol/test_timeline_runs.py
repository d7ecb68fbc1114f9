"""Two runs of a device that restarts every few seconds, hello and status lost, are not joined.

As ``scripts/chaos`` met it: a packet of the second run whose counter fits behind the
first run's last one.
"""

from __future__ import annotations

import numpy as np
import pytest
from block_examples import Sent, SmallDevice, decode, packets_of

from ecgd.protocol import Placement, PlacementKind, ResetReason, SamplesPacket, Timeline


def place(timeline: Timeline, sent: Sent) -> Placement | None:
    (packet,) = packets_of(decode(sent.data))
    if isinstance(packet, SamplesPacket):
        return timeline.place(packet, sent.sent_s)
    return None


@pytest.mark.parametrize(("ran", "unheard"), [(5, 7), (5, 5), (12, 20), (20, 40), (8, 9), (40, 45)])
def test_a_packet_of_the_next_run_does_not_follow_the_last_of_this(ran: int, unheard: int) -> None:
    device, timeline = SmallDevice(np.random.default_rng(1)), Timeline()
    for sent in device.run(ran):
        place(timeline, sent)
    device.restart(0.3)
    list(device.start())
    list(device.run(unheard))
    (first, *_) = (placed for sent in device.run(1) if (placed := place(timeline, sent)))

    assert first.kind is PlacementKind.RESET
    assert first.reason is ResetReason.RESTARTED


@pytest.mark.parametrize("unheard", [1, 2, 9, 30, 63, 64, 100, 200, 255, 256, 400])
@pytest.mark.parametrize("answers", [0, 3])
def test_a_loss_within_one_run_is_a_gap_however_many_answers_were_lost_in_it(
    unheard: int, answers: int
) -> None:
    device, timeline = SmallDevice(np.random.default_rng(1)), Timeline()
    for sent in device.run(10):
        place(timeline, sent)
    device.lose(unheard)
    for _ in range(answers):
        device.encoder.drop(0)
    (first, *_) = (placed for sent in device.run(1) if (placed := place(timeline, sent)))

    assert first.kind is PlacementKind.GAP
    assert first.gap_samples == 25 * unheard
