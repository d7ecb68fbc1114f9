"""The frame."""

from __future__ import annotations

import pytest

from ecgd.errors import ProtocolError
from ecgd.protocol.frame import MAX_BODY_SIZE, crc_holds, open_frame, seal_frame


def test_the_crc_is_the_one_that_is_named() -> None:
    """CRC-32/ISO-HDLC gives 0xCBF43926 for the nine digits, here low byte first."""
    assert crc_holds(b"123456789" + bytes.fromhex("2639f4cb"))
    assert not crc_holds(b"123456789" + bytes.fromhex("cbf43926"))


def test_a_frame_opens_to_what_was_sealed() -> None:
    sealed = seal_frame(0x22, 200, b"body")
    frame = open_frame(sealed)

    assert crc_holds(sealed)
    assert sealed[:4] == bytes((0xA5, 0x62, 4, 200))
    assert (frame.kind, frame.sequence, frame.body) == (0x22, 200, b"body")


@pytest.mark.parametrize(("sequence", "size"), [(-1, 0), (256, 0), (0, MAX_BODY_SIZE + 1)])
def test_what_does_not_fit_is_an_error(sequence: int, size: int) -> None:
    with pytest.raises(ProtocolError):
        seal_frame(1, sequence, bytes(size))
