"""The udev rules as they are shipped, run by udev itself over mock devices of real cables."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

RULES = Path(__file__).parents[2] / "systemd" / "60-ecgd.rules"

pytestmark = pytest.mark.debian("umockdev", "udev")


@dataclass(frozen=True, slots=True)
class Cable:
    """What a USB cable says of itself, and what Linux makes of it."""

    vendor: str
    product: str
    tty: str
    serial: str = ""
    interface: str = "00"

    @property
    def path(self) -> str:
        leaf = f"tty/{self.tty}"
        if self.tty.startswith("ttyUSB"):
            leaf = f"{self.tty}/{leaf}"
        return f"{_SOCKET}/1-2:1.{int(self.interface)}/{leaf}"

    def description(self) -> str:
        """Return the device and its parents as umockdev describes them."""
        major, number = ("188" if self.tty.startswith("ttyUSB") else "166"), self.tty[-1]
        device = [f"P: {_SOCKET}", "N: bus/usb/001/005", "E: DEVTYPE=usb_device"]
        device += ["E: SUBSYSTEM=usb", "E: DRIVER=usb"]
        device += [rf"A: idVendor={self.vendor}\n", rf"A: idProduct={self.product}\n"]
        device += [rf"A: serial={self.serial}\n"] if self.serial else []
        interface = [f"P: {_SOCKET}/1-2:1.{int(self.interface)}", "E: DEVTYPE=usb_interface"]
        interface += ["E: SUBSYSTEM=usb", "E: DRIVER=any"]
        interface += [r"A: bInterfaceClass=ff\n", rf"A: bInterfaceNumber={self.interface}\n"]
        port = [f"P: {self.path.rpartition('/tty/')[0]}", "E: SUBSYSTEM=usb-serial"]
        port += ["E: DRIVER=any", r"A: port_number=0\n"]
        tty = [f"P: {self.path}", f"N: {self.tty}", f"E: DEVNAME=/dev/{self.tty}"]
        tty += [f"E: MAJOR={major}", f"E: MINOR={number}", "E: SUBSYSTEM=tty"]
        parts = [device, interface, *([port] if self.tty.startswith("ttyUSB") else []), tty]
        return "\n\n".join("\n".join(part) for part in parts) + "\n"


_PARENTS = """P: /devices/pci0000:00/0000:00:14.0
E: SUBSYSTEM=pci
E: DRIVER=xhci_hcd

P: /devices/pci0000:00/0000:00:14.0/usb1
E: DEVTYPE=usb_device
E: SUBSYSTEM=usb

"""
_SOCKET = "/devices/pci0000:00/0000:00:14.0/usb1/1-2"
_AT = "ecgd-at-pci-0000_00_14_0-usb-0_2_1_0"

CH340 = Cable("1a86", "7523", "ttyUSB0")
UNO = Cable("2341", "0043", "ttyACM0", "75830303934351E0B1C1")
FTDI = Cable("0403", "6001", "ttyUSB1", "A50285BI")
CP2102 = Cable("10c4", "ea60", "ttyUSB0", "0001")
SECOND = Cable("0403", "6010", "ttyUSB1", "FT5ABCDE", "01")
MODEM = Cable("12d1", "1001", "ttyUSB0", "0123456789")


_SCRIPT = """
mount -t tmpfs tmpfs /run && mkdir -p /run/udev/rules.d /run/dev && cp "$1" /run/udev/rules.d/ &&
mount --rbind /dev /run/dev && mount -t tmpfs tmpfs /dev &&
ln -s /run/dev/null /run/dev/ptmx /run/dev/pts /dev/ &&
umockdev-run --device="$2" -- udevadm test --action=add "$3"
"""
"""Hides /run and /dev behind empty ones: udev reads our rules, and makes its links, there alone."""


def judged(tmp_path: Path, description: str, path: str) -> tuple[list[str], set[str], set[str]]:
    """Return what udev complained of, the properties it would set and the names it would make."""
    mock = tmp_path / "mock.umockdev"
    mock.write_text(_PARENTS + description, encoding="utf-8")
    unshare = ["unshare", "--map-root-user", "--mount"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("a mount namespace is not permitted here")
    words = [*unshare, "sh", "-c", _SCRIPT, "-", str(RULES), str(mock), f"/sys{path}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = done.stderr.splitlines()
    faults = ("nvalid", "nknown", "gnoring")
    complaints = [
        line
        for line in said
        # Where the service is not installed its group for the pins is not known.
        if "60-ecgd.rules" in line and any(f in line for f in faults) and "'gpio'" not in line
    ]
    names = {line.partition("LINK '")[2].rstrip("'") for line in said if " LINK '" in line}
    return complaints, set(done.stdout.splitlines()), {n for n in names if n.startswith("ecgd")}


@pytest.mark.parametrize(
    ("cable", "names"),
    [
        (CH340, {_AT}),
        (UNO, {_AT, "ecgd-id-75830303934351E0B1C1"}),
        (FTDI, {_AT, "ecgd-id-A50285BI"}),
        (CP2102, {_AT}),
        (SECOND, {_AT[:-1] + "1", "ecgd-id-FT5ABCDE-if01"}),
        (MODEM, set()),
    ],
    ids=["CH340", "Uno", "FTDI", "CP2102", "second port", "another's modem"],
)
def test_cables_get_names_that_stay(tmp_path: Path, cable: Cable, names: set[str]) -> None:
    complaints, properties, made = judged(tmp_path, cable.description(), cable.path)
    assert complaints == []
    assert made == names
    ours = bool(names)
    assert ("ID_MM_PORT_IGNORE=1" in properties) is ours, "ModemManager would speak to it"
    tags = next((line for line in properties if line.startswith("CURRENT_TAGS=")), "")
    assert (":systemd:" in tags) or not ours


def test_a_radio_port_is_a_unit_of_systemd(tmp_path: Path) -> None:
    path = "/devices/virtual/tty/rfcomm0"
    description = f"P: {path}\nN: rfcomm0\nE: DEVNAME=/dev/rfcomm0\nE: MAJOR=216\nE: MINOR=0\n"
    description += "E: SUBSYSTEM=tty\n"
    complaints, properties, made = judged(tmp_path, description, path)
    assert complaints == []
    assert made == set()
    assert any(line.startswith("CURRENT_TAGS=") and ":systemd:" in line for line in properties)
