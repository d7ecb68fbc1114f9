"""Marks outlive the daemon; a file that cannot be used is said, and ends nothing."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from ecgd.protocol import Mark
from ecgd.service.link_marks import FILE_NAME, MARKS_MAX, LinkMarks


def test_marks_are_there_again_after_a_restart(tmp_path: Path) -> None:
    marks = LinkMarks(tmp_path)
    marks.note("aa", Mark(3, 1000))
    marks.note("bb", Mark(9, 4_000_000_000))
    marks.note("aa", Mark(4, 25))
    marks.keep()

    again = LinkMarks(tmp_path)
    assert again.mark("aa") == Mark(4, 25)
    assert again.mark("bb") == Mark(9, 4_000_000_000)
    assert again.mark("cc") is None


def test_only_the_last_keys_are_known(tmp_path: Path) -> None:
    marks = LinkMarks(tmp_path)
    for number in range(MARKS_MAX + 3):
        marks.note(f"key-{number}", Mark(1, number))
        marks.note("used all the time", Mark(2, number))
    marks.keep()

    again = LinkMarks(tmp_path)
    assert again.mark("key-3") is None
    assert again.mark("key-4") == Mark(1, 4)
    assert again.mark("used all the time") == Mark(2, MARKS_MAX + 2)


def test_nothing_is_written_where_nothing_changed(tmp_path: Path) -> None:
    LinkMarks(tmp_path).keep()
    assert not (tmp_path / FILE_NAME).exists()


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[1", '{"version": 1, "crc32": 5, "marks": [["aa", 1, 2]]}', "x" * 70_000],
)
def test_a_damaged_file_is_said_and_the_next_one_is_whole(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE_NAME).write_text(content, encoding="ascii")
    with caplog.at_level(logging.WARNING):
        marks = LinkMarks(tmp_path)
    assert "is damaged" in caplog.text
    marks.note("aa", Mark(1, 2))
    marks.keep()
    assert LinkMarks(tmp_path).mark("aa") == Mark(1, 2)


def test_a_disk_that_cannot_be_written_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    marks = LinkMarks(folder)
    marks.note("aa", Mark(1, 2))
    folder.rmdir()
    with caplog.at_level(logging.WARNING):
        marks.keep()
        marks.keep()
    assert len(caplog.records) == 1
    folder.mkdir()
    marks.keep()
    assert LinkMarks(folder).mark("aa") == Mark(1, 2)
