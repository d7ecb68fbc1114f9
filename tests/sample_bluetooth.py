"""The radio as the control socket shows it, and a desk that keeps what it is told."""

from __future__ import annotations

from ecgd.config.settings import PatientSettings
from ecgd.model.bluetooth import BluetoothAdapter, BluetoothDevice
from ecgd.web.bluetooth_gateway import BluetoothEntry, BluetoothView, Forgotten
from ecgd.web.patient_gateway import Done, PatientEntry

OURS = "98:D3:31:F5:0A:7C"
STRANGER = "11:22:33:44:55:66"


def sample_view() -> BluetoothView:
    """A patient's device that does not answer, and a telephone."""
    ours = BluetoothDevice(OURS, "ECG 1", -63, 12.0, paired=True, trusted=True)
    phone = BluetoothDevice(STRANGER, "a telephone", -48, 0.4, has_serial_port=False)
    return BluetoothView(
        BluetoothAdapter("hci0", "00:01:02:03:04:05", powered=True),
        (
            BluetoothEntry(phone),
            BluetoothEntry(ours, "p1", "Ada Example", f"{OURS} does not answer. Switch it on"),
        ),
    )


class FakeBluetooth:
    """Answers with the sample, and remembers what was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.failure: Exception | None = None

    def view(self) -> BluetoothView:
        return sample_view()

    async def scan(self, duration_s: float) -> BluetoothView:
        self._note("scan", duration_s)
        return sample_view()

    async def pair(self, address: str, patient_id: str, pin: str | None, by: str) -> Done:
        self._note("pair", address, patient_id, pin, by)
        settings = PatientSettings(id=patient_id, name="Ada", source=f"bluetooth://{address}")
        entry = PatientEntry(settings, "configuration, edited", False, "", "up", 1.0, None, by)
        return Done(entry, ("its PIN is weak",))

    async def unpair(self, address: str, by: str) -> Forgotten:
        self._note("unpair", address, by)
        return Forgotten(address, was_known=True, patient_id="p1", notes=("it is paired anew",))

    def _note(self, *call: object) -> None:
        self.calls.append(call)
        if self.failure is not None:
            raise self.failure
