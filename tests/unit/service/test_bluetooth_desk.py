"""What a person says of Bluetooth: order of pairing, handing over and keeping; leaving BlueZ."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from ecgd.config.settings import PatientSettings
from ecgd.model.bluetooth import BluetoothAdapter, BluetoothDevice, BluetoothLink
from ecgd.service.bluetooth_desk import BluetoothDesk
from ecgd.service.bluetooth_pins import DEFAULT_PIN, BluetoothPins
from ecgd.service.patient_desk import WardDesk
from ecgd.sources.bluez_errors import BluetoothError
from ecgd.sources.radio import Radio
from ecgd.web.patient_gateway import Done, PatientEntry, PatientRefusedError

OURS = "98:D3:31:F5:0A:7C"
OTHER = "98:D3:31:F5:0A:7D"
STRANGER = "11:22:33:44:55:66"


@dataclass
class PlayedRadio:
    """Does what it is told, in the order of ``told``."""

    told: list[tuple[object, ...]]
    failure: BluetoothError | None = None
    is_in_use: bool = True

    def devices(self) -> tuple[BluetoothDevice, ...]:
        return (BluetoothDevice(STRANGER, "a telephone"),)

    def adapter(self) -> BluetoothAdapter:
        return BluetoothAdapter("hci0", "00:01:02:03:04:05", powered=True)

    def link(self, address: str) -> BluetoothLink:
        return BluetoothLink(BluetoothDevice(address, ""), False, "it does not answer")

    async def search(self, duration_s: float) -> None:
        self.told.append(("search", duration_s))

    async def pair(self, address: str, pin: str) -> tuple[str, ...]:
        self.told.append(("pair", address, pin))
        if self.failure is not None:
            raise self.failure
        return ()

    async def forget(self, address: str) -> bool:
        self.told.append(("forget pairing", address))
        return True

    def close(self) -> None:
        self.told.append(("leave",))


@dataclass
class PlayedPatients:
    """Anna and Bert; changes are noted in ``told`` and made."""

    told: list[tuple[object, ...]]
    settings: dict[str, PatientSettings]
    bound: set[str] = field(default_factory=set)

    def settings_of(self, patient_id: str) -> PatientSettings:
        if patient_id not in self.settings:
            raise PatientRefusedError(404, f"no patient is called {patient_id!r}", "")
        return self.settings[patient_id]

    def check_edit(self, patient_id: str, changes: Mapping[str, Any]) -> None:
        others = [p.source for p in self.settings.values() if p.id != patient_id]
        if changes["source"] in others:
            raise PatientRefusedError(400, "source: is already the line of another patient", "")

    async def edit(self, patient_id: str, changes: Mapping[str, Any], by: str) -> Done:
        self.told.append(("edit", patient_id, changes["source"], by))
        self.settings[patient_id] = replace(self.settings[patient_id], **changes)
        return self._done(patient_id)

    async def forget(self, patient_id: str, by: str) -> Done:
        self.told.append(("forget device", patient_id))
        return self._done(patient_id)

    def is_bound(self, patient_id: str) -> bool:
        return patient_id in self.bound

    def list_patients(self) -> tuple[PatientEntry, ...]:
        return tuple(self._done(patient_id).patient for patient_id in self.settings)

    def _done(self, patient_id: str) -> Done:
        settings = self.settings[patient_id]
        return Done(PatientEntry(settings, "", False, "", None, None, None, ""))


class Scene:
    """A desk with a played radio and played patients, and real files of PINs."""

    def __init__(self, directory: Path, **sources: str) -> None:
        self.told: list[tuple[object, ...]] = []
        self.radio = PlayedRadio(self.told)
        settings = {i: PatientSettings(id=i, source=source) for i, source in sources.items()}
        self.patients = PlayedPatients(self.told, settings)
        self.pins = BluetoothPins(directory, self.patients.settings.values)
        self.desk = BluetoothDesk(cast(Radio, self.radio), self.pins, cast(WardDesk, self.patients))

    def pair(self, address: str, patient_id: str, pin: str | None = None) -> Done:
        return asyncio.run(self.desk.pair(address, patient_id, pin, "me"))


def test_a_device_is_paired_before_the_source_is_set(tmp_path: Path) -> None:
    scene = Scene(tmp_path, anna="serial:///dev/rfcomm0?baud=57600")
    done = scene.pair(OURS.lower(), "anna", "4711")
    source = f"bluetooth://{OURS}?baud=57600"
    assert scene.told == [("pair", OURS, "4711"), ("edit", "anna", source, "me")]
    assert done.patient.settings.source == source
    assert scene.pins.find(OURS) == "4711"
    assert done.notes == ()


def test_where_pairing_fails_nothing_is_changed(tmp_path: Path) -> None:
    scene = Scene(tmp_path, anna="serial:x")
    scene.radio.failure = BluetoothError("refuses the PIN")
    with pytest.raises(BluetoothError, match="refuses the PIN"):
        scene.pair(OURS, "anna", "0000")
    assert scene.told == [("pair", OURS, "0000"), ("leave",)]
    assert not (tmp_path / "pins").exists()


@pytest.mark.parametrize(
    ("address", "patient_id", "pin", "words"),
    [
        (OTHER, "anna", None, "already the line of another patient"),
        (OURS, "carl", None, "no patient is called 'carl'"),
        ("98:D3:31", "anna", None, "is no Bluetooth address"),
        (OURS, "anna", "", "no PIN"),
    ],
)
def test_what_cannot_be_is_refused_before_the_radio_moves(
    tmp_path: Path, address: str, patient_id: str, pin: str | None, words: str
) -> None:
    scene = Scene(tmp_path, anna="serial:x", bert=f"bluetooth://{OTHER}")
    with pytest.raises((PatientRefusedError, BluetoothError), match=words):
        scene.pair(address, patient_id, pin)
    assert scene.told == []


def test_another_device_than_before_lets_the_next_one_be_the_patient_s(tmp_path: Path) -> None:
    scene = Scene(tmp_path, anna=f"bluetooth://{OTHER}")
    scene.patients.bound.add("anna")
    done = scene.pair(OURS, "anna", "4711")
    assert scene.told[-1] == ("forget device", "anna")
    assert "the patient's no more" in done.notes[0]
    scene.told.clear()
    scene.pair(OURS, "anna", "4711")
    assert ("forget device", "anna") not in scene.told, "the same device, paired anew"


def test_the_usual_pin_is_said_to_be_weak(tmp_path: Path) -> None:
    done = Scene(tmp_path, anna="serial:x").pair(OURS, "anna")
    assert any("everybody knows" in note and DEFAULT_PIN in note for note in done.notes)


def test_unpairing_says_that_a_patient_s_device_is_paired_anew(tmp_path: Path) -> None:
    scene = Scene(tmp_path, anna=f"bluetooth://{OURS}")
    scene.pins.keep(OURS, "4711")
    forgotten = asyncio.run(scene.desk.unpair(OURS, "me"))
    assert (forgotten.was_known, forgotten.patient_id) == (True, "anna")
    assert "ecgctl patients archive anna" in forgotten.notes[0]
    assert scene.pins.find(OURS) == "4711", "it is needed again at once"


def test_a_stranger_s_pin_goes_with_its_pairing(tmp_path: Path) -> None:
    scene = Scene(tmp_path, anna=f"bluetooth://{OTHER}")
    scene.pins.keep(OURS, "4711")
    forgotten = asyncio.run(scene.desk.unpair(OURS, "me"))
    assert (forgotten.patient_id, forgotten.notes) == ("", ())
    assert not list((tmp_path / "pins").iterdir())


def test_bluez_is_left_where_nobody_needs_it(tmp_path: Path) -> None:
    scene = Scene(tmp_path, anna="serial:x")
    asyncio.run(scene.desk.scan(2.0))
    assert scene.told == [("search", 2.0), ("leave",)]
    scene = Scene(tmp_path, anna=f"bluetooth://{OURS}")
    view = asyncio.run(scene.desk.scan(2.0))
    assert scene.told == [("search", 2.0)]
    assert [(e.device.address, e.patient_id, e.trouble) for e in view.devices] == [
        (STRANGER, "", ""),
        (OURS, "anna", "it does not answer"),
    ]


def test_a_radio_that_nobody_uses_is_said_to_be_unused(tmp_path: Path) -> None:
    scene = Scene(tmp_path, anna="serial:x")
    scene.radio.is_in_use = False
    assert scene.desk.view().adapter.trouble == "Bluetooth is not in use"
