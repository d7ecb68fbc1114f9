"""Measures the budget over a week: python tests/budget_figures.py DATA [days [patients [words]]].

DATA is what scripts/evaluate takes: ten minutes of each patient are made of PTB-XL's heartbeats and
NSTDB's noise, as for the study of false alarms. They go through the real analysis, the networks and
the alarm machine, and what the daemon would store is repeated to fill the week.
"""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly
from store_ages import open_ages
from store_examples import make_alert

from ecgd.config.settings import Settings
from ecgd.decision.alarm import AlarmBook, observe
from ecgd.evaluation.alarm_study import patients_by_group
from ecgd.evaluation.databases import NOISE_KINDS, read_noise
from ecgd.evaluation.long_signal import add_noise, cut_cycles, lengthen, turn_axis
from ecgd.evaluation.short_records import FS_HZ as RECORD_FS_HZ
from ecgd.evaluation.short_records import as_recording, read_short_records
from ecgd.evaluation.stream import analyse_stream
from ecgd.inference.scorer import load_sound_scorer
from ecgd.model.alarm import Alarm, ChangeKind
from ecgd.model.assessment import Assessment
from ecgd.model.device import DeviceInfo
from ecgd.model.link import SamplesReceived
from ecgd.model.signal import FloatArray, SampleBlock, Window
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History
from ecgd.pipeline.intake import Intake, WindowReady
from ecgd.pipeline.observation import observe_heart
from ecgd.store.alarms import StoreAlert
from ecgd.store.results import Thinner

FS_HZ = 250
PIECE_S = 600.0
DAY_S = 86_400.0
DEVICE = DeviceInfo("week", float(FS_HZ), ("I", "II"), counts_per_mv=400.0)


def signals(data: Path) -> Iterator[FloatArray]:
    """Yield leads I and II of one patient after the other: normal, fibrillating, blocked, large."""
    groups = [group for group in patients_by_group(read_short_records(data)).values() if group]
    noises = {kind: read_noise(data / "nstdb", kind) for kind in NOISE_KINDS}
    for number in count():
        group = groups[number % len(groups)]
        record = group[(37 * (number // len(groups))) % len(group)]
        analysed = analyse_stream(as_recording(record.name, record.signal_mv), Settings())
        cycles = cut_cycles(record.signal_mv, analysed.beats, RECORD_FS_HZ)
        if cycles is not None:
            chance = np.random.default_rng(number)
            long_mv = turn_axis(lengthen(cycles, PIECE_S, chance), RECORD_FS_HZ, chance)
            noisy_mv = add_noise(long_mv, RECORD_FS_HZ, noises, chance)
            yield resample_poly(noisy_mv[:2], FS_HZ, round(RECORD_FS_HZ), axis=1)


def windows(signal_mv: FloatArray) -> Iterator[Window]:
    """Yield the windows of two leads, as a device would send them."""
    counts = np.rint(signal_mv * DEVICE.counts_per_mv).astype(np.int32)
    intake = Intake(Settings().analysis)
    for start in range(0, counts.shape[1] - 49, 50):
        piece = counts[:, start : start + 50]
        block = SampleBlock(start, piece, np.ones(50, np.bool_), (start + 50) / FS_HZ)
        for event in intake.receive(SamplesReceived(block, DEVICE)):
            if isinstance(event, WindowReady):
                yield event.window


def assessments(signal_mv: FloatArray) -> Iterator[Assessment]:
    """Yield the rules' and the networks' answer to each window."""
    settings, history = Settings(), History()
    scorer = load_sound_scorer(None)
    analysis = Analysis(settings.analysis, settings.ensemble, scorer, time.monotonic)
    for window in windows(signal_mv):
        assessed = analysis.assess(window, history)
        history = assessed.history
        yield assessed.assessment
        if analysis.has_networks:
            opinion = analysis.score(assessed)
            history = opinion.teach(history)
            yield opinion.assessment


def fill(path: Path, data: Path, days: float, patients: int) -> int:
    """Make a database whose last row is of now; return how many alarms a piece raises."""
    ages, raised = open_ages(path), 0
    connection, begun_s = ages.connection, time.time() - days * DAY_S
    connection.execute("BEGIN")
    for number, signal_mv in zip(range(patients), signals(data), strict=False):
        patient, thinner, book, ids = f"p{number}", Thinner(5.0), AlarmBook(), count(1)
        for seen in assessments(signal_mv):
            for row in thinner.results(patient, None, seen, begun_s + seen.time_s):
                row.apply(connection)
            told = observe_heart(seen, seen.time_s)
            name = f"{next(ids)}"
            book, changes = observe(book, told, Settings().alarms, partial(_named, name))
            for change in changes:
                if change.kind is ChangeKind.RAISED:
                    raised += 1
                    keep_alarm(connection, change.alarm, patient, begun_s)
    connection.execute("COMMIT")
    repeat(connection, round(days * DAY_S / PIECE_S))
    return raised


def _named(name: str) -> str:
    return name


def keep_alarm(connection: sqlite3.Connection, alarm: Alarm, patient: str, begun_s: float) -> None:
    alert = replace(
        make_alert(f"{patient} {alarm.alert_id} {alarm.event_type}", patient_id=patient),
        event_type=alarm.event_type,
        severity=alarm.severity,
        simulated=False,
        occurred_unix_s=begun_s + (alarm.raised_s or 0.0),
    )
    StoreAlert(alert, (), None).apply(connection)


def repeat(connection: sqlite3.Connection, times: int) -> None:
    """Store the piece again and again, in the order of time."""
    names = [row[1] for row in connection.execute("PRAGMA table_info(analysis_results)")]
    kept = [name for name in names if name not in ("id", "timestamp")]
    last = connection.execute("SELECT max(id) FROM analysis_results").fetchone()[0]
    columns = ", ".join(kept)
    connection.execute("BEGIN")
    for number in range(1, times):
        connection.execute(
            f"INSERT INTO analysis_results (timestamp, {columns})"
            f" SELECT timestamp + ?, {columns} FROM analysis_results WHERE id <= ? ORDER BY id",
            (number * PIECE_S, last),
        )
    connection.execute("COMMIT")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def main() -> None:
    """Make the week, ask, and say what it took."""
    days = float(sys.argv[2]) if len(sys.argv) > 2 else 7.0
    patients = int(sys.argv[3]) if len(sys.argv) > 3 else 7
    with tempfile.TemporaryDirectory(prefix="ecgd") as folder:
        path = Path(os.environ.get("ECGD_WEEK", f"{folder}/week.sqlite3"))
        if not path.exists():
            raised = fill(path, Path(sys.argv[1]), days, patients)
            say(f"{raised} alarms in {PIECE_S:g} s of {patients} patients")
        say(f"{path.stat().st_size / 1e6:.0f} MB")
        begun_s = time.monotonic()
        command = [sys.executable, "-c", "from ecgd.cli.main import main; main()", "alerts"]
        command += ["budget", "--since", f"{days + 1:g}d", "--database", str(path), *sys.argv[4:]]
        subprocess.run(command, check=True)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        say(
            f"{time.monotonic() - begun_s:.1f} s, of which the processor"
            f" {used.ru_utime + used.ru_stime:.1f} s; {used.ru_maxrss / 1024:.0f} MiB at most"
        )


if __name__ == "__main__":
    main()
