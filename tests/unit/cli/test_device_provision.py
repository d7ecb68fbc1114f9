"""ecgctl device provision with a simulated module behind a pseudo terminal."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from radio_modules import Hc05, Hc06, OnPty, Radio

from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.main import cli
from ecgd.protocol.at_probe import Timing
from ecgd.service import provisioning

QUICK = Timing(lines_s=0.2, bare_s=0.25, slow_s=0.8, gap_s=0.06, restart_s=0.3)


@pytest.fixture(autouse=True)
def _in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provisioning, "Timing", lambda: QUICK)


def run(radio: Radio, folder: Path, *words: str, answer: str | None = None) -> Result:
    with OnPty(radio, folder / "port"):
        command = ["device", "provision", str(folder / "port"), *words]
        return CliRunner().invoke(cli, command, input=answer)


def test_it_says_what_it_will_do_before_it_asks_and_does_it(tmp_path: Path) -> None:
    radio = Hc05()
    words = ("--name", "ecg-anna", "--pin", "4711", "--baud", "57600")
    result = run(radio, tmp_path, *words, answer="y\n")
    assert result.exit_code == ExitCode.FINE, result.output
    plan, asked, done = result.output.partition("Change it?")
    assert asked
    assert "HC-05 -> ecg-anna" in plan
    assert "1234 -> 4711" in plan
    assert "9600 -> 57600" in plan
    assert done.count("read back") == 3
    assert "98:D3:31:0F:D2:E5 --patient" in done
    assert 'source = "bluetooth://98:D3:31:0F:D2:E5?baud=57600"' in done
    assert 'source = "serial:///dev/rfcomm0?baud=57600"' in done
    assert (radio.name, radio.pin, radio.data_baud) == ("ecg-anna", "4711", 57600)


@pytest.mark.parametrize("answer", ["n\n", "\n", None])
def test_without_a_yes_nothing_is_changed(tmp_path: Path, answer: str | None) -> None:
    radio = Hc05()
    result = run(radio, tmp_path, "--name", "ecg-anna", answer=answer)
    assert result.exit_code == ExitCode.ERROR
    assert result.output.endswith("nothing was changed\n")
    assert radio.name == "HC-05"


def test_a_dry_run_changes_nothing_and_shows_the_plan(tmp_path: Path) -> None:
    radio = Hc05(pin="4711")
    result = run(radio, tmp_path, "--name", "ecg-anna", "--dry-run")
    assert result.exit_code == ExitCode.FINE
    assert "would be changed" in result.output
    assert radio.name == "HC-05"
    assert not [word for word in radio.commands if "=" in word]


def test_looking_alone_tells_of_a_factory_pin(tmp_path: Path) -> None:
    result = run(Hc05(), tmp_path)
    assert result.exit_code == ExitCode.ATTENTION
    assert "every such module is sold with" in result.output
    allowed = run(Hc05(), tmp_path, "--allow-factory-pin")
    assert allowed.exit_code == ExitCode.FINE


@pytest.mark.parametrize("pin", ["1234", "0000"])
def test_a_factory_pin_is_refused_unless_it_is_said(tmp_path: Path, pin: str) -> None:
    radio = Hc05(pin="4711")
    refused = run(radio, tmp_path, "--pin", pin, "--yes")
    assert refused.exit_code == ExitCode.ERROR
    assert "--pin random" in refused.output
    assert radio.pin == "4711"
    taken = run(radio, tmp_path, "--pin", pin, "--yes", "--allow-factory-pin")
    assert taken.exit_code == ExitCode.FINE, taken.output
    assert radio.pin == pin


def test_a_pin_of_chance_is_shown(tmp_path: Path) -> None:
    radio = Hc05(firmware="3")
    result = run(radio, tmp_path, "--pin", "random", "--yes")
    shown = re.findall(r"PIN +1234 -> (\d{8})\n", result.output)
    assert shown == [radio.pin]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--name", "a" * 33), "33 characters"),
        (("--name", ""), "empty"),
        (("--name", 'a"b'), "other than letters"),
        (("--name", " a"), "space"),
        (("--pin", "12"), "2 digits"),
        (("--pin", "12345678901234567"), "17 digits"),
        (("--pin", "abcd"), "not made of digits"),
        (("--baud", "1200"), "1200 baud"),
    ],
)
def test_what_the_module_cannot_take_is_refused_before(
    tmp_path: Path, words: tuple[str, str], said: str
) -> None:
    radio = Hc05()
    result = run(radio, tmp_path, *words, "--yes")
    assert result.exit_code == ExitCode.ERROR
    assert said in result.output
    assert "Nothing was changed." in result.output
    assert not [word for word in radio.commands if "=" in word]


def test_an_hc06_takes_four_digits_and_twenty_characters(tmp_path: Path) -> None:
    words = ("--pin", "60271845", "--name", "a" * 21, "--baud", "57600", "--at", "9600", "--yes")
    result = run(Hc06(), tmp_path, *words)
    assert result.exit_code == ExitCode.ERROR
    assert "takes 4 exactly" in result.output
    assert "takes 20" in result.output


def test_an_hc06_is_set_and_its_address_is_found_by_a_scan(tmp_path: Path) -> None:
    radio = Hc06()
    words = ("--pin", "random", "--name", "ecg-anna", "--at", "9600", "--yes")
    result = run(radio, tmp_path, *words)
    assert result.exit_code == ExitCode.FINE, result.output
    assert f"-> {radio.pin}" in result.output
    assert "ecgctl device scan" in result.output


def test_a_refusal_says_how_the_module_stands(tmp_path: Path) -> None:
    radio = Hc05(odd={"AT+PSWD=4711": "ERROR:(2)", 'AT+PSWD="4711"': "ERROR:(2)"})
    result = run(radio, tmp_path, "--name", "ecg-anna", "--pin", "4711", "--baud", "57600", "--yes")
    assert result.exit_code == ExitCode.ERROR
    _, _, standing = result.output.partition("how the module stands:")
    assert "name ecg-anna: set, and read back" in standing
    assert "PIN 4711: REFUSED (ERROR:(2)" in standing
    assert "baud 57600: not tried" in standing
    assert "Run the same command again" in standing


def test_json_is_for_programs(tmp_path: Path) -> None:
    words = ("--name", "ecg-anna", "--pin", "4711", "--yes", "--json")
    result = run(Hc05(), tmp_path, *words)
    shape = json.loads(result.output)
    assert shape["module"]["address"] == "98:D3:31:0F:D2:E5"
    assert [each["part"] for each in shape["plan"]] == ["name", "PIN", "paired hosts"]
    assert [each["outcome"] for each in shape["results"]] == ["read back", "read back", "accepted"]
    assert shape["source"] == "bluetooth://98:D3:31:0F:D2:E5?baud=9600"
    assert shape["problem"] is None


def test_json_asks_nobody(tmp_path: Path) -> None:
    result = run(Hc05(), tmp_path, "--name", "ecg-anna", "--json")
    assert result.exit_code == ExitCode.USAGE


def test_a_module_s_name_cannot_move_the_cursor(tmp_path: Path) -> None:
    result = run(Hc05(name="a\tb", odd={"AT+NAME?": "+NAME:\x1b[2Jx\r\nOK"}), tmp_path)
    assert "\x1b" not in result.output


def test_a_rate_that_no_module_has_is_not_looked_at(tmp_path: Path) -> None:
    result = run(Hc05(), tmp_path, "--at", "9601")
    assert result.exit_code == ExitCode.USAGE
    assert "9601 is not one of 1200, 2400" in result.output


def test_what_is_no_serial_port_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    result = CliRunner().invoke(cli, ["device", "provision", str(tmp_path / "file")])
    assert result.exit_code == ExitCode.ERROR
    assert "is no serial port" in result.output
