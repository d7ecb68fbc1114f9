"""The one user of the Bluetooth adapter: opens lines in turn, pairs, searches, forgets."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from ecgd.model.bluetooth import BluetoothAdapter, BluetoothDevice, BluetoothLink
from ecgd.sources.bluez_agent import Agent
from ecgd.sources.bluez_errors import (
    BUSY,
    GONE,
    NO_ANSWER,
    NO_PROFILE,
    WRONG_PIN,
    BluetoothError,
    CallError,
    explained,
)
from ecgd.sources.bluez_session import BluezSession
from ecgd.sources.bluez_tree import SERIAL_PORT
from ecgd.sources.rfcomm_socket import can_dial, dial
from ecgd.sources.turns import Turns

MAX_LINES: Final = 7
"""A piconet has one master and seven devices (Bluetooth Core, Vol 2 Part B, 1.1)."""

CONNECT_S: Final = 20.0
"""A connection that takes longer will not come: paging ends after 5 s, authentication after 10."""

TURN_S: Final = 2.8
"""A device that has not answered for so long leaves the radio to others, where there are any. One
that listens as usual answers within 2.56 s (two page trains of 1.28 s), and is told in tenths."""

PAIR_S: Final = 30.0
SEARCH_S: Final = 12.0
"""An inquiry of BlueZ takes 10.24 s."""

DISCONNECT_S: Final = 2.5
HAND_OVER_S: Final = 5.0
"""BlueZ hands a connection over before it answers; this is for one that never does."""

PAIR_AGAIN_S: Final = {WRONG_PIN: 60.0, GONE: 5.0, BUSY: 5.0}
"""How long the daemon by itself waits before it tries to pair again: a wrong PIN stays wrong, and
devices answer repeated ones ever more slowly."""

NOT_FOUND_S: Final = 20.0
"""The same after a search that did not find the device: searching slows down all other lines."""

_NEAR: Final = "Switch it on, bring it near, and end its connection to any phone or computer"

Paired = Callable[[str, str, tuple[str, ...]], None]


@dataclass(frozen=True, slots=True)
class Unpaired:
    """When the daemon may try again to pair a device, and why it failed the last time."""

    due_s: float
    error: BluetoothError


class Radio:
    """Opens lines to paired devices, one after the other, and pairs those that are not yet.

    ``find_pin`` gives the PIN of a device that may be connected, None for every other one: it is
    the list of who is allowed in. It is called in a thread, and may raise BluetoothError.
    ``refused`` is told the address and the request of a stranger, ``paired`` the address of a
    device that was paired because a line needed it, with its PIN and what is to be known of it.
    """

    def __init__(
        self,
        find_pin: Callable[[str], str | None],
        *,
        refused: Callable[[str, str], None] = lambda address, what: None,
        paired: Paired = lambda address, pin, notes: None,
        adapter: str = "",
        clock: Callable[[], float] = time.monotonic,
        bus_address: str = "",
    ) -> None:
        self._find_pin = find_pin
        self._paired = paired
        self._clock = clock
        self._turns = Turns()
        self._troubles: dict[str, str] = {}
        self._unpaired: dict[str, Unpaired] = {}
        self._searching = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._bluez = BluezSession(Agent(refused), clock, adapter=adapter, bus_address=bus_address)

    @property
    def is_in_use(self) -> bool:
        """Tell whether Bluetooth is in use, or somebody tried to use it in vain."""
        return self._bluez.is_in_use

    def close(self) -> None:
        """Leave the bus. Lines that are open are their owners'."""
        self._bluez.close()

    def adapter(self) -> BluetoothAdapter:
        """Return the adapter as it stands."""
        return self._bluez.adapter()

    def devices(self) -> tuple[BluetoothDevice, ...]:
        """Return every device that BlueZ knows."""
        return self._bluez.devices()

    def link(self, address: str) -> BluetoothLink:
        """Return how the line to a device stands."""
        device = self._bluez.device(address) or BluetoothDevice(address, "")
        is_open = address in self._bluez.connections.open_addresses()
        return BluetoothLink(device, is_open, "" if is_open else self._troubles.get(address, ""))

    async def open_line(self, address: str, channel: int = 0) -> socket.socket:
        """Return a line to a device, which is paired first where it is not.

        ``channel`` 0: the one that the device offers. Raises BluetoothError.
        """
        try:
            line = await self._opened(address, channel)
        except CallError as error:
            told = explained(error, address)
            self._troubles[address] = str(told)
            raise told from error
        except BluetoothError as error:
            self._troubles[address] = str(error)
            raise
        self._troubles.pop(address, None)
        return line

    async def pair(self, address: str, pin: str) -> tuple[str, ...]:
        """Pair and trust a device because a person says so; return what is to be known besides.

        Raises BluetoothError.
        """
        await self._bluez.ready()
        try:
            known = self._bluez.device(address)
            if known is not None and known.paired:
                await self._bluez.trust(address)
                return ("it was paired already: its PIN was not asked for",)
            await self._find(address)
            notes = await self._pair(address, pin)
        except CallError as error:
            raise explained(error, address) from error
        self._unpaired.pop(address, None)
        return notes

    async def search(self, duration_s: float) -> tuple[BluetoothDevice, ...]:
        """Search for so long and return every device that BlueZ knows. Raises BluetoothError."""
        await self._bluez.ready()
        try:
            async with self._search():
                await asyncio.sleep(duration_s)
        except CallError as error:
            raise explained(error) from error
        return self.devices()

    async def look(self) -> None:
        """See to BlueZ and the adapter, so that what is known is of now. Raises BluetoothError."""
        await self._bluez.ready()

    async def forget(self, address: str) -> bool:
        """Remove a device and its key; False where BlueZ did not know it. Raises BluetoothError."""
        await self._bluez.ready()
        self._unpaired.pop(address, None)
        self._bluez.connections.hang_up(address)
        if self._bluez.device(address) is None:
            return False
        try:
            await self._bluez.remove(address)
            await self._bluez.until(lambda: self._bluez.device(address) is None, DISCONNECT_S)
        except CallError as error:
            raise explained(error, address) from error
        return True

    async def _opened(self, address: str, channel: int) -> socket.socket:
        await self._bluez.ready()
        pin = await asyncio.to_thread(self._find_pin, address)
        if pin is None:
            raise BluetoothError(
                f"{address} is no patient's device",
                "ecgctl device pair ADDRESS --patient ID makes it one",
            )
        device = self._bluez.device(address)
        is_new = device is None or not device.paired
        if is_new:
            await self._pair_by_itself(address, pin)
        async with self._turns.take():
            self._refuse_an_eighth(address)
            if not is_new:
                await self._end_what_is_left(address)
            with self._bluez.agent.expecting(address, pin):
                line = await self._connect(address, channel)
        self._bluez.connections.keep(address, line)
        return line

    def _refuse_an_eighth(self, address: str) -> None:
        others = [d for d in self.devices() if d.connected and d.address != address]
        if len(others) < MAX_LINES:
            return
        named = ", ".join(f"{d.name} ({d.address})" for d in others)
        raise BluetoothError(
            f"{address} would be the adapter's connection number {len(others) + 1}, "
            f"and a radio has {MAX_LINES}: {named}",
            "End one of them (bluetoothctl disconnect ADDRESS), or use a second gateway",
            "full",
        )

    async def _pair_by_itself(self, address: str, pin: str) -> None:
        """Pair a patient's device with its PIN, not more often than does good."""
        failed = self._unpaired.get(address)
        if failed is not None and self._clock() < failed.due_s:
            again = failed.error
            raise BluetoothError(again.what, again.remedy, again.kind)
        try:
            await self._find(address)
            notes = await self._pair(address, pin)
        except (BluetoothError, CallError) as error:
            told = explained(error, address) if isinstance(error, CallError) else error
            pause_s = PAIR_AGAIN_S.get(told.kind, NOT_FOUND_S)
            self._unpaired[address] = Unpaired(self._clock() + pause_s, told)
            raise told from error
        self._unpaired.pop(address, None)
        self._paired(address, pin, notes)

    async def _find(self, address: str) -> None:
        """Search until BlueZ knows the device."""
        if self._bluez.device(address) is not None:
            return
        async with self._search():
            if await self._bluez.until(lambda: self._bluez.device(address) is not None, SEARCH_S):
                return
        raise BluetoothError(f"{address} was not found in {SEARCH_S:g} s", _NEAR, "not found")

    async def _pair(self, address: str, pin: str) -> tuple[str, ...]:
        async with self._turns.take():
            with self._bluez.agent.expecting(address, pin):
                await self._ask_to_pair(address)
        await self._bluez.trust(address)
        if self._bluez.agent.was_asked(address):
            return ()
        return ("it was paired without a PIN: whoever is near could have done so",)

    async def _ask_to_pair(self, address: str) -> None:
        try:
            await self._bluez.call_device(address, "Pair", timeout_s=PAIR_S)
        except CallError as error:
            if error.name == NO_ANSWER:
                with suppress(CallError):
                    await self._bluez.call_device(address, "CancelPairing", timeout_s=DISCONNECT_S)
            if error.name != "org.bluez.Error.AlreadyExists":
                raise

    async def _end_what_is_left(self, address: str) -> None:
        """End a radio link of before: the device may have been off meanwhile, and hear nothing."""
        device = self._bluez.device(address)
        if device is None or not device.connected:
            return
        with suppress(CallError):
            await self._bluez.call_device(address, "Disconnect", timeout_s=DISCONNECT_S)
        await self._bluez.until(lambda: not self._is_connected(address), DISCONNECT_S)

    async def _connect(self, address: str, channel: int) -> socket.socket:
        if channel and can_dial():
            return await dial(address, channel)
        trouble = self._bluez.profile_trouble
        if trouble is None:
            try:
                return await self._connect_profile(address)
            except CallError as error:
                trouble = explained(error, address)
        may_dial = trouble.kind == NO_PROFILE or self._bluez.profile_trouble is not None
        if may_dial and can_dial():
            return await dial(address, channel)
        raise trouble

    async def _connect_profile(self, address: str) -> socket.socket:
        """Have BlueZ connect the serial port. Raises CallError, or BluetoothError: no answer."""
        awaited = self._bluez.connections.expect(address)
        calling = asyncio.create_task(
            self._bluez.call_device(address, "ConnectProfile", SERIAL_PORT, timeout_s=CONNECT_S)
        )
        line: socket.socket | None = None
        try:
            await self._wait_in_turn(address, calling)
            await calling
            async with asyncio.timeout(HAND_OVER_S):
                line = await asyncio.shield(awaited)
        except TimeoutError as error:
            what = f"BlueZ connected {address} and gave no serial port"
            raise BluetoothError(what, "sudo systemctl restart bluetooth", GONE) from error
        finally:
            if line is None:
                self._abandon(address, calling, awaited)
        return line

    def _abandon(
        self, address: str, calling: asyncio.Task[None], awaited: asyncio.Future[socket.socket]
    ) -> None:
        """End an attempt that nobody waits for: BlueZ would go on calling the device."""
        is_under_way = not calling.done() or self._is_connected(address)
        calling.cancel()
        if awaited.done() and not awaited.cancelled():
            awaited.result().close()
        awaited.cancel()
        if is_under_way:
            task = asyncio.create_task(self._give_up(address))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _wait_in_turn(self, address: str, calling: asyncio.Task[None]) -> None:
        """Wait for a connection as long as nobody else needs the radio, or the device answers."""
        began_s = self._clock()
        while not calling.done():
            await asyncio.wait((calling,), timeout=TURN_S / 10)
            is_over = self._clock() - began_s >= TURN_S and self._is_shared(address)
            if is_over and not calling.done() and not self._is_connected(address):
                raise BluetoothError(
                    f"{address} has not answered yet: other devices have their turn", _NEAR, GONE
                )

    def _is_shared(self, address: str) -> bool:
        return self._turns.is_wanted or bool(self._bluez.connections.open_addresses() - {address})

    def _is_connected(self, address: str) -> bool:
        device = self._bluez.device(address)
        return device is not None and device.connected

    async def _give_up(self, address: str) -> None:
        with suppress(CallError):
            await self._bluez.call_device(address, "Disconnect", timeout_s=DISCONNECT_S)

    @asynccontextmanager
    async def _search(self) -> AsyncIterator[None]:
        """Search within the block; several at once are one search."""
        self._searching += 1
        try:
            if self._searching == 1:
                await self._start_search()
            yield
        finally:
            self._searching -= 1
            if self._searching == 0:
                with suppress(CallError):
                    await self._bluez.stop_search()

    async def _start_search(self) -> None:
        try:
            await self._bluez.start_search()
        except CallError as error:
            # Ours of before, which has not ended yet: it goes on.
            if error.name != "org.bluez.Error.InProgress":
                raise
