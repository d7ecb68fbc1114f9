"""The routes for patients and devices, over a real server on a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sample_daemon import FakeGateway, serving

from ecgd.cli.client import Client
from ecgd.errors import ControlError
from ecgd.web.patient_gateway import PatientRefusedError


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
def client(gateway: FakeGateway, short_dir: Path) -> Iterator[Client]:
    path = short_dir / "control.sock"
    with serving(gateway, path):
        yield Client(path)


def test_everybody_is_listed_with_where_they_come_from(client: Client) -> None:
    first, _, archived = client.get("/v1/patients")["patients"]
    assert (first["patient_id"], first["origin"], first["link_state"]) == (
        "p1",
        "configuration",
        "up",
    )
    assert (archived["archived"], archived["link_state"]) == (True, None)
    assert archived["reason"] == "archived by nurse"


def test_devices_are_listed_with_whose_they_are(client: Client) -> None:
    own, stranger = client.get("/v1/devices")["devices"]
    assert (own["device_id"], own["standing"], own["battery_mv"]) == ("node-01", "bound", 3_900)
    assert (stranger["device_id"], stranger["standing"]) == ("node-09", "foreign")
    assert stranger["highpass_hz"] is None


@pytest.mark.parametrize(
    ("route", "body", "call"),
    [
        (
            "/v1/patients",
            {"id": "p3", "source": "synthetic:", "device": {"fs_hz": 500}},
            ("add", "p3", {"id": "p3", "source": "synthetic:", "device": {"fs_hz": 500}}, "me"),
        ),
        ("/v1/patients/p1/edit", {"name": "Eva"}, ("edit", "p1", {"name": "Eva"}, "me")),
        ("/v1/patients/p1/archive", {"force": True}, ("archive", "p1", True, "me")),
        ("/v1/patients/p1/archive", {}, ("archive", "p1", False, "me")),
        ("/v1/patients/old/restore", {}, ("restore", "old", "me")),
        (
            "/v1/devices/accept",
            {"patient": "p2", "device": "node 9"},
            ("accept", "p2", "node 9", "me"),
        ),
        ("/v1/devices/forget", {"patient": "p2"}, ("forget", "p2", "me")),
    ],
)
def test_a_change_is_handed_on_and_answered_with_the_patient(
    client: Client,
    gateway: FakeGateway,
    route: str,
    body: dict[str, object],
    call: tuple[object, ...],
) -> None:
    answer = client.post(route, body | {"by": "me"})
    assert gateway.patient_desk.calls == [call]
    assert answer["patient"]["patient_id"] == call[1]
    assert (answer["notes"], answer["by"]) == (["a note"], "me")


@pytest.mark.parametrize(
    ("route", "body", "words"),
    [
        ("/v1/patients", {"id": "p3", "source": "synthetic:"}, "nobody is named as acting"),
        ("/v1/patients", {"id": "p3", "colour": "red", "by": "me"}, "unknown key 'colour'"),
        ("/v1/patients/p1/archive", {"force": "yes", "by": "me"}, "force='yes'"),
        ("/v1/devices/accept", {"patient": "p1", "by": "me"}, "no device is named"),
        ("/v1/devices/accept", {"patient": "p1", "device": 7, "by": "me"}, "no device is named"),
        ("/v1/devices/forget", {"by": "me"}, "no patient is named"),
    ],
)
def test_nonsense_is_refused_before_it_reaches_the_desk(
    client: Client, gateway: FakeGateway, route: str, body: dict[str, object], words: str
) -> None:
    with pytest.raises(ControlError, match=words):
        client.post(route, body)
    assert gateway.patient_desk.calls == []


def test_a_refusal_of_the_desk_is_told_with_what_to_do(
    client: Client, gateway: FakeGateway
) -> None:
    gateway.patient_desk.refusal = PatientRefusedError(409, "p1 is archived already", "look")
    with pytest.raises(ControlError, match="p1 is archived already") as caught:
        client.post("/v1/patients/p1/archive", {"by": "me"})
    assert caught.value.remedy == "look"


def test_alerts_of_an_archived_patient_can_be_read_and_not_acknowledged(client: Client) -> None:
    assert "alerts" in client.get("/v1/alerts", {"patient": "old"})
    with pytest.raises(ControlError, match="no patient is called 'old'"):
        client.post("/v1/alerts/acknowledge", {"patient": "old", "by": "me"})
