"""The six-lead section of the specification, its vectors and the implementation say the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from six_lead_examples import frames_of

from ecgd.protocol import (
    MAX_LINE_LOAD,
    SixLeadDecoder,
    decode_six_lead,
    encode_six_lead,
    lateness,
    six_lead_bytes_per_second,
    six_lead_load,
)
from ecgd.protocol import identity_trust as trust
from ecgd.protocol import phase_search as search
from ecgd.protocol import six_lead_decoder as decoder
from ecgd.protocol import six_lead_timeline as timeline
from ecgd.protocol.six_lead import FRAME_SIZE, LEADS, ROUNDING_COUNTS, ByteOrder, sum_holds
from ecgd.sources.url import BAUD_RATES

ROOT = Path(__file__).resolve().parents[2]
SECTION = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8").split("\n## Six-lead\n")[1]
LINES = [
    line.split(" ")
    for line in (ROOT / "tests" / "vectors" / "six_lead.txt").read_text("ascii").splitlines()
    if not line.startswith("#")
]
FRAMES = {name: (text, fields) for kind, name, text, *fields in LINES if kind == "frame"}
STREAMS = {name: (text, fields) for kind, name, text, *fields in LINES if kind == "stream"}


def pairs(fields: list[str]) -> dict[str, str]:
    return dict(field.split("=", 1) for field in fields)


def order_of(fields: dict[str, str]) -> ByteOrder:
    assert fields["order"] in ("little", "big")
    return "big" if fields["order"] == "big" else "little"


@pytest.mark.parametrize("name", FRAMES)
def test_a_vector_decodes_to_its_counts_and_encodes_to_its_bytes(name: str) -> None:
    raw, fields = bytes.fromhex(FRAMES[name][0]), pairs(FRAMES[name][1])
    counts = np.array([int(count) for count in fields["counts"].split(",")], dtype=np.int32)
    expected = counts.reshape(-1, len(LEADS)).T

    assert all(sum_holds(frame) for frame in frames_of(raw))
    np.testing.assert_array_equal(decode_six_lead(raw, order_of(fields)), expected)
    assert encode_six_lead(expected, order_of(fields)) == raw


@pytest.mark.parametrize("name", FRAMES)
def test_the_table_of_the_specification_places_the_counts(name: str) -> None:
    raw, fields = bytes.fromhex(FRAMES[name][0])[:FRAME_SIZE], pairs(FRAMES[name][1])
    for number, lead in enumerate(LEADS):
        assert f"| {2 * number} | 2 | {lead} | i16 |" in SECTION
        count = int.from_bytes(raw[2 * number : 2 * number + 2], order_of(fields), signed=True)
        assert str(count) == fields["counts"].split(",")[number]
    assert "| 12 | 1 | sum | u8 |" in SECTION
    assert raw[12] == sum(raw[:12]) % 256


@pytest.mark.parametrize("name", STREAMS)
def test_a_receiver_makes_of_a_stream_what_the_vector_says(name: str) -> None:
    text, fields = STREAMS[name]
    told = {key: int(value) for key, value in pairs(fields).items()}
    receiver = SixLeadDecoder(baseline_counts=told.pop("baseline"))
    receiver.feed(bytes.fromhex(text))
    receiver.reset()

    found = receiver.statistics
    assert told == {
        "frames": found.packets,
        "accepted": found.bytes_accepted,
        "discarded": found.bytes_discarded,
        "refused": found.refused,
    }
    assert found.bytes_in == found.bytes_accepted + found.bytes_discarded


def test_the_vectors_show_both_orders_and_are_short_enough() -> None:
    assert {pairs(fields)["order"] for _, fields in FRAMES.values()} == {"little", "big"}
    assert max(len(" ".join(line)) for line in LINES) <= 2047
    assert len(LINES) == len(FRAMES) + len(STREAMS)


def test_the_limits_of_the_specification_are_those_of_the_implementation() -> None:
    words = " ".join(SECTION.split())
    for phrase in (
        f"**{search.LOCK_FRAMES}** frames in a row",
        f"**{search.LOCK_FRAMES_BY_SUM}** frames in a row",
        f"± {ROUNDING_COUNTS} counts",
        f"**{decoder.LOST_FRAMES}** bad frames in a row",
        f"at most {decoder.SEARCH_FRAMES * FRAME_SIZE} bytes",
        f"{trust.FAULT_FRAMES} in a row",
        f"{trust.REGAIN_FRAMES} frames in a row",
        f"{timeline.LOSS_S * 1000:g} ms",
        f"{timeline.LOSS_AT_BREAK_S * 1000:g} ms",
        f"{lateness.WATCH_SECONDS} s",
        f"{timeline.OUTAGE_S:g} s",
        f"{six_lead_bytes_per_second(250.0):.0f} bytes a second",
    ):
        assert phrase in words, phrase


def test_the_line_needs_38400_baud_at_250_hz() -> None:
    enough = [baud for baud in BAUD_RATES if six_lead_load(250.0, baud) <= MAX_LINE_LOAD]
    assert enough[0] == 38400
    for baud in (9600, 38400, 57600):
        assert f"{six_lead_load(250.0, baud):.0%} of {baud}".replace("%", " %") in SECTION
