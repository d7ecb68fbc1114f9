"""kill -9 at any moment: no durable alert is lost, and at most 10 s of waveform.

This file is also the program that is killed. Its time runs 40 times as fast as ours: one patient's
waveform is handed over in real proportion to the pieces' length and to the time between commits.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np

from ecgd.config.settings import StoreSettings
from ecgd.model.alarm import Alert, OutboxItem
from ecgd.model.device import DeviceInfo
from ecgd.model.finding import EventType, Severity
from ecgd.model.signal import SampleBlock
from ecgd.store.reader import StoreReader
from ecgd.store.writer import GATHER_S, StoreWriter

KILLS = 15
SPEED = 40
FS_HZ = 250
BLOCK = 25
WAVEFORM_LOST_MAX_S = 10.0


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def write_for_ever(path: Path, run: int) -> None:
    """Write alerts and waveform until killed; say what was handed over and what is durable."""
    writer = StoreWriter(path, StoreSettings(), boot_id=f"run-{run}", gather_s=GATHER_S / SPEED)
    writer.start()
    device = DeviceInfo("node", float(FS_HZ), ("I", "II"), 400.0)
    say("recording", writer.open_recording("ann", device).result())
    begun_s = time.monotonic()
    noise = np.random.default_rng(run)
    for number in range(1_000_000):
        counts = noise.integers(-200, 200, (2, BLOCK)).astype(np.int32)
        block = SampleBlock(number * BLOCK, counts, np.ones(BLOCK, np.bool_), time.monotonic())
        writer.append_waveform("ann", block)
        say("waveform", block.end_index)
        if number % 4 == 0:
            name = f"{run}-{number}"
            item = OutboxItem(f"m-{name}", name, "nurse", Severity.HIGH, b"{}", time.time())
            stored = writer.store_alert(make_alert(name), (item,))
            stored.add_done_callback(partial(say_durable, name))
        time.sleep(max(0.0, begun_s + number * BLOCK / FS_HZ / SPEED - time.monotonic()))


def make_alert(name: str) -> Alert:
    return Alert(
        alert_id=name,
        patient_id="ann",
        patient_name="Ann",
        event_type=EventType.CARDIAC_ANOMALY,
        severity=Severity.HIGH,
        occurred_unix_s=time.time(),
        occurred_mono_s=time.monotonic(),
        boot_id="boot",
        clock_synchronised=True,
        simulated=True,
        description="",
        recommended_action="",
    )


def say_durable(name: str, future: Future[int]) -> None:
    say("durable", name, future.result())


def run_and_kill(path: Path, run: int, after_s: float) -> list[list[str]]:
    """Return what one run said before it was killed."""
    with subprocess.Popen(
        [sys.executable, __file__, str(path), str(run)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(after_s)
        child.send_signal(signal.SIGKILL)
        said = [first, *child.stdout.readlines()]
    assert child.returncode == -signal.SIGKILL
    return [line.split() for line in said if line.endswith("\n")]


def test_no_durable_alert_is_lost_by_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "ecgd.sqlite3"
    moments = random.Random(20)
    durable: dict[str, int] = {}
    lost_s: list[float] = []
    for run in range(KILLS):
        said = run_and_kill(path, run, moments.uniform(0.0, 0.6))
        durable |= {words[1]: int(words[2]) for words in said if words[0] == "durable"}
        handed_over = max([int(words[1]) for words in said if words[0] == "waveform"], default=0)
        recording = next(r for r in StoreReader(path).recordings() if r.id == int(said[0][1]))
        lost_s.append((handed_over - (recording.end_index or 0)) / FS_HZ)

    stored = {entry.alert.alert_id: entry.id for entry in StoreReader(path).alerts(limit=10**6)}
    assert len(durable) > KILLS
    assert durable.items() <= stored.items()
    pending = {item.alert_id for item in StoreReader(path).pending_outbox(10**6)}
    assert pending == set(stored), "alert and outbox row are one transaction"
    assert StoreReader(path).check().problems == ()
    assert max(lost_s) <= WAVEFORM_LOST_MAX_S
    assert min(lost_s) < max(lost_s), "the kills came at different moments"


def test_what_a_kill_cut_off_is_finished_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "ecgd.sqlite3"
    run_and_kill(path, 1, 0.8)
    writer = StoreWriter(path, StoreSettings(), boot_id="after")
    writer.start()
    assert writer.close()
    recordings = StoreReader(path).recordings()
    assert [recording.finish_reason for recording in recordings] == ["interrupted"]
    waveform = StoreReader(path).recording_waveform(recordings[0].id)
    assert waveform.damaged == 0
    assert waveform.blocks[-1].end_index == recordings[0].end_index
    with closing(sqlite3.connect(path)) as connection:
        left = connection.execute("SELECT count(*) FROM waveform_segments").fetchone()
    assert left == (0,)


if __name__ == "__main__":
    write_for_ever(Path(sys.argv[1]), int(sys.argv[2]))
