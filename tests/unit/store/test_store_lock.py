"""One daemon a state directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ecgd.errors import AlreadyRunningError, StoreError
from ecgd.store.lock import LOCK_NAME, StateLock


def test_the_second_one_is_told_who_is_first(tmp_path: Path) -> None:
    with StateLock(tmp_path), pytest.raises(AlreadyRunningError, match=rf"pid {os.getpid()}\b"):
        StateLock(tmp_path).acquire()


def test_a_released_lock_can_be_taken(tmp_path: Path) -> None:
    with StateLock(tmp_path):
        pass
    with StateLock(tmp_path):
        assert (tmp_path / LOCK_NAME).read_text() == f"{os.getpid()}\n"


def test_a_file_that_is_left_over_is_harmless(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).write_text("99999999999 and more\n")
    with StateLock(tmp_path):
        assert (tmp_path / LOCK_NAME).read_text() == f"{os.getpid()}\n"


def test_a_missing_directory_is_made(tmp_path: Path) -> None:
    with StateLock(tmp_path / "state" / "ecgd"):
        assert (tmp_path / "state" / "ecgd" / LOCK_NAME).exists()


def test_an_unusable_directory_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="belongs to the daemon's user"):
        StateLock(tmp_path / "file").acquire()
