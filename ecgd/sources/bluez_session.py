"""BlueZ as this process uses it: one agent, one serial-port profile, an adapter with power on.

All of it is made anew whenever BlueZ, the bus or the adapter went away and came back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

from ecgd.model.bluetooth import BluetoothAdapter, BluetoothDevice
from ecgd.sources.bluez_agent import CAPABILITY, Agent
from ecgd.sources.bluez_agent import INTERFACE as AGENT
from ecgd.sources.bluez_agent import PATH as AGENT_PATH
from ecgd.sources.bluez_bus import CALL_S, BluezBus, Call, Reply, Request, Signal
from ecgd.sources.bluez_errors import BluetoothError, CallError, explained
from ecgd.sources.bluez_tree import ADAPTER, DEVICE, SERIAL_PORT, BluezTree
from ecgd.sources.rfcomm_connections import PATH as PROFILE_PATH
from ecgd.sources.rfcomm_connections import RfcommConnections

ROOT: Final = "/org/bluez"
POWER_ON_S: Final = 5.0

_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_OBJECTS: Final = "org.freedesktop.DBus.ObjectManager"

_log = logging.getLogger(__name__)


class BluezSession:
    """Holds what is known of BlueZ. ``ready`` makes sure of everything before a line is opened."""

    def __init__(
        self,
        agent: Agent,
        clock: Callable[[], float],
        *,
        adapter: str = "",
        bus_address: str = "",
    ) -> None:
        self.agent = agent
        self.connections = RfcommConnections()
        self.profile_trouble: BluetoothError | None = None
        """Why BlueZ gives us no lines of the profile; None: it does."""
        self._clock = clock
        self._wanted_adapter = adapter
        self._bus = BluezBus(self._hear, self._answer, bus_address)
        self._tree = BluezTree()
        self._adapter_path = ""
        self._registered_with = (0, "")
        self._trouble = ""
        self._setting_up = asyncio.Lock()
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_in_use(self) -> bool:
        """Tell whether Bluetooth is in use, or somebody tried to use it in vain."""
        return self._bus.is_open or bool(self._trouble)

    async def ready(self) -> None:
        """See to bus, BlueZ, agent, profile and adapter. Raises BluetoothError."""
        async with self._setting_up:
            try:
                await self._bus.open()
                if self._registered_with != self._owner:
                    await self._register()
                await self._power_on()
            except CallError as error:
                told = explained(error)
                self._trouble = str(told)
                raise told from error
            except BluetoothError as error:
                self._trouble = str(error)
                raise
            self._trouble = ""

    @property
    def _owner(self) -> tuple[int, str]:
        return self._bus.connection_number, self._bus.owner

    def close(self) -> None:
        """Leave the bus, and BlueZ as it is."""
        for task in self._tasks:
            task.cancel()
        self._bus.close()
        self._tree.clear()
        self._trouble = ""

    def path(self, address: str) -> str:
        """Return BlueZ's path of a device at the adapter in use."""
        return f"{self._adapter_path}/dev_{address.replace(':', '_')}"

    def device(self, address: str) -> BluetoothDevice | None:
        """Return a device that BlueZ knows."""
        path = self.path(address)
        return self._tree.device(path, self._clock()) if self._tree.is_device(path) else None

    def devices(self) -> tuple[BluetoothDevice, ...]:
        """Return every device that BlueZ knows at the adapter in use."""
        if not self._adapter_path:
            return ()
        return tuple(self._tree.devices(self._adapter_path, self._clock()))

    def adapter(self) -> BluetoothAdapter:
        """Return the adapter as it stands."""
        known = self._tree.adapters().get(self._adapter_path)
        if known is None:
            absent = "there is no Bluetooth adapter" if self._bus.owner else "BlueZ does not run"
            return BluetoothAdapter(trouble=self._trouble or absent)
        powered = bool(known.get("Powered", False))
        name = self._adapter_path.rpartition("/")[2]
        trouble = "" if powered else "the Bluetooth adapter is switched off"
        return BluetoothAdapter(name, str(known.get("Address", "")), powered, trouble)

    async def call_device(self, address: str, member: str, *body: Any, timeout_s: float) -> None:
        """Call a device's method with strings. Raises CallError."""
        signature = "s" * len(body)
        path = self.path(address)
        await self._bus.call(Call(path, DEVICE, member, signature, body), timeout_s)

    async def trust(self, address: str) -> None:
        """Let BlueZ connect the device without asking anybody. Raises CallError."""
        await self._set(self.path(address), DEVICE, "Trusted", True)

    async def remove(self, address: str) -> None:
        """Have BlueZ forget a device and its key. Raises CallError."""
        path = self.path(address)
        await self._call_adapter("RemoveDevice", "o", [path])

    async def start_search(self) -> None:
        """Search for devices of the classic kind. Raises CallError."""
        only_classic = {"Transport": self._bus.variant("s", "bredr")}
        await self._call_adapter("SetDiscoveryFilter", "a{sv}", [only_classic])
        await self._call_adapter("StartDiscovery")

    async def stop_search(self) -> None:
        """End the search. Raises CallError."""
        await self._call_adapter("StopDiscovery")

    async def until(self, holds: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until something holds of what BlueZ tells; False after ``timeout_s``."""
        try:
            async with asyncio.timeout(timeout_s):
                while not holds():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def _register(self) -> None:
        """Read all objects, then be BlueZ's agent and its client of serial ports."""
        owner = self._owner
        (objects,) = await self._bus.call(Call("/", _OBJECTS, "GetManagedObjects"))
        self._tree.load(objects, self._clock())
        await self._register_agent()
        await self._register_profile()
        self._registered_with = owner
        _log.info("agent and serial-port profile are registered with BlueZ")

    async def _register_agent(self) -> None:
        manager = "org.bluez.AgentManager1"
        body = [AGENT_PATH, CAPABILITY]
        try:
            await self._bus.call(Call(ROOT, manager, "RegisterAgent", "os", body))
        except CallError as error:
            if error.name != "org.bluez.Error.AlreadyExists":
                raise
        await self._bus.call(Call(ROOT, manager, "RequestDefaultAgent", "o", [AGENT_PATH]))

    async def _register_profile(self) -> None:
        """Offer to take serial ports; where another program does already, a socket must do."""
        variant = self._bus.variant
        options = {
            "Name": variant("s", "ecgd"),
            "Role": variant("s", "client"),
            "RequireAuthentication": variant("b", True),
            "AutoConnect": variant("b", False),
        }
        body = [PROFILE_PATH, SERIAL_PORT, options]
        manager = "org.bluez.ProfileManager1"
        self.profile_trouble = None
        try:
            await self._bus.call(Call(ROOT, manager, "RegisterProfile", "osa{sv}", body))
        except CallError as error:
            if error.name == "org.freedesktop.DBus.Error.AccessDenied":
                raise
            if error.name != "org.bluez.Error.AlreadyExists":
                self.profile_trouble = explained(error)
                _log.warning("BlueZ gives no serial-port profile: %s", error)

    async def _power_on(self) -> None:
        self._choose_adapter()
        if self.adapter().powered:
            return
        await self._set(self._adapter_path, ADAPTER, "Powered", True)
        if not await self.until(lambda: self.adapter().powered, POWER_ON_S):
            raise BluetoothError(
                "the Bluetooth adapter does not switch on",
                "sudo rfkill unblock bluetooth; sudo systemctl restart bluetooth",
                "adapter",
            )
        _log.info("Bluetooth adapter %s is switched on", self.adapter().name)

    def _choose_adapter(self) -> None:
        paths = list(self._tree.adapters())
        wanted = [p for p in paths if self._wanted_adapter in ("", p.rpartition("/")[2])]
        if wanted and self._adapter_path not in wanted:
            self._adapter_path = wanted[0]
        if wanted:
            return
        there = ", ".join(path.rpartition("/")[2] for path in paths)
        which = f" called {self._wanted_adapter}" if self._wanted_adapter else ""
        raise BluetoothError(
            f"there is no Bluetooth adapter{which}" + (f" (there are: {there})" if there else ""),
            "Plug it in; on a Raspberry Pi: remove dtoverlay=disable-bt from "
            "/boot/firmware/config.txt; it is used as soon as it is there",
            "adapter",
        )

    async def _set(self, path: str, interface: str, name: str, value: bool) -> None:
        wrapped = self._bus.variant("b", value)
        await self._bus.call(Call(path, _PROPERTIES, "Set", "ssv", [interface, name, wrapped]))

    async def _call_adapter(
        self, member: str, signature: str = "", body: Sequence[Any] = ()
    ) -> None:
        await self._bus.call(Call(self._adapter_path, ADAPTER, member, signature, body))

    def _answer(self, request: Request) -> Reply | None:
        if request.path == AGENT_PATH and request.interface == AGENT:
            return self.agent.answer(request)
        if request.path == PROFILE_PATH:
            return self.connections.answer(request)
        return None

    def _hear(self, signal: Signal) -> None:
        now_s, body = self._clock(), signal.body
        match signal.member:
            case "InterfacesAdded":
                self._tree.add(body[0], body[1], now_s)
            case "InterfacesRemoved":
                self._tree.remove(body[0], body[1])
            case "PropertiesChanged":
                self._tree.change(signal.path, body[0], body[1], body[2], now_s)
            case "NameOwnerChanged":
                self._note_owner(str(body[2]))
        self._changed.set()

    def _note_owner(self, owner: str) -> None:
        """Take note that BlueZ went, or came: strangers must find our agent at once."""
        self._tree.clear()
        if not owner:
            # Lines that are open are the kernel's, and may outlive a crash of BlueZ.
            _log.warning("BlueZ is gone: nothing is paired or connected until it is back")
            return
        task = asyncio.create_task(self._come_back())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _come_back(self) -> None:
        try:
            async with asyncio.timeout(CALL_S):
                await self.ready()
        except (BluetoothError, TimeoutError) as error:
            _log.warning("BlueZ is back, but cannot be used yet: %s", error)
