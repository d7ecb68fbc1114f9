"""What befalls the disk: full, read-only, locked, damaged, deleted under the daemon."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from reliability.bench import Bench, NotPossibleHereError
from reliability.rig import Rig, Stage, sound_database, staged
from reliability.row import Findings, Row, spread

UP_LIMIT_S = 20.0


def try_full(bench: Bench) -> tuple[Row, ...]:
    """Fill the disk under a running daemon, then make room again."""
    found = Findings()
    with bench.place() as directory, small_disk(directory / "state"), staged(directory) as stage:
        _watch_and(stage, lambda: _fill(directory / "state" / "ballast"))
        _told_all_the_same(stage, found)
        _heals(stage, found, (directory / "state" / "ballast").unlink, "room was made")
    done = "the state directory is a tmpfs of 1.5 MB, filled to the last byte"
    return (found.row("disk full", "alarms sound and leave; they are stored once it heals", done),)


def try_read_only(bench: Bench) -> tuple[Row, ...]:
    """Make the disk read-only under a daemon; kill it, and start another on it."""
    found = Findings()
    with bench.place() as directory, small_disk(directory / "state"), staged(directory) as stage:
        (directory / "run").mkdir()
        stage.rig.socket = directory / "run" / "control.sock"
        environ = {"RUNTIME_DIRECTORY": str(directory / "run")}
        stage.plug()
        stage.rig.start(**environ)
        stage.wait_for_alert()
        stage.rig.wait_for(stage.rig.stored, "the alert on the disk")
        stage.rig.stop(signal.SIGKILL)
        heard = stage.heard()
        stage.unplug()
        _remount(directory / "state", "ro")
        stage.rig.start(**environ)
        stage.rig.wait_for(stage.rig.status, "the daemon on a read-only disk")
        standing = [alarm["event_type"] for alarm in stage.rig.all_alarms()]
        found.say(f"a daemon started on it knew {', '.join(standing)} of the run before")
        found.check("STEMI_DETECTED" in standing, "the alarm of the run before is unknown")
        stage.rig.wait_for(lambda: stage.heard("LINK_LOST"), "the next alarm")
        found.say(f"the next alarm (link lost) was delivered; the first one {heard} time(s)")
        _heals(stage, found, lambda: _remount(directory / "state", "rw"), "it could be written")
    done = "kill -9 during an alarm, the disk mounted read-only, a new start on it"
    promise = "the patient is watched without a disk, also after a restart"
    return (found.row("disk read-only", promise, done),)


def try_locked(bench: Bench) -> tuple[Row, ...]:
    """Let another process hold an exclusive lock."""
    found, held_s = Findings(), 4.0 if bench.quick else 60.0
    with bench.place() as directory, staged(directory) as stage:
        stage.plug()
        stage.rig.start()
        stage.rig.wait_until_fed()
        with _other_locks(stage.rig.database):
            began_s = time.monotonic()
            _told_all_the_same(stage, found)
            time.sleep(max(0.0, began_s + held_s - time.monotonic()))
            if not bench.quick:
                stage.rig.wait_for(lambda: stage.heard("DATABASE_FAULT"), "the database's alarm")
                found.say("the database's own alarm was delivered meanwhile")
            found.check(stage.rig.is_running, "it ended")
        _stored_after(stage, found, "the lock was given back")
    done = f"another process in BEGIN EXCLUSIVE for {held_s:g} s, from before the alarm"
    return (found.row("database locked", "no alarm waits for it, none is lost", done),)


def try_locked_at_start(bench: Bench) -> tuple[Row, ...]:
    """Start on a database that nobody can even read, with an unanswered alarm in it."""
    found = Findings()
    with bench.place() as directory, staged(directory) as stage:
        alert_id = _leave_unanswered_alarm(stage)
        with _other_locks(stage.rig.database, wholly=True):
            stage.rig.start()
            stage.rig.wait_for(stage.rig.status, "the daemon to answer beside the lock")
            time.sleep(3.0)
            before = [alarm["alert_id"] for alarm in stage.rig.all_alarms()]
            found.check(alert_id not in before, "the lock did not hold: nothing was tried")
        began_s = time.monotonic()
        stage.rig.wait_for(
            lambda: alert_id in [alarm["alert_id"] for alarm in stage.rig.all_alarms()],
            "the alarm of the run before",
        )
        found.say(f"known again {time.monotonic() - began_s:.1f} s after the lock was given back")
        stage.rig.wait_for(lambda: stage.rig.pulses(began_s), "the buzzer")
    done = "kill -9 during a STEMI alarm, device away, another process locks even readers out"
    promise = "an unanswered alarm comes back as soon as the database can be read"
    return (found.row("database locked at the start", promise, done),)


def try_damaged(bench: Bench) -> tuple[Row, ...]:
    """Damage the database of a killed daemon in many ways, each time anew, and start."""
    found, chance = Findings(), bench.chance("damage")
    resumed, up_s, aside = 0, [], 0
    cases = [HOW[n] for n in QUICK_HOW] if bench.quick else list(HOW) * 6
    with bench.place() as directory, staged(directory) as stage:
        alert_id = _leave_unanswered_alarm(stage)
        killed, ended = directory / "killed", directory / "ended"
        for kept in (killed, ended):
            shutil.copytree(
                stage.rig.state_dir, kept, ignore=shutil.ignore_patterns("control.sock")
            )
        _fold(ended / stage.rig.database.name)
        for turn, (name, damage) in enumerate(cases):
            shutil.rmtree(stage.rig.state_dir)
            shutil.copytree(killed if turn % 3 == 2 else ended, stage.rig.state_dir)
            damage(stage.rig.database, chance)
            (stage.rig.state_dir / "ecgd.log").unlink(missing_ok=True)
            stage.rig.start()
            began_s = time.monotonic()
            while stage.rig.is_running and not _writes(stage.rig):
                if time.monotonic() - began_s > UP_LIMIT_S:
                    break
                time.sleep(0.02)
            up_s.append(time.monotonic() - began_s)
            if not stage.rig.is_running or not _writes(stage.rig):
                found.check(False, f"{name}: {stage.rig.said()[-300:].strip()}")
                stage.rig.end()
                continue
            resumed += alert_id in [alarm["alert_id"] for alarm in stage.rig.all_alarms()]
            aside += any(stage.rig.state_dir.glob("*.damaged-*"))
            found.check(stage.rig.stop() == 0, f"{name}: it did not end well")
            found.check(not sound_database(stage.rig.database), f"{name}: still damaged")
    found.say(
        f"{len(cases)} damaged files: writing again after {spread(up_s)}; {aside} put aside, "
        f"the unanswered alarm was still known in {resumed}"
    )
    kinds = ", ".join(name for name, _ in HOW)
    done = f"damage by chance to what a kill -9 or a clean end had left: {kinds}"
    return (found.row("database damaged", "it starts, keeps the damaged file, goes on", done),)


def try_deleted(bench: Bench) -> tuple[Row, ...]:
    """Delete the database under the running daemon."""
    found = Findings()
    with bench.place() as directory, staged(directory) as stage:
        _watch_and(stage, lambda: _delete(stage.rig.database))
        _told_all_the_same(stage, found, stored=True)
        _stored_after(stage, found, "the alarm")
        stage.rig.stop()
        found.check(not sound_database(stage.rig.database), "the new database is damaged")
    done = "database, -wal and -shm removed while it was running"
    return (found.row("database deleted", "a new one is begun, no alert is lost", done),)


def _watch_and(stage: Stage, fault: Callable[[], None]) -> None:
    """Start with an infarction under way, and let the fault come before its alarm."""
    stage.plug()
    stage.rig.start()
    stage.rig.wait_until_fed()
    fault()


def _told_all_the_same(stage: Stage, found: Findings, *, stored: bool = False) -> None:
    began_s = time.monotonic()
    stage.wait_for_alert()
    found.say(f"alarm on pins and receiver {time.monotonic() - began_s:.1f} s after the fault")
    found.check(stored or not _stemi(stage), "the fault did not hold: the alert is on the disk")


def _heals(stage: Stage, found: Findings, heal: Callable[[], None], when: str) -> None:
    part = stage.rig.wait_for(lambda: _sick(stage), "the database's fault in the status", 30)
    found.say(f'status: "{part}"')
    heal()
    _stored_after(stage, found, when)


def _stored_after(stage: Stage, found: Findings, when: str) -> None:
    began_s = time.monotonic()
    stored = stage.rig.wait_for(lambda: _stemi(stage), "the alert on the disk")
    found.say(f"stored {time.monotonic() - began_s:.1f} s after {when}")
    found.check(stored == 1, f"stored {stored} times")


def _stemi(stage: Stage) -> int:
    stored = stage.rig.stored()
    return sum(each.alert.event_type.value == "STEMI_DETECTED" for each in stored)


def _sick(stage: Stage) -> str:
    part = stage.rig.part("database")
    return "" if part.get("healthy", True) else str(part["detail"]).partition(";")[0]


def _writes(rig: Rig) -> bool:
    part = rig.part("database")
    return bool(part) and (part["healthy"] or "a new one is in use" in part["detail"])


def _leave_unanswered_alarm(stage: Stage) -> str:
    """Raise an alarm, kill the daemon once it is on the disk, take the device away."""
    stage.plug()
    stage.rig.start()
    stage.wait_for_alert()
    stored = stage.rig.wait_for(stage.rig.stored, "the alert on the disk")
    stage.rig.wait_for(lambda: '"active"' in stage.rig.books(), "the alarm's state on the disk")
    stage.rig.stop(signal.SIGKILL)
    stage.unplug()
    stemi = [e.alert.alert_id for e in stored if e.alert.event_type.value == "STEMI_DETECTED"]
    assert stemi[0] in stage.rig.books()
    return stemi[0]


@contextmanager
def small_disk(path: Path, size: str = "1536k") -> Iterator[None]:
    """Make a directory a disk of its own, which can really be full."""
    path.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(path)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise NotPossibleHereError("mounting a small disk needs root")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def _remount(path: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", str(path)], check=True)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(bytes(4096))
        except OSError:
            return


def _fold(database: Path) -> None:
    """Fold the log into the file, as a daemon does that is asked to end."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _delete(database: Path) -> None:
    for side in ("", "-wal", "-shm"):
        Path(f"{database}{side}").unlink(missing_ok=True)


