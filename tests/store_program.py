"""A process that works on a database and is killed: retain, back-up, restore, migrate, hold."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from store_examples import NOW_UNIX_S

from ecgd.config.settings import StoreSettings
from ecgd.store import backup, retention
from ecgd.store.backup import back_up, restore
from ecgd.store.database import connect_read_only, open_checked
from ecgd.store.writer import StoreWriter

SETTINGS = StoreSettings(alert_waveform_s=30.0)
FEW_PAGES = 4


def begin(*words: str | Path) -> subprocess.Popen[str]:
    """Start the program; returns when it is about to begin its work."""
    command = [sys.executable, __file__, *map(str, words)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "begun\n"
    return child


def say_begun() -> None:
    os.write(1, b"begun\n")


def retain(path: Path) -> None:
    """Let retention run without a rest until nothing is left to do."""
    retention.STEP_EVERY_S = 0.002
    writer = StoreWriter(path, SETTINGS, boot_id="b", unix_clock=lambda: NOW_UNIX_S)
    say_begun()
    writer.start()
    done = -1.0
    while done != (done := work_done(writer)):
        time.sleep(0.3)
    writer.close()


def work_done(writer: StoreWriter) -> float:
    done = writer.statistics.retention
    return done.removed_rows + done.removed_bytes + done.freed_pages


def slow(_copied: int, _pages: int) -> None:
    time.sleep(0.004)


def main(work: str, *names: str) -> None:
    paths = [Path(name) for name in names]
    backup.STEP_PAGES = FEW_PAGES
    match work:
        case "retain":
            retain(paths[0])
        case "back-up":
            say_begun()
            back_up(paths[0], paths[1], force=True, progress=slow)
        case "restore":
            say_begun()
            restore(paths[0], paths[1], paths[1].parent, progress=slow)
        case "migrate":
            say_begun()
            open_checked(paths[0])[0].close()
        case "hold":
            with closing(connect_read_only(paths[0])) as connection:
                connection.execute("BEGIN")
                connection.execute("SELECT count(*) FROM alerts").fetchone()
                say_begun()
                time.sleep(600)


if __name__ == "__main__":
    main(*sys.argv[1:])
