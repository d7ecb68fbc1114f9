"""What the experts' words say of "significant anomaly" and of the labels of each network's eye.

A label that a source says nothing of is left out: it is neither taught nor counted. *Significant*
is an infarction of any age, ischaemia or ST/T change, a complete bundle-branch block, pacing or
pre-excitation, fibrillation or flutter, a tachycardia or a run, frequent ectopy, standstill. What
is slight (fascicular or incomplete block, hypertrophy or low voltage alone, a long PR, a single
early beat) is neither significant nor normal: such records teach no anomaly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ecgd.model.network_label import (
    ANOMALY,
    BRADYCARDIA,
    CONDUCTION,
    ECTOPY,
    FIBRILLATION,
    FLUTTER,
    INFARCTION,
    ISCHAEMIA,
    MORPHOLOGY,
    ST_T,
    TACHYCARDIA,
    VENTRICULAR_FIBRILLATION,
    VENTRICULAR_TACHYCARDIA,
)

Truth = Mapping[str, bool]
"""Which labels hold and which do not; one that is unknown is not there."""

_BLOCKS: Final = frozenset({"CLBBB", "CRBBB", "ILBBB", "IVCD", "WPW"})
_FAST: Final = frozenset({"SVTAC", "PSVT"})
_PAIRED: Final = frozenset({"BIGU", "TRIGU"})
_SINUS: Final = frozenset({"SR", "SARRH", "SBRAD", "STACH", ""})


def truth_of_ptbxl(row: Mapping[str, str]) -> Truth:
    """Return what a row of PTB-XL says, by its classes, which all rows have."""
    whole, parts = _set(row["super_class"]), _set(row["sub_class"])
    form, rhythm = _set(row["form"]), _set(row["rhythm"])
    if not whole:
        return {}
    fibrillates, flutters = "AFIB" in rhythm, "AFLT" in rhythm
    paired = bool(rhythm & _PAIRED)
    morphology = {
        INFARCTION: "MI" in whole,
        ISCHAEMIA: any(part.startswith("ISC") for part in parts),
        ST_T: "STTC" in whole,
        CONDUCTION: "CD" in whole,
    }
    timing = {
        FIBRILLATION: fibrillates,
        FLUTTER: flutters,
        ECTOPY: paired or not form.isdisjoint({"PVC", "PAC"}),
        BRADYCARDIA: "SBRAD" in rhythm,
        TACHYCARDIA: not rhythm.isdisjoint({"STACH", *_FAST}),
        VENTRICULAR_TACHYCARDIA: False,
        VENTRICULAR_FIBRILLATION: False,
    }
    odd = fibrillates or flutters or paired or bool(rhythm & (_FAST | {"PACE"}))
    blocked = "NORM" not in whole and not parts.isdisjoint(_BLOCKS)
    ill = morphology[INFARCTION] or morphology[ST_T] or blocked
    well = whole == {"NORM"} and rhythm <= _SINUS and not timing[ECTOPY]
    return morphology | timing | _anomaly(ill or odd, well)


_CODES: Final[Mapping[str, frozenset[str]]] = {
    INFARCTION: frozenset({"MI", "OldMI", "CMI", "Myocardial infarction", "AQW", "STE"}),
    ISCHAEMIA: frozenset({"STIAb", "LIs", "MIs"}),
    ST_T: frozenset(
        {"STD", "STE", "NSSTTA", "TInv", "TAb", "STC", "STIAb", "LIs", "MIs", "STTC", "STTU", "TWC"}
    ),
    CONDUCTION: frozenset(
        {"LBBB", "RBBB", "CRBBB", "NSIVCB", "LAnFB", "IAVB", "I-AVB", "1AVB", "AVB", "PR"}
        | {"Bundle branch block"}
    ),
    FIBRILLATION: frozenset({"AF", "AFIB"}),
    FLUTTER: frozenset({"AFL"}),
    ECTOPY: frozenset({"PAC", "PVC", "VPB", "AB"}),
    BRADYCARDIA: frozenset({"SB", "Brady"}),
    TACHYCARDIA: frozenset({"STach", "ST", "ATach"}),
}
"""Codes of the collections beside PTB-XL and LUDB."""

_ILL_CODES: Final = frozenset(
    {*_CODES[INFARCTION], *_CODES[ST_T], *_CODES[FIBRILLATION], *_CODES[FLUTTER]}
    | {"LBBB", "RBBB", "CRBBB", "NSIVCB", "Bundle branch block", "PR", "ATach", "Cardiomyopathy"}
)
_WELL_CODES: Final = frozenset(
    {"NSR", "Normal", "NORM", "Healthy control", "SB", "STach", "SA", "SR", "ST"}
)
_SILENT: Final = frozenset({"ptbdb", "ptbdb_chal2020"})
"""These name a patient's illness: of the rhythm they say nothing."""

