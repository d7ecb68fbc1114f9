"""Notes over the real store: on the disk when the answer comes, waiting when it cannot be."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from store_examples import NOW_UNIX_S

from ecgd.config.settings import StoreSettings
from ecgd.errors import StoreError
from ecgd.service import note_desk
from ecgd.service.note_desk import NoteDesk
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[StoreWriter]:
    settings = StoreSettings()
    writer = StoreWriter(tmp_path / "db", settings, boot_id="b", unix_clock=lambda: NOW_UNIX_S)
    writer.start()
    yield writer
    writer.close()


def _desk(writer: StoreWriter, path: Path) -> NoteDesk:
    return NoteDesk(writer, StoreReader(path), lambda: ("ann",))


def test_a_note_is_on_the_disk_when_the_answer_comes(writer: StoreWriter, tmp_path: Path) -> None:
    desk = _desk(writer, tmp_path / "db")
    writer.ensure_user("old", "Archived").result(10)

    async def talk() -> None:
        note = await desk.add_note("ann", "Dr. Grey", "slept\nwell")
        assert (note.author, note.text, note.at_unix_s) == ("Dr. Grey", "slept\nwell", NOW_UNIX_S)
        again = StoreReader(tmp_path / "db").notes("ann")
        assert [stored.text for stored in again] == ["slept\nwell"]
        assert await desk.list_notes("ann", 0.0, 5) == (note,)
        assert await desk.list_notes("ann", NOW_UNIX_S + 1, 5) == ()
        assert await desk.noted_patients() == ("ann", "old")

    asyncio.run(talk())


def test_a_note_that_the_disk_does_not_take_waits_and_says_so(
    writer: StoreWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(note_desk, "DURABLE_WITHIN_S", 0.05)
    desk = _desk(writer, tmp_path / "db")
    lock = sqlite3.connect(tmp_path / "db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")

    async def talk() -> None:
        with pytest.raises(StoreError, match="not on the disk yet"):
            await desk.add_note("ann", "me", "later")
        lock.execute("ROLLBACK")
        lock.close()

    asyncio.run(talk())
    writer.flush().result(20)
    assert [note.text for note in StoreReader(tmp_path / "db").notes("ann")] == ["later"]


def test_without_a_readable_database_the_watched_are_known(tmp_path: Path) -> None:
    writer = StoreWriter(tmp_path / "db", StoreSettings(), boot_id="b")
    desk = _desk(writer, tmp_path / "none")
    assert asyncio.run(desk.noted_patients()) == ("ann",)
