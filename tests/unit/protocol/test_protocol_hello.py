"""Hello packets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from block_examples import INFO

from ecgd.errors import ProtocolError
from ecgd.model.device import DeviceInfo
from ecgd.protocol.frame import MAX_BODY_SIZE, Frame, open_frame
from ecgd.protocol.hello import (
    HELLO_MAX_BODY_SIZE,
    HELLO_MIN_BODY_SIZE,
    HelloPacket,
)


def body_of(info: DeviceInfo) -> bytes:
    return open_frame(HelloPacket(1, info).to_bytes()).body


def info_of(body: bytes) -> DeviceInfo:
    return HelloPacket.from_frame(Frame(1, 1, body)).info


def test_the_fields_lie_where_the_specification_says() -> None:
    encoded = HelloPacket(8, INFO, boot=0x0102).to_bytes()

    fixed = "00 0201 01 90d00300 0c 00400600 f4ff 32000000 f0490200 88130000 02"
    rest = "00 01 07 6e6f64652d3037 05 312e342e32"
    assert encoded[:4] == bytes((0xA5, 0x41, 44, 8))
    assert encoded[4:-4] == bytes.fromhex(fixed + rest)


@pytest.mark.parametrize(
    "info",
    [
        INFO,
        DeviceInfo("x", 50.0, ("V1",), 0.001, protocol="block 1.0"),
        DeviceInfo(
            "a" * 24,
            1000.0,
            ("III", "aVL", "aVF", "aVR", "V6", "I"),
            6553.6,
            -32_768,
            24,
            "f" * 24,
            "block 1.0",
            highpass_hz=0.0,
            lowpass_hz=500.0,
            input_range_mv=300.0,
        ),
    ],
)
@pytest.mark.parametrize("boot", [0, 65_535])
def test_an_info_comes_back(info: DeviceInfo, boot: int) -> None:
    packet = HelloPacket(200, info, boot)
    assert HelloPacket.from_frame(open_frame(packet.to_bytes())) == packet


def test_unknown_corners_are_not_dc_coupling() -> None:
    unknown = info_of(body_of(replace(INFO, highpass_hz=None, lowpass_hz=None)))
    coupled = info_of(body_of(replace(INFO, highpass_hz=0.0)))

    assert unknown.highpass_hz is None
    assert unknown.lowpass_hz is None
    assert coupled.highpass_hz == 0.0


@pytest.mark.parametrize(
    "change",
    [
        {"fs_hz": 49.9},
        {"fs_hz": 1000.1},
        {"fs_hz": float("nan")},
        {"counts_per_mv": 0.0},
        {"counts_per_mv": float("inf")},
        {"counts_per_mv": -409.6},
        {"baseline_counts": 40_000},
        {"adc_bits": 33},
        {"leads": ()},
        {"leads": ("I", "I")},
        {"leads": ("I", "MCL1")},
        {"leads": ("I", "II", "III", "aVL", "aVF", "aVR", "V1")},
        {"highpass_hz": -0.05},
        {"device_id": ""},
        {"device_id": "n" * 25},
        {"device_id": "Gerät"},
        {"firmware": "1\n"},
    ],
)
def test_what_the_format_cannot_carry_is_an_error(change: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        HelloPacket(0, replace(INFO, **change)).to_bytes()


@pytest.mark.parametrize(
    ("at", "raw"),
    [
        (4, "4fc30000"),
        (8, "07"),
        (9, "00000000"),
        (27, "00"),
        (27, "07"),
        (28, "0000"),
        (29, "0c"),
        (30, "00"),
        (30, "19"),
        (31, "0a"),
        (38, "04"),
        (38, "06"),
    ],
)
def test_a_field_outside_its_limits_is_refused(at: int, raw: str) -> None:
    body = bytearray(body_of(INFO))
    patch = bytes.fromhex(raw)
    body[at : at + len(patch)] = patch

    with pytest.raises(ProtocolError):
        info_of(bytes(body))


def test_the_length_limits_are_those_of_the_fields() -> None:
    shortest = body_of(DeviceInfo("x", 50.0, ("V1",), 1.0))
    longest = body_of(replace(INFO, leads=("I", "II", "III", "V1", "V2", "V3"), device_id="n" * 24))

    assert len(shortest) == HELLO_MIN_BODY_SIZE
    assert len(longest) + 24 - len(INFO.firmware) == HELLO_MAX_BODY_SIZE <= MAX_BODY_SIZE
    for size in (0, HELLO_MIN_BODY_SIZE - 1, HELLO_MAX_BODY_SIZE + 1):
        with pytest.raises(ProtocolError, match=f"hello of {size} bytes"):
            info_of(bytes(size))


def test_a_later_minor_version_is_told_and_taken() -> None:
    body = bytearray(body_of(INFO))
    body[0] = 3
    assert info_of(bytes(body)).protocol == "block 1.3"
