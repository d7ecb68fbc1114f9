"""Backup and restore: whole or not at all, and nothing that is there is lost."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from store_ages import open_ages
from store_examples import make_alert, make_item

from ecgd.config.settings import StoreSettings
from ecgd.errors import AlreadyRunningError, StoreError
from ecgd.store import backup
from ecgd.store.backup import back_up, restore
from ecgd.store.database import connect
from ecgd.store.lock import StateLock
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter

WAIT_S = 15


def silent(_copied: int, _pages: int) -> None:
    """Show nothing."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    state.mkdir()
    path = state / "ecgd.sqlite3"
    ages = open_ages(path)
    stream = ages.record("ann", 1, seconds=60)
    ages.alert("first", 1, stream)
    ages.connection.close()
    return path


@pytest.fixture
def copy(path: Path, tmp_path: Path) -> Path:
    target = tmp_path / "copy.sqlite3"
    back_up(path, target, force=False, progress=silent)
    return target


def alerts(path: Path) -> list[str]:
    return [stored.alert.alert_id for stored in StoreReader(path).alerts()]


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def add_alert(path: Path, name: str) -> None:
    ages = open_ages(path)
    ages.alert(name, 0, None)
    ages.connection.close()


def test_the_copy_is_one_private_file_with_everything(path: Path, copy: Path) -> None:
    assert dump(copy) == dump(path)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert sorted(entry.name for entry in copy.parent.iterdir()) == ["copy.sqlite3", "state"]


def test_progress_reaches_the_end(path: Path, tmp_path: Path) -> None:
    shown: list[tuple[int, int]] = []
    back_up(path, tmp_path / "b", force=False, progress=lambda *at: shown.append(at))
    assert shown[-1][0] == shown[-1][1] > 0


def test_a_copy_made_while_the_writer_writes_is_one_moment(path: Path, tmp_path: Path) -> None:
    writer = StoreWriter(path, StoreSettings(), boot_id="b")
    writer.start()
    try:
        futures = [
            writer.store_alert(make_alert(f"a{n}"), (make_item(f"a{n}"),)) for n in range(400)
        ]
        futures[0].result(WAIT_S)
        back_up(path, tmp_path / "b", force=False, progress=silent)
        assert all(future.result(WAIT_S) for future in futures)
    finally:
        assert writer.close()
    reader = StoreReader(tmp_path / "b")
    stored = {name for name in alerts(tmp_path / "b") if name.startswith("a")}
    assert len(stored) > 0
    assert {item.alert_id for item in reader.pending_outbox()} == stored
    assert reader.check().problems == ()


def test_a_daemon_that_writes_does_not_make_the_copy_begin_anew(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "STEP_PAGES", 4)
    left: list[int] = []
    with closing(connect(path)) as writing:

        def write(copied: int, pages: int) -> None:
            left.append(pages - copied)
            assert len(left) < 1000
            writing.execute("INSERT OR REPLACE INTO meta VALUES ('now', ?)", (str(len(left)),))

        back_up(path, tmp_path / "b", force=False, progress=write)
    assert len(left) > 5
    assert left == sorted(left, reverse=True)
    assert "'now'" not in "".join(dump(tmp_path / "b")), "the moment of its beginning"


def test_what_is_only_in_the_log_is_copied_too(path: Path, tmp_path: Path) -> None:
    with closing(connect(path)) as writing:
        writing.execute("PRAGMA wal_autocheckpoint = 0")
        writing.execute("INSERT INTO meta VALUES ('in the log', 'yes')")
        back_up(path, tmp_path / "b", force=False, progress=silent)
    with closing(sqlite3.connect(tmp_path / "b")) as found:
        row = found.execute("SELECT value FROM meta WHERE key = 'in the log'").fetchone()
    assert row == ("yes",)


def test_an_existing_file_is_replaced_only_by_force(path: Path, copy: Path) -> None:
    add_alert(path, "second")
    with pytest.raises(StoreError, match="exists"):
        back_up(path, copy, force=False, progress=silent)
    assert alerts(copy) == ["first"]
    back_up(path, copy, force=True, progress=silent)
    assert alerts(copy) == ["second", "first"]


@pytest.mark.parametrize("force", [False, True])
def test_the_database_itself_is_never_the_target(path: Path, force: bool) -> None:
    with pytest.raises(StoreError, match="exists"):
        back_up(path, path, force=force, progress=silent)
    assert alerts(path) == ["first"]


def test_a_target_that_cannot_be_is_refused(path: Path, tmp_path: Path) -> None:
    for target in (tmp_path, tmp_path / "nowhere" / "b"):
        with pytest.raises(StoreError, match="directory that exists"):
            back_up(path, target, force=True, progress=silent)
    with pytest.raises(StoreError, match="no database"):
        back_up(tmp_path / "missing", tmp_path / "b", force=False, progress=silent)


def test_a_damaged_database_gives_no_backup(path: Path, tmp_path: Path) -> None:
    damage(path)
    with pytest.raises(StoreError, match="damaged"):
        back_up(path, tmp_path / "b", force=False, progress=silent)
    assert not list(tmp_path.glob("b*"))


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 8192)


