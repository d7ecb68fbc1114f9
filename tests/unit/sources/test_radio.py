"""The radio with BlueZ on a bus: searching, pairing, connecting, and who is let in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from bluez_air import NEEDED, Air, PlayedDevice

from ecgd.sources import radio as radio_module
from ecgd.sources.bluez_errors import GONE, WRONG_PIN, BluetoothError
from ecgd.sources.radio import Radio

pytest_plugins = ("air_fixtures",)
pytestmark = pytest.mark.debian(*NEEDED)

OURS = "98:D3:31:F5:0A:7C"
OTHER = "98:D3:31:F5:0A:7D"
STRANGER = "11:22:33:44:55:66"
PIN = "4711"

_T = TypeVar("_T")


def with_radio(
    air: Air,
    work: Callable[[Radio], Awaitable[_T]],
    pins: dict[str, str] | None = None,
    refusals: list[tuple[str, str]] | None = None,
    told: list[tuple[str, str, tuple[str, ...]]] | None = None,
) -> _T:
    """Do something with a radio that lets in whoever has a PIN here."""

    def refused(address: str, what: str) -> None:
        if refusals is not None:
            refusals.append((address, what))

    def paired(address: str, pin: str, notes: tuple[str, ...]) -> None:
        if told is not None:
            told.append((address, pin, notes))

    async def run() -> _T:
        known = {OURS: PIN} if pins is None else pins
        radio = Radio(known.get, refused=refused, paired=paired, bus_address=air.address)
        try:
            return await work(radio)
        finally:
            radio.close()

    return asyncio.run(run())


def test_a_search_tells_who_is_near_and_how_strong(air: Air, short_dir: Path) -> None:
    air.put(OURS, short_dir / "x", name="ECG of Anna")
    air.put(STRANGER, short_dir / "y", name="a telephone")
    found = with_radio(air, lambda radio: radio.search(0.4))
    assert [(d.address, d.name, d.rssi_dbm, d.paired) for d in found] == [
        (STRANGER, "a telephone", -51, False),
        (OURS, "ECG of Anna", -50, False),
    ]
    assert all(d.rssi_age_s is not None and d.rssi_age_s < 5 for d in found)
    calls = air.calls()
    assert "SetDiscoveryFilter bredr hci0" in calls
    assert calls.index("StartDiscovery hci0") < calls.index("StopDiscovery hci0")


def test_a_patient_s_device_is_found_paired_trusted_and_connected(
    air: Air, played: PlayedDevice
) -> None:
    air.put(OURS, played.path, pin=PIN)

    async def work(radio: Radio) -> None:
        line = await radio.open_line(OURS)
        far = played.answer()
        far.sendall(b"heart")
        line.sendall(b"who?")
        await asyncio.sleep(0.05)
        assert (line.recv(10), far.recv(10)) == (b"heart", b"who?")
        link = radio.link(OURS)
        device = link.device
        assert (device.paired, device.trusted, device.connected) == (True, True, True)
        assert (link.is_open, link.trouble, device.has_serial_port) == (True, "", True)
        line.close()
        assert not radio.link(OURS).is_open

    told: list[tuple[str, str, tuple[str, ...]]] = []
    with_radio(air, work, told=told)
    assert told == [(OURS, PIN, ())]
    asked = [call.split()[0] for call in air.calls()]
    assert asked.count("Pair") == asked.count("ConnectProfile") == 1


def test_a_wrong_pin_is_told_and_not_tried_again_and_again(air: Air, played: PlayedDevice) -> None:
    air.put(OURS, played.path, pin="0815")

    async def work(radio: Radio) -> None:
        for _ in range(3):
            with pytest.raises(BluetoothError, match="refuses the PIN") as caught:
                await radio.open_line(OURS)
            assert (caught.value.kind, "--pin" in caught.value.remedy) == (WRONG_PIN, True)
        assert list(await air.ask("Calls")).count(f"Pair {OURS}") == 1
        assert "refuses the PIN" in radio.link(OURS).trouble
        assert await radio.pair(OURS, "0815") == ()
        (await radio.open_line(OURS)).close()

    with_radio(air, work)


def test_a_device_that_needs_no_pin_is_said_to_be_weak(air: Air, played: PlayedDevice) -> None:
    air.put(OURS, played.path, pin="")
    (note,) = with_radio(air, lambda radio: radio.pair(OURS, PIN))
    assert "without a PIN" in note


def test_a_device_that_is_nobody_s_gets_no_line(air: Air, played: PlayedDevice) -> None:
    air.put(STRANGER, played.path)
    with pytest.raises(BluetoothError, match="no patient's device"):
        with_radio(air, lambda radio: radio.open_line(STRANGER))
    assert [call for call in air.calls() if STRANGER in call] == []


@pytest.mark.parametrize(
    ("request_name", "more"),
    [
        ("RequestPinCode", []),
        ("RequestPasskey", []),
        ("RequestAuthorization", []),
        ("RequestConfirmation", [("u", 123456)]),
        ("AuthorizeService", [("s", "00001101-0000-1000-8000-00805f9b34fb")]),
    ],
)
def test_a_stranger_s_request_is_refused_and_told(
    air: Air, request_name: str, more: list[tuple[str, object]]
) -> None:
    refusals: list[tuple[str, str]] = []

    async def work(radio: Radio) -> str:
        from dbus_fast import Variant

        await radio.look()
        wrapped = [Variant(signature, value) for signature, value in more]
        return str(await air.ask("Ask", "ssav", request_name, STRANGER, wrapped))

    assert with_radio(air, work, refusals=refusals) == "org.bluez.Error.Rejected"
    assert refusals == [(STRANGER, request_name)]


def test_our_own_device_is_not_let_in_either_unless_we_call_it(air: Air) -> None:
    refusals: list[tuple[str, str]] = []

    async def work(radio: Radio) -> str:
        await radio.look()
        return str(await air.ask("Ask", "ssav", "RequestPinCode", OURS, []))

    assert with_radio(air, work, refusals=refusals) == "org.bluez.Error.Rejected"
    assert refusals == [(OURS, "RequestPinCode")]


def test_nobody_but_bluez_is_told_a_pin(air: Air) -> None:
    """Whoever is on the bus may call the agent, while a device is being paired as well."""

    async def work(radio: Radio) -> str:
        from dbus_fast import Message
        from dbus_fast.aio import MessageBus

        await radio.look()
        ours = radio._bluez._bus._bus.unique_name
        other = await MessageBus(air.address).connect()
        with radio._bluez.agent.expecting(OURS, PIN):
            reply = await other.call(
                Message(
                    destination=ours,
                    path="/org/ecgd/agent",
                    interface="org.bluez.Agent1",
                    member="RequestPinCode",
                    signature="o",
                    body=["/org/bluez/hci0/dev_98_D3_31_F5_0A_7C"],
                )
            )
        other.disconnect()
        return str(reply.error_name)

    assert with_radio(air, work) == "org.bluez.Error.Rejected"


def test_the_eighth_device_is_refused_with_who_has_the_radio(
    air: Air, played: PlayedDevice
) -> None:
    air.put(OURS, played.path, pin=PIN)
    for number in range(7):
        air.call("Connect", "ss", f"AA:00:00:00:00:0{number}", f"patient {number}")
    with pytest.raises(BluetoothError, match=r"connection number 8.*patient 6") as caught:
        with_radio(air, lambda radio: radio.open_line(OURS))
    assert "second gateway" in caught.value.remedy
    air.call("Drop", "s", "AA:00:00:00:00:00")

    async def work(radio: Radio) -> None:
        (await radio.open_line(OURS)).close()

    with_radio(air, work)


def test_seven_devices_have_lines_at_once(air: Air, short_dir: Path) -> None:
    addresses = [f"98:D3:31:F5:0A:0{number}" for number in range(7)]
    devices = [PlayedDevice(short_dir / f"d{number}") for number in range(7)]
    for address, device in zip(addresses, devices, strict=True):
        air.put(address, device.path, pin=PIN)

    async def work(radio: Radio) -> list[bytes]:
        lines = await asyncio.gather(*(radio.open_line(address) for address in addresses))
        for number, device in enumerate(devices):
            device.answer().sendall(b"%d" % number)
        await asyncio.sleep(0.05)
        return [line.recv(5) for line in lines]

    heard = with_radio(air, work, pins=dict.fromkeys(addresses, PIN))
    assert heard == [b"%d" % number for number in range(7)]
    for device in devices:
        device.close()


def test_an_absent_device_gives_the_radio_to_one_that_waits(
    air: Air, played: PlayedDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(radio_module, "TURN_S", 0.3)
    air.put(OURS, played.path.with_name("nobody"), pin="")
    air.put(OTHER, played.path, pin="")

    async def work(radio: Radio) -> tuple[str, bool]:
        await radio.pair(OURS, PIN)
        await radio.pair(OTHER, PIN)
        await air.ask("PageFor", "d", 20.0)
        absent = asyncio.create_task(radio.open_line(OURS))
        await asyncio.sleep(0.1)
        line = await asyncio.wait_for(radio.open_line(OTHER), 5.0)
        with pytest.raises(BluetoothError, match="have their turn") as caught:
            await absent
        is_open = line.fileno() >= 0
        line.close()
        return caught.value.kind, is_open

    assert with_radio(air, work, pins={OURS: PIN, OTHER: PIN}) == (GONE, True)
    assert f"Disconnect {OURS}" in air.calls()


def test_an_attempt_that_is_cancelled_ends_at_bluez_too(air: Air, played: PlayedDevice) -> None:
    air.put(OURS, played.path.with_name("nobody"), pin="")

    async def work(radio: Radio) -> None:
        await radio.pair(OURS, PIN)
        await air.ask("PageFor", "d", 20.0)
        attempt = asyncio.create_task(radio.open_line(OURS))
        await asyncio.sleep(0.2)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        await asyncio.sleep(0.2)

    with_radio(air, work)
    assert f"Disconnect {OURS}" in air.calls()


def test_a_radio_link_of_before_is_ended_first(air: Air, played: PlayedDevice) -> None:
    air.put(OURS, played.path, pin="")

    async def work(radio: Radio) -> None:
        await radio.pair(OURS, PIN)
        await air.ask("Connect", "ss", OURS, "ecg")
        (await radio.open_line(OURS)).close()

    with_radio(air, work)
    calls = air.calls()
    assert calls.index(f"Disconnect {OURS}") < calls.index(f"ConnectProfile {OURS}")


def test_a_pairing_is_forgotten_and_its_line_closed(air: Air, played: PlayedDevice) -> None:
    air.put(OURS, played.path, pin=PIN)

    async def work(radio: Radio) -> tuple[bool, bool, bytes]:
        line = await radio.open_line(OURS)
        known = await radio.forget(OURS)
        assert not radio.link(OURS).device.paired
        return known, await radio.forget(OURS), line.recv(1)

    assert with_radio(air, work) == (True, False, b"")
    assert f"RemoveDevice {OURS} hci0" in air.calls()
