"""The radio where something is missing, refuses, goes away or comes back."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bluez_air import NEEDED, Air, PlayedDevice, open_air, private_bus

from ecgd.sources import radio as radio_module
from ecgd.sources import rfcomm_socket
from ecgd.sources.bluez_errors import BUSY, GONE, BluetoothError
from ecgd.sources.radio import Radio

pytest_plugins = ("air_fixtures",)
pytestmark = pytest.mark.debian(*NEEDED)

OURS = "98:D3:31:F5:0A:7C"
RULE = Path(__file__).parents[3] / "systemd" / "ecgd-bluetooth.conf"
DENIED = '<policy context="default"><deny send_destination="org.bluez"/></policy>'


def make_radio(address: str) -> Radio:
    return Radio({OURS: "4711"}.get, bus_address=address)


def refusal(
    address: str, work: Callable[[Radio], Awaitable[object]] | None = None
) -> BluetoothError:
    """Return how a line, or other work, is refused."""

    async def run() -> None:
        radio = make_radio(address)
        try:
            await (radio.open_line(OURS) if work is None else work(radio))
        finally:
            radio.close()

    with pytest.raises(BluetoothError) as caught:
        asyncio.run(run())
    return caught.value


def paired(air: Air, port: Path) -> None:
    """Put a device in the air that is paired already."""

    async def run() -> None:
        radio = make_radio(air.address)
        await radio.pair(OURS, "4711")
        radio.close()

    air.put(OURS, port)
    asyncio.run(run())


def test_a_missing_library_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dbus_fast.aio", None)
    error = refusal("unix:path=/nonexistent")
    assert "needs the Python package dbus-fast" in error.what
    assert "pip install dbus-fast" in error.remedy


def test_a_missing_bus_is_told(short_dir: Path) -> None:
    error = refusal(f"unix:path={short_dir}/none")
    assert error.what == "the D-Bus system bus cannot be reached (No such file or directory)"
    assert "apt install dbus" in error.remedy


def test_a_missing_bluez_is_told(short_dir: Path) -> None:
    with private_bus(short_dir) as address:
        error = refusal(address)
    assert error.what == "BlueZ does not run"
    assert "apt install bluez" in error.remedy


def test_without_permission_the_group_and_the_rule_are_named(short_dir: Path) -> None:
    """The bus itself refuses here, as it does where no policy lets the user speak to BlueZ."""
    with guarded_air(short_dir, DENIED) as address:
        error = refusal(address)
    assert "permission denied" in error.what
    for part in ("group bluetooth", "SupplementaryGroups", "ecgd-bluetooth.conf"):
        assert part in error.remedy


def test_the_rule_that_is_shipped_gives_the_permission(short_dir: Path) -> None:
    rule = RULE.read_text(encoding="utf-8").partition("<busconfig>")[2].partition("</busconfig>")[0]
    assert '<policy user="ecgd">' in rule
    ours = rule.replace('"ecgd"', f'"{os.getuid()}"')
    with guarded_air(short_dir, DENIED + ours) as address:
        radio_sees_the_adapter(address)


def radio_sees_the_adapter(address: str) -> None:
    async def run() -> tuple[str, bool, str]:
        radio = make_radio(address)
        await radio.look()
        adapter = radio.adapter()
        radio.close()
        return adapter.name, adapter.powered, adapter.trouble

    assert asyncio.run(run()) == ("hci0", True, "")


@contextmanager
def guarded_air(directory: Path, rules: str) -> Iterator[str]:
    """Run BlueZ on a bus with rules; yield the bus's address."""
    with private_bus(directory, rules) as address:
        air = Air(address)
        try:
            air.start_bluez(is_reachable=False)
            yield address
        finally:
            air.stop_bluez()


def test_a_missing_adapter_is_told_and_used_as_soon_as_it_is_there(
    air: Air, played: PlayedDevice
) -> None:
    paired(air, played.path)
    air.call("UnplugAdapter")
    error = refusal(air.address)
    assert error.what == "there is no Bluetooth adapter"

    async def work() -> None:
        radio = make_radio(air.address)
        with pytest.raises(BluetoothError, match="no Bluetooth adapter"):
            await radio.open_line(OURS)
        assert "no Bluetooth adapter" in radio.adapter().trouble
        await air.ask("PlugAdapter", "b", True)
        (await radio.open_line(OURS)).close()
        assert (radio.adapter().name, radio.adapter().trouble) == ("hci0", "")
        radio.close()

    asyncio.run(work())


def test_another_adapter_than_the_named_one_is_not_used(air: Air) -> None:
    radio = Radio({OURS: "4711"}.get, adapter="hci1", bus_address=air.address)

    async def work() -> None:
        with pytest.raises(BluetoothError, match=r"called hci1 \(there are: hci0\)"):
            await radio.look()
        radio.close()

    asyncio.run(work())


