"""The routes of the radio, over a real server on a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sample_bluetooth import OURS, STRANGER
from sample_daemon import FakeGateway, serving

from ecgd.cli.client import Client
from ecgd.errors import ControlError
from ecgd.sources.bluez_errors import BluetoothError
from ecgd.web.patient_gateway import PatientRefusedError


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
def client(gateway: FakeGateway, short_dir: Path) -> Iterator[Client]:
    path = short_dir / "control.sock"
    with serving(gateway, path):
        yield Client(path)


def test_the_radio_is_shown_with_whose_each_device_is(client: Client) -> None:
    answer = client.get("/v1/bluetooth")
    assert answer["adapter"] == {
        "name": "hci0",
        "address": "00:01:02:03:04:05",
        "powered": True,
        "trouble": "",
    }
    phone, ours = answer["devices"]
    assert (phone["address"], phone["patient_id"], phone["rssi_dbm"]) == (STRANGER, "", -48)
    assert (ours["address"], ours["patient_id"], ours["paired"]) == (OURS, "p1", True)
    assert "does not answer" in ours["trouble"]


def test_scanning_takes_the_time_that_is_asked_for(client: Client, gateway: FakeGateway) -> None:
    client.post("/v1/bluetooth/scan", {})
    client.post("/v1/bluetooth/scan", {"seconds": 30})
    assert gateway.bluetooth.calls == [("scan", 11.0), ("scan", 30.0)]


def test_pairing_and_unpairing_are_handed_on(client: Client, gateway: FakeGateway) -> None:
    body = {"address": OURS, "patient": "p1", "by": "me"}
    answer = client.post("/v1/bluetooth/pair", body | {"pin": "4711"})
    assert answer["patient"]["source"] == f"bluetooth://{OURS}"
    assert (answer["notes"], answer["by"]) == (["its PIN is weak"], "me")
    client.post("/v1/bluetooth/pair", body)
    answer = client.post("/v1/bluetooth/unpair", {"address": OURS, "by": "me"})
    assert (answer["was_known"], answer["patient_id"], answer["by"]) == (True, "p1", "me")
    assert gateway.bluetooth.calls == [
        ("pair", OURS, "p1", "4711", "me"),
        ("pair", OURS, "p1", None, "me"),
        ("unpair", OURS, "me"),
    ]


@pytest.mark.parametrize(
    ("route", "body", "words"),
    [
        ("scan", {"seconds": 0}, "seconds=0 makes no sense"),
        ("scan", {"seconds": True}, "seconds=True makes no sense"),
        ("scan", {"seconds": 61}, "seconds=61 makes no sense"),
        ("scan", {"colour": 1}, "unknown key 'colour'"),
        ("pair", {"patient": "p1", "by": "me"}, "no address is given"),
        ("pair", {"address": OURS, "by": "me"}, "no patient is given"),
        ("pair", {"address": OURS, "patient": "p1", "pin": "4711"}, "nobody is named as acting"),
        ("unpair", {"by": "me"}, "no address is given"),
    ],
)
def test_nonsense_is_refused(
    client: Client, gateway: FakeGateway, route: str, body: dict[str, object], words: str
) -> None:
    with pytest.raises(ControlError, match=words):
        client.post(f"/v1/bluetooth/{route}", body)
    assert gateway.bluetooth.calls == []


def test_a_wrong_pin_in_the_body_is_not_said_back(client: Client) -> None:
    body = {"address": OURS, "patient": "p1", "by": "me", "pin": 4711}
    with pytest.raises(ControlError, match="no pin is given") as caught:
        client.post("/v1/bluetooth/pair", body)
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize(
    "failure",
    [
        BluetoothError(f"{OURS} refuses the PIN", "give the right one"),
        PatientRefusedError(404, f"{OURS} refuses the PIN", "give the right one"),
    ],
)
@pytest.mark.parametrize("route", ["pair", "unpair"])
def test_a_failure_is_told_with_what_to_do(
    client: Client, gateway: FakeGateway, failure: Exception, route: str
) -> None:
    gateway.bluetooth.failure = failure
    body = {"address": OURS, "by": "me"} | ({"patient": "p1"} if route == "pair" else {})
    with pytest.raises(ControlError, match="refuses the PIN") as caught:
        client.post(f"/v1/bluetooth/{route}", body)
    assert caught.value.remedy == "give the right one"
