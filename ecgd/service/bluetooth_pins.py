"""PINs of the patients' devices: in files that nobody else can read, or kept when pairing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from ecgd.config.private_file import SharedFileError, read_secret
from ecgd.config.settings import PatientSettings
from ecgd.errors import SourceError
from ecgd.service.durable_file import write_durably
from ecgd.sources.bluez_errors import BluetoothError
from ecgd.sources.url import BluetoothUrl, parse_source

DEFAULT_PIN: Final = "1234"
"""With it HC-05 and HC-06 leave the factory, so everybody knows it."""

WEAK_PIN: Final = (
    f"its PIN is {DEFAULT_PIN}, which everybody knows: whoever is near when it is next paired can "
    "be taken for it; ecgctl device provision gives it another one"
)

PIN_BYTES_MAX: Final = 16
"""Longest PIN of legacy pairing (Bluetooth Core, Vol 2 Part H, 3.2.1)."""

CONTENT_MAX_BYTES: Final = 100

FOLDER: Final = "pins"

Patients = Callable[[], Iterable[PatientSettings]]


class BluetoothPins:
    """Which devices may be connected, and with which PIN: those of the patients who are watched."""

    def __init__(self, state_dir: Path, patients: Patients) -> None:
        self._folder = state_dir / FOLDER
        self._patients = patients

    def find(self, address: str) -> str | None:
        """Return the PIN of a patient's device; None: it is no patient's. It reads files.

        Raises BluetoothError.
        """
        patient = self.owner(address)
        return None if patient is None else self.of_patient(patient, address)

    def of_patient(self, patient: PatientSettings, address: str) -> str:
        """Return the PIN with which a device is paired for a patient. Raises BluetoothError."""
        if patient.pin_file:
            return _read(Path(patient.pin_file), private=True)
        kept = self._kept(address)
        return _read(kept, private=False) if kept.exists() else DEFAULT_PIN

    def owner(self, address: str) -> PatientSettings | None:
        """Return whose device has this address."""
        return next((p for p in self._patients() if bluetooth_address(p.source) == address), None)

    def keep(self, address: str, pin: str) -> None:
        """Keep the PIN with which a device was paired. Raises BluetoothError."""
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            write_durably(self._kept(address), f"{pin}\n", 0o600)
        except OSError as error:
            raise BluetoothError(
                f"{address} is paired, but its PIN cannot be kept: {error.strerror}",
                "If it is ever to be paired anew, a person must give the PIN again",
            ) from error

    def drop(self, address: str) -> None:
        """Forget a kept PIN."""
        with suppress(OSError):
            self._kept(address).unlink(missing_ok=True)

    def _kept(self, address: str) -> Path:
        return self._folder / address.replace(":", "")


def bluetooth_address(source: str) -> str:
    """Return the address in a source's URL; empty where it is none of Bluetooth."""
    try:
        url = parse_source(source)
    except SourceError:
        return ""
    return url.address if isinstance(url, BluetoothUrl) else ""


def check_pin(pin: str) -> str:
    """Return a PIN as it is typed. Raises BluetoothError where a device can have none such."""
    pin = pin.strip()
    if pin.isascii() and pin.isprintable() and 1 <= len(pin) <= PIN_BYTES_MAX:
        return pin
    raise BluetoothError("that is no PIN", f"1 to {PIN_BYTES_MAX} digits or Latin letters")


def _read(path: Path, *, private: bool) -> str:
    try:
        content = read_secret(path, CONTENT_MAX_BYTES, private=private)
    except SharedFileError as error:
        what = f"the PIN's file {path} can be read by others (mode {error.mode:04o})"
        raise BluetoothError(what, f"chmod 0600 {path}") from error
    except OSError as error:
        raise BluetoothError(
            f"the PIN's file {path} cannot be read: {error.strerror}",
            "Write the PIN into it, with mode 0600, owned by the daemon's user",
        ) from error
    try:
        return check_pin(content.decode("ascii"))
    except (BluetoothError, UnicodeDecodeError):
        what = f"the PIN's file {path} holds no PIN"
        raise BluetoothError(what, f"1 to {PIN_BYTES_MAX} digits or Latin letters") from None
