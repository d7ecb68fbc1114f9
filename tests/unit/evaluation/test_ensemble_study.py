"""The ensemble's section: counted by moments and patients, silent without models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecgd.evaluation import ensemble_study
from ecgd.evaluation.anomaly_labels import ANOMALY, INFARCTION
from ecgd.evaluation.corpus import format_patients, read_patients
from ecgd.evaluation.ensemble_study import EnsembleRow, ensemble_jobs, ensemble_section


def row(number: int, ill: bool, told: float | None, *, is_long: bool = False) -> EnsembleRow:
    answers = () if told is None else (("fused", ANOMALY, told), ("cnn", INFARCTION, told))
    truth = ((ANOMALY, ill), (INFARCTION, ill))
    return EnsembleRow(f"patient {number}", is_long, number % 2 == 0, "raw", truth, answers)


def rows() -> list[EnsembleRow]:
    rng = np.random.default_rng(1)
    return [
        row(k, k % 3 == 0, float(np.clip(0.4 + 0.4 * (k % 3 == 0) + 0.1 * rng.normal(), 0, 1)))
        for k in range(90)
    ]


def test_figures_and_flags() -> None:
    text = ensemble_section(rows())
    assert "| fused | significant anomaly | 30 / 60 | 0.99" in text
    assert "| cnn | infarction | 30 / 60 |" in text
    assert "| rnn |" not in text and "| lstm |" not in text
    assert "90 moments" in text and "45 of them" in text
    flagged = np.mean([each.score("fused", ANOMALY) >= 0.75 for each in rows()[::3]])
    assert f"| infarction | {100 * flagged:.0f} %" in text
    assert "| normal recordings | 0 %" in text
    assert "| ventricular tachycardia | – |" in text


def test_what_nobody_could_see_counts_as_missed() -> None:
    unseen = [row(k, True, None) for k in range(100, 130)]
    text = ensemble_section([*rows(), *unseen])
    before, after = (_area(each) for each in (ensemble_section(rows()), text))
    assert after == pytest.approx(before / 2, abs=0.02)


def _area(text: str) -> float:
    line = next(line for line in text.splitlines() if line.startswith("| fused |"))
    return float(line.split("|")[4].split("(")[0])


def test_long_recordings_do_not_judge_morphology() -> None:
    long = [row(k, True, 0.0, is_long=True) for k in range(200, 300)]
    assert _area(ensemble_section([*rows(), *long])) == _area(ensemble_section(rows()))


def test_without_models_there_is_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ensemble_study, "read_models", lambda _: (None, None, ""))
    assert ensemble_jobs(Path()) == []
    assert "No model is installed" in ensemble_section([])


def test_who_taught_is_written_and_read(tmp_path: Path) -> None:
    sides = {"ptbxl 7.0": False, "mitdb 201": True}
    (tmp_path / "patients.csv").write_text(format_patients(sides), encoding="utf-8")
    assert read_patients(tmp_path) == sides
    assert read_patients(tmp_path / "nowhere") == {}
