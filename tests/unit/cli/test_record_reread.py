"""What ``records export`` writes as a table, ``analyze`` and ``replay:`` read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from record_material import ramp, recording_into
from store_examples import DEVICE, NOW_UNIX_S

from ecgd.cli.record_excerpt import TimeSpan, choose_time
from ecgd.cli.record_export import export
from ecgd.sources.recording import read_recording
from ecgd.store.reader import StoreReader

MONITOR = replace(DEVICE, fs_hz=360.5, highpass_hz=0.5, lowpass_hz=40.0)


def test_an_exported_table_reads_back_with_its_holes_rate_and_front_end(tmp_path: Path) -> None:
    with recording_into(tmp_path / "db") as recorder:
        valid = np.ones(5000, np.bool_)
        valid[400:450] = False
        recorder.writer.ensure_user("ann", "Ann Example").result(10)
        recorder.open("ann", MONITOR, NOW_UNIX_S)
        recorder.add("ann", MONITOR, 0, ramp(5000), valid, begun_unix_s=NOW_UNIX_S)
        recorder.close("ann")
    excerpt = choose_time(StoreReader(tmp_path / "db"), "ann", TimeSpan())
    export(excerpt, "csv", tmp_path / "ann.csv", all_leads=False, name=False, force=False)
    recording = read_recording(tmp_path / "ann.csv")
    assert (recording.leads, recording.fs_hz) == (("I", "II"), 360.5)
    assert (recording.device.highpass_hz, recording.device.lowpass_hz) == (0.5, 40.0)
    assert np.flatnonzero(~recording.valid).tolist() == list(range(400, 450))
    expected_mv = (ramp(5000) - MONITOR.baseline_counts) / MONITOR.counts_per_mv
    there = recording.valid
    assert np.abs(recording.counts[:, there] / 1000.0 - expected_mv[:, there]).max() <= 0.00051
