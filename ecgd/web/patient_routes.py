"""The routes that show and change who is watched, and by which device."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, fields
from typing import Any, Final

from aiohttp import web

from ecgd.config.settings import PatientSettings
from ecgd.web.answers import json_answer
from ecgd.web.body import RefusedError, check_query, person, read_object
from ecgd.web.json_shape import Shape, patients_shape, plain
from ecgd.web.patient_gateway import (
    DeviceEntry,
    Done,
    PatientDesk,
    PatientEntry,
    PatientRefusedError,
)

_KEYS: Final = (*(member.name for member in fields(PatientSettings)), "by")
_MAX_ID_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class PatientRoutes:
    """Listing, adding, editing, archiving and restoring patients; accepting devices."""

    desk: PatientDesk

    def table(self) -> list[web.RouteDef]:
        """Return the routes."""
        patient = "/v1/patients/{patient_id}"
        return [
            web.get("/v1/patients", self.list_patients),
            web.post("/v1/patients", self.add),
            web.post(f"{patient}/edit", self.edit),
            web.post(f"{patient}/archive", self.archive),
            web.post(f"{patient}/restore", self.restore),
            web.get("/v1/devices", self.list_devices),
            web.post("/v1/devices/accept", self.accept),
            web.post("/v1/devices/forget", self.forget),
        ]

    async def list_patients(self, request: web.Request) -> web.Response:
        """Answer with everybody, archived ones too."""
        check_query(request, ())
        entries = self.desk.list_patients()
        return json_answer({"patients": [patient_entry_shape(entry) for entry in entries]})

    async def add(self, request: web.Request) -> web.Response:
        """Watch one patient more."""
        check_query(request, ())
        body = await read_object(request, _KEYS)
        by = person(body)
        body.pop("by")
        return await _answer(self.desk.add(body, by), by)

    async def edit(self, request: web.Request) -> web.Response:
        """Change some values of a patient."""
        check_query(request, ())
        body = await read_object(request, _KEYS)
        by = person(body)
        body.pop("by")
        return await _answer(self.desk.edit(_named(request), body, by), by)

    async def archive(self, request: web.Request) -> web.Response:
        """Stop watching a patient."""
        check_query(request, ())
        body = await read_object(request, ("by", "force"))
        by, force = person(body), body.get("force", False)
        if not isinstance(force, bool):
            raise RefusedError(400, f"force={force!r:.40} makes no sense", "give true or false")
        return await _answer(self.desk.archive(_named(request), by, force=force), by)

    async def restore(self, request: web.Request) -> web.Response:
        """Watch an archived patient again."""
        check_query(request, ())
        by = person(await read_object(request, ("by",)))
        return await _answer(self.desk.restore(_named(request), by), by)

    async def list_devices(self, request: web.Request) -> web.Response:
        """Answer with every device that is known."""
        check_query(request, ())
        return json_answer({"devices": [device_shape(each) for each in self.desk.list_devices()]})

    async def accept(self, request: web.Request) -> web.Response:
        """Make a device a patient's own."""
        check_query(request, ())
        body = await read_object(request, ("by", "patient", "device"))
        patient_id, device_id = _text(body, "patient"), _text(body, "device")
        by = person(body)
        return await _answer(self.desk.accept(patient_id, device_id, by), by)

    async def forget(self, request: web.Request) -> web.Response:
        """Let the next device be a patient's own."""
        check_query(request, ())
        body = await read_object(request, ("by", "patient"))
        patient_id, by = _text(body, "patient"), person(body)
        return await _answer(self.desk.forget(patient_id, by), by)


def patient_entry_shape(entry: PatientEntry) -> Shape:
    """Shape of one patient of ``/v1/patients``."""
    (settings,) = patients_shape((entry.settings,))
    return settings | {
        "origin": entry.origin,
        "archived": entry.archived,
        "reason": entry.reason,
        "link_state": entry.link_state,
        "link_age_s": plain(entry.link_age_s),
        "changed_age_s": plain(entry.changed_age_s),
        "changed_by": entry.changed_by,
    }


def device_shape(entry: DeviceEntry) -> Shape:
    """Shape of one device of ``/v1/devices``: what it says of itself, and whose it is."""
    shape: Shape = plain(entry)
    device: Shape = shape.pop("device")
    return device | shape


async def _answer(work: Awaitable[Done], by: str) -> web.Response:
    try:
        done = await work
    except PatientRefusedError as refused:
        raise RefusedError(refused.status, refused.what, refused.remedy) from refused
    shape = patient_entry_shape(done.patient)
    return json_answer({"patient": shape, "notes": list(done.notes), "by": by})


def _named(request: web.Request) -> str:
    return request.match_info["patient_id"]


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    if isinstance(value, str) and 0 < len(value) <= _MAX_ID_CHARS:
        return value
    raise RefusedError(400, f"no {key} is named", f'give "{key}": its id')
