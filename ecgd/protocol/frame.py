"""The frame around every packet: sync, version and type, length, sequence, body, CRC-32."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ecgd.errors import ProtocolError

SYNC: Final = 0xA5
VERSION: Final = 1
MINOR_VERSION: Final = 0
HEADER_SIZE: Final = 4
CRC_SIZE: Final = 4
FRAME_OVERHEAD: Final = HEADER_SIZE + CRC_SIZE
MAX_BODY_SIZE: Final = 242
MAX_PACKET_SIZE: Final = FRAME_OVERHEAD + MAX_BODY_SIZE

TYPE_MASK: Final = 0x3F
VERSION_SHIFT: Final = 6
SAMPLES_BIT: Final = 0x20

_HEADER: Final = struct.Struct("<BBBB")
_CRC: Final = struct.Struct("<I")


class PacketType(IntEnum):
    """Low six bits of the second byte; every value from SAMPLES on carries its own format."""

    HELLO = 0x01
    STATUS = 0x02
    REPLY = 0x03
    COMMAND = 0x10
    SAMPLES = SAMPLES_BIT


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame whose CRC is right. ``kind`` is the six-bit type, ``sequence`` 0 to 255."""

    kind: int
    sequence: int
    body: bytes


def seal_frame(kind: int, sequence: int, body: bytes) -> bytes:
    """Return the bytes of one frame on the line (docs/protocol.md, "Frame").

    Raises ProtocolError for a sequence outside 0 to 255 or a body over 242 bytes.
    """
    check_range("sequence", sequence, 0, 0xFF)
    check_range("body length", len(body), 0, MAX_BODY_SIZE)
    head = _HEADER.pack(SYNC, VERSION << VERSION_SHIFT | kind, len(body), sequence) + body
    return head + _CRC.pack(zlib.crc32(head))


def crc_holds(packet: bytes) -> bool:
    """Whether the last four bytes are the CRC-32/ISO-HDLC of all those before, low byte first."""
    return zlib.crc32(packet[:-CRC_SIZE]) == int.from_bytes(packet[-CRC_SIZE:], "little")


def open_frame(packet: bytes) -> Frame:
    """Take one packet apart whose CRC has been found right."""
    return Frame(packet[1] & TYPE_MASK, packet[3], packet[HEADER_SIZE:-CRC_SIZE])


def check_range(what: str, number: int, lowest: int, highest: int) -> int:
    """Return ``number``, or raise ProtocolError when it does not fit its field."""
    if not lowest <= number <= highest:
        raise ProtocolError(
            f"{what} is {number}", f"The block protocol carries {lowest} to {highest}."
        )
    return number
