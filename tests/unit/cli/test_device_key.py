"""A key is made once, is nobody else's to read, and shows itself to the firmware only."""

from __future__ import annotations

import json
import re
from pathlib import Path

from click.testing import CliRunner

from ecgd.cli.main import cli
from ecgd.sources.key_file import read_key


def key(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["device", "key", *arguments])
    return result.exit_code, result.output


def test_a_new_key_is_secret_and_usable(tmp_path: Path) -> None:
    path = tmp_path / "anna.key"
    status, said = key(str(path))

    assert status == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_key(path).hex() not in said
    assert f'key_file = "{path}"' in said


def test_a_key_that_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "anna.key"
    made = json.loads(key(str(path), "--json")[1])
    before = path.read_bytes()
    shown = json.loads(key(str(path), "--json")[1])

    assert path.read_bytes() == before
    assert made == {**shown, "is_new": True}
    assert re.fullmatch(r"[0-9a-f]{8}", made["fingerprint"])


def test_the_header_holds_the_bytes_of_the_key(tmp_path: Path) -> None:
    path = tmp_path / "anna.key"
    key(str(path))
    status, header = key(str(path), "--header")

    assert status == 0
    (line,) = re.findall(r"^#define ECG_KEY (.*)$", header, re.M)
    assert bytes(int(each, 16) for each in line.split(",")) == read_key(path)


def test_the_header_of_no_key_makes_none(tmp_path: Path) -> None:
    status, said = key(str(tmp_path / "none.key"), "--header")
    assert status != 0
    assert "ecgctl device key" in said
    assert not (tmp_path / "none.key").exists()


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    status, said = key(str(tmp_path / "none" / "anna.key"))
    assert status != 0
    assert "cannot be made" in said


def test_two_keys_differ(tmp_path: Path) -> None:
    for name in ("a", "b"):
        key(str(tmp_path / name))
    assert read_key(tmp_path / "a") != read_key(tmp_path / "b")
