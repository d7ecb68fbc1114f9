"""BlueZ's objects as its signals tell them, without a bus."""

from __future__ import annotations

from typing import Any

from ecgd.sources.bluetooth_address import address_of_path, read_address
from ecgd.sources.bluez_tree import ADAPTER, DEVICE, SERIAL_PORT, BluezTree

PATH = "/org/bluez/hci0/dev_98_D3_31_F5_0A_7C"
OURS = "98:D3:31:F5:0A:7C"


def tree(**device: Any) -> BluezTree:
    known = BluezTree()
    known.load({"/org/bluez/hci0": {ADAPTER: {"Powered": True}}, PATH: {DEVICE: device}}, 10.0)
    return known


def test_a_device_is_what_its_properties_say() -> None:
    known = tree(Alias="ECG", Paired=True, RSSI=-60, UUIDs=[SERIAL_PORT.upper()])
    device = known.device(PATH, 13.0)
    assert (device.address, device.name, device.paired, device.trusted) == (
        OURS,
        "ECG",
        True,
        False,
    )
    assert (device.rssi_dbm, device.rssi_age_s, device.has_serial_port) == (-60, 3.0, True)
    assert known.device(PATH.replace("7C", "7D"), 13.0).name == ""


def test_a_strength_stays_with_its_age_when_bluez_takes_it_back() -> None:
    known = tree(Alias="ECG", RSSI=-60)
    known.change(PATH, DEVICE, {"RSSI": -70}, [], 20.0)
    known.change(PATH, DEVICE, {}, ["RSSI"], 21.0)
    device = known.device(PATH, 25.0)
    assert (device.rssi_dbm, device.rssi_age_s) == (-70, 5.0)
    assert tree().device(PATH, 25.0).rssi_dbm is None


def test_what_a_device_offers_is_unknown_until_it_was_asked() -> None:
    assert tree().device(PATH, 0.0).has_serial_port is None
    assert tree(UUIDs=[]).device(PATH, 0.0).has_serial_port is None
    audio = "0000110b-0000-1000-8000-00805f9b34fb"
    assert tree(UUIDs=[audio]).device(PATH, 0.0).has_serial_port is False


def test_objects_come_and_go() -> None:
    known = tree(Alias="ECG")
    assert list(known.adapters()) == ["/org/bluez/hci0"]
    assert [each.address for each in known.devices("/org/bluez/hci0", 0.0)] == [OURS]
    assert list(known.devices("/org/bluez/hci1", 0.0)) == []
    known.remove(PATH, [DEVICE])
    known.remove("/org/bluez/hci0", [ADAPTER])
    known.remove("/org/bluez/hci7", [ADAPTER])
    assert (known.adapters(), known.is_device(PATH)) == ({}, False)
    known.change(PATH, DEVICE, {"Paired": True}, [], 0.0)
    assert not known.is_device(PATH), "a change of what is not there makes nothing"


def test_addresses_are_read_and_nonsense_is_not() -> None:
    assert read_address(" 98:d3:31:f5:0a:7c ") == OURS
    for wrong in ("98:d3:31:f5:0a", "98-d3-31-f5-0a-7c", "98:d3:31:f5:0a:7g", OURS + ":00", ""):
        assert read_address(wrong) is None
    for nobody in ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"):
        assert read_address(nobody) is None
    assert address_of_path(PATH) == OURS
    assert address_of_path("/org/bluez/hci0") == address_of_path("/x/dev_nonsense") == ""
