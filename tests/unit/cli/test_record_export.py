"""Exported signal is what was stored: read back by csv, numpy and wfdb, count by count."""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from record_material import ramp, recording_into
from store_examples import DEVICE, FS_HZ, NOW_UNIX_S, make_alert

from ecgd.cli.moments import local_time
from ecgd.cli.record_excerpt import (
    Excerpt,
    TimeSpan,
    choose_alert,
    choose_recording,
    choose_time,
)
from ecgd.cli.record_export import export
from ecgd.errors import RecordingError, StoreError
from ecgd.model.device import DeviceInfo
from ecgd.store.reader import StoreReader

wfdb = pytest.importorskip("wfdb", reason="wfdb is missing")

HOLE = slice(400, 450)
"""Samples of the first recording that never arrived."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recordings of ann, 20 s and 8 s, 40 s apart; one of bob, of another device."""
    path = tmp_path_factory.mktemp("store") / "db"
    with recording_into(path) as recorder:
        valid = np.ones(5000, np.bool_)
        valid[HOLE] = False
        recorder.writer.ensure_user("ann", "Ann Example").result(10)
        recorder.open("ann", DEVICE, NOW_UNIX_S)
        recorder.add("ann", DEVICE, 1000, ramp(5000), valid, begun_unix_s=NOW_UNIX_S)
        recorder.writer.store_alert(make_alert(sample_index=3500)).result(10)
        recorder.close("ann")
        recorder.open("ann", DEVICE, NOW_UNIX_S + 60)
        recorder.add("ann", DEVICE, 0, ramp(2000, start=5), begun_unix_s=NOW_UNIX_S + 60)
        recorder.close("ann")
        other = replace(DEVICE, device_id="other", fs_hz=360.5, counts_per_mv=123.25)
        recorder.open("bob", other, NOW_UNIX_S)
        recorder.add("bob", other, 0, ramp(100), begun_unix_s=NOW_UNIX_S)
    return path


@pytest.fixture
def reader(database: Path) -> StoreReader:
    return StoreReader(database)


def _whole(reader: StoreReader) -> Excerpt:
    return choose_time(reader, "ann", TimeSpan())


def _export(excerpt: Excerpt, form: str, out: Path, **options: bool) -> dict[str, Any]:
    wanted = {"all_leads": False, "name": False, "force": False} | options
    return export(excerpt, form, out, **wanted)


