"""Opens a connection to a name with several addresses: to the first that answers (RFC 8305)."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from itertools import chain, zip_longest
from typing import Any, Final

STAGGER_S: Final = 0.25
"""An address that has not answered by then no longer holds up the next one."""

Address = tuple[int, Any]
"""Family and socket address."""


class Https(HTTPConnection):
    """Speaks over a socket that is given to it: only the port's number is its own."""

    default_port = 443


def dial(host: str, port: int, timeout_s: float) -> socket.socket:
    """Return a connected socket, whose operations may take ``timeout_s`` each.

    Many a house has IPv6 addresses behind which nothing answers; one after the other they would
    take an attempt's whole time. The resolution of the name is not within ``timeout_s``.

    Raises OSError: the resolver's, TimeoutError, or what the last address said.
    """
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    addresses = by_turns([(family, where) for family, _, _, _, where in found])
    sock = _first_of(addresses, time.monotonic() + timeout_s)
    sock.settimeout(timeout_s)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def by_turns(addresses: list[Address]) -> Iterator[Address]:
    """Yield addresses in their order, but each family in its turn."""
    families = dict.fromkeys(family for family, _ in addresses)
    sorts = [[each for each in addresses if each[0] == family] for family in families]
    return (each for each in chain(*zip_longest(*sorts)) if each is not None)


def _first_of(addresses: Iterator[Address], deadline_s: float) -> socket.socket:
    """Return the first socket that is connected; the others are closed."""
    error: OSError = TimeoutError("no address answered in time")
    left = next(addresses, None)
    with selectors.DefaultSelector() as waiting:
        try:
            while left is not None or waiting.get_map():
                if left is not None:
                    error = _begin(left, waiting) or error
                    left = next(addresses, None)
                patience_s = deadline_s - time.monotonic()
                if patience_s <= 0.0:
                    raise TimeoutError("no address answered in time")
                stagger_s = patience_s if left is None else min(patience_s, STAGGER_S)
                for sock in _settled(waiting, stagger_s if waiting.get_map() else 0.0):
                    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if code == 0:
                        return sock
                    sock.close()
                    error = OSError(code, os.strerror(code))
        finally:
            for sock in _sockets(waiting):
                sock.close()
    raise error


def _begin(address: Address, waiting: selectors.BaseSelector) -> OSError | None:
    """Begin to connect; return what failed at once."""
    try:
        sock = socket.socket(address[0], socket.SOCK_STREAM)
    except OSError as error:
        return error
    sock.setblocking(False)
    code = sock.connect_ex(address[1])
    if code not in (0, errno.EINPROGRESS):
        sock.close()
        return OSError(code, os.strerror(code))
    waiting.register(sock, selectors.EVENT_WRITE)
    return None


def _settled(waiting: selectors.BaseSelector, timeout_s: float) -> Iterator[socket.socket]:
    """Yield the sockets that are connected, or never will be."""
    for key, _ in waiting.select(timeout_s):
        waiting.unregister(key.fileobj)
        assert isinstance(key.fileobj, socket.socket)
        yield key.fileobj


def _sockets(waiting: selectors.BaseSelector) -> Iterator[socket.socket]:
    for key in tuple(waiting.get_map().values()):
        assert isinstance(key.fileobj, socket.socket)
        yield key.fileobj
