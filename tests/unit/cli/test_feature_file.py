"""``ecgctl analyze --features``: a row a window, empty where nothing was measured."""

from __future__ import annotations

import csv
from pathlib import Path

from click.testing import CliRunner

from ecgd.cli.main import cli
from ecgd.features.vector import NAMES, VERSION

RECORD = Path(__file__).parents[2] / "fixtures" / "recordings" / "boundaries_ludb_152"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_window_has_a_row_of_named_figures(tmp_path: Path) -> None:
    out = tmp_path / "features.csv"
    done = CliRunner().invoke(cli, ["analyze", str(RECORD), "--features", str(out)])
    assert done.exit_code == 0, done.output
    rows = _rows(out)
    assert len(rows) == 6
    assert tuple(rows[0]) == ("version", "path", "time_s", *NAMES)
    last = rows[-1]
    assert last["version"] == str(VERSION)
    assert last["path"] == str(RECORD)
    assert 40 < float(last["heart_rate_bpm"]) < 120
    assert 60 < float(last["qrs_ms"]) < 130
    assert last["hrv_sdnn_ms"] == ""
    assert float(last["db4_II_d4_energy_share"]) > 0


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    out = tmp_path / "nowhere" / "features.csv"
    done = CliRunner().invoke(cli, ["analyze", str(RECORD), "--features", str(out)])
    assert done.exit_code == 1
    assert "cannot be written" in done.output


def test_a_person_reads_the_intervals() -> None:
    done = CliRunner().invoke(cli, ["analyze", str(RECORD)])
    assert done.exit_code == 0
    assert "QTc (Fridericia)" in done.output
    assert "axis" in done.output
