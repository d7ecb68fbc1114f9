"""The ensemble's section: counted by moments and patients, silent without models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecgd.evaluation import judged_networks
from ecgd.evaluation.corpus import format_patients, read_patients
from ecgd.evaluation.detection_figures import auc
from ecgd.evaluation.ensemble_figures import (
    difference,
    flagged,
    flagged_patients,
    ill_with,
    judge,
    percent,
    well,
)
from ecgd.evaluation.ensemble_report import ensemble_section
from ecgd.evaluation.ensemble_rival import RIVAL
from ecgd.evaluation.ensemble_study import Condition, EnsemblePart, EnsembleRow, ensemble_jobs
from ecgd.evaluation.figures import Figures
from ecgd.model.network_label import ANOMALY, INFARCTION


def row(
    number: int,
    ill: bool,
    told: float | None,
    *,
    is_long: bool = False,
    processing: str = "raw",
    condition: Condition = Condition.AS_IS,
    rival: float = 0.5,
) -> EnsembleRow:
    answers: tuple[tuple[str, str, float], ...] = ()
    if told is not None:
        answers = (("fused", ANOMALY, told), ("cnn", INFARCTION, told), (RIVAL, ANOMALY, rival))
    return EnsembleRow(
        f"patient {number}",
        "ptbxl",
        is_long,
        number % 2 == 0,
        processing,
        ((ANOMALY, ill), (INFARCTION, ill)),
        answers,
        condition,
    )


def rows() -> list[EnsembleRow]:
    rng = np.random.default_rng(1)
    return [
        row(k, k % 3 == 0, float(np.clip(0.4 + 0.4 * (k % 3 == 0) + 0.1 * rng.normal(), 0, 1)))
        for k in range(90)
    ]


def section(found: list[EnsembleRow], folder: Path, left_out: tuple[str, ...] = ()) -> str:
    parts = [EnsemblePart(tuple(found[::2]), frozenset(left_out))]
    parts.append(EnsemblePart(tuple(found[1::2]), frozenset(left_out)))
    return ensemble_section(parts, Figures(folder, "images"))


def test_figures_and_flags(tmp_path: Path) -> None:
    text = section(rows(), tmp_path, ("a", "b", "c"))
    assert "| fused | significant anomaly | 30 / 60 | 0.99" in text
    assert "| cnn | infarction | 30 / 60 |" in text
    assert "| rnn |" not in text and "| lstm |" not in text
    assert "90 moments of 90 patients" in text and "others 45 have calibrated" in text
    assert "The 3 patients of this folder who taught the networks are left out" in text
    share = np.mean([each.score("fused", ANOMALY) >= 0.75 for each in rows()[::3]])
    assert f"| flagged at 0.75: infarction | ≥ 80 % | {100 * share:.0f} %" in text
    assert "| flagged at 0.75: normal recordings | ≤ 5 % | 0 % (0 to 0) | yes |" in text
    assert "| flagged at 0.75: ventricular tachycardia | ≥ 80 % | – | cannot be told |" in text
    assert "| AUC, cnn: infarction | ≥ 0.88 | 0.99" in text
    assert "| significant anomaly | fused | logistic | +0.49" in text and "| better |" in text
    assert (tmp_path / "ensemble.svg").exists() and "images/ensemble.svg" in text


def test_a_missed_target_is_called_missed(tmp_path: Path) -> None:
    flagged_well = [row(k, k % 2 == 0, 0.9) for k in range(40)]
    text = section(flagged_well, tmp_path)
    assert "| flagged at 0.75: normal recordings | ≤ 5 % | 100 % (100 to 100) | **no** |" in text
    assert "| AUC, fused: significant anomaly | ≥ 0.93 | 0.500 (0.500 to 0.500) | **no** |" in text
    assert "| significant anomaly | fused | logistic | +0.000" in text
    assert "not told apart" in text
    assert "| fused | 0.90: 0.50 (40) |" in text


def test_what_nobody_could_see_counts_as_missed() -> None:
    unseen = [row(k, True, None) for k in range(100, 130)]
    before = judge(rows(), "fused", ANOMALY)
    after = judge([*rows(), *unseen], "fused", ANOMALY)
    areas = [each.figure(auc).value for each in (before, after)]
    assert areas[1] == pytest.approx(areas[0] / 2, abs=1e-9)
    assert after.told.holds.size == before.holds.size


def test_figures_of_four_moments_by_hand() -> None:
    four = [row(1, True, 0.9), row(2, True, 0.4), row(3, False, 0.6), row(4, False, 0.1, rival=0.6)]
    judged = judge(four, "fused", ANOMALY)
    assert judged.figure(auc).value == pytest.approx(0.75)
    assert judged.counts == "2 / 2"
    # The rival says 0.5, 0.5, 0.5 and 0.6: (0.5 + 0 + 0.5 + 0) / 4.
    assert difference(judged, judge(four, RIVAL, ANOMALY)).value == pytest.approx(0.75 - 0.25)
    normal = flagged(well(four), "fused", 0.6)
    assert normal is not None and normal.value == 0.5
    assert percent(None) == "–"


def test_a_patient_with_many_moments_counts_as_one() -> None:
    many = [row(1, True, told) for told in (0.9, 0.9, 0.1, None)] + [row(2, True, 0.8)]
    many += [row(3, False, 0.9), row(4, False, 0.9, is_long=True)]
    by_moment = flagged(ill_with(many, INFARCTION), "fused", 0.75)
    each = flagged_patients(ill_with(many, INFARCTION), "fused", 0.75)
    assert by_moment is not None and by_moment.value == pytest.approx(3 / 5)
    assert each is not None and each.value == pytest.approx((2 / 4 + 1) / 2)
    assert [one.patient for one in well(many)] == ["patient 3"]
    assert flagged([], "fused", 0.75) is None and flagged_patients([], "fused", 0.75) is None


def test_long_recordings_do_not_judge_morphology(tmp_path: Path) -> None:
    long = [row(k, k < 250, 0.7, is_long=True) for k in range(200, 300)]
    lines = section([*rows(), *long], tmp_path).splitlines()
    before = section(rows(), tmp_path).splitlines()
    first = "| fused | significant anomaly |"
    assert _starting(lines, first) == _starting(before, first)
    assert _starting(lines, "| fused, long | significant anomaly | 50 / 50 | 0.500")


def _starting(lines: list[str], words: str) -> list[str]:
    return [line for line in lines if line.startswith(words)]


def test_changed_recordings_stand_beside_the_same_as_they_are(tmp_path: Path) -> None:
    noisy = [row(k, k % 3 == 0, 0.5, condition=Condition.NOISY) for k in range(60)]
    noisy += [row(k, k % 3 == 0, None, condition=Condition.NOISY) for k in range(60, 90)]
    text = section([*rows(), *noisy], tmp_path)
    line = _starting(text.splitlines(), "| fused | significant anomaly | 0.99")
    assert "| 0.500 (" in line[0] and line[0].endswith("| – |")
    assert "| could be judged | | 100 % | 67 % | – |" in text
    assert "90 moments" in text


def test_by_processing_each_has_its_own_line(tmp_path: Path) -> None:
    other = [row(k, k % 3 == 0, 0.5, processing="filtered by its makers") for k in range(300, 360)]
    text = section([*rows(), *other], tmp_path)
    assert "| cnn | infarction | raw | 30 / 60 | 0.99" in text
    assert "| cnn | infarction | filtered by its makers | 20 / 40 | 0.500" in text


def test_without_models_there_is_no_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judged_networks, "read_models", lambda _: (None, None, ""))
    judged_networks.known_patients.cache_clear()
    assert ensemble_jobs(Path()) == []
    assert "No model is installed" in ensemble_section([], Figures(tmp_path, ""))
    judged_networks.known_patients.cache_clear()


def test_who_taught_is_written_and_read(tmp_path: Path) -> None:
    sides = {"ptbxl 7.0": False, "mitdb 201": True}
    (tmp_path / "patients.csv").write_text(format_patients(sides), encoding="utf-8")
    assert read_patients(tmp_path) == sides
    assert read_patients(tmp_path / "nowhere") == {}
