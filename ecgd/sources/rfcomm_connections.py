"""Serial ports that BlueZ hands over: each goes to whoever waits for that device, or is closed."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from contextlib import suppress
from typing import Final

from ecgd.sources.bluetooth_address import address_of_path
from ecgd.sources.bluez_bus import Reply, Request

PATH: Final = "/org/ecgd/serial_port"

_log = logging.getLogger(__name__)


class RfcommConnections:
    """The profile's object: connections that are waited for, and those that are open."""

    def __init__(self) -> None:
        self._awaited: dict[str, asyncio.Future[socket.socket]] = {}
        self._open: dict[str, socket.socket] = {}

    def expect(self, address: str) -> asyncio.Future[socket.socket]:
        """Return what will be the connection to a device; cancel it to expect it no more."""
        awaited = asyncio.get_running_loop().create_future()
        self._awaited[address] = awaited
        return awaited

    def open_addresses(self) -> frozenset[str]:
        """Return the devices whose connection has not been closed here."""
        self._open = {a: line for a, line in self._open.items() if line.fileno() >= 0}
        return frozenset(self._open)

    def keep(self, address: str, line: socket.socket) -> None:
        """Take note of a connection that was made otherwise."""
        self._open[address] = line

    def answer(self, request: Request) -> Reply | None:
        """Answer one call to the profile."""
        match request.member:
            case "NewConnection":
                path, place = request.body[:2]
                return self._take(address_of_path(str(path)), request.descriptors[place])
            case "RequestDisconnection":
                self.hang_up(address_of_path(str(request.body[0])))
                return Reply()
            case "Release" | "Cancel":
                return Reply()
        return None

    def _take(self, address: str, descriptor: int) -> Reply:
        awaited = self._awaited.pop(address, None)
        if awaited is None or awaited.done():
            os.close(descriptor)
            _log.warning("a connection of %s, which nobody waits for, is closed", address)
            return Reply(error="org.bluez.Error.Rejected")
        # The family is said, not asked of the descriptor: many Pythons do not know Bluetooth's.
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=descriptor)
        line.setblocking(False)
        self._open[address] = line
        awaited.set_result(line)
        return Reply()

    def hang_up(self, address: str) -> None:
        """Shut a connection down; whoever reads from it sees its end and closes it."""
        line = self._open.pop(address, None)
        if line is not None and line.fileno() >= 0:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
