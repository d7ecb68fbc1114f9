"""The specification of sealed packets, its vectors and the implementation say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from block_examples import packets_of

from ecgd.protocol import BlockDecoder, LinkKey, Mark, SealGuard
from ecgd.protocol.chaskey import Chaskey

ROOT = Path(__file__).resolve().parents[2]
SPECIFICATION = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
SEAL_HEADER = (ROOT / "firmware/ecg_node/src/core/seal.h").read_text(encoding="utf-8")
LAST_COUNTER = 0xFFFF0000
"""A device with a key begins a new run before its counter passes this: no place comes twice."""

LINES = [
    line.split(" ")
    for line in (ROOT / "tests/vectors/block_sealed.txt").read_text(encoding="ascii").splitlines()
    if not line.startswith("#")
]
KEYS = {name: bytes.fromhex(digits) for kind, name, digits, *_ in LINES if kind == "key"}
PLAIN = {
    line.split(" ")[2]
    for line in (ROOT / "tests/vectors/block.txt").read_text(encoding="ascii").splitlines()
    if line.startswith("packet ")
}


def vectors(kind: str) -> dict[str, list[str]]:
    return {name: rest for found, name, *rest in LINES if found == kind}


def pairs(fields: list[str]) -> dict[str, str]:
    return dict(field.split("=", 1) for field in fields)


@pytest.mark.parametrize("name", vectors("mac"))
def test_the_code_is_that_of_its_designers(name: str) -> None:
    text, *fields = vectors("mac")[name]
    told = pairs(fields)
    message = b"" if text == "-" else bytes.fromhex(text)

    assert Chaskey(KEYS[told["key"]]).tag(message).hex() == told["tag"]


@pytest.mark.parametrize("name", vectors("seal"))
def test_a_packet_is_sealed_as_the_vector_says(name: str) -> None:
    plain, sealed, *fields = vectors("seal")[name]
    told = pairs(fields)
    place = Mark(int(told["boot"]), int(told["high"]) << 16)
    key, raw = LinkKey(KEYS[told["key"]]), bytes.fromhex(plain)

    assert plain in PLAIN
    assert key.seal(raw, place).hex() == sealed
    assert key.tags(raw, (place,)) == (int(told["tag"], 16),)
    # As the specification tells it, without the implementation's shortcuts.
    covered = raw[:-4] + place.boot.to_bytes(2, "little") + int(told["high"]).to_bytes(2, "little")
    tag = Chaskey(KEYS[told["key"]]).tag(covered)[:4]
    field = bytes(a ^ b for a, b in zip(raw[-4:], tag, strict=True))
    assert (raw[:-4] + field).hex() == sealed


@pytest.mark.parametrize("name", vectors("stream"))
def test_a_receiver_makes_of_a_sealed_stream_what_the_vector_says(name: str) -> None:
    text, *fields = vectors("stream")[name]
    told = pairs(fields)
    decoder = BlockDecoder(SealGuard(LinkKey(KEYS[told.pop("key")])))
    packets = packets_of(decoder.feed(bytes.fromhex(text)) + decoder.reset())

    found = decoder.statistics
    assert {key: int(value) for key, value in told.items()} == {
        "packets": len(packets),
        "accepted": found.bytes_accepted,
        "discarded": found.bytes_discarded,
        "refused": found.refused,
    }


def test_the_vectors_cover_what_is_sealed() -> None:
    kinds = {int(plain[2:4], 16) & 0x3F for plain, *_ in vectors("seal").values()}
    assert {0x01, 0x02} < kinds
    assert min(kinds - {0x01, 0x02}) > 0x20
    boots = {pairs(fields)["boot"] for _, _, *fields in vectors("seal").values()}
    assert {"1", "65535"} <= boots
    assert max(len(" ".join(line)) for line in LINES) <= 2047
    known = ("key", "mac", "seal", "stream")
    assert len(LINES) == sum(len(vectors(kind)) for kind in known)


def test_the_specification_names_the_last_place_and_the_firmware_restarts_before_it() -> None:
    assert f"before its counter passes {LAST_COUNTER} " in SPECIFICATION
    found = re.search(r"SEAL_RESTART_COUNTER \((0x[0-9A-F]+)u - (\d+)u\)", SEAL_HEADER)
    assert found is not None
    assert int(found[1], 16) == LAST_COUNTER
    assert int(found[2]) > 0
    assert "CRC field = CRC-32 XOR tag" in SPECIFICATION
