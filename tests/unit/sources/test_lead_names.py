"""What leads and units are called."""

from __future__ import annotations

import pytest

from ecgd.sources.lead_names import read_lead, split_unit, usual_name, uv_per_unit


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        ("I", "I"),
        ("ii", "II"),
        ("lead_III", "III"),
        ("Lead aVR", "aVR"),
        ("ECG AVL", "aVL"),
        ("EKG-avf", "aVF"),
        ("Ableitung V2", "V2"),
        ("ECG lead II", "II"),
        ("'MLII'", "MLII"),
        ("ecg_v3r", "V3R"),
        ("DII", "II"),
        ("aV R", "aVR"),
        ("ECG", "ECG"),
        ("ecg 2", "ecg 2"),
        ("Lead 1", "Lead 1"),
        ("time", None),
        ("V10", None),
        ("leadership", None),
        ("ECG quality", None),
        ("EEG Fpz-Cz", None),
        ("x", None),
        ("", None),
    ],
)
def test_a_lead_is_known_by_its_usual_spellings(text: str, lead: str | None) -> None:
    assert read_lead(text) == lead
    assert usual_name(text) == (lead or text)


@pytest.mark.parametrize(
    ("text", "name", "unit"),
    [
        ("I [mV]", "I", "mV"),
        ("II (µV)", "II", "µV"),
        ("time_s", "time", "s"),
        ("t/ms", "t", "ms"),
        ("ECG I mV", "ECG I", "mV"),
        ("aVL_uV", "aVL", "uV"),
        ("Time [ms]", "Time", "ms"),
        ("lead_ii", "lead_ii", None),
        ("MLII", "MLII", None),
        ("V", "V", None),
        ("SpO2 [%]", "SpO2", "%"),
    ],
)
def test_a_unit_stands_behind_the_name(text: str, name: str, unit: str | None) -> None:
    assert split_unit(text) == (name, unit)


@pytest.mark.parametrize(
    ("unit", "microvolts"),
    [
        ("uV", 1.0),
        ("µV", 1.0),
        ("μV", 1.0),
        ("Âµv", 1.0),
        ("microvolts", 1.0),
        ("mV", 1000.0),
        ("millivolt", 1000.0),
        ("V", 1e6),
        ("nV", 0.001),
        ("mmHg", None),
        ("", None),
        ("s", None),
    ],
)
def test_a_voltage_is_told_from_other_units(unit: str, microvolts: float | None) -> None:
    assert uv_per_unit(unit) == microvolts
