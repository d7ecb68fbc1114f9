"""Which device has which PIN, and where it is kept."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ecgd.config.settings import PatientSettings
from ecgd.service.bluetooth_pins import DEFAULT_PIN, BluetoothPins, bluetooth_address, check_pin
from ecgd.sources.bluez_errors import BluetoothError

OURS = "98:D3:31:F5:0A:7C"
STRANGER = "11:22:33:44:55:66"


def pins(directory: Path, pin_file: str = "") -> BluetoothPins:
    anna = PatientSettings(id="anna", source=f"bluetooth://{OURS}", pin_file=pin_file)
    bert = PatientSettings(id="bert", source="serial:hc05")
    return BluetoothPins(directory, lambda: (bert, anna))


def test_only_the_devices_of_patients_have_one(tmp_path: Path) -> None:
    known = pins(tmp_path)
    assert known.find(OURS) == DEFAULT_PIN
    assert known.find(STRANGER) is None
    owner = known.owner(OURS)
    assert owner is not None
    assert owner.id == "anna"


def test_a_kept_pin_goes_before_the_usual_one_and_a_file_before_it(tmp_path: Path) -> None:
    pins(tmp_path).keep(OURS, "4711")
    assert pins(tmp_path).find(OURS) == "4711"
    file = tmp_path / "pin"
    file.write_text(" 0815 \n")
    file.chmod(0o600)
    assert pins(tmp_path, str(file)).find(OURS) == "0815"
    pins(tmp_path).drop(OURS)
    pins(tmp_path).drop(OURS)
    assert pins(tmp_path).find(OURS) == DEFAULT_PIN


def test_a_kept_pin_is_nobody_else_s_to_read(tmp_path: Path) -> None:
    pins(tmp_path).keep(OURS, "4711")
    (kept,) = (tmp_path / "pins").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        (b"4711", 0o640, "can be read by others"),
        (b"", 0o600, "holds no PIN"),
        (b"12345678901234567", 0o600, "holds no PIN"),
        ("Ω".encode(), 0o600, "holds no PIN"),
        (None, 0o600, "cannot be read"),
    ],
)
def test_a_file_that_will_not_do_is_told_without_what_it_holds(
    tmp_path: Path, content: bytes | None, mode: int, words: str
) -> None:
    file = tmp_path / "pin"
    if content is not None:
        file.write_bytes(content)
        file.chmod(mode)
    with pytest.raises(BluetoothError, match=words) as caught:
        pins(tmp_path, str(file)).find(OURS)
    assert "4711" not in str(caught.value)


def test_a_pin_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    (tmp_path / "pins").write_text("in the way")
    with pytest.raises(BluetoothError, match="is paired, but its PIN cannot be kept"):
        pins(tmp_path).keep(OURS, "4711")


def test_pins_are_checked() -> None:
    assert check_pin(" 1234 ") == "1234"
    for wrong in ("", "12\n34", "x" * 17, "π"):
        with pytest.raises(BluetoothError, match="no PIN"):
            check_pin(wrong)


def test_an_address_is_read_from_a_source() -> None:
    assert bluetooth_address("bluetooth://98:d3:31:f5:0a:7c?baud=38400") == OURS
    assert bluetooth_address("serial:hc05") == bluetooth_address("nonsense") == ""
