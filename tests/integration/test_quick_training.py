"""``scripts/train --quick``: from a few real records to files that the daemon would load."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from ecgd.evaluation.stream import signal_of
from ecgd.inference.scorer import load_sound_scorer
from ecgd.sources.recording import read_recording
from ecgd.training.networks import SHAPES

pytest.importorskip("tensorflow", reason="TensorFlow is missing (extra train)")
pytestmark = pytest.mark.timeout(600)

RECORDINGS = Path(__file__).parents[1] / "fixtures" / "recordings"
SAMPLES = 2500
LIMIT_S = 400.0

PTBXL = {
    "normal": {"strat_fold": "2", "super_class": "NORM", "sub_class": "NORM", "rhythm": "SR"},
    "inferior_stemi": {"strat_fold": "3", "super_class": "MI", "sub_class": "IMI", "rhythm": "SR"},
    "atrial_fibrillation": {"strat_fold": "9", "super_class": "NORM", "rhythm": "AFIB"},
}
LUDB = {
    "anterior_stemi": "Rhythm: Sinus rhythm; STEMI: anterior wall",
    "boundaries_ludb_152": "Rhythm: Sinus rhythm",
    "lateral_stemi_injected": "Rhythm: Sinus rhythm",
}


def test_a_quick_run_makes_files_that_the_daemon_loads_and_goes_on_from_what_is_done(
    tmp_path: Path,
) -> None:
    data, work, out = tmp_path / "data", tmp_path / "work", tmp_path / "models"
    write_collections(data)

    said = train(data, work, out)

    assert "written to" in said
    scorer = load_sound_scorer(out)
    inputs = {member: np.zeros(shape) for member, shape in SHAPES.items()}
    answers = scorer.score(inputs)
    assert all(answer and 0.0 < answer.probability < 1.0 for answer in answers.values())
    sides = read_sides(out / "patients.csv")
    assert sides["ptbxl 3"] == "validated" and sides["ptbxl 1"] == "taught"
    assert {f"ludb {name}" for name in LUDB} <= set(sides)
    assert "ptbxl" in (out / "MODEL_CARD.md").read_text()

    again = train(data, work, tmp_path / "again")

    assert "epoch" in said and "epoch" not in again
    assert digests(tmp_path / "again") == digests(out)


def train(data: Path, work: Path, out: Path) -> str:
    options = ("--quick", "--data", data, "--work", work, "--out", out, "--processes", "1")
    done = subprocess.run(
        [sys.executable, "-m", "ecgd.training", *options],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


def digests(folder: Path) -> list[str]:
    manifest = json.loads((folder / "manifest.json").read_text())
    return [manifest["members"][member]["sha256"] for member in SHAPES]


def write_collections(data: Path) -> None:
    """Write the fixtures as the collections that they were taken from."""
    rows = [
        {
            "ecg_id": name,
            "patient_id": str(number),
            "processing": "raw",
            "sub_class": "",
            "form": "",
            **labels,
        }
        for number, (name, labels) in enumerate(PTBXL.items(), start=1)
    ]
    write_collection(data / "ptbxl", list(PTBXL), rows)
    others = [
        {"dataset": "ludb", "record": name, "patient": name, "segment": "0", "dx": words}
        for name, words in LUDB.items()
    ]
    write_collection(data / "other12lead", list(LUDB), others)


def write_collection(folder: Path, names: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    folder.mkdir(parents=True)
    np.save(folder / "limb250_uV.npy", np.stack([limb_uv(name) for name in names]))
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def limb_uv(name: str) -> np.ndarray:
    """Return leads I and II of a fixture, ten seconds of it at 250 Hz, its start repeated."""
    recording = read_recording(RECORDINGS / name)
    signal_mv = signal_of(recording)[[recording.leads.index(lead) for lead in ("I", "II")]]
    slow_mv = signal_mv[:, :: round(recording.fs_hz / 250.0)]
    uv = np.rint(1000.0 * np.concatenate((slow_mv, slow_mv), axis=1)[:, :SAMPLES])
    return uv.astype(np.int16)


def read_sides(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["patient"]: row["side"] for row in csv.DictReader(file)}
