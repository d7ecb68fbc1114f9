"""Injected STEMI: where it goes, how large it is, and that the daemon's own code tells it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgd.evaluation.diagnoses import Diagnosis, label_other, label_ptbxl
from ecgd.evaluation.injection import (
    AXES_DEG,
    BeatTimes,
    Injury,
    inject,
    projections,
    weaker_of_best_pair,
)
from ecgd.evaluation.injection_report import injection_section
from ecgd.evaluation.injection_study import InjectionRow, injuries_of, study_injection
from ecgd.evaluation.limits import area_under_curve, poisson_limits, wilson
from ecgd.evaluation.short_records import ShortRecord
from ecgd.model.finding import RiskLevel, Territory
from ecgd.sources.recording import read_recording

RECORDINGS = Path(__file__).parents[2] / "fixtures" / "recordings"
NORMAL = frozenset({Diagnosis.NORMAL})


@pytest.mark.parametrize("territory", AXES_DEG)
@pytest.mark.parametrize("size_mv", [0.1, 0.3])
def test_the_size_is_that_of_the_weaker_lead_of_the_best_pair(
    territory: Territory, size_mv: float
) -> None:
    silent = np.zeros((2, 500))
    beat = BeatTimes(1.0, 1.2, 1.35)
    for axis_deg in AXES_DEG[territory]:
        injured = inject(silent, 250.0, [beat], Injury(territory, axis_deg, size_mv))
        lead_i, lead_ii = injured[:, 250]
        levels = {
            "I": lead_i,
            "II": lead_ii,
            "III": lead_ii - lead_i,
            "aVL": lead_i - lead_ii / 2,
            "aVF": lead_ii - lead_i / 2,
            "aVR": -(lead_i + lead_ii) / 2,
        }
        assert weaker_of_best_pair(levels) == pytest.approx(size_mv, abs=1e-9)
        assert not injured[:, : round(0.97 * 250)].any()
        assert np.abs(injured[:, round(1.36 * 250) :]).max() < 1e-9


def test_leads_are_projections_of_one_vector() -> None:
    gains = projections(90.0)
    assert gains["I"] == pytest.approx(0.0, abs=1e-12)
    assert gains["II"] == pytest.approx(gains["III"])
    assert gains["aVR"] + gains["aVL"] + gains["aVF"] == pytest.approx(0.0, abs=1e-12)


def healthy() -> ShortRecord:
    recording = read_recording(RECORDINGS / "normal")
    rows = [recording.leads.index(lead) for lead in ("I", "II")]
    assert recording.fs_hz == 250.0
    return ShortRecord("33", "33", NORMAL, recording.counts[rows] / 1000.0)


def test_a_real_heart_is_told_with_an_injury_and_not_without(tmp_path: Path) -> None:
    injuries = [Injury(territory, 0.0, 0.2) for territory in AXES_DEG]
    clean, *injured = study_injection(healthy(), 1, injuries, tmp_path)
    assert (clean.injury, clean.is_stemi) == (None, False)
    assert [row.verdict for row in injured] == [RiskLevel.CRITICAL_STEMI] * 2
    assert clean.score_mv is not None
    for row in injured:
        assert row.score_mv is not None
        assert row.score_mv > clean.score_mv + 0.1


def test_the_groups_of_the_labels() -> None:
    row = {
        "processing": "raw",
        "ecg_id": "1",
        "patient_id": "2",
        "scp_codes": "{'NORM': 100.0, 'SR': 0.0}",
        "infarction_stadium1": "",
        "static_noise": "",
        "burst_noise": "",
        "baseline_drift": "",
    }
    label = label_ptbxl(row)
    assert label is not None
    assert label.diagnoses == NORMAL
    assert label_ptbxl(row | {"processing": "rebuilt"}) is None
    acute = label_ptbxl(row | {"scp_codes": "{'IMI': 100.0}", "infarction_stadium1": "Stadium I"})
    assert acute is not None
    assert Diagnosis.ACUTE in acute.diagnoses
    assert injuries_of(acute.diagnoses) == []
    other = {"dataset": "ludb", "record": "1", "patient": "ludb1", "segment": "0"}
    scar = label_other(other | {"dx": "Rhythm: Sinus rhythm.; STEMI: anterior wall."})
    assert scar is not None
    assert scar.diagnoses == {Diagnosis.ACUTE}
    old = label_other(other | {"dx": "Undefined ischemia/scar/supp.NSTEMI: apical."})
    assert old is not None
    assert Diagnosis.ACUTE not in old.diagnoses
    assert label_other(other | {"dataset": "chapman_denoised", "dx": "SR"}) is None


def test_the_tables_count_misses_and_what_cannot_be_judged() -> None:
    told = InjectionRow(
        "1", NORMAL, Injury(Territory.INFERIOR, 90.0, 0.2), False, RiskLevel.CRITICAL_STEMI, 0.2
    )
    unjudged = replace(told, record="2", verdict=None, score_mv=None)
    clean = replace(told, injury=None, verdict=RiskLevel.NORMAL, score_mv=0.01)
    page = injection_section([told, unjudged, clean, replace(clean, verdict=None)])
    assert "| inferior | 0.20 | 2 | 50.0 % (9.5 to 90.5) | 50.0 % (9.5 to 90.5) | 50.0 % |" in page
    assert "| normal and nothing else | 2 | 100.0 % (34.2 to 100.0)" in page
    assert "AUC" in page


def test_limits() -> None:
    assert wilson(98, 100) == pytest.approx((0.9300, 0.9945), abs=1e-4)
    assert poisson_limits(0) == pytest.approx((0.0, 3.6889), abs=1e-4)
    assert poisson_limits(10) == pytest.approx((4.7954, 18.3904), abs=1e-4)
    assert area_under_curve([2.0, 3.0], [1.0, 2.0]) == pytest.approx(0.875)
