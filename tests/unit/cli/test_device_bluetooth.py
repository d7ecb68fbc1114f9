"""ecgctl device scan, pair and forget, against a real control socket."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console
from sample_bluetooth import OURS, FakeBluetooth, sample_view
from sample_daemon import CLOCK, FakeGateway, sample_patient, sample_status, serving

from ecgd.cli import device, device_bluetooth
from ecgd.cli.bluetooth_page import bluetooth_page
from ecgd.cli.main import cli
from ecgd.cli.status_page import status_page
from ecgd.model.bluetooth import BluetoothDevice, BluetoothLink
from ecgd.sources.bluez_errors import BluetoothError
from ecgd.web.bluetooth_gateway import BluetoothView
from ecgd.web.bluetooth_routes import view_shape
from ecgd.web.json_shape import status_shape


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
def socket_path(gateway: FakeGateway, short_dir: Path) -> Iterator[Path]:
    path = short_dir / "control.sock"
    with serving(gateway, path):
        yield path


def run(socket_path: Path, *words: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli, [*words, "--socket", str(socket_path)], input=typed)


def test_a_scan_shows_name_address_signal_pairing_and_whose_it_is(
    socket_path: Path, gateway: FakeGateway
) -> None:
    result = run(socket_path, "device", "scan", "--seconds", "5")
    assert result.exit_code == 0, result.output
    assert gateway.bluetooth.calls == [("scan", 5.0)]
    for shown in ("ECG 1", OURS, "−63 dBm", "paired, trusted", "Ada Example", "no serial port"):
        assert shown in result.output
    asked = json.loads(run(socket_path, "device", "scan", "--json").stdout)
    assert asked == view_shape(sample_view())


def test_the_page_fits_80_columns_and_is_sorted() -> None:
    out = io.StringIO()
    Console(file=out, width=80, highlight=False).print(bluetooth_page(view_shape(sample_view())))
    lines = out.getvalue().splitlines()
    assert max(len(line) for line in lines) <= 80
    assert "adapter hci0" in lines[0]
    text = out.getvalue()
    assert text.index("Ada Example") < text.index("a telephone"), "patients' devices come first"
    assert "does not answer" in text


def test_the_status_says_how_the_radio_stands_and_why_there_is_no_line() -> None:
    device = BluetoothDevice(OURS, "ECG", -63, 12.0, paired=True, trusted=True)
    link = BluetoothLink(device, is_open=False, trouble=f"{OURS} does not answer. Switch it on")
    with_radio = replace(sample_patient(), bluetooth=link)
    status = replace(sample_status(), patients=(with_radio, sample_patient()))
    out = io.StringIO()
    Console(file=out, width=80, highlight=False).print(status_page(status_shape(status, CLOCK)))
    for shown in (OURS, "paired, trusted", "does not answer. Switch it on", "−63 dBm, 12 s ago"):
        assert shown in out.getvalue()


def test_nobody_in_the_air_is_said() -> None:
    out = io.StringIO()
    empty = view_shape(BluetoothView(sample_view().adapter))
    Console(file=out, width=80).print(bluetooth_page(empty))
    assert "no device was heard" in out.getvalue()


def test_pairing_asks_for_the_pin_or_reads_it(
    socket_path: Path, gateway: FakeGateway, tmp_path: Path
) -> None:
    words = ("device", "pair", OURS, "--patient", "p1", "--by", "me")
    result = run(socket_path, *words)
    assert result.exit_code == 0, result.output
    assert f"Ada (p1): paired, watched at bluetooth://{OURS}" in result.output
    assert "its PIN is weak" in result.output
    assert run(socket_path, *words, "--pin", typed="4711\n").exit_code == 0
    (tmp_path / "pin").write_text("0815\n")
    assert run(socket_path, *words, "--pin-file", str(tmp_path / "pin")).exit_code == 0
    pins = [call[3] for call in gateway.bluetooth.calls]
    assert pins == [None, "4711", "0815"]


def test_a_pin_file_that_cannot_be_read_is_told(socket_path: Path, tmp_path: Path) -> None:
    words = ("device", "pair", OURS, "--patient", "p1")
    result = run(socket_path, *words, "--pin-file", str(tmp_path / "none"))
    assert result.exit_code == 1
    assert "cannot be read" in result.output
    result = run(socket_path, *words, "--pin", "--pin-file", "x")
    assert result.exit_code == 2


def test_a_failure_ends_with_1_and_says_what_to_do(socket_path: Path, gateway: FakeGateway) -> None:
    gateway.bluetooth.failure = BluetoothError("there is no Bluetooth adapter", "Plug it in")
    for words in (("scan",), ("pair", OURS, "--patient", "p1"), ("forget", OURS, "--yes")):
        result = run(socket_path, "device", *words)
        assert result.exit_code == 1
        assert "there is no Bluetooth adapter" in result.output
        assert "Plug it in" in result.output


def test_without_a_daemon_the_radio_is_out_of_reach(tmp_path: Path) -> None:
    result = run(tmp_path / "none", "device", "scan", "--seconds", "1")
    assert result.exit_code == 3
    assert "no daemon is running" in result.output


def test_forgetting_a_pairing_asks_first(
    socket_path: Path, gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(socket_path, "device", "forget", OURS)
    assert result.exit_code == 2
    assert "give --yes" in result.output

    class Terminal:
        def isatty(self) -> bool:
            return True

    class Sys:
        stdin = Terminal()

    monkeypatch.setattr(device_bluetooth, "sys", Sys)
    monkeypatch.setattr(device, "sys", Sys)
    result = run(socket_path, "device", "forget", OURS, typed="n\n")
    assert result.exit_code == 1
    assert "Ada Example's device" in result.output
    assert run(socket_path, "device", "forget", "p1", typed="n\n").exit_code == 1
    assert (gateway.bluetooth.calls, gateway.patient_desk.calls) == ([], [])
    result = run(socket_path, "device", "forget", OURS, "--by", "me", typed="y\n")
    assert f"{OURS} is forgotten" in result.output
    assert "it is paired anew" in result.output
    assert gateway.bluetooth.calls == [("unpair", OURS, "me")]


def test_the_list_has_what_bluetooth_knows(socket_path: Path) -> None:
    shown = run(socket_path, "devices", "list")
    assert (shown.exit_code, OURS in shown.output) == (4, True)
    answer = json.loads(run(socket_path, "device", "list", "--json").stdout)
    assert answer["bluetooth"] == view_shape(FakeBluetooth().view())


def test_the_old_name_is_an_alias_that_is_not_listed() -> None:
    listed = CliRunner().invoke(cli, ["--help"]).output
    assert "  device " in listed
    assert "  devices " not in listed
    assert CliRunner().invoke(cli, ["devices", "--help"]).exit_code == 0
