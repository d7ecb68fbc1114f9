"""A key belongs to one block device, and its file is looked for in the state directory."""

from __future__ import annotations

from pathlib import Path

from ecgd.config.settings import DeviceSettings, PatientSettings, Settings
from ecgd.service.paths import resolve_paths
from ecgd.service.settings_rules import find_contradictions
from ecgd.sources.byte_log_device import DEVICE, device_from_notes, device_notes


def patient(name: str, device: DeviceSettings) -> PatientSettings:
    return PatientSettings(id=name, source=f"socket://{name}:2001", device=device)


def wrong(*patients: PatientSettings) -> dict[str, str]:
    found = find_contradictions(Settings(patients=patients))
    return {".".join(map(str, path)): what for path, what in found}


def test_two_patients_do_not_share_a_key() -> None:
    device = DeviceSettings(key_file="a.key")
    said = wrong(patient("anna", device), patient("bert", device))
    assert said == {"patients.1.device.key_file": "is already the key of another patient, anna"}
    other = DeviceSettings(key_file="b.key")
    assert wrong(patient("anna", device), patient("bert", other)) == {}
    assert wrong(patient("anna", DeviceSettings()), patient("bert", DeviceSettings())) == {}


def test_six_lead_frames_cannot_be_sealed() -> None:
    device = DeviceSettings(protocol="six-lead", counts_per_mv=400.0, key_file="a.key")
    said = wrong(patient("anna", device))
    assert said == {"patients.0.device.key_file": "six-lead frames carry no authentication"}


def test_a_relative_key_file_lies_in_the_state_directory() -> None:
    settings = Settings(patients=(patient("anna", DeviceSettings(key_file="anna.key")),))
    resolved = resolve_paths(settings, Path("/var/lib/ecgd")).patients[0]
    assert resolved.device.key_file == "/var/lib/ecgd/anna.key"
    assert resolved.source == "socket://anna:2001"


def test_a_recording_says_nothing_of_the_gateways_key() -> None:
    notes = device_notes(DeviceSettings(key_file="/var/lib/ecgd/anna.key", lowpass_hz=40.0))
    assert "key" not in notes[DEVICE]
    assert device_from_notes(notes) == DeviceSettings(lowpass_hz=40.0)
