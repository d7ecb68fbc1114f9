"""The program says what it leaves out, and writes a page of what it measured."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from ecgd.evaluation import program
from ecgd.evaluation.studies import STUDIES
from ecgd.evaluation.study import Study


def _double(number: int) -> int:
    return 2 * number


SMALL = Study(
    "small",
    "a small study",
    ("numbers",),
    lambda data: [partial(_double, number) for number in (1, 2, 3)],
    lambda rows, figures: f"## Doubled\n\n{rows}\n",
)
ABSENT: Study[int] = Study(
    "absent", "a study without data", ("nowhere",), lambda data: [], lambda r, f: ""
)


@pytest.fixture(autouse=True)
def _studies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "STUDIES", (SMALL, ABSENT))


def test_a_page_holds_what_could_be_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "numbers").mkdir()
    out = tmp_path / "new" / "page.md"
    assert program.main(["--data", str(tmp_path), "--out", str(out)]) == 0
    assert "## Doubled\n\n[2, 4, 6]\n" in out.read_text()
    assert "left out: a study without data; needs nowhere" in capsys.readouterr().out


def test_a_folder_without_databases_is_an_error_that_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["--data", str(tmp_path), "--out", str(tmp_path / "page.md")]) == 1
    assert "--fetch gets them" in capsys.readouterr().err
    assert not (tmp_path / "page.md").exists()


def test_a_page_that_cannot_be_written_is_told_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "numbers").mkdir()
    out = tmp_path / "page.md"
    out.mkdir()
    assert program.main(["--data", str(tmp_path), "--out", str(out)]) == 1
    captured = capsys.readouterr()
    assert "--out" in captured.err
    assert "a small study" not in captured.out


def test_every_study_has_a_name_of_its_own() -> None:
    names = [study.name for study in STUDIES]
    assert len(set(names)) == len(names)
