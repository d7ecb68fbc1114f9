"""systemd's own tools on the fault light's unit as it is shipped."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ecgd.config.fault_light import FaultLightSettings

FOLDER = Path(__file__).parents[2] / "systemd"
UNIT = FOLDER / "ecgd-fault-light.service"
TEXT = UNIT.read_text(encoding="utf-8")
COMMAND = "/opt/ecgd/bin/python -m ecgd.fault_light"

needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze (package systemd) is missing"
)


@needs_analyze
def test_verify_has_nothing_to_say_of_the_fault_light(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    assert TEXT.count(COMMAND) == 1
    unit.write_text(TEXT.replace(COMMAND, "/bin/true"), encoding="utf-8")
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert (done.returncode, told) == (0, [])


@needs_analyze
def test_exposure_of_the_fault_light_is_at_most_1() -> None:
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=10", str(UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    level = re.search(r"exposure level for ecgd-fault-light\.service: ([0-9.]+)", done.stdout)
    assert level is not None, done.stderr
    assert done.returncode == 0
    assert float(level[1]) <= 1.0


def test_it_starts_at_boot_for_ever_again_and_without_the_daemon() -> None:
    lines = TEXT.splitlines()
    wanted = {"Type=notify", "NotifyAccess=main", "Restart=always", "StartLimitIntervalSec=0"}
    assert wanted | {"WantedBy=multi-user.target"} <= set(lines)
    bound = ("After=", "Requires=", "BindsTo=", "PartOf=", "Requisite=", "Wants=")
    assert not [line for line in lines if line.startswith(bound)]
    assert "RestartPreventExitStatus" not in TEXT, "no configuration keeps it from running"


def test_its_socket_lies_in_its_own_runtime_directory() -> None:
    directory = re.search(r"^RuntimeDirectory=(.+)$", TEXT, re.MULTILINE)
    assert directory is not None
    assert FaultLightSettings().socket == f"/run/{directory[1]}/socket"


def test_it_may_do_what_the_daemon_may_at_the_pins_only() -> None:
    daemon = (FOLDER / "ecgd.service").read_text(encoding="utf-8")
    assert re.findall(r"^DeviceAllow=(.+)$", TEXT, re.MULTILINE) == ["char-gpiochip rw"]
    for key in ("User", "Group"):
        [value] = re.findall(rf"^{key}=.+$", TEXT, re.MULTILINE)
        assert value in daemon.splitlines()
    groups = re.findall(r"^SupplementaryGroups=(.+)$", TEXT, re.MULTILINE)
    assert groups == ["gpio"]
