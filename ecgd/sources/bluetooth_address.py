"""Bluetooth addresses, as people write them and as BlueZ makes paths of them."""

from __future__ import annotations

import re
from typing import Final

_ADDRESS: Final = re.compile(r"[0-9A-F]{2}(?::[0-9A-F]{2}){5}")
_NOBODY: Final = frozenset({"00:00:00:00:00:00", "FF:FF:FF:FF:FF:FF"})


def read_address(text: str) -> str | None:
    """Return an address in capitals; None where ``text`` is none.

    >>> read_address("98:d3:31:f5:0a:7c")
    '98:D3:31:F5:0A:7C'
    """
    address = text.strip().upper()
    is_one = _ADDRESS.fullmatch(address) is not None and address not in _NOBODY
    return address if is_one else None


def address_of_path(path: str) -> str:
    """Return the address in BlueZ's path of a device; empty where it is none."""
    _, found, tail = path.rpartition("/dev_")
    return (read_address(tail.replace("_", ":")) or "") if found else ""