@contextmanager
def _other_locks(database: Path, *, wholly: bool = False) -> Iterator[None]:
    """Hold a lock as another program would; ``wholly``: even readers are kept out."""
    with closing(sqlite3.connect(database, isolation_level=None, timeout=20)) as other:
        if wholly:
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def _flip(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(chance.randint(1, 60)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def _flip_header(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[chance.randrange(100)] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def _truncate(path: Path, chance: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: chance.randrange(1, len(data))])


def _zero_header(path: Path, chance: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(bytes(chance.choice((16, 100, 4096))) + data[4096:])


def _zero_pages(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(chance.randint(1, 4)):
        page = 4096 * chance.randrange(len(data) // 4096)
        data[page : page + 4096] = bytes(4096)
    path.write_bytes(data)


def _garbage_log(path: Path, chance: random.Random) -> None:
    Path(f"{path}-wal").write_bytes(chance.randbytes(chance.randrange(32, 200_000)))


def _flip_log(path: Path, chance: random.Random) -> None:
    log = Path(f"{path}-wal")
    if log.exists() and log.stat().st_size:
        _flip(log, chance)


def _garbage(path: Path, chance: random.Random) -> None:
    path.write_bytes(chance.randbytes(chance.randrange(1, 200_000)))


HOW = (
    ("flipped bits", _flip),
    ("a flipped bit of the header", _flip_header),
    ("cut off", _truncate),
    ("header zeroed", _zero_header),
    ("pages zeroed", _zero_pages),
    ("garbage for a log", _garbage_log),
    ("flipped bits of the log", _flip_log),
    ("garbage throughout", _garbage),
)

QUICK_HOW = (0, 3, 5, 7)
