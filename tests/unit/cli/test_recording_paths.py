"""Which recordings a command line means."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecgd.cli.recording_paths import find_recordings
from ecgd.errors import RecordingError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "100.hea",
        "100.dat",
        "100.atr",
        "b.CSV",
        "c.Edf",
        "d.npy",
        "e.ecgdbytes",
        "f.tsv",
    ):
        (tmp_path / name).touch()
    (tmp_path / "README.txt").touch()
    return tmp_path


def _names(folder: Path, *paths: str) -> list[str]:
    return [path.name for path in find_recordings(folder / path for path in paths)]


def test_a_directory_means_every_kind_of_recording_in_it(folder: Path) -> None:
    expected = ["100.hea", "b.CSV", "c.Edf", "d.npy", "e.ecgdbytes", "f.tsv"]
    assert _names(folder, ".") == expected
    assert _names(folder, "b.CSV", ".") == ["b.CSV", *(n for n in expected if n != "b.CSV")]


def test_a_record_of_which_both_files_are_named_counts_once(folder: Path) -> None:
    assert _names(folder, "100.dat", "100.hea") == ["100.hea"]
    assert _names(folder, "100.dat") == ["100.dat"]


def test_a_pattern_that_no_shell_expanded(folder: Path) -> None:
    assert _names(folder, "1*.[hd]*", "?.CSV") == ["100.hea", "b.CSV"]
    (folder / "odd[1].csv").touch()
    assert _names(folder, "odd[1].csv") == ["odd[1].csv"]
    with pytest.raises(RecordingError, match="nothing matches"):
        _names(folder, "*.xyz")


def test_a_missing_file_is_left_for_the_reader_to_name(folder: Path) -> None:
    assert _names(folder, "gone.csv") == ["gone.csv"]


def test_an_empty_directory_names_the_suffixes(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"holds no recording.*\.edf or \.csv"):
        find_recordings([tmp_path])
