"""Measures what the store's housekeeping costs: python tests/store_upkeep_figures.py.

How late an event loop is while the store's thread does nothing, folds in big logs, or removes what
is old without a rest; how long each step takes; what zeroing deleted pages would write.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
from store_ages import DAY_S, open_ages
from store_examples import NOW_UNIX_S, make_alert

from ecgd.config.settings import StoreSettings
from ecgd.store.database import connect
from ecgd.store.operations import Operation
from ecgd.store.retention import GiveBack
from ecgd.store.thinning import ThinRecording
from ecgd.store.trends import COMPACTIONS, CompactMinutes
from ecgd.store.writer import StoreWriter

RECORDINGS = 60
TICK_S = 0.02
SECONDS = 10.0
FEATURES = '{"rhythm":"regular","st_mv":{"I":0.01,"II":0.05,"III":0.04,"aVR":0,"aVL":0.1}}'
STEPS: tuple[Operation, ...] = (
    *(CompactMinutes(compaction, 30.0, NOW_UNIX_S) for compaction in COMPACTIONS),
    ThinRecording(30.0, 300.0, NOW_UNIX_S, NOW_UNIX_S),
    GiveBack(),
)
Times = dict[str, list[tuple[float, float]]]


def fill(path: Path) -> None:
    """Ten hours of one patient, five weeks old, with six alerts."""
    ages = open_ages(path)
    ages.connection.execute("BEGIN")
    for number in range(RECORDINGS):
        age = 35 + number / 144
        stream = ages.record("ann", age, seconds=600)
        ages.heartbeats("ann", age, [70.0] * 600)
        for each in range(120):
            ages.result("ann", NOW_UNIX_S - age * DAY_S + 5 * each, features=FEATURES)
        if number % 10 == 0:
            ages.alert(f"alert-{number}", age, stream, sample_index=75_000)
    ages.connection.execute("COMMIT")
    ages.connection.close()


def fold_logs(path: Path, stop: threading.Event, times: Times) -> None:
    """Fold in one log of 16 MB after the other."""
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("CREATE TABLE ballast (data)")
        while not stop.is_set():
            connection.execute("BEGIN")
            for _ in range(80):
                connection.execute("INSERT INTO ballast VALUES (zeroblob(200000))")
            connection.execute("COMMIT")
            connection.execute("DELETE FROM ballast")
            begun_s = time.monotonic()
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            taken_s = time.monotonic() - begun_s
            times.setdefault("checkpoint of 16 MB", []).append((taken_s, taken_s))


def remove(path: Path, stop: threading.Event, times: Times, *, zero: bool = False) -> None:
    """Take every step again and again until nothing is left to do."""
    with closing(connect(path)) as connection:
        connection.execute(f"PRAGMA secure_delete = {int(zero)}")
        worked = True
        while worked and not stop.is_set():
            worked = False
            for step in STEPS:
                begun_s = time.monotonic()
                connection.execute("BEGIN IMMEDIATE")
                result = step.apply(connection)
                applied_s = time.monotonic() - begun_s
                connection.execute("COMMIT")
                if result:
                    worked = True
                    name = getattr(getattr(step, "compaction", step), "table", type(step).__name__)
                    taken_s = time.monotonic() - begun_s
                    times.setdefault(name, []).append((applied_s, taken_s))


async def lateness_ms(seconds: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    late_s: list[float] = []
    due_s = time.monotonic() + TICK_S
    end_s = due_s + seconds
    while due_s < end_s:
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        late_s.append(time.monotonic() - due_s)
        due_s = max(due_s + TICK_S, time.monotonic())
    return np.array(late_s) * 1000


def show_loop(name: str, work: Callable[[threading.Event], object]) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(stop,))
    thread.start()
    late_ms = asyncio.run(lateness_ms(SECONDS))
    stop.set()
    thread.join()
    p50, p99, most = np.percentile(late_ms, (50, 99, 100))
    say(f"loop late, store {name:12}: p50 {p50:.2f}, p99 {p99:.1f}, at most {most:.1f} ms")


def show_alerts(path: Path, name: str, waveform_days: float) -> None:
    """Store an alert every 50 ms beside retention, which takes two steps a second."""
    settings = StoreSettings(waveform_days=waveform_days)
    writer = StoreWriter(path, settings, boot_id="b", unix_clock=lambda: NOW_UNIX_S)
    writer.start()
    for number in range(round(SECONDS / 0.05)):
        writer.store_alert(make_alert(f"{name}-{number}"))
        time.sleep(0.05)
    say(f"alerts durable, {name}: {writer.statistics.commit}")
    say(f"  {writer.statistics.retention.thinned_recordings} recordings thinned meanwhile")
    writer.close()


def show_times(times: Times) -> None:
    for name, taken_s in times.items():
        work, whole = np.percentile(np.array(taken_s) * 1000, (50, 99), axis=0).T
        say(f"{name:22} {len(taken_s):4} times: work p50 {work[0]:.1f}, p99 {work[1]:.1f} ms;", "")
        say(f" with its commit p50 {whole[0]:.1f}, p99 {whole[1]:.1f} ms")


def written_mb(path: Path, *, zero: bool) -> float:
    begun = bytes_written()
    remove(path, threading.Event(), {}, zero=zero)
    return (bytes_written() - begun) / 1e6


def bytes_written() -> int:
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def say(text: str, end: str = "\n") -> None:
    sys.stdout.write(text + end)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, *copies = (Path(folder) / name for name in ("db", "loop", "plain", "zeroed"))
        fill(path)
        for copy in copies:
            shutil.copy(path, copy)
        times: Times = {}
        show_loop("idle", lambda stop: stop.wait())
        show_loop("checkpoints", lambda stop: fold_logs(path, stop, times))
        show_loop("removes", lambda stop: remove(copies[0], stop, times))
        show_times(times)
        show_alerts(path, "store at rest", 3650.0)
        show_alerts(path, "store removing", 30.0)
        size_mb = copies[1].stat().st_size / 1e6
        for copy, zero in ((copies[1], False), (copies[2], True)):
            how = "zeroing what is deleted" if zero else "as it is"
            say(f"removing {size_mb:.0f} MB, {how}: {written_mb(copy, zero=zero):.0f} MB written")


if __name__ == "__main__":
    main()
