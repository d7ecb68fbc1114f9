"""The specification, its vectors and the implementation say the same."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import numpy as np
import pytest
from block_examples import decode, packets_of

from ecgd.protocol import (
    ARGUMENT_LIMITS,
    MAX_LINE_LOAD,
    MAX_PACKET_SIZE,
    Answer,
    BlockDecoder,
    Command,
    CommandPacket,
    HelloPacket,
    Packet,
    PacketType,
    ReplyPacket,
    SamplesPacket,
    StatusPacket,
    bytes_per_second,
    line_load,
    samples_per_packet,
)
from ecgd.protocol.decoder import NOISE_LIMIT
from ecgd.protocol.encoder import SEQUENCE_STRIDE
from ecgd.protocol.frame import MAX_BODY_SIZE, SYNC
from ecgd.protocol.hello import (
    HELLO_MAX_BODY_SIZE,
    HELLO_MIN_BODY_SIZE,
    LEAD_CODES,
    MAX_TEXT_SIZE,
)
from ecgd.protocol.status import ELECTRODES, RESET_CAUSES, STATUS_BODY_SIZE

ROOT = Path(__file__).resolve().parents[2]
SPECIFICATION = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
LINES = [
    line.split(" ")
    for line in (ROOT / "tests" / "vectors" / "block.txt").read_text(encoding="ascii").splitlines()
    if not line.startswith("#")
]
PACKET_VECTORS = {name: (text, fields) for kind, name, text, *fields in LINES if kind == "packet"}
STREAM_VECTORS = {name: (text, fields) for kind, name, text, *fields in LINES if kind == "stream"}
TABLE_OF = {
    HelloPacket: "hello",
    StatusPacket: "status",
    ReplyPacket: "reply",
    CommandPacket: "command",
    SamplesPacket: "samples",
}


def table(name: str) -> list[list[str]]:
    """Rows of the table under a mark in the specification."""
    after = SPECIFICATION.split(f"<!-- table: {name} -->\n", 1)[1]
    rows = after.split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def read_by_table(name: str, packet: bytes) -> dict[str, int]:
    """The fixed fields of a packet as the table of the specification places them."""
    fields = {}
    for offset, size, field, form, _ in table(name):
        if form and offset.isdigit():
            assert int(size) * 8 == int(form[1:])
            raw = packet[int(offset) : int(offset) + int(size)]
            fields[field] = int.from_bytes(raw, "little", signed=form.startswith("i"))
    return fields


def pairs(fields: list[str]) -> dict[str, str]:
    return dict(field.split("=", 1) for field in fields)


def the_packet(name: str) -> tuple[bytes, Packet, dict[str, str]]:
    text, fields = PACKET_VECTORS[name]
    raw = bytes.fromhex(text)
    (packet,) = packets_of(decode(raw))
    return raw, packet, pairs(fields)


def none_code(number: int | None, code: int) -> int:
    return code if number is None else number


def milli(number: float | None) -> int:
    return 0xFFFFFFFF if number is None else round(number * 1000.0)


def codes(names: tuple[str, ...], table_of_codes: tuple[str, ...]) -> str:
    return ",".join(str(table_of_codes.index(name)) for name in names)


def fields_of(packet: Packet) -> dict[str, str | int]:
    """What a decoded packet says, in the numbers of the line."""
    match packet:
        case SamplesPacket():
            counts = ",".join(str(count) for count in packet.counts.T.reshape(-1))
            return {"counter": packet.counter, "counts": counts}
        case StatusPacket():
            return status_fields(packet)
        case HelloPacket():
            return hello_fields(packet)
        case CommandPacket():
            return {"code": packet.code, "argument": packet.argument}
        case ReplyPacket():
            told = {"command_sequence": packet.command_sequence, "code": packet.code}
            return {**told, "answer": packet.answer.value, "value": packet.value}


def status_fields(packet: StatusPacket) -> dict[str, str | int]:
    status = packet.status
    off = status.electrodes_off
    sensed = set() if off is None else status.electrodes_sensed or set(ELECTRODES)
    bits = sum(1 << bit for bit, name in enumerate(ELECTRODES) if off and name in off)
    bits += sum(16 << bit for bit, name in enumerate(ELECTRODES) if name in sensed)
    causes = [None, *RESET_CAUSES, *[""] * 9, "unknown"]
    state = causes.index(status.reset_cause)
    return {
        "counter": packet.counter,
        "boot": packet.boot,
        "battery_mv": none_code(status.battery_mv, 65_535),
        "electrodes": bits,
        "state": state + 16 * bool(status.sending) + 32 * bool(status.self_test),
        "saturated": none_code(status.saturated_count, 65_535),
        "overruns": none_code(status.overrun_count, 65_535),
        "uptime_s": none_code(status.uptime_s, 0xFFFFFFFF),
    }


def hello_fields(packet: HelloPacket) -> dict[str, str | int]:
    info = packet.info
    return {
        "minor": int(info.protocol.removeprefix("block 1.")),
        "boot": packet.boot,
        "flags": int(info.notch_on),
        "fs_mhz": milli(info.fs_hz),
        "adc_bits": info.adc_bits,
        "scale": milli(info.counts_per_mv),
        "baseline": info.baseline_counts,
        "highpass_mhz": milli(info.highpass_hz),
        "lowpass_mhz": milli(info.lowpass_hz),
        "range_uv": milli(info.input_range_mv),
        "lead_count": len(info.leads),
        "leads": codes(info.leads, LEAD_CODES),
        "device_id": info.device_id,
        "firmware": info.firmware or "-",
    }


def test_the_crc_is_that_of_the_vectors() -> None:
    checks = [
        (bytes.fromhex(text), int(crc, 16))
        for kind, _, text, crc in (line for line in LINES if line[0] == "crc")
    ]
    assert checks == [(b"123456789", 0xCBF43926)]
    assert all(zlib.crc32(raw) == crc for raw, crc in checks)


@pytest.mark.parametrize("name", PACKET_VECTORS)
def test_a_vector_decodes_to_its_fields_and_encodes_to_its_bytes(name: str) -> None:
    raw, packet, expected = the_packet(name)
    frame = {"version_type": raw[1], "length": len(raw) - 8, "sequence": packet.sequence}

    assert {key: str(value) for key, value in {**frame, **fields_of(packet)}.items()} == expected
    assert packet.to_bytes() == raw


@pytest.mark.parametrize("name", PACKET_VECTORS)
def test_the_tables_of_the_specification_place_the_fields_of_a_vector(name: str) -> None:
    raw, packet, expected = the_packet(name)
    read = read_by_table("frame", raw) | read_by_table(TABLE_OF[type(packet)], raw)

    assert read.pop("sync") == SYNC
    assert {key: str(value) for key, value in read.items()}.items() <= expected.items()
    assert int.from_bytes(raw[-4:], "little") == zlib.crc32(raw[:-4])
    untold = {"counts", "leads", "device_id", "firmware"}
    assert set(expected) - set(read) <= untold


@pytest.mark.parametrize("name", STREAM_VECTORS)
def test_a_receiver_makes_of_a_stream_what_the_vector_says(name: str) -> None:
    text, fields = STREAM_VECTORS[name]
    decoder = BlockDecoder()
    packets = packets_of(decoder.feed(bytes.fromhex(text)) + decoder.reset())

    found = decoder.statistics
    assert {key: int(value) for key, value in pairs(fields).items()} == {
        "packets": len(packets),
        "accepted": found.bytes_accepted,
        "discarded": found.bytes_discarded,
        "refused": found.refused,
    }


def test_the_vectors_show_every_type_command_and_answer() -> None:
    packets = [the_packet(name)[1] for name in PACKET_VECTORS]

    assert {type(packet) for packet in packets} == set(TABLE_OF)
    commands = {packet.command for packet in packets if isinstance(packet, CommandPacket)}
    assert commands == {*Command, None}
    assert {p.answer for p in packets if isinstance(p, ReplyPacket)} == set(Answer)
    formats = {(len(p.counts), p.width_bits) for p in packets if isinstance(p, SamplesPacket)}
    assert {(2, 12), (6, 12), (2, 16), (6, 16)} <= formats
    assert max(len(" ".join(line)) for line in LINES) <= 2047
    assert len(LINES) == 1 + len(PACKET_VECTORS) + len(STREAM_VECTORS)


@pytest.mark.parametrize("kind", PacketType)
def test_the_specification_lists_each_packet_type(kind: PacketType) -> None:
    code = "0x21–0x26, 0x29–0x2E, 0x31–0x36, 0x39–0x3E" if kind == 0x20 else f"0x{kind:02X}"
    assert f"| {kind.name.title()} | {code} |" in SPECIFICATION
    assert f"\n## {kind.name.title()}\n" in SPECIFICATION


def test_the_specification_lists_each_command_and_answer() -> None:
    for command in Command:
        (row,) = re.findall(
            rf"^\| {command.name} \| {command.value} \| (.*?) \|", SPECIFICATION, re.M
        )
        limits = {int(number) for number in re.findall(r"\d+", row)}
        assert limits == set(ARGUMENT_LIMITS[command])
    for answer in Answer:
        assert f"| {answer.name} | {answer.value} |" in SPECIFICATION


def test_the_limits_of_the_specification_are_those_of_the_implementation() -> None:
    for phrase in (
        f"at most {MAX_PACKET_SIZE} bytes long",
        f"bytes of the body, 0 to {MAX_BODY_SIZE}",
        f"{HELLO_MIN_BODY_SIZE} to {HELLO_MAX_BODY_SIZE} bytes",
        f"| {STATUS_BODY_SIZE} bytes |",
        f"(1 to {MAX_TEXT_SIZE} characters)",
        f"the latest each {NOISE_LIMIT} bytes",
        f"{SEQUENCE_STRIDE} times `boot` (see Status), modulo 256",
        f"**{bytes_per_second(250.0, 2):.0f} bytes a second",
        f"at or under {MAX_LINE_LOAD:.0%}".replace("%", " %"),
    ):
        assert phrase in " ".join(SPECIFICATION.split())


@pytest.mark.parametrize("row", table("line"), ids=lambda row: "-".join(row[:3]))
def test_the_table_of_loads_is_right(row: list[str]) -> None:
    fs_hz, lead_count, width_bits, samples, per_second, share, baud = row
    form = float(fs_hz), int(lead_count), int(width_bits)

    assert int(samples) == samples_per_packet(*form)
    assert int(per_second) == int(np.ceil(bytes_per_second(*form)))
    load = line_load(*form, int(baud))
    assert share == f"{100.0 * load:.1f} %"
    assert load <= MAX_LINE_LOAD
