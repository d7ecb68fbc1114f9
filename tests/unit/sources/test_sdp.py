"""Asking a device for its serial port's channel: a real answer, and answers that make no sense."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgd.sources.sdp import read_channel, request_of

PROTOCOLS = bytes.fromhex("35 0c 35 03 19 01 00 35 05 19 00 03 08 01")
"""What an HC-05 says: L2CAP, and RFCOMM on channel 1."""


def answer(protocols: bytes, transaction: int = 1) -> bytes:
    attribute = bytes.fromhex("09 00 04") + protocols
    record = bytes((0x35, len(attribute))) + attribute
    lists = bytes((0x35, len(record))) + record
    body = len(lists).to_bytes(2, "big") + lists + b"\0"
    return b"\x07" + transaction.to_bytes(2, "big") + len(body).to_bytes(2, "big") + body


def test_the_question_is_that_of_the_specification() -> None:
    assert request_of(0x0102).hex(" ") == ("06 01 02 00 0d 35 03 19 11 01 ff ff 35 03 09 00 04 00")


@pytest.mark.parametrize(
    ("protocols", "channel"),
    [
        (PROTOCOLS, 1),
        (bytes.fromhex("35 0c 35 03 19 01 00 35 05 19 00 03 08 1e"), 30),
        (bytes.fromhex("35 0e 35 03 19 01 00 35 07 1a 00 00 00 03 08 05"), 5),
        (bytes.fromhex("35 0c 35 03 19 01 00 35 05 19 00 03 08 1f"), None),
        (bytes.fromhex("35 05 35 03 19 01 00"), None),
        (bytes.fromhex("35 0c 35 03 19 01 00 35 09 19 00 03 08 01"), None),
    ],
    ids=["HC-05", "last", "long uuid", "beyond", "no RFCOMM", "cut off"],
)
def test_the_channel_is_read(protocols: bytes, channel: int | None) -> None:
    assert read_channel(answer(protocols), 1) == channel


def test_an_answer_to_another_question_is_none() -> None:
    assert read_channel(answer(PROTOCOLS, 2), 1) is None
    assert read_channel(answer(PROTOCOLS) + b"\0", 1) is None


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_garbage_never_raises(data: bytes) -> None:
    body = len(data).to_bytes(2, "big") + data + b"\0"
    read_channel(b"\x07\0\x01" + len(body).to_bytes(2, "big") + body, 1)
    read_channel(data, 1)
