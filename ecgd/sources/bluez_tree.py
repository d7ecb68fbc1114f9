"""BlueZ's objects as its signals tell them: adapters and devices. No I/O; time is passed in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ecgd.model.bluetooth import BluetoothDevice
from ecgd.sources.bluetooth_address import address_of_path

ADAPTER: Final = "org.bluez.Adapter1"
DEVICE: Final = "org.bluez.Device1"
SERIAL_PORT: Final = "00001101-0000-1000-8000-00805f9b34fb"
"""UUID of the serial port profile (Assigned Numbers, 0x1101)."""

Interfaces = Mapping[str, Mapping[str, Any]]


class BluezTree:
    """Every object with its properties, and when each device was last heard."""

    def __init__(self) -> None:
        self._objects: dict[str, dict[str, dict[str, Any]]] = {}
        self._heard: dict[str, tuple[int, float]] = {}

    def load(self, objects: Mapping[str, Interfaces], now_s: float) -> None:
        """Take all objects at once; what was known before is over, but for signal strengths."""
        self._objects.clear()
        for path, interfaces in objects.items():
            self.add(path, interfaces, now_s)

    def clear(self) -> None:
        """Forget all: BlueZ is gone."""
        self._objects.clear()
        self._heard.clear()

    def add(self, path: str, interfaces: Interfaces, now_s: float) -> None:
        """Take what InterfacesAdded says."""
        known = self._objects.setdefault(path, {})
        for interface, properties in interfaces.items():
            known[interface] = dict(properties)
        self._note_strength(path, now_s, interfaces.get(DEVICE, {}))

    def remove(self, path: str, interfaces: list[str]) -> None:
        """Take what InterfacesRemoved says."""
        known = self._objects.get(path, {})
        for interface in interfaces:
            known.pop(interface, None)
        if DEVICE in interfaces:
            self._heard.pop(path, None)
        if not known:
            self._objects.pop(path, None)

    def change(
        self, path: str, interface: str, changed: Mapping[str, Any], gone: list[str], now_s: float
    ) -> None:
        """Take what PropertiesChanged says."""
        properties = self._objects.get(path, {}).get(interface)
        if properties is None:
            return
        properties.update(changed)
        for name in gone:
            properties.pop(name, None)
        if interface == DEVICE:
            self._note_strength(path, now_s, changed)

    def adapters(self) -> dict[str, dict[str, Any]]:
        """Return every adapter's properties by path, in the order of their names."""
        paths = sorted(path for path, known in self._objects.items() if ADAPTER in known)
        return {path: self._objects[path][ADAPTER] for path in paths}

    def is_device(self, path: str) -> bool:
        """Tell whether BlueZ knows the device at this path."""
        return DEVICE in self._objects.get(path, {})

    def device(self, path: str, now_s: float) -> BluetoothDevice:
        """Return a device; one that BlueZ does not know has no name, and nothing is true of it."""
        properties = self._objects.get(path, {}).get(DEVICE, {})
        rssi_dbm, heard_s = self._heard.get(path, (None, now_s))
        offered = [str(uuid).lower() for uuid in properties.get("UUIDs", ())]
        return BluetoothDevice(
            address=address_of_path(path),
            name=str(properties.get("Alias", properties.get("Name", ""))),
            rssi_dbm=rssi_dbm,
            rssi_age_s=None if rssi_dbm is None else max(0.0, now_s - heard_s),
            paired=bool(properties.get("Paired", False)),
            trusted=bool(properties.get("Trusted", False)),
            connected=bool(properties.get("Connected", False)),
            has_serial_port=SERIAL_PORT in offered if offered else None,
        )

    def devices(self, adapter_path: str, now_s: float) -> Iterator[BluetoothDevice]:
        """Yield every device of an adapter."""
        for path in sorted(self._objects):
            if self.is_device(path) and path.startswith(f"{adapter_path}/"):
                yield self.device(path, now_s)

    def _note_strength(self, path: str, now_s: float, properties: Mapping[str, Any]) -> None:
        if "RSSI" in properties:
            self._heard[path] = (int(properties["RSSI"]), now_s)