def test_an_adapter_that_is_off_is_switched_on(air: Air) -> None:
    air.call("UnplugAdapter")
    air.call("PlugAdapter", "b", False)
    radio_sees_the_adapter(air.address)


@pytest.mark.parametrize(
    ("name", "text", "words", "kind"),
    [
        ("Failed", "br-connection-page-timeout", "does not answer", GONE),
        ("Failed", "br-connection-refused", "refuses the connection", BUSY),
        ("InProgress", "In Progress", "busy with 98:D3", BUSY),
        ("Failed", "br-connection-concurrent-connection-limit", "no further connection", "full"),
        ("Failed", "br-connection-unknown", "br-connection-unknown", ""),
        ("NotReady", "Resource Not Ready", "not ready", "adapter"),
    ],
)
def test_what_bluez_refuses_is_put_into_words(
    air: Air, played: PlayedDevice, name: str, text: str, *, words: str, kind: str
) -> None:
    paired(air, played.path)
    air.call("Fail", "sss", "ConnectProfile", f"org.bluez.Error.{name}", text)
    error = refusal(air.address)
    assert words in error.what
    assert error.kind == kind
    assert error.remedy


def test_a_pairing_that_bluez_is_busy_with_is_told(air: Air, played: PlayedDevice) -> None:
    air.put(OURS, played.path)
    air.call("Fail", "sss", "Pair", "org.bluez.Error.InProgress", "In Progress")
    assert "busy" in refusal(air.address).what


def test_a_device_that_is_not_there_is_searched_for_and_told(
    air: Air, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(radio_module, "SEARCH_S", 0.2)

    async def twice(radio: Radio) -> None:
        for _ in range(2):
            with pytest.raises(BluetoothError, match=f"{OURS} was not found"):
                await radio.open_line(OURS)
        await radio.open_line(OURS)

    error = refusal(air.address, twice)
    assert "bring it near" in error.remedy
    assert air.calls().count("StartDiscovery hci0") == 1, "a search slows down everybody else"


def test_a_device_that_is_switched_off_does_not_answer(air: Air, played: PlayedDevice) -> None:
    paired(air, played.path)
    air.call("TakeDevice", "s", OURS)
    error = refusal(air.address)
    assert (error.kind, "does not answer" in error.what) == (GONE, True)


def test_another_program_s_profile_leaves_the_socket(
    air: Air, played: PlayedDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    paired(air, played.path)
    taken = ("org.bluez.Error.NotPermitted", "UUID already registered")
    air.call("Fail", "sss", "RegisterProfile", *taken)
    monkeypatch.setattr(radio_module, "can_dial", lambda: False)
    assert "UUID already registered" in refusal(air.address).what
    near, far = socket.socketpair()

    def connect(protocol: str, address: str, port: int) -> socket.socket:
        assert (protocol, address) in (("l2cap", OURS), ("rfcomm", OURS))
        if protocol == "l2cap":
            raise OSError(errno.EHOSTDOWN, "Host is down")
        return near

    monkeypatch.setattr(radio_module, "can_dial", lambda: True)
    monkeypatch.setattr(rfcomm_socket, "connect_bluetooth", connect)
    assert "does not answer" in refusal(air.address).what

    async def with_channel(radio: Radio) -> None:
        line = await radio.open_line(OURS, 3)
        far.sendall(b"x")
        assert (line.recv(1), radio.link(OURS).is_open) == (b"x", True)
        raise BluetoothError("done")

    assert refusal(air.address, with_channel).what == "done"


def test_bluez_restarts_and_everything_is_registered_anew(short_dir: Path) -> None:
    device = PlayedDevice(short_dir / "device")
    with open_air(short_dir) as air:
        paired(air, device.path)

        async def work() -> None:
            radio = make_radio(air.address)
            line = await radio.open_line(OURS)
            far = device.answer()
            air.stop_bluez()
            await asyncio.sleep(0.1)
            assert "BlueZ does not run" in radio.adapter().trouble
            far.sendall(b"still there")
            await asyncio.sleep(0.05)
            assert line.recv(20) == b"still there", "the kernel keeps the line"
            line.close()
            with pytest.raises(BluetoothError, match="BlueZ does not run"):
                await radio.open_line(OURS)
            await asyncio.to_thread(air.start_bluez)
            await asyncio.sleep(0.2)
            calls = list(await air.ask("Calls"))
            assert {"RequestDefaultAgent bluez", "RegisterProfile bluez"} <= set(calls), calls
            await air.ask("PutDevice", "ssss", OURS, "ecg", "4711", str(device.path))
            (await radio.open_line(OURS)).close()
            radio.close()

        asyncio.run(work())
    device.close()
