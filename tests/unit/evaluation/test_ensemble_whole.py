"""The whole study on a folder of recordings, with small networks: who taught is not judged."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from ecgd.evaluation import judged_networks, program
from ecgd.evaluation.corpus import PATIENTS_NAME, format_patients
from ecgd.evaluation.course_study import course_jobs
from ecgd.evaluation.ensemble_rival import FIGURES, RIVALS_NAME, format_rivals
from ecgd.evaluation.logistic import Logistic
from ecgd.model.network_label import ANOMALY
from ecgd.sources.recording import read_recording

FIXTURES = Path(__file__).parents[2] / "fixtures"
RECORDS = 16
TAUGHT = 4
COLUMNS = (
    *("ecg_id", "processing", "patient_id", "strat_fold"),
    *("super_class", "sub_class", "form", "rhythm"),
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a folder with records of 10 s, each second one called an infarction."""
    folder = tmp_path / "data" / "ptbxl"
    folder.mkdir(parents=True)
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for k in range(RECORDS):
            kind = "MI" if k % 2 else "NORM"
            writer.writerow((k, "raw", f"{k}.0", "9.0", kind, "", "", "SR"))
    recording = read_recording(FIXTURES / "recordings" / "normal")
    rows = [recording.leads.index(lead) for lead in ("I", "II")]
    whole = np.tile(recording.counts[rows], 2)[:, :2500]
    rolled = [np.roll(whole, 97 * k, axis=1) for k in range(RECORDS)]
    np.save(folder / "limb250_uV.npy", np.stack(rolled).astype(np.int16))
    return tmp_path / "data"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Return small networks whose teachers are the first patients of the folder."""
    folder = tmp_path / "models"
    shutil.copytree(FIXTURES / "models", folder)
    sides = {f"ptbxl {k}.0": k >= TAUGHT for k in range(RECORDS // 2)}
    (folder / PATIENTS_NAME).write_text(format_patients(sides), encoding="utf-8")
    rival = Logistic(np.full(len(FIGURES), 0.01), -0.2)
    (folder / RIVALS_NAME).write_text(format_rivals({ANOMALY: rival}), encoding="utf-8")
    return folder


def test_a_folder_is_judged_without_those_who_taught(
    data: Path, models: Path, tmp_path: Path
) -> None:
    out = tmp_path / "page.md"
    arguments = ["--data", str(data), "--out", str(out), "--models", str(models)]
    assert program.main([*arguments, "--only", "ensemble", "--processes", "1"]) == 0
    page = out.read_text(encoding="utf-8")
    judged = RECORDS - TAUGHT
    assert f"{judged} moments of {judged} patients" in page
    assert f"The {TAUGHT} patients of this folder who taught" in page
    assert "Of the others 4 have calibrated them" in page
    assert "\n8 nothing is known" in page or " 8 nothing is known" in page
    for detector in ("fused", "cnn", "lstm", "logistic"):
        assert f"| {detector} | significant anomaly | {judged // 2} / {judged // 2} | " in page
    assert "| cnn | infarction | 6 / 6 |" in page
    assert "| significant anomaly | fused | logistic |" in page
    assert "| could be judged | | 100 % | – | 100 % |" in page
    assert (tmp_path / "images" / "page" / "ensemble.svg").exists()


def test_networks_without_a_list_of_who_taught_are_not_judged(
    data: Path, models: Path, tmp_path: Path
) -> None:
    (models / PATIENTS_NAME).unlink()
    assert judged_networks.judged_hash(models) == ""
    out = tmp_path / "page.md"
    arguments = ["--data", str(data), "--out", str(out), "--models", str(models)]
    assert program.main([*arguments, "--only", "ensemble", "--processes", "1"]) == 0
    assert "No model is installed that can be judged" in out.read_text(encoding="utf-8")
    assert course_jobs(data, models) == []


def test_a_folder_of_models_that_is_none_is_told(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--data", str(data), "--out", str(tmp_path / "page.md"), "--only", "ensemble"]
    assert program.main([*arguments, "--models", str(tmp_path / "nowhere")]) == 1
    assert "there is no directory" in capsys.readouterr().err
