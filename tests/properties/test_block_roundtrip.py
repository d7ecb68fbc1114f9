"""Every packet that can be built comes back as it was, whatever its values."""

from __future__ import annotations

import numpy as np
from block_examples import decode
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.protocol import (
    MAX_PACKET_SIZE,
    Answer,
    CommandPacket,
    HelloPacket,
    Packet,
    ReplyPacket,
    SamplesPacket,
    StatusPacket,
    encode_command,
)
from ecgd.protocol.hello import LEAD_CODES
from ecgd.protocol.samples import MAX_PAYLOAD_SIZE
from ecgd.protocol.status import ELECTRODES, RESET_CAUSES

BYTE = st.integers(0, 0xFF)
WORD = st.integers(0, 0xFFFF)
LONG = st.integers(0, 0xFFFFFFFF)
TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=24)
NAME = TEXT.filter(bool)
MILLI = st.none() | st.integers(0, 0xFFFFFFFE).map(lambda milli: milli / 1000.0)


@st.composite
def samples(draw: st.DrawFn) -> SamplesPacket:
    lead_count = draw(st.integers(1, 6))
    width_bits = draw(st.sampled_from([12, 16]))
    most = MAX_PAYLOAD_SIZE * 8 // (lead_count * width_bits)
    sample_count = draw(st.integers(1, most))
    rng = np.random.default_rng(draw(LONG))
    limit = 1 << (width_bits - 1)
    counts = rng.integers(-limit, limit, (lead_count, sample_count), dtype=np.int32)
    if draw(st.booleans()):
        counts[:] = draw(st.integers(-limit, limit - 1))
    return SamplesPacket(draw(BYTE), draw(WORD), counts, width_bits, draw(st.booleans()))


@st.composite
def statuses(draw: st.DrawFn) -> StatusPacket:
    sensed = draw(st.frozensets(st.sampled_from(ELECTRODES)))
    off = draw(st.frozensets(st.sampled_from(ELECTRODES)))
    count = st.none() | st.integers(0, 0xFFFE)
    status = DeviceStatus(
        battery_mv=draw(count),
        electrodes_off=off & sensed if sensed else None,
        saturated_count=draw(count),
        overrun_count=draw(count),
        uptime_s=draw(st.none() | st.integers(0, 0xFFFFFFFE)),
        reset_cause=draw(st.none() | st.sampled_from([*RESET_CAUSES, "unknown"])),
        electrodes_sensed=sensed if 0 < len(sensed) < len(ELECTRODES) else None,
        sending=draw(st.booleans()),
        self_test=draw(st.booleans()),
    )
    return StatusPacket(draw(BYTE), draw(LONG), status, draw(WORD))


@st.composite
def hellos(draw: st.DrawFn) -> HelloPacket:
    leads = draw(st.lists(st.sampled_from(LEAD_CODES), min_size=1, max_size=6, unique=True))
    info = DeviceInfo(
        device_id=draw(NAME),
        fs_hz=draw(st.integers(50_000, 1_000_000)) / 1000.0,
        leads=tuple(leads),
        counts_per_mv=draw(st.integers(1, 0xFFFFFFFF)) / 1000.0,
        baseline_counts=draw(st.integers(-0x8000, 0x7FFF)),
        adc_bits=draw(st.integers(8, 32)),
        firmware=draw(TEXT),
        protocol="block 1.0",
        highpass_hz=draw(MILLI),
        lowpass_hz=draw(MILLI),
        input_range_mv=draw(MILLI),
        notch_on=draw(st.booleans()),
    )
    return HelloPacket(draw(BYTE), info, draw(WORD))


PACKETS: st.SearchStrategy[Packet] = st.one_of(
    samples(),
    statuses(),
    hellos(),
    st.builds(CommandPacket, BYTE, BYTE, LONG),
    st.builds(ReplyPacket, BYTE, BYTE, BYTE, st.sampled_from(Answer), LONG),
)


@settings(derandomize=True, max_examples=400, deadline=None)
@given(PACKETS)
def test_every_packet_comes_back(packet: Packet) -> None:
    encoded = packet.to_bytes()

    assert decode(encoded) == (packet,)
    assert len(encoded) <= MAX_PACKET_SIZE


@settings(derandomize=True, max_examples=50, deadline=None)
@given(BYTE, LONG, BYTE)
def test_every_command_comes_back(code: int, argument: int, sequence: int) -> None:
    encoded = encode_command(code, argument, sequence=sequence)
    assert decode(encoded) == (CommandPacket(sequence, code, argument),)
