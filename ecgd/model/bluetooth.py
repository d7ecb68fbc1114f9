"""What is known of Bluetooth: devices, the adapter, and how a patient's line stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BluetoothDevice:
    """One device as BlueZ knows it.

    ``rssi_dbm`` None: not heard; BlueZ tells the signal while it searches only, hence its age.
    ``has_serial_port`` None: the device has not been asked yet what it offers.
    """

    address: str
    name: str
    rssi_dbm: int | None = None
    rssi_age_s: float | None = None
    paired: bool = False
    trusted: bool = False
    connected: bool = False
    has_serial_port: bool | None = None


@dataclass(frozen=True, slots=True)
class BluetoothAdapter:
    """The adapter that is used. ``trouble`` says why there is none; empty: it works."""

    name: str = ""
    address: str = ""
    powered: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class BluetoothLink:
    """How one patient's line by Bluetooth stands. ``trouble``: why there is no line now."""

    device: BluetoothDevice
    is_open: bool
    trouble: str = ""
