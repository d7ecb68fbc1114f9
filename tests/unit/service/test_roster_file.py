"""The roster on the disk: torn, garbled, newer, partly wrong; and a crash at any moment."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgd.config.settings import DeviceSettings, PatientSettings, Settings
from ecgd.model.device import DeviceInfo
from ecgd.service import roster as rosters
from ecgd.service import roster_file
from ecgd.service.binding import Binding
from ecgd.service.roster import Roster
from ecgd.service.roster_file import FILE_NAME, RosterFileError, load_roster, save_roster

ANNA = PatientSettings(id="anna", name="Ännchen", source="serial:///dev/rfcomm0", birth_year=1950)
BERT = PatientSettings(id="bert", source="serial:///dev/rfcomm1")
DEVICE = DeviceInfo("node-a", 250.0, ("I", "II"), 400.5, highpass_hz=0.05, input_range_mv=None)


def sample() -> Roster:
    roster = rosters.added(Roster(), ANNA, 1.5, "nurse")
    member = rosters.find_member(roster, (BERT,), "bert")
    other = replace(BERT, device=DeviceSettings(highpass_hz=0.5), birth_year=1960)
    roster = rosters.edited(roster, member, other, 2.5, "nurse")
    member = rosters.find_member(roster, (BERT,), "anna")
    roster = rosters.archived(roster, member, 3.5, "nurse", is_archived=True)
    binding = Binding(DEVICE, DeviceSettings(), 10.25, "nurse", 11.0)
    return rosters.bound(roster, {"bert": binding})


def asides(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir() if each != path)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    save_roster(path, sample())
    loaded = load_roster(path, Settings())
    assert loaded.roster == sample()
    assert loaded.problem == ""
    assert asides(path) == []
    assert path.stat().st_mode & 0o777 == 0o640


def test_no_file_is_an_empty_roster(tmp_path: Path) -> None:
    assert load_roster(tmp_path / FILE_NAME, Settings()) == roster_file.Loaded(Roster())


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.999])
def test_a_torn_file_is_put_aside_and_named(tmp_path: Path, share: float) -> None:
    path = tmp_path / FILE_NAME
    save_roster(path, sample())
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    loaded = load_roster(path, Settings())
    assert loaded.roster == Roster()
    (aside,) = asides(path)
    assert aside.startswith(f"{FILE_NAME}.damaged-")
    assert aside in loaded.problem


def test_a_single_flipped_digit_is_damage(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    save_roster(path, sample())
    path.write_text(path.read_text().replace("400.5", "400.6"))
    assert "checksum" in load_roster(path, Settings()).problem


@given(garbage=st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_garbage_is_never_a_roster_and_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes
) -> None:
    path = tmp_path_factory.mktemp("roster") / FILE_NAME
    path.write_bytes(garbage)
    loaded = load_roster(path, Settings())
    assert loaded.roster == Roster()
    assert loaded.problem


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@given(patients=_JSON, bindings=_JSON)
def test_a_right_checksum_around_nonsense_is_no_roster_either(
    tmp_path_factory: pytest.TempPathFactory, patients: object, bindings: object
) -> None:
    path = tmp_path_factory.mktemp("roster") / FILE_NAME
    content = {"patients": patients, "bindings": bindings}
    record = {"version": 1, "crc32": roster_file._checksum(content), "roster": content}
    path.write_text(json.dumps(record))
    loaded = load_roster(path, Settings())
    assert loaded.roster == Roster()
    assert loaded.problem or (not patients and bindings == {})


def test_a_newer_version_is_put_aside_and_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    save_roster(path, sample())
    newer = path.read_text().replace('"version": 1', '"version": 2')
    path.write_text(newer)
    loaded = load_roster(path, Settings())
    assert loaded.roster == Roster()
    assert "of version 2, this program reads 1" in loaded.problem
    (aside,) = asides(path)
    assert (tmp_path / aside).read_text() == newer


def test_one_patient_who_is_not_right_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    wrong = replace(ANNA, source="magic:")
    roster = rosters.added(rosters.added(Roster(), wrong, 1.0, "n"), BERT, 2.0, "n")
    save_roster(path, roster)
    loaded = load_roster(path, Settings())
    assert [entry.patient_id for entry in loaded.roster.entries] == ["bert"]
    assert "'anna'" in loaded.problem
    assert "magic" in loaded.problem
    assert len(asides(path)) == 1


def test_a_crash_while_writing_leaves_the_old_roster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / FILE_NAME
    save_roster(path, sample())

    def crash(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(RosterFileError, match="No space left"):
        save_roster(path, Roster())
    assert load_roster(path, Settings()).roster == sample()


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.mkdir()
    loaded = load_roster(path, Settings())
    assert loaded.roster == Roster()
    assert "cannot be read" in loaded.problem
