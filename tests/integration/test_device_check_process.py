"""ecgctl device check against the real simulated device, as processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from avr_device import AvrDevice, firmware, needs_simulator

from ecgd.cli.exit_codes import ExitCode

CTL = "from ecgd.cli.main import main; main()"


def check(port: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CTL, "device", "check", str(port)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_simulated_device_is_right(tmp_path: Path) -> None:
    port = tmp_path / "ttyUSB0"
    node = subprocess.Popen(
        [sys.executable, "-m", "ecgd.node", "--link", str(port), "--source", "synthetic:"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert node.stdout is not None
    try:
        assert node.stdout.readline().startswith("ready:")
        answer = check(port)
    finally:
        node.terminate()
        node.wait(timeout=10)
        node.stdout.close()
    assert answer.returncode == ExitCode.FINE, answer.stdout + answer.stderr
    assert answer.stdout.startswith("device: node-1, firmware simulated 1.0\n")
    assert answer.stdout.endswith("everything is as it should be\n")


@needs_simulator
def test_the_firmware_answers_as_the_first_evening_shows(
    tmp_path: Path, project_root: Path
) -> None:
    port = tmp_path / "ttyACM0"
    with AvrDevice(firmware("ads1292r"), tmp_path / "bench", "ads1292r") as device:
        device.reference(3.3)
        device.level("A2", 1.95)
        device.loosen("IN1P", "IN1N", "IN2P", "IN2N", "RLD")
        device.plug(port)
        device.pace(True)
        answer = check(port)
    assert answer.returncode == ExitCode.FINE, answer.stdout + answer.stderr
    shown = (project_root / "docs" / "hardware.md").read_text(encoding="utf-8")
    assert f"```\n{answer.stdout}```\n" in shown


@pytest.mark.parametrize("name", ["nothing", "a-file"])
def test_a_port_that_is_none_says_what_to_do(tmp_path: Path, name: str) -> None:
    (tmp_path / "a-file").write_text("not a port")
    answer = check(tmp_path / name)
    assert answer.returncode == ExitCode.ERROR
    assert name in answer.stderr
    assert "ls /dev/ttyUSB*" in answer.stderr
