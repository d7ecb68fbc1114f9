"""Patients and devices as the control socket shows them, and a desk that keeps what it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ecgd.config.settings import PatientSettings
from ecgd.model.device import DeviceInfo
from ecgd.web.patient_gateway import DeviceEntry, Done, PatientEntry, PatientRefusedError


def sample_patient_entry(settings: PatientSettings) -> PatientEntry:
    return PatientEntry(
        settings, "configuration", False, "", "up", 61.0, changed_age_s=None, changed_by=""
    )


def archived_patient_entry() -> PatientEntry:
    settings = PatientSettings(id="old", name="Olga Example", source="serial:///dev/rfcomm6")
    return PatientEntry(
        settings, "added", True, "archived by nurse", None, None, 7_200.0, changed_by="nurse"
    )


def sample_devices() -> tuple[DeviceEntry, ...]:
    """The device of the first patient, and a stranger's on the second one's line."""
    own = DeviceEntry(
        device=DeviceInfo(
            "node-01", 250.0, ("I", "II"), 400.0, 0, 12, "1.2", "block", 0.05, 40.0, 5.0
        ),
        patient_id="p1",
        name="Ada Example",
        standing="bound",
        words=(),
        link_state="up",
        seen_age_s=0.2,
        bound_age_s=90_000.0,
        bound_by="",
        battery_percent=66.7,
        battery_mv=3_900,
        battery_age_s=0.8,
    )
    words = ("device 'node-09' is on Bert Example's line", "if it is the right one: …")
    stranger = replace(
        own,
        device=replace(own.device, device_id="node-09", highpass_hz=None, lowpass_hz=None),
        patient_id="p2",
        name="Bert Example",
        standing="foreign",
        words=words,
        bound_age_s=None,
        battery_percent=None,
        battery_mv=None,
        battery_age_s=None,
    )
    return own, stranger


class FakePatientDesk:
    """Answers every change with the patient, and remembers it."""

    def __init__(self, patients: tuple[PatientSettings, ...]) -> None:
        self.entries = {p.id: sample_patient_entry(p) for p in patients}
        self.calls: list[tuple[object, ...]] = []
        self.refusal: PatientRefusedError | None = None

    def list_patients(self) -> tuple[PatientEntry, ...]:
        return (*self.entries.values(), archived_patient_entry())

    def list_devices(self) -> tuple[DeviceEntry, ...]:
        return sample_devices()

    async def add(self, table: Mapping[str, Any], by: str) -> Done:
        return self._answer(str(table.get("id")), "add", dict(table), by)

    async def edit(self, patient_id: str, changes: Mapping[str, Any], by: str) -> Done:
        return self._answer(patient_id, "edit", dict(changes), by)

    async def archive(self, patient_id: str, by: str, *, force: bool) -> Done:
        return self._answer(patient_id, "archive", force, by)

    async def restore(self, patient_id: str, by: str) -> Done:
        return self._answer(patient_id, "restore", by)

    async def accept(self, patient_id: str, device_id: str, by: str) -> Done:
        return self._answer(patient_id, "accept", device_id, by)

    async def forget(self, patient_id: str, by: str) -> Done:
        return self._answer(patient_id, "forget", by)

    def _answer(self, patient_id: str, *call: object) -> Done:
        if self.refusal is not None:
            raise self.refusal
        self.calls.append((call[0], patient_id, *call[1:]))
        known = self.entries.get(patient_id)
        settings = PatientSettings(id=patient_id, source="synthetic:")
        return Done(known or sample_patient_entry(settings), ("a note",))
