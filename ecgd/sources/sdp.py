"""The one question to a device's service discovery: which RFCOMM channel is its serial port?

Bluetooth Core specification, Vol 3 Part B: data elements (3), ServiceSearchAttribute (4.7).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

SDP_PSM: Final = 1
_SERIAL_PORT: Final = 0x1101
_RFCOMM: Final = "0003"
_PROTOCOLS: Final = 0x0004
"""Attribute with the list of a service's protocols."""

_REQUEST: Final = 0x06
_RESPONSE: Final = 0x07
_DEPTH_MAX: Final = 8

Element = int | str | bytes | list["Element"]


def request_of(transaction: int) -> bytes:
    """Return the question for the protocols of every serial port."""
    pattern = bytes((0x35, 3, 0x19)) + struct.pack(">H", _SERIAL_PORT)
    attributes = bytes((0x35, 3, 0x09)) + struct.pack(">H", _PROTOCOLS)
    body = pattern + struct.pack(">H", 0xFFFF) + attributes + b"\0"
    return struct.pack(">BHH", _REQUEST, transaction, len(body)) + body


def read_channel(answer: bytes, transaction: int) -> int | None:
    """Return the channel in an answer, 1 to 30; None where it holds none or makes no sense."""
    if len(answer) < 7:
        return None
    kind, number, length, count = struct.unpack_from(">BHHH", answer)
    if (kind, number) != (_RESPONSE, transaction) or length != len(answer) - 5:
        return None
    try:
        elements = list(_elements(answer[7 : 7 + count], 0))
    except ValueError:
        return None
    return _find(elements)


def _find(elements: list[Element]) -> int | None:
    for element in elements:
        if not isinstance(element, list):
            continue
        match element:
            case [str(uuid), int(channel), *_] if uuid == _RFCOMM and 1 <= channel <= 30:
                return channel
        inner = _find(element)
        if inner is not None:
            return inner
    return None


def _elements(data: bytes, depth: int) -> Iterator[Element]:
    """Yield data elements; a UUID as hexadecimal digits. Raises ValueError."""
    place = 0
    while place < len(data):
        kind, size, start = _header(data, place)
        content = data[start : start + size]
        if len(content) != size or depth > _DEPTH_MAX:
            raise ValueError("an element is cut off, or too deep")
        yield _value(kind, content, depth)
        place = start + size


def _value(kind: int, content: bytes, depth: int) -> Element:
    match kind:
        case 1:
            return int.from_bytes(content, "big")
        case 3:
            # A short UUID may come in 4 or 16 bytes; the service's own digits stand first.
            return content[:4].hex()[-4:] if len(content) > 2 else content.hex()
        case 6 | 7:
            return list(_elements(content, depth + 1))
    return content


def _header(data: bytes, place: int) -> tuple[int, int, int]:
    """Return type, size of the content, and where it begins."""
    kind, index = data[place] >> 3, data[place] & 7
    if kind == 0:
        return kind, 0, place + 1
    if index <= 4:
        return kind, 1 << index, place + 1
    width = 1 << (index - 5)
    length = data[place + 1 : place + 1 + width]
    if len(length) != width:
        raise ValueError("a length is cut off")
    return kind, int.from_bytes(length, "big"), place + 1 + width
