"""A database whose header was hit: the daemon's own, and yet not marked as such."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ecgd.config.settings import StoreSettings
from ecgd.errors import StoreError
from ecgd.store.migrations import APPLICATION_ID
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter

MARK_OFFSET = 68
"""Where SQLite's header holds the application id, big-endian (SQLite file format, 1.3)."""


def begin(path: Path) -> StoreWriter:
    writer = StoreWriter(path, StoreSettings(), boot_id="b")
    writer.start()
    return writer


@pytest.mark.parametrize("bit", [0, 9, 18, 31])
def test_one_flipped_bit_of_the_mark_puts_it_aside_and_carries_over(
    tmp_path: Path, bit: int
) -> None:
    path = tmp_path / "ecgd.sqlite3"
    first = begin(path)
    first.ensure_user("anna").result(10)
    assert first.close()
    data = bytearray(path.read_bytes())
    mark = (APPLICATION_ID ^ 1 << bit).to_bytes(4, "big")
    data[MARK_OFFSET : MARK_OFFSET + 4] = mark
    path.write_bytes(data)

    again = begin(path)
    assert again.ensure_user("bert").result(10) > 0
    assert again.close()
    assert [patient.patient_id for patient in StoreReader(path).patients()] == ["anna", "bert"]
    (aside,) = tmp_path.glob("ecgd.sqlite3.damaged-*[0-9]")
    assert aside.read_bytes()[MARK_OFFSET : MARK_OFFSET + 4] == mark


def test_another_program_s_database_is_still_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ecgd.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE alerts (id INTEGER)")
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        begin(path)
    assert path.read_bytes() == before


def test_damage_that_sqlite_cannot_even_tell_as_text_puts_it_aside_too(tmp_path: Path) -> None:
    path = tmp_path / "ecgd.sqlite3"
    first = begin(path)
    first.ensure_user("anna").result(10)
    assert first.close()
    data = path.read_bytes()
    # SQLite quotes the name of a table whose definition it cannot read.
    assert b"tablealertsalerts" in data
    broken = data.replace(b"tablealertsalerts", b"table\xe4\xf6\xfc\xe4\xf6\xfcalerts")
    path.write_bytes(broken.replace(b"CREATE TABLE alerts", b"CREATE T\xc4BLE alerts"))
    with pytest.raises(StoreError):
        StoreReader(path).patients()

    again = begin(path)
    assert again.ensure_user("bert").result(10) > 0
    assert again.close()
    assert len(list(tmp_path.glob("ecgd.sqlite3.damaged-*[0-9]"))) == 1
