"""The routes that find, pair and forget devices by Bluetooth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from ecgd.web.answers import json_answer, lift_deadline
from ecgd.web.bluetooth_gateway import BluetoothDesk, BluetoothEntry, BluetoothView
from ecgd.web.body import RefusedError, check_query, person, read_object
from ecgd.web.json_shape import Shape, plain
from ecgd.web.patient_gateway import PatientRefusedError
from ecgd.web.patient_routes import patient_entry_shape

SCAN_S: Final = 11.0
SCAN_MAX_S: Final = 60.0
_MAX_TEXT_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class BluetoothRoutes:
    """Looking, scanning, pairing and unpairing. The radio takes its time: there is no deadline."""

    desk: BluetoothDesk

    def table(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/v1/bluetooth", self.show),
            web.post("/v1/bluetooth/scan", self.scan),
            web.post("/v1/bluetooth/pair", self.pair),
            web.post("/v1/bluetooth/unpair", self.unpair),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Answer with the adapter and the devices that are known."""
        check_query(request, ())
        return json_answer(view_shape(self.desk.view()))

    async def scan(self, request: web.Request) -> web.Response:
        """Search, and answer with the devices that are known then."""
        check_query(request, ())
        duration_s = _duration_s(await read_object(request, ("seconds",)))
        lift_deadline(request)
        return json_answer(view_shape(await self.desk.scan(duration_s)))

    async def pair(self, request: web.Request) -> web.Response:
        """Pair a device for a patient."""
        check_query(request, ())
        body = await read_object(request, ("by", "address", "patient", "pin"))
        address, patient_id, by = _text(body, "address"), _text(body, "patient"), person(body)
        pin = _text(body, "pin") if body.get("pin") is not None else None
        lift_deadline(request)
        try:
            done = await self.desk.pair(address, patient_id, pin, by)
        except PatientRefusedError as refused:
            raise RefusedError(refused.status, refused.what, refused.remedy) from refused
        patient = patient_entry_shape(done.patient)
        return json_answer({"patient": patient, "notes": list(done.notes), "by": by})

    async def unpair(self, request: web.Request) -> web.Response:
        """Remove a device's pairing."""
        check_query(request, ())
        body = await read_object(request, ("by", "address"))
        address, by = _text(body, "address"), person(body)
        lift_deadline(request)
        try:
            forgotten = await self.desk.unpair(address, by)
        except PatientRefusedError as refused:
            raise RefusedError(refused.status, refused.what, refused.remedy) from refused
        shape: Shape = plain(forgotten)
        return json_answer(shape | {"by": by})


def view_shape(view: BluetoothView) -> Shape:
    """Shape of ``/v1/bluetooth``."""
    devices = [entry_shape(each) for each in view.devices]
    return {"adapter": plain(view.adapter), "devices": devices}


def entry_shape(entry: BluetoothEntry) -> Shape:
    """Shape of one device of ``/v1/bluetooth``: what the radio knows, and whose it is."""
    shape: Shape = plain(entry)
    device: Shape = shape.pop("device")
    return device | shape


def _duration_s(body: dict[str, Any]) -> float:
    seconds = body.get("seconds", SCAN_S)
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if is_number and 1.0 <= seconds <= SCAN_MAX_S:
        return float(seconds)
    raise RefusedError(
        400, f"seconds={seconds!r:.40} makes no sense", f"give a number from 1 to {SCAN_MAX_S:g}"
    )


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    if isinstance(value, str) and 0 < len(value) <= _MAX_TEXT_CHARS:
        return value
    # Not the value itself: it may be a PIN.
    raise RefusedError(400, f"no {key} is given", f'give "{key}": a text')
