"""``docs/hardware.md`` and its drawings agree with firmware, settings and the laws of filters."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from math import pi, sqrt
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lsim

from ecgd.config.settings import AlarmSettings, GpioSettings

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "hardware.md").read_text(encoding="utf-8")
IMAGES = ROOT / "docs" / "images"
DRAWINGS = ("electrodes", "wiring-ads1292r", "wiring-ad8232", "wiring-gateway")

sys.path.insert(0, str(ROOT / "scripts"))

from drawings.ad8232 import BOARD_1, BOARD_2  # noqa: E402 - beside the script that writes them
from drawings.ads1292r import DIRECT, LED_PIN, SHIFTED  # noqa: E402 - the same
from drawings.gateway import HEADER, PLACES  # noqa: E402 - the same


def table(name: str) -> list[list[str]]:
    """Return the cells of a table's rows, without its heading."""
    _, found, rest = TEXT.partition(f"<!-- table: {name} -->\n")
    assert found, name
    rows = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def pins_of_the_firmware() -> dict[str, str]:
    """Return the Arduino's pin of each definition, from port and bit, and check its comment."""
    header = (ROOT / "firmware" / "ecg_node" / "pins.h").read_text(encoding="utf-8")
    found = {}
    pattern = r"#define (\w+?)_(PORT([BD])_BIT|ADC_CHANNEL) (\d+)\s+/\* ([AD]\d+)"
    for name, _, port, bit, told in re.findall(pattern, header):
        base = {"B": 8, "D": 0, "": 0}[port]
        pin = f"{'D' if port else 'A'}{base + int(bit)}"
        assert pin == told, name
        found[name] = pin
    return found


ADS1292R = {
    "DRDY": "ADS1292R_DRDY",
    "PWDN/RESET": "ADS1292R_RESET",
    "START": "ADS1292R_START",
    "CS": "ADS1292R_CS",
    "DIN": "SPI_MOSI",
    "DOUT": "SPI_MISO",
    "SCLK": "SPI_SCK",
    "identify": "IDENTIFY_LED_ADS1292R",
    "divider": "BATTERY",
}
AD8232 = {
    "1 OUTPUT": "LEAD_I",
    "1 LO+": "LEAD_I_LO_PLUS",
    "1 LO−": "LEAD_I_LO_MINUS",
    "2 OUTPUT": "LEAD_II",
    "2 LO+": "LEAD_II_LO_PLUS",
    "2 LO−": "LEAD_II_LO_MINUS",
    "identify": "IDENTIFY_LED_AD8232",
    "divider": "BATTERY",
}
LINE = {"TXD": "D0", "RXD": "D1", "3V3": "AREF"}


@pytest.mark.parametrize(("name", "meant"), [("ads1292r", ADS1292R), ("ad8232", AD8232)])
def test_the_wiring_tables_are_those_of_the_firmware(name: str, meant: dict[str, str]) -> None:
    firmware = pins_of_the_firmware()
    told = {}
    for part, pin, arduino, _ in table(name):
        board = re.search(r"board (\d)", part)
        told[f"{board[1]} {pin}" if board else pin] = arduino
    assert told == {pin: firmware[define] for pin, define in meant.items()} | LINE


def test_the_drawings_have_the_wires_of_the_tables() -> None:
    ads = {pin.removesuffix("/RESET"): arduino for _, pin, arduino, _ in table("ads1292r")}
    assert ads.items() >= (DIRECT | SHIFTED).items()
    assert ads["identify"] == LED_PIN
    shifted = {pin.removesuffix("/RESET") for _, pin, _, how in table("ads1292r") if "4050" in how}
    assert shifted == set(SHIFTED)
    for part, board in (("AD8232 board 1", BOARD_1), ("AD8232 board 2", BOARD_2)):
        assert {pin: to for each, pin, to, _ in table("ad8232") if each == part} == board


def test_the_battery_divider_is_that_of_the_firmware() -> None:
    config = (ROOT / "firmware" / "ecg_node" / "config.h").read_text(encoding="utf-8")
    for side in ("TOP", "BOTTOM"):
        assert re.search(rf"#define BATTERY_{side}_KOHM 100\b", config)
    row = next(row for row in TEXT.splitlines() if row.startswith("| one LiPo cell, 3.7 V |"))
    full, empty = row.strip("|").split("|")[2:]
    defaults = AlarmSettings()
    assert int(full) == defaults.battery_full_mv
    assert int(empty) == defaults.battery_empty_mv


def test_the_gateways_table_is_that_of_the_settings() -> None:
    parts = {row[0].split()[0]: (int(row[1]), int(row[2])) for row in table("gateway")}
    settings = GpioSettings()
    meant = {
        member.name.removesuffix("_pin"): getattr(settings, member.name)
        for member in fields(GpioSettings)
        if member.name.endswith("_pin")
    }
    assert {part: bcm for part, (bcm, _) in parts.items()} == meant
    assert {part: pin for part, (_, pin) in parts.items()} == PLACES
    for bcm, pin in parts.values():
        assert HEADER[pin - 1] == f"GPIO {bcm}"


