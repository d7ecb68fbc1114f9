"""What experts' words say: known, denied, or not said."""

from __future__ import annotations

import pytest

from ecgd.evaluation.anomaly_labels import (
    truth_of_alarm,
    truth_of_other,
    truth_of_ptbxl,
    truth_of_single_lead,
)
from ecgd.model.network_label import (
    ANOMALY,
    BRADYCARDIA,
    CONDUCTION,
    ECTOPY,
    FIBRILLATION,
    HEADS,
    INFARCTION,
    ISCHAEMIA,
    LABELS,
    ST_T,
    TACHYCARDIA,
    VENTRICULAR_TACHYCARDIA,
)


def ptbxl(whole: str, parts: str = "", form: str = "", rhythm: str = "SR") -> dict[str, str]:
    return {"super_class": whole, "sub_class": parts, "form": form, "rhythm": rhythm}


def other(said: str, dataset: str = "chapman_ningbo") -> dict[str, str]:
    return {"dx": said, "dataset": dataset}


def test_every_head_begins_with_the_label_that_is_fused() -> None:
    assert all(labels[0] == ANOMALY for labels in HEADS.values())
    assert {label for labels in HEADS.values() for label in labels} == set(LABELS)


@pytest.mark.parametrize(
    ("row", "holds"),
    [
        (ptbxl("NORM", "NORM"), False),
        (ptbxl("NORM", "NORM", rhythm="STACH"), False),
        (ptbxl("NORM", "NORM", rhythm="AFIB"), True),
        (ptbxl("NORM", "NORM", form="PVC"), None),
        (ptbxl("NORM|CD", "NORM|IRBBB"), None),
        (ptbxl("NORM|CD", "NORM|IVCD"), None),
        (ptbxl("CD", "CLBBB"), True),
        (ptbxl("CD", "LAFB/LPFB"), None),
        (ptbxl("HYP", "LVH"), None),
        (ptbxl("HYP|STTC", "ISC|LVH"), True),
        (ptbxl("MI", "IMI"), True),
        (ptbxl("CD", "IRBBB", rhythm="PACE"), True),
        (ptbxl(""), None),
    ],
)
def test_significance_in_ptbxl(row: dict[str, str], holds: bool | None) -> None:
    assert truth_of_ptbxl(row).get(ANOMALY) is holds


def test_the_labels_of_the_eyes_in_ptbxl() -> None:
    truth = truth_of_ptbxl(ptbxl("CD|MI|STTC", "ISCA|AMI", "PVC", "AFIB"))
    held = {label for label, holds in truth.items() if holds}
    assert held == {ANOMALY, INFARCTION, ISCHAEMIA, ST_T, CONDUCTION, FIBRILLATION, ECTOPY}
    assert truth[VENTRICULAR_TACHYCARDIA] is False
    assert truth_of_ptbxl(ptbxl("NORM", rhythm="SBRAD"))[BRADYCARDIA] is True


@pytest.mark.parametrize(
    ("row", "holds"),
    [
        (other("SB"), False),
        (other("SB|TAb"), True),
        (other("PAC"), None),
        (other("Healthy control", "ptbdb"), False),
        (other("MI", "ptbdb_chal2020"), True),
        (other("unreliable label (same patient as S0003)", "ptbdb_chal2020"), None),
        (other("NONE", "chapman_denoised"), None),
        (other("Rhythm: Sinus rhythm.", "ludb"), False),
        (other("Rhythm: Sinus rhythm.; Left ventricular hypertrophy.", "ludb"), None),
        (other("Rhythm: Sinus rhythm.; STEMI: apical.", "ludb"), True),
        (other("Rhythm: Sinus rhythm.; Complete left bundle branch block.", "ludb"), True),
        (other("Rhythm: Sinus rhythm.; Incomplete right bundle branch block.", "ludb"), None),
    ],
)
def test_significance_elsewhere(row: dict[str, str], holds: bool | None) -> None:
    assert truth_of_other(row).get(ANOMALY) is holds


def test_a_collection_that_names_illnesses_says_nothing_of_the_rhythm() -> None:
    assert FIBRILLATION not in truth_of_other(other("MI", "ptbdb_chal2020"))
    assert truth_of_other(other("AF"))[FIBRILLATION] is True
    assert truth_of_other(other("NSR"))[FIBRILLATION] is False


def test_single_leads_and_alarms() -> None:
    assert truth_of_single_lead("AF")[ANOMALY] is True
    assert truth_of_single_lead("normal")[ANOMALY] is False
    assert truth_of_single_lead("other") == {FIBRILLATION: False}
    assert truth_of_single_lead("noisy") == {}
    assert truth_of_alarm("Tachycardia", true=True) == {TACHYCARDIA: True, ANOMALY: True}
    assert truth_of_alarm("Ventricular_Tachycardia", true=False) == {VENTRICULAR_TACHYCARDIA: False}
    assert truth_of_alarm("Asystole", true=True) == {ANOMALY: True}
