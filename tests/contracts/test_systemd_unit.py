"""systemd's own tools on the unit as it is shipped."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from ecgd.service.main import EXIT_CONFIG

FOLDER = Path(__file__).parents[2] / "systemd"
UNIT = FOLDER / "ecgd.service"
RFCOMM = FOLDER / "ecgd-rfcomm@.service"
COMMAND = "/opt/ecgd/bin/ecgd"

needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze (package systemd) is missing"
)


def keys_of(unit: Path) -> dict[str, list[str]]:
    """Return every key of a unit with all its values: keys may come several times."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


@pytest.fixture(scope="module")
def settings() -> dict[str, list[str]]:
    return keys_of(UNIT)


@needs_analyze
def test_verify_has_nothing_to_say(tmp_path: Path) -> None:
    unit = tmp_path / "ecgd.service"
    text = UNIT.read_text(encoding="utf-8")
    assert text.count(COMMAND) == 1
    unit.write_text(text.replace(COMMAND, "/bin/true"), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line for line in done.stderr.splitlines() if "ecgd.service" in line]
    assert (done.returncode, told) == (0, [])


@needs_analyze
@pytest.mark.parametrize("unit", [UNIT, RFCOMM], ids=["ecgd", "rfcomm"])
def test_exposure_is_at_most_2_5(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=25", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    level = re.search(r"exposure level for ecgd\S*\.service: ([0-9.]+)", done.stdout)
    assert level is not None, done.stderr
    assert done.returncode == 0
    assert float(level[1]) <= 2.5


@needs_analyze
def test_verify_has_nothing_to_say_of_the_radio_s_port(tmp_path: Path) -> None:
    unit = tmp_path / "ecgd-rfcomm@.service"
    text = RFCOMM.read_text(encoding="utf-8")
    assert text.count("/usr/bin/rfcomm ") == 4
    unit.write_text(text.replace("/usr/bin/rfcomm", "/bin/true"), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "ecgd-rfcomm@3.service")],
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line for line in done.stderr.splitlines() if "ecgd-rfcomm" in line]
    assert (done.returncode, told) == (0, [])


@pytest.mark.parametrize(
    ("address", "shown", "bound"),
    [
        ("98:d3:31:FD:2E:45", "rfcomm3: 98:D3:31:FD:2E:45 channel 1 clean", True),
        ("98:D3:31:FD:2E:45", "rfcomm3: 98:D3:31:00:00:01 channel 1 connected", False),
        ("nonsense", "rfcomm3: 00:00:00:00:00:00 channel 1 clean", False),
        ("98:D3:31:FD:2E:45", "Can't get device info: No such device", False),
        ("", "rfcomm3: 00:00:00:00:00:00 channel 1 clean", False),
    ],
)
def test_a_port_that_rfcomm_did_not_bind_is_a_failure(
    tmp_path: Path, address: str, shown: str, *, bound: bool
) -> None:
    """rfcomm of BlueZ 5.66 ends with 0 for each of these, as a kernel with Bluetooth showed."""
    (post,) = keys_of(RFCOMM)["ExecStartPost"]
    show = tmp_path / "rfcomm"
    show.write_text(f'#!/bin/sh\n[ "$*" = "show 3" ] && echo "{shown}"\n', encoding="utf-8")
    show.chmod(0o755)
    words = shlex.split(post.replace("%i", "3").replace("/usr/bin/rfcomm", str(show)))
    done = subprocess.run(
        words, env={"ADDRESS": address, "PATH": "/usr/bin:/bin"}, capture_output=True, check=False
    )
    assert (done.returncode == 0) is bound
    assert (b"not bound" in done.stderr) is not bound


def test_the_radio_s_port_has_an_address_and_channel_1_unless_said() -> None:
    keys = keys_of(RFCOMM)
    assert keys["EnvironmentFile"] == ["/etc/ecgd/rfcomm%i.conf"]
    assert keys["AssertPathExists"] == keys["EnvironmentFile"], "else the reason is hard to find"
    assert keys["Environment"] == ["CHANNEL=1"]
    assert keys["CapabilityBoundingSet"] == ["CAP_NET_ADMIN"]
    assert keys["Before"] == [UNIT.name]


