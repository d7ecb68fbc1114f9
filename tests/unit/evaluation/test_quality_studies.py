"""Calibration and electrodes: small databases made here, with a known answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ecg_shapes import beat_times, ecg

from ecgd.evaluation.calibration_study import (
    CalibrationRow,
    calibration_section,
    study_calibration,
)
from ecgd.evaluation.detection_figures import reliability
from ecgd.evaluation.electrode_study import ElectrodeRow, electrode_section, study_electrodes
from ecgd.model.trouble import Cause

BEATS = Path(__file__).parents[2] / "fixtures" / "recordings" / "beats_mitdb_119"


def test_each_tenth_holds_its_promises_and_what_became_of_them() -> None:
    promised = [0.05, 0.55, 0.57, 0.95, 1.0]
    table = reliability(np.array([False, True, False, True, True]), np.array(promised))
    assert [(each.low, each.count) for each in table] == [(0.0, 1), (0.5, 2), (0.9, 2)]
    assert [each.held for each in table] == [0.0, 0.5, 1.0]
    assert table[1].told == pytest.approx(0.56)


def test_windows_of_a_real_record_are_right_where_it_is_clean_and_not_good_in_a_storm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conditions = (("", 99.0, 22.0), ("em", -20.0, 22.0))
    monkeypatch.setattr("ecgd.evaluation.calibration_study.CONDITIONS", conditions)
    storm = np.random.default_rng(1).normal(0.0, 1000.0, (3, 2, 250 * 40))
    np.save(tmp_path / "noise250_uV.npy", storm.astype(np.int16))
    rows = study_calibration(BEATS, tmp_path, 0)
    clean = [row for row in rows if row.noise == "as recorded"]
    stormy = [row for row in rows if row.noise == "em -20 dB"]
    assert len(clean) == len(stormy) == 11
    assert all(row.right and row.right_alone for row in clean)
    assert max(row.sqi for row in stormy) < min(row.sqi for row in clean)
    assert not any(row.is_good for row in stormy)


def test_only_windows_that_were_called_good_count_as_good() -> None:
    rows = [
        CalibrationRow("as recorded", 0.99, True, 0.9, True),
        CalibrationRow("as recorded", 0.98, False, 0.9, True),
        CalibrationRow("em 0 dB", 0.3, False, 0.2, False),
        CalibrationRow("em 0 dB", None, False, 0.1, False),
    ]
    section = calibration_section(rows)
    assert "called good 50.00 % were right (2 of 4)" in section.replace("\n", " ")
    assert "| as recorded | 2 | 50.00 % | 100.00 % | 50.00 % |" in section
    assert "| em 0 dB | 2 | 0.00 % | 0.00 % | – |" in section
    assert "| 0.3 to 0.4 | 1 | 0.300 | 0.000 |" in section


def test_a_spoilt_electrode_is_found(tmp_path: Path) -> None:
    ptbxl, noises = tmp_path / "ptbxl", tmp_path / "nstdb"
    ptbxl.mkdir()
    noises.mkdir()
    heart_uv = np.round(1000 * ecg(beat_times(10, 0.8), 10.0)[:2]).astype(np.int16)
    np.save(ptbxl / "limb250_uV.npy", heart_uv[None])
    (ptbxl / "labels.csv").write_text("processing,super_class\nraw,NORM\n")
    rng = np.random.default_rng(2)
    muscle = rng.normal(0.0, 100.0, (2, 20_000))
    walk = np.cumsum(rng.normal(0.0, 40.0, (2, 20_000)), axis=1)
    np.save(noises / "noise250_uV.npy", np.stack([walk, walk, muscle]).astype(np.int16))
    rows = study_electrodes(ptbxl, noises, 0, 1)
    assert len(rows) == 8
    spoilt = [row for row in rows if row.told and row.spoilt]
    assert len(spoilt) >= 3
    assert all(row.named == row.spoilt for row in spoilt)


def test_the_section_counts_a_wrong_electrode_as_wrong() -> None:
    rows = [
        ElectrodeRow("em", "LA", True, "LA", Cause.LOOSE),
        ElectrodeRow("em", "LA", True, "RA", Cause.LOOSE),
        ElectrodeRow("em", "LA", False, None, None),
        ElectrodeRow("ma", "", True, None, Cause.MUSCLE),
    ]
    section = electrode_section(rows)
    assert "| em | LA | 2 of 3 | 50.0 % | loose 2 |" in section
    assert "| ma | all | 1 of 1 | 100.0 % | muscle 1 |" in section
