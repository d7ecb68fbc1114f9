"""What the labels of the 12-lead collections say, in few groups that matter to ST."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Diagnosis(StrEnum):
    """Groups of the experts' statements; a record may be in several."""

    NORMAL = "normal"
    AF = "atrial fibrillation or flutter"
    LBBB = "left bundle-branch block"
    RBBB = "right bundle-branch block"
    OTHER_WIDE = "other conduction delay"
    PACING = "pacing"
    LVH = "left ventricular hypertrophy"
    EARLY_REPOLARISATION = "early repolarisation"
    OLD_MI = "old or undated infarction"
    ST_T = "ST-T change or ischaemia"
    NOISE = "noise or drift noted"
    OTHER = "other"
    ACUTE = "acute infarction or injury"


@dataclass(frozen=True, slots=True)
class Label:
    """One record of a collection: its name, its patient, what experts said."""

    name: str
    patient: str
    diagnoses: frozenset[Diagnosis]


_SCP: Final[Mapping[Diagnosis, frozenset[str]]] = {
    Diagnosis.AF: frozenset({"AFIB", "AFLT"}),
    Diagnosis.LBBB: frozenset({"CLBBB"}),
    Diagnosis.RBBB: frozenset({"CRBBB"}),
    Diagnosis.OTHER_WIDE: frozenset({"IVCD", "ILBBB", "IRBBB", "WPW"}),
    Diagnosis.PACING: frozenset({"PACE"}),
    Diagnosis.LVH: frozenset({"LVH", "VCLVH", "SEHYP"}),
    Diagnosis.OLD_MI: frozenset({"IMI", "AMI", "LMI", "ASMI", "ALMI", "ILMI", "IPMI", "IPLMI"}),
    Diagnosis.ST_T: frozenset(
        {"ISC_", "ISCAL", "ISCIL", "ISCIN", "ISCLA", "ISCAS", "ISCAN", "STD_", "NST_", "NDT"}
        | {"INVT", "DIG", "EL", "ANEUR", "LNGQT"}
    ),
    Diagnosis.ACUTE: frozenset({"INJAS", "INJAL", "INJIN", "INJIL", "INJLA", "STE_"}),
}
"""Statements of PTB-XL (SCP-ECG)."""

_ACUTE_STADIUMS: Final = frozenset({"Stadium I", "Stadium I-II"})

_LUDB: Final[tuple[tuple[str, Diagnosis], ...]] = (
    ("Rhythm: Atrial fibrillation", Diagnosis.AF),
    ("Complete left bundle branch block", Diagnosis.LBBB),
    ("Complete right bundle branch block", Diagnosis.RBBB),
    ("ncomplete left bundle", Diagnosis.OTHER_WIDE),
    ("ncomplete right bundle", Diagnosis.OTHER_WIDE),
    ("conduction delay", Diagnosis.OTHER_WIDE),
    ("ventricular pacing", Diagnosis.PACING),
    ("Biventricular pacing", Diagnosis.PACING),
    ("P-synchrony", Diagnosis.PACING),
    ("Left ventricular hypertrophy", Diagnosis.LVH),
    ("Early repolarization", Diagnosis.EARLY_REPOLARISATION),
    ("Scar formation", Diagnosis.OLD_MI),
    ("; STEMI", Diagnosis.ACUTE),
    ("Ischemia:", Diagnosis.ST_T),
    ("Undefined ischemia", Diagnosis.ST_T),
    ("repolarization abnormalities", Diagnosis.ST_T),
)
"""Words of LUDB's diagnoses."""

_CODES: Final[Mapping[str, Diagnosis]] = {
    **dict.fromkeys(("AF", "AFL", "AFIB"), Diagnosis.AF),
    "LBBB": Diagnosis.LBBB,
    **dict.fromkeys(("RBBB", "CRBBB"), Diagnosis.RBBB),
    **dict.fromkeys(("NSIVCB", "LAnFB"), Diagnosis.OTHER_WIDE),
    **dict.fromkeys(("LVH", "Hypertrophy"), Diagnosis.LVH),
    **dict.fromkeys(("OldMI", "CMI"), Diagnosis.OLD_MI),
    **dict.fromkeys(("STD", "NSSTTA", "TInv", "TAb", "STC", "STIAb", "LIs", "MIs"), Diagnosis.ST_T),
    **dict.fromkeys(("STE", "MI", "Myocardial infarction"), Diagnosis.ACUTE),
    **dict.fromkeys(("NSR", "Normal", "NORM", "Healthy control"), Diagnosis.NORMAL),
    **dict.fromkeys(("SB", "STach", "SA"), Diagnosis.OTHER),
}
"""Codes of the other collections; an infarction without a date may be acute."""


def label_ptbxl(row: Mapping[str, str]) -> Label | None:
    """Return a row's label; None where the signal is not raw."""
    if row["processing"] != "raw":
        return None
    codes = frozenset(ast.literal_eval(row["scp_codes"] or "{}"))
    found = {group for group, wanted in _SCP.items() if not codes.isdisjoint(wanted)}
    if row["infarction_stadium1"] in _ACUTE_STADIUMS:
        found.add(Diagnosis.ACUTE)
    if "NORM" in codes and not found:
        found.add(Diagnosis.NORMAL)
    if row["static_noise"] or row["burst_noise"] or row["baseline_drift"]:
        found.add(Diagnosis.NOISE)
    return Label(f"ptbxl {row['ecg_id']}", f"ptbxl {row['patient_id']}", _or_other(found))


def label_other(row: Mapping[str, str]) -> Label | None:
    """Return a row's label; None for filtered signals, later pieces and unreliable labels."""
    said, dataset = row["dx"], row["dataset"]
    if dataset == "chapman_denoised" or row["segment"] not in ("", "0") or "unreliable" in said:
        return None
    if dataset == "ludb":
        found = {group for words, group in _LUDB if words in f"; {said}"}
        if not found and "Rhythm: Sinus" in said:
            found.add(Diagnosis.NORMAL)
    else:
        found = {_CODES[code] for code in said.split("|") if code in _CODES}
        if said == "Bundle branch block":
            found.add(Diagnosis.OTHER_WIDE)
    if found > {Diagnosis.NORMAL}:
        found.discard(Diagnosis.NORMAL)
    patient = f"{'ptb' if dataset.startswith('ptbdb') else dataset} {row['patient']}"
    return Label(f"{dataset} {row['record']}", patient, _or_other(found))


def _or_other(found: set[Diagnosis]) -> frozenset[Diagnosis]:
    told = frozenset(found) - {Diagnosis.NOISE}
    return frozenset(found) if told else frozenset({*found, Diagnosis.OTHER})
