"""Whatever the line loses, repeats, reorders or holds back: no sample at a wrong index."""

from __future__ import annotations

import numpy as np
from block_examples import FS_HZ, PACKET_SAMPLES, Sent, SmallDevice
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgd.protocol import (
    BlockDecoder,
    HelloPacket,
    PlacementKind,
    SamplesPacket,
    StatusPacket,
    Timeline,
)

ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 20)),
        st.tuples(st.just("lose"), st.integers(1, 6000)),
        st.tuples(st.just("repeat"), st.integers(1, 20)),
        st.tuples(st.just("swap"), st.integers(2, 10)),
        st.tuples(st.just("stall"), st.integers(1, 35)),
    ),
    min_size=2,
    max_size=8,
)
TOLERANCE_SAMPLES = round(6.0 * FS_HZ)


class Line:
    """A device, a bad line and a receiver; compares each placement with the truth."""

    def __init__(self, ppm: float) -> None:
        self.device = SmallDevice(np.random.default_rng(1))
        self.timeline = Timeline()
        self.decoder = BlockDecoder()
        self.stretch = 1.0 - ppm * 1e-6
        self.bases: dict[int, set[int]] = {}
        self.placed: set[tuple[int, int]] = set()

    def deliver(self, sent: Sent, arrived_s: float | None = None) -> None:
        at_s = (sent.sent_s if arrived_s is None else arrived_s) * self.stretch + 0.05
        for packet in self.decoder.feed(sent.data):
            if isinstance(packet, SamplesPacket):
                self._place(packet, sent.index, at_s)
            elif isinstance(packet, StatusPacket):
                self.timeline.observe_status(packet, at_s)
            elif isinstance(packet, HelloPacket):
                self.timeline.observe_hello(packet)

    def _place(self, packet: SamplesPacket, true_index: int, at_s: float) -> None:
        placement = self.timeline.place(packet, at_s)
        if placement.kind is PlacementKind.REPEAT:
            return
        key = placement.origin, placement.start_index
        assert key not in self.placed
        self.placed.add(key)
        self.bases.setdefault(placement.origin, set()).add(true_index - placement.start_index)

    def act(self, action: str, amount: int) -> None:
        if action == "lose":
            self.device.lose(amount)
            return
        packets = list(self.device.run(amount))
        if action == "swap":
            packets[-2:] = packets[:-3:-1]
        for packet in packets:
            held = packets[-1].sent_s if action == "stall" else packet.sent_s
            self.deliver(packet, held)
        if action == "repeat":
            for packet in packets[-10:]:
                self.deliver(packet, packets[-1].sent_s)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(ACTIONS, st.floats(-5000.0, 5000.0))
def test_without_a_restart_every_sample_keeps_its_index(
    actions: list[tuple[str, int]], ppm: float
) -> None:
    line = Line(ppm)
    for sent in line.device.start():
        line.deliver(sent)
    for action, amount in [("send", 30), *actions, ("send", 30)]:
        line.act(action, amount)

    assert line.timeline.origin == 0
    assert all(len(bases) == 1 for bases in line.bases.values())
    last = max(index for _, index in line.placed) + min(line.bases[0])
    assert last == line.device.index - PACKET_SAMPLES


@settings(derandomize=True, max_examples=80, deadline=None)
@given(
    st.integers(1, 400),
    st.integers(0, 6000),
    st.integers(0, 300).map(lambda tenths: tenths / 10.0),
    st.integers(0, 25),
    st.booleans(),
)
def test_a_restart_is_known_at_the_latest_by_the_first_status_heard(
    ran: int, lost: int, down_s: float, first_heard: int, was_cut: bool
) -> None:
    line = Line(0.0)
    node = line.device
    for sent in [*node.start(), *node.run(ran)]:
        line.deliver(sent)
    node.lose(lost)
    node.restart(down_s)
    if was_cut:
        line.timeline.observe_cut()
    heard = [*node.start(), *node.run(60)][first_heard:]
    opened = next(number for number, sent in enumerate(heard) if len(sent.data) != 85)
    for sent in heard:
        line.deliver(sent)

    assert line.timeline.origin >= 1
    newest = line.bases[line.timeline.origin]
    assert len(newest) == 1
    first_index = min(sent.index for sent in heard[opened:] if len(sent.data) == 85)
    assert newest <= {min(sent.index for sent in heard), first_index}
    if was_cut:
        # Until then a sample may be off by what the arrival time leaves open, and no more.
        assert max(line.bases[0]) - min(line.bases[0]) <= TOLERANCE_SAMPLES + 0.01 * lost * 25


@settings(derandomize=True, max_examples=40, deadline=None)
@given(st.integers(30, 400), st.integers(1, 400_000), st.booleans())
def test_an_outage_gives_the_right_gap_or_a_new_origin(
    ran: int, outage_s: int, is_status_first: bool
) -> None:
    line = Line(0.0)
    node = line.device
    for sent in [*node.start(), *node.run(ran)]:
        line.deliver(sent)
    if outage_s < 5_000:
        node.lose(10 * outage_s)
    else:
        node.pause(outage_s)
    back = [*([node.status()] if is_status_first else []), *node.run(20)]
    for sent in back:
        line.deliver(sent)

    assert all(len(bases) == 1 for bases in line.bases.values())
    if is_status_first or outage_s < 5_000:
        assert line.timeline.origin == 0