_LUDB: Final[Mapping[str, tuple[str, ...]]] = {
    INFARCTION: ("; STEMI", "Scar formation"),
    ISCHAEMIA: ("Ischemia:", "Undefined ischemia"),
    ST_T: ("Ischemia:", "Undefined ischemia", "repolarization abnormalities", "; STEMI"),
    CONDUCTION: ("bundle branch block", "hemiblock", "conduction delay", "AV block", "AV-block"),
    FIBRILLATION: ("Atrial fibrillation",),
    FLUTTER: ("Atrial flutter",),
    ECTOPY: ("xtrasystole",),
    BRADYCARDIA: ("Sinus bradycardia",),
    TACHYCARDIA: ("Sinus tachycardia",),
}
_LUDB_ILL: Final = (
    *("; Complete left bundle", "; Complete right bundle", "; Incomplete left bundle"),
    *("conduction delay", "pacing", "P-synchrony", "III degree"),
)
_LUDB_SLIGHT: Final = ("ncomplete right", "hemiblock", "hypertrophy", "overload", "xtrasystole")


def truth_of_other(row: Mapping[str, str]) -> Truth:
    """Return what a row of the other 12-lead collections says; nothing where it is unreliable."""
    said, dataset = row["dx"], row["dataset"]
    if "unreliable" in said or said in ("", "NONE"):
        return {}
    if dataset == "ludb":
        return _truth_of_words(f"; {said}")
    codes = frozenset(said.split("|"))
    told = (INFARCTION, *MORPHOLOGY[2:]) if dataset in _SILENT else tuple(_CODES)
    truth = {label: not codes.isdisjoint(_CODES[label]) for label in told}
    if dataset not in _SILENT:
        truth |= {VENTRICULAR_TACHYCARDIA: False, VENTRICULAR_FIBRILLATION: False}
    return truth | _anomaly(bool(codes & _ILL_CODES), codes <= _WELL_CODES)


def _truth_of_words(said: str) -> Truth:
    truth = {label: any(word in said for word in words) for label, words in _LUDB.items()}
    ill = any(truth[label] for label in (INFARCTION, ISCHAEMIA, ST_T, FIBRILLATION, FLUTTER))
    ill = ill or any(word in said for word in _LUDB_ILL)
    well = not any(word in said for word in _LUDB_SLIGHT) and not truth[CONDUCTION]
    none = {VENTRICULAR_TACHYCARDIA: False, VENTRICULAR_FIBRILLATION: False}
    return truth | none | _anomaly(ill, well)


def truth_of_single_lead(rhythm: str) -> Truth:
    """Return what Challenge 2017 says of a piece: "other" is any rhythm but those named."""
    if rhythm not in ("normal", "AF"):
        return {FIBRILLATION: False} if rhythm == "other" else {}
    fibrillates = rhythm == "AF"
    return {
        ANOMALY: fibrillates,
        FIBRILLATION: fibrillates,
        VENTRICULAR_TACHYCARDIA: False,
        VENTRICULAR_FIBRILLATION: False,
    }


_ALARMS: Final[Mapping[str, str]] = {
    "Bradycardia": BRADYCARDIA,
    "Tachycardia": TACHYCARDIA,
    "Ventricular_Tachycardia": VENTRICULAR_TACHYCARDIA,
    "Ventricular_Flutter_Fib": VENTRICULAR_FIBRILLATION,
}


def truth_of_alarm(kind: str, *, true: bool) -> Truth:
    """Return what a bedside monitor's alarm says: a false one only that its kind is not there."""
    label = _ALARMS.get(kind)
    truth = {} if label is None else {label: true}
    return truth | ({ANOMALY: True} if true else {})


def _anomaly(ill: bool, well: bool) -> dict[str, bool]:
    if ill:
        return {ANOMALY: True}
    return {ANOMALY: False} if well else {}


def _set(text: str) -> frozenset[str]:
    return frozenset(part for part in text.split("|") if part)
