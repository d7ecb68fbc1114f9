"""People's word on Bluetooth: who is there, whose device is paired, which pairing is forgotten."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from ecgd.config.settings import PatientSettings
from ecgd.model.bluetooth import BluetoothAdapter, BluetoothDevice
from ecgd.service.bluetooth_pins import (
    DEFAULT_PIN,
    WEAK_PIN,
    BluetoothPins,
    bluetooth_address,
    check_pin,
)
from ecgd.service.logs import log_event
from ecgd.service.patient_desk import WardDesk
from ecgd.sources.bluetooth_address import read_address
from ecgd.sources.radio import Radio
from ecgd.sources.url import BluetoothUrl, SerialUrl, parse_source
from ecgd.web.bluetooth_gateway import BluetoothEntry, BluetoothView, Forgotten
from ecgd.web.patient_gateway import Done, PatientRefusedError

_log = logging.getLogger(__name__)

BAD_REQUEST: Final = 400

_USUAL_BAUD: Final = 9600


class BluetoothDesk:
    """Implements ``ecgd.web.bluetooth_gateway.BluetoothDesk``."""

    def __init__(self, radio: Radio, pins: BluetoothPins, patients: WardDesk) -> None:
        self._radio = radio
        self._pins = pins
        self._patients = patients

    def view(self) -> BluetoothView:
        """Return the adapter, devices that BlueZ knows, and the patients' that it does not."""
        known = {device.address: device for device in self._radio.devices()}
        for patient in self._watched():
            address = bluetooth_address(patient.source)
            if address:
                known.setdefault(address, BluetoothDevice(address, ""))
        entries = tuple(self._entry(device) for device in known.values())
        if not self._radio.is_in_use:
            return BluetoothView(BluetoothAdapter(trouble="Bluetooth is not in use"), entries)
        return BluetoothView(self._radio.adapter(), entries)

    async def scan(self, duration_s: float) -> BluetoothView:
        """Search for so long."""
        try:
            await self._radio.search(duration_s)
            return self.view()
        finally:
            self._leave_unless_needed()

    async def pair(self, address: str, patient_id: str, pin: str | None, by: str) -> Done:
        """Pair, trust, and make the device the patient's; nothing is changed where that fails."""
        address, patient = _checked(address), self._patients.settings_of(patient_id)
        source = _source(address, patient.source)
        self._patients.check_edit(patient_id, {"source": source})
        given = check_pin(pin) if pin is not None else None
        if given is None:
            given = await asyncio.to_thread(self._pins.of_patient, patient, address)
        try:
            notes = list(await self._radio.pair(address, given))
            await asyncio.to_thread(self._pins.keep, address, given)
            if given == DEFAULT_PIN:
                notes.append(WEAK_PIN)
            done = await self._hand_over(patient, address, source, by)
        finally:
            self._leave_unless_needed()
        log_event(_log, "device_paired", f"{address} is paired for {patient_id} by {by}", by=by)
        return Done(done.patient, (*notes, *done.notes))

    async def unpair(self, address: str, by: str) -> Forgotten:
        """Remove a pairing and its key; a patient's device is paired anew with its PIN."""
        address = _checked(address)
        owner = self._pins.owner(address)
        try:
            was_known = await self._radio.forget(address)
        finally:
            self._leave_unless_needed()
        log_event(_log, "device_unpaired", f"{address} is forgotten, by {by}", by=by)
        if owner is None:
            await asyncio.to_thread(self._pins.drop, address)
            return Forgotten(address, was_known)
        note = (
            f"it is {owner.name or owner.id}'s device: it is paired anew with its PIN as soon as "
            f"it answers; to let it go: ecgctl patients archive {owner.id}, or edit --source"
        )
        return Forgotten(address, was_known, owner.id, (note,))

    async def _hand_over(
        self, patient: PatientSettings, address: str, source: str, by: str
    ) -> Done:
        """Set the source; of another device than before, the one that comes is the patient's."""
        done = await self._patients.edit(patient.id, {"source": source}, by)
        is_another = bluetooth_address(patient.source) != address
        if not is_another or not self._patients.is_bound(patient.id):
            return done
        done = await self._patients.forget(patient.id, by)
        return Done(done.patient, (*done.notes, "the device of before is the patient's no more"))

    def _entry(self, device: BluetoothDevice) -> BluetoothEntry:
        owner = self._pins.owner(device.address)
        if owner is None:
            return BluetoothEntry(device)
        trouble = self._radio.link(device.address).trouble
        return BluetoothEntry(device, owner.id, owner.name or owner.id, trouble)

    def _watched(self) -> tuple[PatientSettings, ...]:
        everybody = self._patients.list_patients()
        return tuple(each.settings for each in everybody if not each.archived)

    def _leave_unless_needed(self) -> None:
        """Leave BlueZ to others where no patient's device is on it."""
        if not any(bluetooth_address(patient.source) for patient in self._watched()):
            self._radio.close()


def _checked(address: str) -> str:
    checked = read_address(address)
    if checked is None:
        raise PatientRefusedError(
            BAD_REQUEST,
            f"{address!r:.60} is no Bluetooth address",
            "it looks like 98:D3:31:F5:0A:7C; ecgctl device scan shows those that are near",
        )
    return checked


def _source(address: str, before: str) -> str:
    """Return the URL of a device; what was said of channel and line rate goes on to count."""
    known = parse_source(before)
    if isinstance(known, BluetoothUrl) and known.address == address:
        return before
    baud = known.baud if isinstance(known, BluetoothUrl | SerialUrl) else _USUAL_BAUD
    return f"bluetooth://{address}" + (f"?baud={baud}" if baud != _USUAL_BAUD else "")
