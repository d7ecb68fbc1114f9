"""ecgctl patients and devices: every value has its option, and errors name it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console
from sample_daemon import FakeGateway, serving

from ecgd.cli.main import cli
from ecgd.cli.patient_options import OPTIONS, table_of, with_option_names
from ecgd.cli.patient_tables import devices_page, patients_table
from ecgd.config.settings import DeviceSettings, PatientSettings
from ecgd.web.patient_gateway import PatientRefusedError
from ecgd.web.patient_routes import device_shape, patient_entry_shape


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
def socket_path(gateway: FakeGateway, short_dir: Path) -> Iterator[Path]:
    path = short_dir / "control.sock"
    with serving(gateway, path):
        yield path


def run(socket_path: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "--socket", str(socket_path)])


def test_every_value_of_a_patient_has_an_option() -> None:
    keys = {each.key for each in OPTIONS}
    names = {member.name for member in fields(PatientSettings)} - {"id", "device"}
    assert keys == names | {f"device.{member.name}" for member in fields(DeviceSettings)}
    assert len({each.option for each in OPTIONS}) == len(OPTIONS)


def test_options_become_the_table_of_the_configuration() -> None:
    given = {"name": "Eva", "fs_hz": 500.0, "source": None, "birth_year": 0}
    assert table_of(given) == {"name": "Eva", "birth_year": 0, "device": {"fs_hz": 500.0}}


def test_the_daemon_s_problems_name_the_option() -> None:
    said = "device.fs_hz: should be more; id: is taken; source: replay: x; y: z"
    assert with_option_names(said) == (
        "--fs-hz: should be more; ID: is taken; --source: replay: x; y: z"
    )


def test_adding_sends_what_was_given_and_says_how_it_is(
    socket_path: Path, gateway: FakeGateway
) -> None:
    words = ("patients", "add", "eva", "--source", "synthetic:", "--highpass-hz", "0.05")
    result = run(socket_path, *words, "--by", "nurse")
    assert result.exit_code == 0, result.output
    table = {"id": "eva", "source": "synthetic:", "device": {"highpass_hz": 0.05}}
    assert gateway.patient_desk.calls == [("add", "eva", table, "nurse")]
    assert result.output == "eva (eva): watched at synthetic:\na note\n"


@pytest.mark.parametrize(
    ("words", "call"),
    [
        (("patients", "edit", "p1", "--name", "Eva"), ("edit", "p1", {"name": "Eva"}, "me")),
        (("patients", "archive", "p1", "--force"), ("archive", "p1", True, "me")),
        (("patients", "restore", "old"), ("restore", "old", "me")),
        (("devices", "accept", "p2", "node 9"), ("accept", "p2", "node 9", "me")),
        (("devices", "forget", "p2"), ("forget", "p2", "me")),
    ],
)
def test_each_change_reaches_the_daemon(
    socket_path: Path, gateway: FakeGateway, words: tuple[str, ...], call: tuple[object, ...]
) -> None:
    result = run(socket_path, *words, "--by", "me")
    assert result.exit_code == 0, result.output
    assert gateway.patient_desk.calls == [call]
    assert "a note" in result.output


def test_an_edit_of_nothing_is_a_wrong_command_line(socket_path: Path) -> None:
    result = run(socket_path, "patients", "edit", "p1")
    assert result.exit_code == 2
    assert "at least one value" in result.output


def test_a_refusal_is_told_with_option_and_remedy(socket_path: Path, gateway: FakeGateway) -> None:
    gateway.patient_desk.refusal = PatientRefusedError(400, "birth_year: too late", "look it up")
    result = run(socket_path, "patients", "edit", "p1", "--birth-year", "3000")
    assert result.exit_code == 1
    assert "--birth-year: too late" in result.output
    assert "look it up" in result.output


def test_archived_patients_are_listed_when_asked_for(socket_path: Path) -> None:
    short = run(socket_path, "patients", "list")
    assert "Olga" not in short.output
    assert "1 archived" in short.output
    assert "Olga" in run(socket_path, "patients", "list", "--all").output


def test_where_nobody_is_watched_the_way_on_is_said(
    socket_path: Path, gateway: FakeGateway
) -> None:
    gateway.patient_desk.entries.clear()
    assert "ecgctl patients add ID --source URL" in run(socket_path, "patients", "list").output


def test_a_foreign_device_needs_a_person(socket_path: Path) -> None:
    result = run(socket_path, "devices", "list")
    assert result.exit_code == 4
    assert "device 'node-09' is on Bert Example's line" in result.output


def test_both_lists_fit_80_columns() -> None:
    desk = FakeGateway().patient_desk
    out = io.StringIO()
    console = Console(file=out, width=80, highlight=False)
    console.print(patients_table([patient_entry_shape(each) for each in desk.list_patients()]))
    console.print(devices_page([device_shape(each) for each in desk.list_devices()]))
    text = out.getvalue()
    assert max(len(line) for line in text.splitlines()) <= 80
    for shown in ("Ada Example", "link up for 61 s", "configuration", "node-01", "400 counts/mV"):
        assert shown in text
