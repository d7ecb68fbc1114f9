"""People's word on whose device is which."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from ecgd.config.settings import PatientSettings, Settings
from ecgd.model.device import DeviceInfo
from ecgd.model.link import BytesReceived, LinkClosed, LinkOpened
from ecgd.protocol import BlockEncoder
from ecgd.service.binding import Registry, Standing
from ecgd.service.device_ownership import Ownership
from ecgd.service.session import PatientSession
from ecgd.web.patient_gateway import PatientRefusedError

NODE_A = DeviceInfo("node-a", 250.0, ("I", "II"), 400.0)


class House:
    """Patients with lines on which devices can be plugged in."""

    def __init__(self, *names: str, **device_ids: str) -> None:
        self.registry = Registry(lambda: 1_000.0)
        self.sessions: dict[str, PatientSession] = {}
        ids = count()
        for name in names:
            patient = PatientSettings(
                id=name,
                name=name.title(),
                source=f"serial:///dev/{name}",
                device_id=device_ids.get(name, ""),
            )
            self.sessions[name] = PatientSession(
                patient,
                Settings(),
                phase_s=0.0,
                new_alert_id=lambda: f"a{next(ids)}",
                now_s=0.0,
                bond=self.registry.bond(patient),
            )
        self.ownership = Ownership(self.registry, self.sessions)

    def plug(self, name: str, device_id: str) -> None:
        session = self.sessions[name]
        session.receive(LinkClosed(1.0, "unplugged", 1.0))
        session.receive(LinkOpened(1.0))
        hello = BlockEncoder().hello(replace(NODE_A, device_id=device_id))
        session.receive(BytesReceived(hello, 1.0))

    def accept(self, name: str, device_id: str) -> tuple[str, ...]:
        patient = self.sessions[name].patient
        device = self.ownership.find(patient, device_id)
        self.ownership.refuse_configured(patient, device_id)
        return self.ownership.hand_over(patient, device, "nurse")

    def standings(self) -> list[Standing]:
        return [session.bond.standing for session in self.sessions.values()]


def test_one_word_is_enough_for_two_devices_that_were_swapped_on_purpose() -> None:
    house = House("anna", "bert")
    house.plug("anna", "node-a")
    house.plug("bert", "node-b")
    house.plug("anna", "node-b")
    house.plug("bert", "node-a")
    assert house.standings() == [Standing.FOREIGN, Standing.FOREIGN]
    (note,) = house.accept("anna", "node-b")
    assert "Bert has no device now" in note
    assert house.standings() == [Standing.BOUND, Standing.BOUND]
    own = {name: session.bond.expected_id for name, session in house.sessions.items()}
    assert own == {"anna": "node-b", "bert": "node-a"}


def test_two_devices_that_call_themselves_alike_are_both_kept_and_that_is_said() -> None:
    house = House("anna", "bert")
    house.plug("anna", "node-1")
    house.plug("bert", "node-1")
    assert house.standings() == [Standing.BOUND, Standing.FOREIGN]
    (note,) = house.accept("bert", "node-1")
    assert "give one of the two another id" in note
    assert house.standings() == [Standing.BOUND, Standing.BOUND]


def test_a_device_that_another_s_settings_name_is_not_taken() -> None:
    house = House("anna", "bert", bert="node-b")
    house.plug("anna", "node-b")
    with pytest.raises(PatientRefusedError, match="Bert's by their settings") as caught:
        house.accept("anna", "node-b")
    assert caught.value.status == 409
    assert "ecgctl patients edit bert --device-id" in caught.value.remedy


def test_a_device_that_nobody_has_seen_cannot_be_accepted() -> None:
    house = House("anna")
    house.plug("anna", "node-a")
    with pytest.raises(PatientRefusedError, match="no device is called 'node-x'") as caught:
        house.accept("anna", "node-x")
    assert caught.value.status == 404
    assert "node-a" in caught.value.remedy


def test_a_recording_has_no_device_to_accept() -> None:
    registry = Registry()
    patient = PatientSettings(id="anna", source="synthetic:")
    with pytest.raises(PatientRefusedError, match="has no device"):
        Ownership(registry, {}).find(patient, "node-a")


def test_after_forgetting_the_next_other_device_is_the_patient_s() -> None:
    house = House("anna")
    house.plug("anna", "node-a")
    patient = house.sessions["anna"].patient
    house.ownership.forget(patient)
    assert house.standings() == [Standing.AWAITED]
    house.plug("anna", "node-b")
    assert house.standings() == [Standing.BOUND]
    assert house.sessions["anna"].bond.expected_id == "node-b"


def test_nothing_is_forgotten_where_nothing_is_or_where_the_settings_say_so() -> None:
    house = House("anna", "bert", bert="node-b")
    for name, words in (("anna", "bound to no device"), ("bert", "settings name the device")):
        with pytest.raises(PatientRefusedError, match=words):
            house.ownership.forget(house.sessions[name].patient)


def test_every_device_is_listed_once_with_what_it_is() -> None:
    house = House("anna", "bert")
    house.plug("anna", "node-a")
    house.plug("bert", "node-b")
    house.plug("bert", "node-a")
    listed = [
        (entry.patient_id, entry.device.device_id, entry.standing, entry.link_state)
        for entry in house.ownership.entries(2.0)
    ]
    assert listed == [
        ("anna", "node-a", "bound", "up"),
        ("bert", "node-a", "foreign", "up"),
        ("bert", "node-b", "bound", None),
    ]
