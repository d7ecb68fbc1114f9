"""What the API needs of the daemon to find, pair and forget devices by Bluetooth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ecgd.model.bluetooth import BluetoothAdapter, BluetoothDevice
from ecgd.web.patient_gateway import Done


@dataclass(frozen=True, slots=True)
class BluetoothEntry:
    """One device with whose it is: ``patient_id`` and ``patient_name`` empty: nobody's."""

    device: BluetoothDevice
    patient_id: str = ""
    patient_name: str = ""
    trouble: str = ""
    """Why the patient's line is not open; empty: it is, or nobody opens it."""


@dataclass(frozen=True, slots=True)
class BluetoothView:
    """The adapter and every device that is paired, near or a patient's."""

    adapter: BluetoothAdapter
    devices: tuple[BluetoothEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What became of a device: ``was_known`` false: there was no pairing to forget."""

    address: str
    was_known: bool
    patient_id: str = ""
    notes: tuple[str, ...] = ()


class BluetoothDesk(Protocol):
    """The radio. What cannot be done raises EcgdError, or PatientRefusedError."""

    def view(self) -> BluetoothView:
        """Return what is known; never waits."""
        ...

    async def scan(self, duration_s: float) -> BluetoothView:
        """Search for so long, and return what is known then."""
        ...

    async def pair(self, address: str, patient_id: str, pin: str | None, by: str) -> Done:
        """Pair a device and make it the patient's; ``pin`` None: the one that is known."""
        ...

    async def unpair(self, address: str, by: str) -> Forgotten:
        """Remove a device's pairing from this computer."""
        ...
