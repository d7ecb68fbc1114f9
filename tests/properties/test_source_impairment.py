"""Properties of the impaired line, and of the decoder behind it."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgd.node.impairment import ImpairedLine, Impairment, impair
from ecgd.protocol.decoder import BlockDecoder
from ecgd.protocol.encoder import BlockEncoder
from ecgd.protocol.samples import SamplesPacket

BAD = st.builds(
    Impairment,
    packet_loss=st.floats(0, 0.5),
    byte_loss=st.floats(0, 0.05),
    bit_errors=st.floats(0, 0.01),
    garbage_at_start=st.integers(0, 500),
)


@given(bad=BAD, seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 5000), max_size=8))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_damage_does_not_depend_on_how_bytes_are_split(
    bad: Impairment, seed: int, cuts: list[int]
) -> None:
    data = bytes(range(256)) * 20
    whole = ImpairedLine(bad, seed).carry(data, 0.0)
    line, places = ImpairedLine(bad, seed), [0, *sorted(cuts), len(data)]
    parts = [line.carry(data[start:end], 0.0) for start, end in itertools.pairwise(places)]
    assert b"".join(parts) == whole


@given(bad=BAD, seed=st.integers(0, 2**32))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_no_damaged_packet_is_ever_accepted(bad: Impairment, seed: int) -> None:
    encoder, rng = BlockEncoder(), np.random.default_rng(seed)
    sent = [
        encoder.samples(rng.integers(-2048, 2048, (2, 25)).astype(np.int32)) for _ in range(100)
    ]
    decoder = BlockDecoder()
    events = decoder.feed(impair(sent, bad, seed))
    accepted = [event.to_bytes() for event in events if isinstance(event, SamplesPacket)]
    places = [sent.index(packet) for packet in accepted]
    assert places == sorted(set(places))