def test_two_backups_to_one_file_do_not_meet(path: Path, tmp_path: Path) -> None:
    refused: list[str] = []

    def meanwhile(_copied: int, _pages: int) -> None:
        with pytest.raises(StoreError) as error:
            back_up(path, tmp_path / "b", force=False, progress=silent)
        refused.append(error.value.what)

    back_up(path, tmp_path / "b", force=False, progress=meanwhile)
    assert refused
    assert "Another process writes" in refused[0]
    assert alerts(tmp_path / "b") == ["first"]


def test_what_a_kill_left_behind_is_taken_over(path: Path, tmp_path: Path) -> None:
    (tmp_path / "b.partial").write_bytes(b"half a copy" * 1000)
    back_up(path, tmp_path / "b", force=False, progress=silent)
    assert dump(tmp_path / "b") == dump(path)
    assert not (tmp_path / "b.partial").exists()


def test_a_restored_database_is_the_copy_and_the_other_is_kept(path: Path, copy: Path) -> None:
    add_alert(path, "second")
    path.chmod(0o640)
    done = restore(copy, path, path.parent, progress=silent)
    assert alerts(path) == ["first"]
    assert done.aside is not None
    assert alerts(done.aside) == ["second", "first"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert alerts(copy) == ["first"], "the copy stays where it is"
    again = restore(copy, path, path.parent, progress=silent)
    assert again.aside != done.aside


def test_a_log_that_a_kill_left_goes_with_its_own_database(path: Path, copy: Path) -> None:
    """As after kill -9: the newest alert is in the log alone."""
    writing = connect(path)
    writing.execute("PRAGMA wal_autocheckpoint = 0")
    writing.execute("INSERT INTO meta VALUES ('in the log', 'yes')")
    wal = Path(f"{path}-wal").read_bytes()
    main = path.read_bytes()
    writing.close()
    path.write_bytes(main)
    Path(f"{path}-wal").write_bytes(wal)

    done = restore(copy, path, path.parent, progress=silent)
    assert done.aside is not None
    assert not Path(f"{path}-wal").exists()
    assert "in the log" in "".join(dump(done.aside))
    assert "in the log" not in "".join(dump(path))


def test_a_damaged_database_is_put_aside_as_it_is(path: Path, copy: Path) -> None:
    damage(path)
    before = path.read_bytes()
    Path(f"{path}-wal").write_bytes(b"no log")
    done = restore(copy, path, path.parent, progress=silent)
    assert done.aside is not None
    assert done.aside.read_bytes()[100:] == before[100:], "all but the header's counters"
    assert alerts(path) == ["first"]
    assert StoreReader(path).check().problems == ()


def test_a_log_that_cannot_be_folded_in_never_meets_the_copy(path: Path, copy: Path) -> None:
    path.write_bytes(b"\xa5" * path.stat().st_size)
    Path(f"{path}-wal").write_bytes(b"a log")
    done = restore(copy, path, path.parent, progress=silent)
    assert Path(f"{done.aside}-wal").read_bytes() == b"a log"
    assert not Path(f"{path}-wal").exists()
    assert alerts(path) == ["first"]


def test_a_restore_where_nothing_was(copy: Path, tmp_path: Path) -> None:
    empty = tmp_path / "new"
    empty.mkdir()
    done = restore(copy, empty / "ecgd.sqlite3", empty, progress=silent)
    assert done.aside is None
    assert alerts(done.path) == ["first"]
    assert stat.S_IMODE(done.path.stat().st_mode) == 0o640


def test_undelivered_messages_of_a_backup_are_counted(path: Path, tmp_path: Path) -> None:
    writer = StoreWriter(path, StoreSettings(), boot_id="b")
    writer.start()
    writer.store_alert(make_alert("m"), (make_item("m"),)).result(WAIT_S)
    assert writer.close()
    back_up(path, tmp_path / "b", force=False, progress=silent)
    assert restore(tmp_path / "b", path, path.parent, progress=silent).pending_messages == 1


def set_version(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA user_version = 999")


def break_reference(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("UPDATE alerts SET user_id = 77")
        connection.commit()


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (damage, "damaged"),
        (set_version, "schema version 999"),
        (break_reference, "refer to nothing"),
        (lambda copy: copy.write_bytes(b""), "empty"),
        (lambda copy: copy.write_text("hello " * 999), "not a database"),
        (lambda copy: os.truncate(copy, copy.stat().st_size // 2), "damaged"),
        (Path.unlink, "no file"),
    ],
)
def test_a_bad_copy_is_refused_and_nothing_is_touched(
    path: Path, copy: Path, spoil: Callable[[Path], None], what: str
) -> None:
    spoil(copy)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=what):
        restore(copy, path, path.parent, progress=silent)
    assert path.read_bytes() == before
    assert not [*path.parent.glob("*.partial*"), *path.parent.glob("*before-restore*")]


def test_a_restore_beside_a_daemon_is_refused(path: Path, copy: Path) -> None:
    before = path.read_bytes()
    with StateLock(path.parent), pytest.raises(AlreadyRunningError):
        restore(copy, path, path.parent, progress=silent)
    assert path.read_bytes() == before


def test_the_database_is_no_copy_of_itself(path: Path) -> None:
    with pytest.raises(StoreError, match="the database itself"):
        restore(path, path, path.parent, progress=silent)
