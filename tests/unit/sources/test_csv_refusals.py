"""Tables that make no sense are refused: file, line, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecgd.errors import RecordingError
from ecgd.sources.recording import read_recording

N = 1000
BODY = [f"{n / 250:.3f},{np.sin(n / 9):.4f},{np.cos(n / 9):.4f}" for n in range(N)]


def _replaced(row: int, text: str) -> list[str]:
    return [*BODY[:row], text, *BODY[row + 1 :]]


def _refused(path: Path, **how: Any) -> RecordingError:
    with pytest.raises(RecordingError) as caught:
        read_recording(path, **how)
    assert str(path) in caught.value.what
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["time,I,II", *_replaced(776, "3.104,0.1x,0.2")], "line 778: '0.1x' is no number"),
        (["time,I,II", *_replaced(776, "3.104,0.1")], "line 778: has 2 cells where .* have 3"),
        (["time,I,II", *_replaced(776, "3,104,0,1,0,2")], "line 778: has 6 cells"),
        (["time,I,II", *_replaced(776, ",0.1,0.2")], "line 778: the row has no time"),
        (["time,I,II", *_replaced(0, "x,y,0.1")], "line 2: is no row of numbers"),
        (["time,I,II", *BODY[:100], *BODY[50:]], "line 102: the time runs backwards"),
        (["time,I,II", *BODY[:100], *BODY[99:]], "line 102: the time repeats itself"),
        (["time,I,II", *BODY[:500], *(f"9999{r}" for r in BODY[500:])], "s are missing in 4 s"),
        (
            ["time,I,II", *BODY[:500], *(f"9e30,{r[6:]}" for r in BODY[500:])],
            "line 502: .* has no time",
        ),
        (["time,I,II", *BODY[:-1], "9e15,1,2"], "line 1001: the time leaps by 9e\\+15 s"),
        (["I,II", *(r.split(",", 1)[1] for r in BODY)], "no column of times.*--fs"),
        ([*BODY], r"no line of headings.*--leads.*--fs"),
        (["time,ABP [mmHg],I [mmHg]", *BODY], r"none of its columns is a lead.*--unit"),
        (["time,x,y", *BODY], r"none of its columns is a lead in volts \(x, y\).*--leads"),
        (["time,I,II,III,aVR", *BODY], "line 1: has 5 headings, the rows have 3 cells"),
        (["time,I,II"], "holds no table of numbers"),
        (["time,I,II", BODY[0]], "one row tells no sampling rate.*--fs"),
        (["Dear Sir or Madam,", "please find, enclosed,", "my heart"], "holds no table of numbers"),
        (["time [s],I,II", *(f"{n},1,2" for n in range(N))], "1 Hz is outside 100 to 1000 Hz"),
        (["time,I,II", *(f"{n},1,2" for n in range(N))], "count by one: .* or samples.*--fs"),
        (["time,I,II", *(f"{n // 250},1,2" for n in range(N))], "too coarse.*--fs"),
        (["time,I,II", *(f"{n * n},1,2" for n in range(N))], "uneven.*--fs"),
        (["time,I,II", "0.000," + "1" * 200_000 + ",2"], "line 2: is longer than"),
        (
            ["when,I,II", *(f"2024-13-{n % 9 + 1:02},1,2" for n in range(N))],
            "line 2: .* is no time",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, lines: list[str], words: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines) + "\n")
    error = _refused(path)
    assert re.search(words, str(error)), str(error)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"fs_hz": 500.0}, "its times say 250 Hz, not 500 Hz.*--fs"),
        ({"leads": ["aVF"]}, "has the columns I, II, not aVF.*--leads"),
        ({"unit": "uV"}, "no ECG does.*--unit"),
    ],
)
def test_options_that_contradict_the_table(tmp_path: Path, how: dict[str, Any], words: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["time,I,II", *BODY]))
    assert re.search(words, str(_refused(path, **how)))


def test_options_that_do_not_fit_a_table_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("\n".join(BODY))
    error = _refused(path, leads=["I", "II", "III", "V1"], fs_hz=250.0)
    assert "3 columns for 4 lead name(s)" in str(error)
    rate = tmp_path / "rate.csv"
    rate.write_text("# fs = 250 Hz\nI,II\n" + "\n".join(r.split(",", 1)[1] for r in BODY))
    assert "says 250 Hz, not 500 Hz" in str(_refused(rate, fs_hz=500.0))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty|no table"),
        (b"\n\n\n", "no table of numbers"),
        (b"PK\x03\x04 and more", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0 and more", "Excel workbook"),
        (b"%PDF-1.4", "PDF document"),
        (b"time,I\n\0\0\0", "is no text file"),
        (b"\xff\xfeabc", "cannot be read|no table"),
    ],
)
def test_what_is_no_table_at_all(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    assert re.search(words, str(_refused(path)))


def test_a_missing_file_and_a_directory(tmp_path: Path) -> None:
    assert "does not exist" in str(_refused(tmp_path / "gone.csv"))
    (tmp_path / "folder.csv").mkdir()
    assert "cannot be read" in str(_refused(tmp_path / "folder.csv"))


def test_a_fault_in_a_later_block_has_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ecgd.sources.table_text._BLOCK_CHARS", 3000)
    find: Callable[[int], str] = lambda row: str(  # noqa: E731
        _refused(_write(tmp_path, _replaced(row, "bad,bad,bad")))
    )
    for row in (120, 500, 998):
        assert f"line {row + 2}:" in find(row)


def _write(folder: Path, body: list[str]) -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join(["time,I,II", *body]) + "\n")
    return path
