"""What BlueZ asks when a device is paired or connects: answered for devices of ours alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from ecgd.sources.bluetooth_address import address_of_path
from ecgd.sources.bluez_bus import Reply, Request
from ecgd.sources.bluez_tree import SERIAL_PORT

PATH: Final = "/org/ecgd/agent"
INTERFACE: Final = "org.bluez.Agent1"
CAPABILITY: Final = "KeyboardDisplay"

_REJECTED: Final = Reply(error="org.bluez.Error.Rejected")
_WITHOUT_PIN: Final = frozenset({"RequestConfirmation", "RequestAuthorization"})
_SHOWS: Final = frozenset({"DisplayPinCode", "DisplayPasskey"})


class Agent:
    """Gives a PIN for a device that is being paired or connected by us now, and for no other.

    ``refused`` is told the address and what was asked, for each request that is refused.
    """

    def __init__(self, refused: Callable[[str, str], None]) -> None:
        self._refused = refused
        self._pins: dict[str, str] = {}
        self._asked: set[str] = set()

    @contextmanager
    def expecting(self, address: str, pin: str) -> Iterator[None]:
        """Answer for this device within the block."""
        self._asked.discard(address)
        self._pins[address] = pin
        try:
            yield
        finally:
            self._pins.pop(address, None)

    def was_asked(self, address: str) -> bool:
        """Tell whether the PIN was asked for since the device was last expected."""
        return address in self._asked

    def answer(self, request: Request) -> Reply:
        """Answer one call to the agent."""
        if request.member in ("Release", "Cancel"):
            return Reply()
        address = address_of_path(str(request.body[0])) if request.body else ""
        reply = self._reply(request, address, self._pins.get(address))
        if reply.error:
            self._refused(address, request.member)
        return reply

    def _reply(self, request: Request, address: str, pin: str | None) -> Reply:
        member = request.member
        if pin is None or member in _WITHOUT_PIN:
            return _REJECTED
        if member == "RequestPinCode":
            self._asked.add(address)
            return Reply("s", (pin,))
        if member == "RequestPasskey" and pin.isdecimal() and len(pin) <= 6:
            self._asked.add(address)
            return Reply("u", (int(pin),))
        offered = str(request.body[1]).lower() if len(request.body) > 1 else ""
        if member in _SHOWS or (member == "AuthorizeService" and offered == SERIAL_PORT):
            return Reply()
        return _REJECTED
