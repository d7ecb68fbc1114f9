"""``ecgctl analyze`` over files of others: tables, EDF, byte recordings."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import edfio
import numpy as np
import pytest
from click.testing import CliRunner, Result

from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.main import cli
from ecgd.sources.byte_log import ByteLogHeader, ByteLogReader, ByteLogWriter
from ecgd.sources.byte_log_device import device_from_notes, device_notes
from ecgd.sources.recording import read_recording

RECORDINGS = Path(__file__).parents[1] / "fixtures" / "recordings"
REPLAY = Path(__file__).parents[1] / "replay"


def _analyze(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, ["analyze", *map(str, words)])


def _lines(*words: str | Path) -> list[dict[str, Any]]:
    ran = _analyze(*words, "--json")
    assert ran.exit_code == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


@pytest.fixture(scope="module")
def infarction(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A real inferior infarction as German table and as EDF."""
    recording = read_recording(RECORDINGS / "inferior_stemi")
    folder = tmp_path_factory.mktemp("files")
    table, edf = folder / "infarkt.CSV", folder / "holter.edf"
    rows = [
        f"{n / recording.fs_hz:.3f};{i};{ii}\r\n".replace(".", ",")
        for n, (i, ii) in enumerate(recording.counts.T)
    ]
    table.write_text("Zeit [s];EKG I [µV];EKG II [µV]\r\n" + "".join(rows), encoding="cp1252")
    samples = recording.sample_count // 10 * 10
    signals = [
        edfio.EdfSignal(
            row[:samples].astype(np.float64),
            recording.fs_hz,
            label=f"ECG {lead}",
            physical_dimension="uV",
            physical_range=(-10000, 10000),
            prefiltering="HP:0.5Hz LP:40Hz",
        )
        for row, lead in zip(recording.counts, recording.leads, strict=True)
    ]
    edfio.Edf(signals, data_record_duration=10 / recording.fs_hz).write(edf)
    return {"table": table, "edf": edf}


def test_a_table_gives_what_the_record_gave(infarction: dict[str, Path]) -> None:
    lines = _lines(infarction["table"], "--hold-off", "0")
    of_record = _lines(RECORDINGS / "inferior_stemi", "--hold-off", "0")
    assert lines[0]["leads"] == ["I", "II"]
    assert (lines[0]["highpass_hz"], lines[0]["notes"]) == (None, [])
    assert lines[-1]["verdict"] == of_record[-1]["verdict"] == "CRITICAL_STEMI"
    assert lines[-1]["beats"] == of_record[-1]["beats"]


def test_a_front_end_with_a_high_pass_shows_no_st(infarction: dict[str, Path]) -> None:
    of_edf = _lines(infarction["edf"])
    assert of_edf[0]["highpass_hz"] == 0.5
    given = _lines(infarction["table"], "--highpass", "0.67")
    assert given[0]["highpass_hz"] == 0.67
    harmless = _lines(infarction["table"], "--highpass", "0.05")
    worse = _lines(infarction["edf"], "--highpass", "0.05")
    assert worse[0]["highpass_hz"] == 0.5
    for lines in (of_edf, given, worse):
        assert lines[-1]["verdict"] == "cannot_judge"
        assessments = [line for line in lines if line["type"] == "assessment"]
        assert all("high-pass" in " ".join(a["cannot_judge"]) for a in assessments)
        assert all(a["heart_rate_bpm"] for a in assessments)
    assert harmless[-1]["verdict"] == "CRITICAL_STEMI"


def test_people_read_what_was_left_out_and_the_rate_behind_a_filter(
    infarction: dict[str, Path], tmp_path: Path
) -> None:
    table = tmp_path / "marked.csv"
    text = infarction["table"].read_text(encoding="cp1252").splitlines()
    table.write_text("\n".join([text[0] + ";Marker", *(row + ";7" for row in text[1:])]))
    ran = _analyze(table, "--highpass", "0.5")
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert "left out: Marker" in ran.stdout
    assert "bpm" in ran.stdout
    assert "not measured" in ran.stdout


def test_a_directory_of_every_kind_in_one_go(infarction: dict[str, Path], tmp_path: Path) -> None:
    for name in ("clean.ecgdbytes",):
        (tmp_path / name).write_bytes((REPLAY / name).read_bytes())
    for path in infarction.values():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "broken.edf").write_bytes(b"no EDF")
    ran = _analyze(tmp_path, "--json")
    assert ran.exit_code == ExitCode.ERROR
    assert "broken.edf: is no EDF file" in ran.stderr
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    last = {Path(line["path"]).name: line["type"] for line in lines}
    assert last == {
        "broken.edf": "error",
        "clean.ecgdbytes": "summary",
        "holter.edf": "summary",
        "infarkt.CSV": "summary",
    }


def test_a_byte_recording_of_either_protocol_and_its_front_end(tmp_path: Path) -> None:
    log, filtered = REPLAY / "six_lead_clean.ecgdbytes", tmp_path / "Filtered.ECGDBYTES"
    reader = ByteLogReader(log)
    device = replace(device_from_notes(reader.header.notes), highpass_hz=0.5)
    with ByteLogWriter.create(filtered, replace(reader.header, notes=device_notes(device))) as out:
        for logged in reader:
            out.write(logged.data, logged.direction, logged.time_s)
    plain = _lines(log)
    assert plain[0]["leads"] == ["I", "II", "III", "aVL", "aVF", "aVR"]
    assert plain[-1]["judged_windows"] > 20
    for words in ((log, "--highpass", "0.5"), (filtered, "--highpass", "0.05")):
        lines = _lines(*words)
        assert lines[0]["highpass_hz"] == 0.5
        assert lines[-1]["verdict"] == "cannot_judge"


def test_a_byte_recording_with_damaged_notes_is_named(tmp_path: Path) -> None:
    log = tmp_path / "odd.ecgdbytes"
    with ByteLogWriter.create(log, ByteLogHeader(notes={"protocol": "six-lead"})):
        pass
    ran = _analyze(log)
    assert ran.exit_code == ExitCode.ERROR
    assert str(log) in ran.stderr


@pytest.mark.parametrize("value", ["-1", "11", "nan", "low"])
def test_a_senseless_corner_is_a_usage_error(value: str) -> None:
    ran = _analyze("x.csv", "--highpass", value)
    assert ran.exit_code == ExitCode.USAGE
    assert "--highpass" in ran.stderr
