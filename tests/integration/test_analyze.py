"""``ecgctl analyze`` over the real fixtures."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wfdb
from click.testing import CliRunner, Result

from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.main import cli

RECORDINGS = Path(__file__).parents[1] / "fixtures" / "recordings"
ECGCTL = (sys.executable, "-c", "from ecgd.cli.main import main; main()")


def _analyze(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, ["analyze", *map(str, words)])


def _lines(*words: str | Path) -> list[dict[str, Any]]:
    ran = _analyze(*words, "--json")
    assert ran.exit_code == 0, ran.stderr
    assert ran.stderr == ""
    return [json.loads(line, parse_constant=pytest.fail) for line in ran.stdout.splitlines()]


def _of(lines: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["type"] == kind]


def test_a_recording_gives_record_beats_assessments_alerts_and_one_summary() -> None:
    lines = _lines(RECORDINGS / "inferior_stemi.hea", "--hold-off", "0")
    record = lines[0]
    assert (record["type"], record["fs"], record["leads"]) == ("record", 250.0, ["I", "II"])
    beats, assessments = _of(lines, "beat"), _of(lines, "assessment")
    assert [b["sample"] for b in beats] == sorted({b["sample"] for b in beats})
    assert all(b["time_s"] == pytest.approx(b["sample"] / 250.0, abs=1e-6) for b in beats)
    assert [a["time_s"] for a in assessments] == [5.0, 6.0, 7.0, 8.0, 9.0, record["duration_s"]]
    alerts = _of(lines, "alert")
    assert [alert["event_type"] for alert in alerts] == ["STEMI_DETECTED"]
    assert lines[-1]["type"] == "summary"
    assert (lines[-1]["verdict"], lines[-1]["territory"]) == ("CRITICAL_STEMI", "inferior")
    assert (lines[-1]["beats"], lines[-1]["alerts"]) == (len(beats), 1)
    assert {line["version"] for line in lines} == {1}


def test_the_default_hold_off_is_longer_than_this_recording() -> None:
    assert _of(_lines(RECORDINGS / "inferior_stemi"), "alert") == []


def test_an_array_needs_a_rate_and_leads_and_then_gives_what_the_record_gave(
    tmp_path: Path,
) -> None:
    record = wfdb.rdrecord(str(RECORDINGS / "inferior_stemi"))
    array = tmp_path / "array.npy"
    np.save(array, np.asarray(record.p_signal).T)
    refused = _analyze(array)
    assert refused.exit_code == ExitCode.ERROR
    assert "--fs" in refused.stderr
    lines = _lines(array, "--fs", "250", "--leads", "I,II", "--unit", "mV", "--hold-off", "0")
    assert lines[-1]["verdict"] == "CRITICAL_STEMI"


def test_a_bad_recording_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    bad = tmp_path / "bad.npy"
    bad.write_bytes(b"no array")
    ran = _analyze(bad, RECORDINGS / "normal", "--json")
    assert ran.exit_code == ExitCode.ERROR
    assert str(bad) in ran.stderr
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert lines[0]["type"] == "error"
    assert lines[0]["path"] == str(bad)
    assert lines[0]["remedy"]
    assert (lines[-1]["type"], lines[-1]["verdict"]) == ("summary", "NORMAL")


def test_a_directory_means_the_recordings_in_it_as_tables_for_people(tmp_path: Path) -> None:
    for name in ("normal", "artefact"):
        for suffix in (".hea", ".dat"):
            source = RECORDINGS / f"{name}{suffix}"
            (tmp_path / source.name).write_bytes(source.read_bytes())
    ran = _analyze(tmp_path)
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert "NORMAL: no ST finding in these leads" in ran.stdout
    assert "cannot judge" in ran.stdout
    assert "right ventricular" in ran.stdout
    assert "no heart attack" not in ran.stdout
    assert ran.stdout.splitlines()[-1].startswith("2 recordings: ")
    assert max(len(line) for line in ran.stdout.replace(str(tmp_path), "").splitlines()) <= 80


def test_annotation_files_hold_the_beats_that_were_told(tmp_path: Path) -> None:
    lines = _lines(RECORDINGS / "normal", "--annotations", tmp_path)
    told = [(beat["sample"], beat["class"]) for beat in _of(lines, "beat")]
    beats = wfdb.rdann(str(tmp_path / "normal"), "qrs")
    assert list(zip(beats.sample.tolist(), beats.symbol, strict=True)) == told
    for lead in ("i", "ii", "iii", "avr", "avl", "avf"):
        marks = wfdb.rdann(str(tmp_path / "normal"), lead)
        assert "N" in marks.symbol
        depth = np.cumsum([{"(": 1, ")": -1}.get(symbol, 0) for symbol in marks.symbol])
        assert set(depth.tolist()) <= {0, 1}


def test_a_recording_shorter_than_a_window_is_not_called_normal(tmp_path: Path) -> None:
    short = tmp_path / "short.npy"
    np.save(short, np.random.default_rng(1).normal(size=(2, 500)))
    named = ("--fs", "250", "--leads", "I,II", "--unit", "mV")
    assert "cannot judge  (shorter than one window)" in _analyze(short, *named).stdout
    assert _lines(short, *named)[-1]["verdict"] == "cannot_judge"


def test_two_recordings_of_one_name_do_not_overwrite_each_others_annotations(
    tmp_path: Path,
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        np.save(tmp_path / folder / "same.npy", np.zeros((2, 2500)))
    ran = _analyze(tmp_path / "a" / "same.npy", tmp_path / "b", "--annotations", tmp_path / "out")
    assert ran.exit_code == ExitCode.ERROR
    assert "same.*" in ran.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "PATH"),
        (("x", "--fs", "nought"), "--fs"),
        (("x", "--leads", "I,,II"), "--leads"),
        (("x", "--unit", "V"), "--unit"),
        (("x", "--hold-off", "nan"), "--hold-off"),
        (("x", "--hold-off", "-1"), "--hold-off"),
    ],
)
def test_wrong_options_are_usage_errors(words: tuple[str, ...], said: str) -> None:
    ran = _analyze(*words)
    assert ran.exit_code == ExitCode.USAGE
    assert said in ran.stderr


def test_an_empty_directory_and_a_wrong_configuration_say_what_to_do(tmp_path: Path) -> None:
    empty = _analyze(tmp_path)
    assert empty.exit_code == ExitCode.ERROR
    assert "holds no recording" in empty.stderr
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[analysis]\nwindow_s = 99.0\n")
    refused = _analyze(RECORDINGS / "normal", "--config", wrong)
    assert refused.exit_code == ExitCode.WRONG_CONFIG
    assert "analysis.window_s" in refused.stderr


def test_the_progress_bar_is_on_a_terminals_standard_error_only() -> None:
    master, slave = pty.openpty()
    command = [*ECGCTL, "analyze", str(RECORDINGS / "normal"), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=slave, text=True) as process:
        os.close(slave)
        assert process.stdout is not None
        lines = [json.loads(line) for line in process.stdout]
    assert process.returncode == 0
    assert lines[-1]["type"] == "summary"
    shown = b""
    while True:
        try:
            shown += os.read(master, 4096)
        except OSError:
            break
    os.close(master)
    assert b"normal" in shown