def test_the_drawings_are_those_of_the_script() -> None:
    answer = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "build-drawings"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_stands_alone_on_white(name: str) -> None:
    svg = ElementTree.parse(IMAGES / f"{name}.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    width, height = svg.attrib["viewBox"].split()[2:]
    ground = svg.find(f"{space}rect")
    assert ground is not None
    assert (ground.attrib["width"], ground.attrib["height"]) == (width, height)
    assert ground.attrib["fill"] == "#ffffff"
    assert svg.findtext(f"{space}title")
    assert svg.findtext(f"{space}desc")
    for text in svg.iter(f"{space}text"):
        assert 0 <= float(text.attrib["x"]) <= float(width), text.text
        assert 0 <= float(text.attrib["y"]) <= float(height), text.text
    assert f"images/{name}.svg" in TEXT


Floats = NDArray[np.float64]

UNITS = {"MΩ": 1e6, "kΩ": 1e3, "µF": 1e-6, "nF": 1e-9}


def parts(column: int) -> dict[str, float]:
    """Return the values of the AD8232 board's parts in ohms and farads."""
    values: dict[str, float] = {}
    for row in table("parts"):
        number, unit = row[column].split()
        values |= dict.fromkeys(row[0].split(", "), float(number) * UNITS[unit])
    return values


class Board:
    """An AD8232 board: the circuit of the data sheet's figures 56 and 60.

    The input amplifier's integrator (C1) is fed through the T of R1, R2 and C2 + RC:
    H = D / (D + 100 (1 + s RC C2)) with D = s C1 (R1 + R2 + s C2 (RC (R1 + R2) + R1 R2)).
    """

    def __init__(self, part: dict[str, float], capacitors: float = 1.0) -> None:
        p = part
        self.gain = 100 * (1 + p["R5"] / p["R6"])
        c1, c2 = p["C1"] * capacitors, p["C2"] * capacitors
        self.highpass_formula_hz = 10 / (2 * pi * sqrt(p["R1"] * c1 * p["R2"] * c2))
        self.lowpass_formula_hz = 1 / (2 * pi * sqrt(p["R3"] * p["C3"] * p["R4"] * p["C4"]))
        d = [c1 * c2 * (p["RC"] * (p["R1"] + p["R2"]) + p["R1"] * p["R2"])]
        d += [c1 * (p["R1"] + p["R2"]), 0.0]
        self.highpass = (np.array(d), np.array([d[0], d[1] + 100 * p["RC"] * c2, 100.0]))
        k = 1 + p["R5"] / p["R6"]
        a = [p["R3"] * p["R4"] * p["C3"] * p["C4"]]
        a += [p["C4"] * (p["R3"] + p["R4"]) + p["R3"] * p["C3"] * (1 - k), 1.0]
        self.lowpass = (np.array([1.0]), np.array(a))

    def corner_hz(self, system: tuple[Floats, Floats], from_hz: float, to_hz: float) -> float:
        """Return where the response crosses −3 dB between two frequencies."""
        grid_hz = np.geomspace(from_hz, to_hz, 20001)
        over, under = (np.polyval(each, 2j * pi * grid_hz) for each in system)
        above = np.abs(over / under) >= sqrt(0.5)
        return float(grid_hz[np.flatnonzero(above[1:] != above[:-1])[0]])

    def undershoot_mv(self) -> float:
        """Undershoot after 3 mV for 100 ms (IEC 60601-2-27)."""
        time_s = np.arange(0.0, 3.0, 0.0005)
        impulse_mv = np.where((time_s >= 0.1) & (time_s < 0.2), 3.0, 0.0)
        answer_mv = np.asarray(lsim(self.highpass, impulse_mv, time_s)[1])
        return float(-answer_mv[time_s >= 0.205].min())


@pytest.mark.parametrize(("column", "parts_column"), [(2, 2), (3, 3)])
def test_the_corners_follow_from_the_parts(column: int, parts_column: int) -> None:
    board = Board(parts(parts_column))
    computed = [
        board.highpass_formula_hz,
        board.corner_hz(board.highpass, 0.005, 5.0),
        board.lowpass_formula_hz,
        board.corner_hz(board.lowpass, 5.0, 1000.0),
        board.gain,
        1550 / board.gain,
        board.undershoot_mv(),
    ]
    told = [float(re.findall(r"[\d.]+", row[column])[0]) for row in table("corners")]
    assert told == pytest.approx(computed, rel=0.03)


def test_the_changed_board_passes_the_impulse_with_capacitors_that_are_small() -> None:
    changed = parts(3)
    assert Board(changed, 0.8).undershoot_mv() < 0.1
    smaller = changed | {"C1": 3.3e-6, "C2": 3.3e-6}
    assert Board(smaller).undershoot_mv() == pytest.approx(0.099, abs=0.001)
    assert Board(smaller, 0.9).undershoot_mv() > 0.1
    assert Board(parts(2)).undershoot_mv() > 0.5


def test_the_firmware_claims_what_the_parts_do() -> None:
    config = (ROOT / "firmware" / "ecg_node" / "config.h").read_text(encoding="utf-8")
    for column, side in ((2, 0), (3, 1)):
        board = Board(parts(column))
        figures = [
            re.findall(rf"#define {name}.*\? (\d+) : (\d+)", config)[0][side]
            for name in ("AD8232_GAIN", "AD8232_HIGHPASS_MHZ", "AD8232_LOWPASS_MHZ")
        ]
        gain, high_mhz, low_mhz = map(int, figures)
        assert gain == pytest.approx(board.gain, rel=0.01)
        assert high_mhz / 1000 == pytest.approx(board.highpass_formula_hz, rel=0.2)
        assert low_mhz / 1000 == pytest.approx(board.lowpass_formula_hz, rel=0.1)
        assert (high_mhz <= 50) == (column == 3)
