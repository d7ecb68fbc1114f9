"""The real daemon with BlueZ on a bus: a simulated device, paired, worn, lost and found again."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bluez_air import NEEDED, Air, NodeByAir, open_air
from daemon_process import Daemon, config, node, wait_for

pytestmark = [pytest.mark.debian(*NEEDED), pytest.mark.timeout(110)]

OURS = "98:D3:31:F5:0A:7C"
STRANGER = "11:22:33:44:55:66"


@pytest.fixture
def air(short_dir: Path) -> Iterator[Air]:
    with open_air(short_dir) as air:
        yield air


@pytest.fixture
def module(short_dir: Path, air: Air) -> Iterator[NodeByAir]:
    """The Bluetooth module of a simulated device, with the PIN 4711."""
    with node(short_dir):
        module = NodeByAir(short_dir / "state" / "hc05", short_dir / "module")
        air.put(OURS, short_dir / "module", pin="4711", name="ECG")
        yield module
        module.close()


def start(directory: Path, air: Air, source: str, more: str = "") -> Daemon:
    text = config().replace("serial:hc05?baud=9600", source)
    daemon = Daemon(directory, text.replace('name = "Anna"\n', f'name = "Anna"\n{more}\n'))
    daemon.start(DBUS_SYSTEM_BUS_ADDRESS=air.address)
    daemon.wait_until_up()
    return daemon


def ecgctl(daemon: Daemon, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from ecgd.cli.main import main; main()", *words]
    return subprocess.run(
        [*command, "--socket", str(daemon.state_dir / "control.sock")],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )


def link(daemon: Daemon, state: str) -> dict[str, Any] | None:
    told: dict[str, Any] = daemon.patient()["link"]
    return told if told["state"] == state else None


def samples(daemon: Daemon) -> int:
    return int(daemon.patient()["link"]["statistics"]["samples"])


def test_a_configured_device_is_paired_at_the_start_and_comes_back(
    short_dir: Path, air: Air, module: NodeByAir
) -> None:
    pin = short_dir / "pin"
    pin.write_text("4711\n")
    pin.chmod(0o600)
    daemon = start(short_dir, air, f"bluetooth://{OURS}", f'pin_file = "{pin}"')
    try:
        wait_for(lambda: samples(daemon) > 500, f"samples: {daemon.said()}")
        told = daemon.patient()["link"]["bluetooth"]
        assert (told["is_open"], told["trouble"]) == (True, "")
        assert (told["device"]["paired"], told["device"]["trusted"]) == (True, True)
        assert told["device"]["rssi_dbm"] == -50
        air.call("Ask", "ssav", "RequestPinCode", STRANGER, [])
        wait_for(lambda: "bluetooth_refused" in daemon.said(), "the stranger's refusal")
        before = samples(daemon)
        module.lose()
        air.call("Drop", "s", OURS)
        began_s = time.monotonic()
        wait_for(lambda: "the other end is gone" in daemon.said(), "the loss")
        wait_for(lambda: samples(daemon) > before + 250, "the device's return")
        # A second of the signal is waited for besides.
        assert time.monotonic() - began_s < 15.0
        assert air.calls().count(f"Pair {OURS}") == 1
        parts = (daemon.status() or {})["parts"]
        assert [p["healthy"] for p in parts if p["part"] == "bluetooth"] == [True]
        assert "Bluetooth" in ecgctl(daemon, "status").stdout
        assert daemon.stop() == 0
    finally:
        daemon.end()


def test_a_person_pairs_a_device_for_a_patient(
    short_dir: Path, air: Air, module: NodeByAir
) -> None:
    daemon = start(short_dir, air, "serial:nowhere")
    try:
        scan = ecgctl(daemon, "device", "scan", "--seconds", "1")
        assert (scan.returncode, "ECG" in scan.stdout, "−50 dBm" in scan.stdout) == (0, True, True)
        pairing = ("device", "pair", OURS, "--patient", "anna")
        wrong = ecgctl(daemon, *pairing)
        assert wrong.returncode == 1
        assert f"{OURS} refuses the PIN" in wrong.stderr
        unknown = ecgctl(daemon, "device", "pair", OURS, "--patient", "bert")
        assert (unknown.returncode, "no patient is called 'bert'" in unknown.stderr) == (1, True)
        right = ecgctl(daemon, *pairing, "--pin", typed="4711\n")
        assert right.returncode == 0, right.stderr
        assert f"watched at bluetooth://{OURS}" in right.stdout
        wait_for(lambda: link(daemon, "up"), f"the link: {daemon.said()}")
        shown = ecgctl(daemon, "device", "list").stdout
        assert "Anna" in shown
        assert OURS in shown
        forgotten = ecgctl(daemon, "device", "forget", OURS, "--yes")
        assert "it is paired anew" in forgotten.stdout
        wait_for(lambda: air.calls().count(f"Pair {OURS}") == 3, "the pairing with the kept PIN")
        assert daemon.stop() == 0
        daemon.start(DBUS_SYSTEM_BUS_ADDRESS=air.address)
        daemon.wait_until_up()
        wait_for(lambda: link(daemon, "up"), f"the link after a restart: {daemon.said()}")
        assert daemon.patient()["source"] == f"bluetooth://{OURS}"
        assert "4711" not in daemon.said()
        assert daemon.stop() == 0
    finally:
        daemon.end()