def _cells(path: Path) -> tuple[str, list[str], list[list[str]]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = list(csv.reader(lines[1:]))
    return lines[0], rows[0], rows[1:]


def _counts(rows: list[list[str]], column: int, device: DeviceInfo = DEVICE) -> list[int | None]:
    return [
        round(float(row[column]) * device.counts_per_mv) + device.baseline_counts
        if row[column]
        else None
        for row in rows
    ]


def test_csv_gives_back_every_count_and_empty_cells_for_what_never_came(
    reader: StoreReader, tmp_path: Path
) -> None:
    account = _export(_whole(reader), "csv", tmp_path / "ann.csv")
    comment, headings, rows = _cells(tmp_path / "ann.csv")
    assert comment.startswith("# ecgd ")
    assert 'patient="ann" device="node-1" fs_hz=250.0' in comment
    assert "Ann Example" not in comment
    assert headings == ["time_s", "I [mV]", "II [mV]"]
    stored = np.concatenate([ramp(5000), ramp(2000, start=5)], axis=1)
    for lead in (0, 1):
        expected: list[int | None] = stored[lead].tolist()
        expected[HOLE] = [None] * 50
        assert _counts(rows, lead + 1) == expected
    assert [row[0] for row in (rows[0], rows[1], rows[4999], rows[5000])] == [
        "0.000000",
        "0.004000",
        "19.996000",
        "60.000000",
    ]
    assert (account["gaps"], account["missing_samples"]) == (2, 50 + 40 * 250)
    assert account["valid_samples"] == 6950
    assert account["duration_s"] == 68.0


def test_all_leads_are_derived_without_rounding_and_the_name_only_on_demand(
    reader: StoreReader, tmp_path: Path
) -> None:
    _export(_whole(reader), "csv", tmp_path / "six.csv", all_leads=True, name=True)
    comment, headings, rows = _cells(tmp_path / "six.csv")
    assert 'name="Ann Example"' in comment
    assert headings[1:] == [f"{lead} [mV]" for lead in ("I", "II", "III", "aVL", "aVF", "aVR")]
    first, second = (ramp(1)[:, 0] - DEVICE.baseline_counts).tolist()
    shown = [float(cell) for cell in rows[0][1:]]
    counts = [first, second, second - first, first - second / 2, second - first / 2]
    assert shown == [each / 400.0 for each in (*counts, -(first + second) / 2)]


def test_wfdb_gives_back_every_count_in_segments_around_a_long_gap(
    reader: StoreReader, tmp_path: Path
) -> None:
    account = _export(_whole(reader), "wfdb", tmp_path / "ann.hea")
    assert account["files"][-1] == str(tmp_path / "ann.hea")
    record = wfdb.rdrecord(str(tmp_path / "ann"), physical=False, smooth_frames=True)
    signal = record.d_signal.T
    assert (record.fs, record.sig_name, record.sig_len) == (FS_HZ, ["I", "II"], 17_000)
    assert record.adc_gain == [400.0, 400.0]
    assert record.baseline == [2048, 2048]
    missing = -32768
    expected = np.full((2, 17_000), missing)
    expected[:, :5000] = np.where(np.arange(5000) // 50 == 8, missing, ramp(5000))
    expected[:, 15_000:] = ramp(2000, start=5)
    assert np.array_equal(signal, expected)
    physical = wfdb.rdrecord(str(tmp_path / "ann")).p_signal.T
    assert np.isnan(physical[:, HOLE]).all()
    assert np.isnan(physical[:, 5000:15_000]).all()
    assert np.array_equal(physical[:, :400], (ramp(400) - 2048) / 400.0)
    assert f"{record.base_date} {record.base_time}"[:19] == local_time(NOW_UNIX_S)
    header = (tmp_path / "ann.hea").read_text()
    assert "# patient ann\n" in header
    assert "~ 10000\n" in header


def test_the_checksums_of_wfdb_are_right(reader: StoreReader, tmp_path: Path) -> None:
    _export(choose_recording(reader, 1, TimeSpan()), "wfdb", tmp_path / "one")
    record = wfdb.rdrecord(str(tmp_path / "one"), physical=False)
    assert [each % 65536 for each in record.checksum] == record.calc_checksum()
    assert all(-32768 <= each < 32768 for each in record.checksum)
    assert record.init_value == record.d_signal[0].tolist()


def test_alerts_are_annotations_at_their_sample(reader: StoreReader, tmp_path: Path) -> None:
    _export(_whole(reader), "wfdb", tmp_path / "ann")
    marks = wfdb.rdann(str(tmp_path / "ann"), "alerts")
    assert marks.sample.tolist() == [2500]
    assert marks.symbol == ['"']
    assert marks.aux_note == ["STEMI_DETECTED CRITICAL inferior alert alert-1"]


def test_an_alert_names_its_surroundings_by_sample(reader: StoreReader, tmp_path: Path) -> None:
    account = _export(choose_alert(reader, "alert", 2.0), "csv", tmp_path / "alert.csv")
    rows = _cells(tmp_path / "alert.csv")[2]
    assert _counts(rows, 1) == ramp(5000)[0, 2000:3000].tolist()
    assert account["began_unix_s"] == NOW_UNIX_S + 8.0


def test_an_alert_without_a_sample_names_its_surroundings_by_time(tmp_path: Path) -> None:
    with recording_into(tmp_path / "db") as recorder:
        recorder.open("ann", DEVICE, NOW_UNIX_S)
        recorder.add("ann", DEVICE, 0, ramp(2500), begun_unix_s=NOW_UNIX_S - 5)
        recorder.writer.store_alert(make_alert()).result(10)
    reader = StoreReader(tmp_path / "db")
    account = _export(choose_alert(reader, "alert-1", 1.0), "wfdb", tmp_path / "a")
    assert account["valid_samples"] == 500
    # The alert came 0.125 s into the second: between two samples, and so does the span's begin.
    assert wfdb.rdann(str(tmp_path / "a"), "alerts").sample.tolist() == [249]


def test_a_span_is_cut_to_the_sample(reader: StoreReader, tmp_path: Path) -> None:
    span = TimeSpan(NOW_UNIX_S + 4.0, NOW_UNIX_S + 10.002)
    _export(choose_time(reader, "ann", span), "csv", tmp_path / "cut.csv")
    assert _counts(_cells(tmp_path / "cut.csv")[2], 2) == ramp(5000)[1, 1000:2501].tolist()


def test_a_recording_may_be_named_by_its_id_and_cut(reader: StoreReader, tmp_path: Path) -> None:
    span = TimeSpan(NOW_UNIX_S + 66.0)
    account = _export(choose_recording(reader, 2, span), "csv", tmp_path / "two.csv")
    assert (account["recordings"], account["valid_samples"]) == ([2], 500)


def test_recordings_of_different_kinds_do_not_go_into_one_file(tmp_path: Path) -> None:
    with recording_into(tmp_path / "db") as recorder:
        for number, device in enumerate((DEVICE, replace(DEVICE, counts_per_mv=200.0))):
            begun_s = NOW_UNIX_S + 10 * number
            recorder.open("ann", device, begun_s)
            recorder.add("ann", device, 0, ramp(500), begun_unix_s=begun_s)
    with pytest.raises(RecordingError, match=r"different kinds: 1 .*, 2 .*200 counts/mV"):
        _whole(StoreReader(tmp_path / "db"))


def test_what_is_not_there_is_said_with_what_is(reader: StoreReader, tmp_path: Path) -> None:
    before = TimeSpan(NOW_UNIX_S - 100, NOW_UNIX_S - 50)
    with pytest.raises(RecordingError) as nothing:
        choose_time(reader, "ann", before)
    assert f"since {local_time(NOW_UNIX_S)}" in nothing.value.remedy
    in_the_gap = TimeSpan(NOW_UNIX_S + 30, NOW_UNIX_S + 31)
    with pytest.raises(RecordingError, match="no waveform of ann there"):
        choose_time(reader, "ann", in_the_gap)
    with pytest.raises(RecordingError, match="knows no patient 'eve'"):
        choose_time(reader, "eve", TimeSpan())
    with pytest.raises(StoreError, match="no recording 99"):
        choose_recording(reader, 99, TimeSpan())
    with pytest.raises(StoreError, match="begins with 'zzz'"):
        choose_alert(reader, "zzz", 1.0)
    assert list(tmp_path.iterdir()) == []


def test_signal_that_is_no_longer_kept_is_said_with_since_when_there_is_some(
    tmp_path: Path,
) -> None:
    with recording_into(tmp_path / "db") as recorder:
        for begun_s in (NOW_UNIX_S, NOW_UNIX_S + 100):
            recorder.open("ann", DEVICE, begun_s)
            recorder.add("ann", DEVICE, 0, ramp(500), begun_unix_s=begun_s)
            recorder.close("ann")
    with closing(sqlite3.connect(tmp_path / "db")) as connection, connection:
        connection.execute("DELETE FROM waveform_segments WHERE recording_id = 1")
        connection.execute("UPDATE recordings SET raw_data = x'' WHERE id = 1")
    reader = StoreReader(tmp_path / "db")
    with pytest.raises(RecordingError) as gone:
        choose_recording(reader, 1, TimeSpan())
    assert f"since {local_time(NOW_UNIX_S + 100)}" in gone.value.remedy
    assert _whole(reader).streams[0].id == 2


@pytest.mark.parametrize(("form", "file"), [("csv", "x.csv"), ("wfdb", "x")])
def test_nothing_is_overwritten_unless_told(
    reader: StoreReader, tmp_path: Path, form: str, file: str
) -> None:
    out = tmp_path / file
    _export(_whole(reader), form, out)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(RecordingError, match="is there already"):
        _export(choose_recording(reader, 2, TimeSpan()), form, out)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    _export(choose_recording(reader, 2, TimeSpan()), form, out, force=True)
    if form == "wfdb":
        assert wfdb.rdrecord(str(out), physical=False).sig_len == 2000
        assert not (tmp_path / "x.alerts").exists()


def test_a_failed_export_leaves_no_file(
    reader: StoreReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    for form in ("csv", "wfdb"):
        with pytest.raises(RecordingError, match="No space left"):
            _export(_whole(reader), form, tmp_path / "full")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_wfdb_does_not_take_is_refused(reader: StoreReader, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="letters, digits"):
        _export(_whole(reader), "wfdb", tmp_path / "ann 1.hea")