def test_it_starts_at_boot_and_for_ever_again(settings: dict[str, list[str]]) -> None:
    assert settings["Type"] == ["notify"]
    assert settings["NotifyAccess"] == ["main"]
    assert settings["Restart"] == ["always"]
    assert settings["StartLimitIntervalSec"] == ["0"]
    assert settings["WantedBy"] == ["multi-user.target"]
    assert float(settings["RestartSec"][0].removesuffix("s")) <= 2.0, "sound is back within 5 s"
    assert float(settings["WatchdogSec"][0].removesuffix("s")) >= 10.0
    assert settings["ExecStart"] == [f"{COMMAND} --config /etc/ecgd/ecgd.toml"]


def test_an_alarm_goes_before_what_other_services_compute(settings: dict[str, list[str]]) -> None:
    assert int(settings["CPUWeight"][0]) >= 10 * 100, "ten times the usual share"


def test_wrong_configuration_is_not_started_again(settings: dict[str, list[str]]) -> None:
    assert settings["RestartPreventExitStatus"] == [str(EXIT_CONFIG)]


def test_clock_can_be_asked_but_not_set(settings: dict[str, list[str]]) -> None:
    """ProtectClock would refuse adjtimex(2) even for reading."""
    assert "ProtectClock" not in settings
    assert "adjtimex" in settings["SystemCallFilter"][-1].split()
    assert settings["CapabilityBoundingSet"] == [""]


def test_a_report_may_be_drawn_at_the_least_priority(settings: dict[str, list[str]]) -> None:
    """The filter takes all of @resources away, and gives this one back behind it."""
    lines = settings["SystemCallFilter"]
    taken = next(at for at, line in enumerate(lines) if line.startswith("~"))
    assert "setpriority" in " ".join(lines[taken + 1 :]).split()


def test_user_and_groups_are_made_by_sysusers(settings: dict[str, list[str]]) -> None:
    """Without one of its groups the service would not start; dialout is in every Debian."""
    lines = (FOLDER / "ecgd.sysusers").read_text(encoding="utf-8").splitlines()
    made = {tuple(line.split()[:2]) for line in lines if line and not line.startswith("#")}
    groups = set(settings["SupplementaryGroups"][0].split()) - {"dialout"}
    assert made == {("u", settings["User"][0])} | {("g", group) for group in groups}


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is missing")
def test_sysusers_takes_the_file(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    done = subprocess.run(
        ["systemd-sysusers", f"--root={tmp_path}", str(FOLDER / "ecgd.sysusers")],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and "ermitted" in done.stderr:
        pytest.skip("systemd-sysusers needs root")
    groups = (tmp_path / "etc" / "group").read_text(encoding="ascii")
    assert {line.split(":")[0] for line in groups.split()} == {"gpio", "bluetooth", "ecgd"}


def test_devices_are_the_lines_and_pins_only(settings: dict[str, list[str]]) -> None:
    assert settings["DevicePolicy"] == ["closed"]
    groups = {value.split()[0] for value in settings["DeviceAllow"]}
    assert {"char-rfcomm", "char-ttyUSB", "char-ttyACM", "char-gpiochip"} <= groups
    assert all(group.startswith("char-") for group in groups)
    rule = (FOLDER / "60-ecgd.rules").read_text(encoding="utf-8")
    assert 'KERNEL=="gpiochip*", GROUP="gpio", MODE="0660"' in rule


def test_a_cable_that_is_plugged_in_later_can_be_opened(settings: dict[str, list[str]]) -> None:
    """The groups of DeviceAllow are looked up at the start, among the drivers that are loaded."""
    drivers = {"char-ttyUSB": "usbserial", "char-ttyACM": "cdc_acm", "char-rfcomm": "rfcomm"}
    groups = {value.split()[0] for value in settings["DeviceAllow"]}
    # GPIO and the board's own UARTs are there as long as the computer runs.
    assert groups - set(drivers) == {"char-gpiochip", "char-ttyAMA", "char-ttyS"}
    for key in ("Wants", "After"):
        units = {unit for value in settings[key] for unit in value.split()}
        assert {f"modprobe@{driver}.service" for driver in drivers.values()} <= units


def test_credential_that_is_not_there_cannot_stop_the_start(settings: dict[str, list[str]]) -> None:
    """A name without a path is searched for, and passed over where it is missing."""
    assert settings["LoadCredential"]
    assert all("/" not in value and ":" not in value for value in settings["LoadCredential"])


def test_unit_is_plain_ini_with_the_three_sections() -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read(UNIT, encoding="utf-8")
    assert parser.sections() == ["Unit", "Service", "Install"]
