"""The system bus with BlueZ on it: calls, signals, and what BlueZ calls here.

dbus-fast is imported when the bus is opened, and not before.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ecgd.sources.bluez_errors import NO_ANSWER, BluetoothError, CallError

BLUEZ: Final = "org.bluez"
CALL_S: Final = 10.0
"""An answer of BlueZ that needs no radio is there long before this."""

_DBUS: Final = "org.freedesktop.DBus"
_DBUS_PATH: Final = "/org/freedesktop/DBus"
_MATCHES: Final = (
    f"type='signal',sender='{BLUEZ}'",
    f"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{BLUEZ}'",
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """A call to make: of BlueZ, unless another ``destination`` is named."""

    path: str
    interface: str
    member: str
    signature: str = ""
    body: Sequence[Any] = ()
    destination: str = BLUEZ


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal of BlueZ; ``member`` NameOwnerChanged is the bus's own."""

    path: str
    interface: str
    member: str
    body: list[Any]


@dataclass(frozen=True, slots=True)
class Request:
    """A call of BlueZ to an object of ours; whoever answers it owns its file descriptors."""

    path: str
    interface: str
    member: str
    body: list[Any]
    descriptors: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """Its answer; with ``error`` it is refused."""

    signature: str = ""
    body: tuple[Any, ...] = ()
    error: str = ""


class BluezBus:
    """One connection to the bus. ``hear`` gets signals, ``answer`` the calls of BlueZ alone."""

    def __init__(
        self,
        hear: Callable[[Signal], None],
        answer: Callable[[Request], Reply | None],
        address: str = "",
    ) -> None:
        self._hear = hear
        self._answer = answer
        self._address = address
        self._bus: Any = None
        self._dbus: Any = None
        self.owner = ""
        """BlueZ's own name on the bus; empty: it does not run."""
        self.connection_number = 0
        """Names are given anew by every bus: which connection the owner's belongs to."""

    @property
    def is_open(self) -> bool:
        return self._bus is not None and bool(self._bus.connected)

    async def open(self) -> None:
        """Connect, listen, and find BlueZ, which the bus starts where it can.

        Raises BluetoothError.
        """
        if not self.is_open:
            await self._connect()
        if not self.owner:
            await self._find_owner()

    def close(self) -> None:
        """Leave the bus: BlueZ forgets agent, profile and searches of ours by itself."""
        if self.is_open:
            self._bus.disconnect()
        self._bus, self.owner = None, ""

    async def call(self, call: Call, timeout_s: float = CALL_S) -> list[Any]:
        """Make a call; variants in its answer come as plain values. Raises CallError."""
        if not self.is_open:
            raise CallError("org.freedesktop.DBus.Error.NoReply", "the bus is gone")
        message = self._dbus.Message(
            destination=call.destination,
            path=call.path,
            interface=call.interface,
            member=call.member,
            signature=call.signature,
            body=list(call.body),
        )
        try:
            async with asyncio.timeout(timeout_s):
                reply = await self._bus.call(message)
        except TimeoutError as error:
            raise CallError(NO_ANSWER, f"{call.member} took over {timeout_s:g} s") from error
        except (EOFError, OSError) as error:
            raise CallError("org.freedesktop.DBus.Error.NoReply", str(error)) from error
        if reply.message_type is self._dbus.MessageType.ERROR:
            text = str(reply.body[0]) if reply.body else ""
            raise CallError(str(reply.error_name), text)
        return [self._dbus.unpack.unpack_variants(each) for each in reply.body]

    def variant(self, signature: str, value: Any) -> Any:
        """Return a value as D-Bus' variants have it."""
        return self._dbus.Variant(signature, value)

    async def _connect(self) -> None:
        self.owner = ""
        self._dbus = await asyncio.to_thread(_load)
        bus_type = self._dbus.BusType.SYSTEM
        try:
            bus = self._dbus.aio.MessageBus(
                self._address or None, bus_type=bus_type, negotiate_unix_fd=True
            )
            async with asyncio.timeout(CALL_S):
                self._bus = await bus.connect()
        except Exception as error:
            # dbus-fast raises what its transport raises, and errors of its own for the rest.
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise BluetoothError(
                f"the D-Bus system bus cannot be reached ({reason})",
                "sudo apt install dbus, then sudo systemctl start dbus",
                "absent",
            ) from error
        self.connection_number += 1
        self._bus.add_message_handler(self._take)
        for rule in _MATCHES:
            await self._ask_bus("AddMatch", "s", [rule])

    async def _find_owner(self) -> None:
        try:
            (runs,) = await self._ask_bus("NameHasOwner", "s", [BLUEZ])
            if not runs:
                await self._ask_bus("StartServiceByName", "su", [BLUEZ, 0])
            (self.owner,) = await self._ask_bus("GetNameOwner", "s", [BLUEZ])
        except CallError as error:
            if error.name == "org.freedesktop.DBus.Error.AccessDenied":
                raise
            # Whatever kept the bus from starting it, the way on is the same.
            absent = "org.freedesktop.DBus.Error.ServiceUnknown"
            raise CallError(absent, error.text) from error

    async def _ask_bus(self, member: str, signature: str, body: Sequence[Any]) -> list[Any]:
        return await self.call(Call(_DBUS_PATH, _DBUS, member, signature, body, _DBUS))

    def _take(self, message: Any) -> Any:
        """Take a message; return the reply, True for what is done, None for what is not ours."""
        kinds = self._dbus.MessageType
        body = [self._dbus.unpack.unpack_variants(each) for each in message.body]
        said = (message.path or "", message.interface or "", message.member or "", body)
        if message.message_type is kinds.SIGNAL:
            self._take_signal(message.sender, Signal(*said))
            return None
        if message.message_type is not kinds.METHOD_CALL or said[1].startswith(_DBUS):
            return None
        # Whoever is on the bus can call: a stranger must not be told a PIN.
        if message.sender != self.owner:
            _log.warning("%s called %s and is not BlueZ: refused", message.sender, message.member)
            _close_all(message.unix_fds)
            return self._error(message, "org.bluez.Error.Rejected")
        reply = self._answer(Request(*said, tuple(message.unix_fds)))
        if reply is None:
            _close_all(message.unix_fds)
            return None
        if reply.error:
            return self._error(message, reply.error)
        return self._dbus.Message.new_method_return(message, reply.signature, list(reply.body))

    def _take_signal(self, sender: str | None, signal: Signal) -> None:
        if signal.member == "NameOwnerChanged":
            if signal.interface == _DBUS and signal.body[:1] == [BLUEZ]:
                self.owner = str(signal.body[2])
                self._hear(signal)
        elif sender == self.owner:
            self._hear(signal)

    def _error(self, message: Any, name: str) -> Any:
        return self._dbus.Message.new_error(message, name, "ecgd refuses")


def _close_all(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _load() -> Any:
    """Import dbus-fast. Raises BluetoothError where it is missing."""
    try:
        for name in ("dbus_fast.aio", "dbus_fast.unpack"):
            importlib.import_module(name)
        return importlib.import_module("dbus_fast")
    except ImportError as error:
        raise BluetoothError(
            f"Bluetooth needs the Python package dbus-fast ({error})",
            "Install it beside ecgd: /opt/ecgd/bin/pip install dbus-fast (it is in the extra pi); "
            "or use /dev/rfcomm0 as a serial port: docs/bluetooth.md",
            "absent",
        ) from error
