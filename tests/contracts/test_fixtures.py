"""The recordings are what their table says: origin, scale, and ST where it matters."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wfdb
from numpy.typing import NDArray
from scipy.signal import butter, find_peaks, sosfiltfilt

RECORDINGS = Path(__file__).resolve().parents[1] / "fixtures" / "recordings"
NAMES = sorted(path.stem for path in RECORDINGS.glob("*.hea"))
LICENCES = ("CC BY 4.0", "ODC-By 1.0")

J_POINT_S = {
    "normal": 0.048,
    "inferior_stemi": 0.048,
    "lateral_stemi_injected": 0.040,
    "anterior_stemi": 0.046,
    "atrial_fibrillation": 0.048,
    "boundaries_ludb_152": 0.044,
}
"""J point after the largest deflection, and below: isoelectric interval before it, read by eye."""

ISOELECTRIC_S = (-0.085, -0.055)

Floats = NDArray[np.float64]


def rows() -> dict[str, list[str]]:
    """Return the table's cells by file name."""
    found = {}
    for line in (RECORDINGS / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) > 8 and cells[0].startswith("`"):
            found[cells[0].strip("`")] = cells
    return found


def measured_st_mv() -> dict[str, list[float]]:
    """Return the second table: ST of I, II, III, aVL, aVF, aVR as a person measured it."""
    found = {}
    for line in (RECORDINGS / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 7 and cells[0].startswith("`"):
            found[cells[0].strip("`")] = [float(cell.replace("−", "-")) for cell in cells[1:]]
    return found


def read(name: str) -> Any:
    return wfdb.rdrecord(str(RECORDINGS / name))


def limb_leads_mv(record: Any) -> Floats:
    """Return I, II, III, aVL, aVF, aVR, shape (lead, sample), from I and II."""
    one, two = record.p_signal[:, 0], record.p_signal[:, 1]
    return np.stack([one, two, two - one, one - two / 2, two - one / 2, -(one + two) / 2])


def st_j40_mv(leads: Floats, fs_hz: float, j_point_s: float) -> Floats:
    """Measure ST at J+40 ms on the median beat, in the plainest way that can be checked by eye."""
    wander = butter(1, 0.3, "highpass", fs=fs_hz, output="sos")
    leads = sosfiltfilt(wander, leads, axis=1)
    steep = butter(2, (8, 40), "bandpass", fs=fs_hz, output="sos")
    energy = np.abs(sosfiltfilt(steep, leads, axis=1)).sum(axis=0)
    peaks, _ = find_peaks(energy, height=0.5 * np.percentile(energy, 99.5), distance=0.4 * fs_hz)
    first, last = round(0.25 * fs_hz), round(0.4 * fs_hz)
    whole = peaks[(peaks >= first) & (peaks + last < leads.shape[1])]
    beat = np.median([leads[:, peak - first : peak + last] for peak in whole], axis=0)
    level = [first + round(edge * fs_hz) for edge in ISOELECTRIC_S]
    at = first + round((j_point_s + 0.040) * fs_hz)
    return np.asarray(beat[:, at - 1 : at + 2].mean(1) - beat[:, level[0] : level[1]].mean(1))


def test_the_table_names_every_recording_and_no_other() -> None:
    assert sorted(rows()) == NAMES


def test_every_recording_has_origin_and_licence() -> None:
    for name, cells in rows().items():
        assert re.search(r"\[\d, \d\]$", cells[2]), name
        assert cells[6] in LICENCES, name
        assert cells[8], name


def test_they_are_small() -> None:
    assert sum(path.stat().st_size for path in RECORDINGS.iterdir()) < 5_000_000


@pytest.mark.parametrize("name", NAMES)
def test_scale_and_leads_are_those_of_the_table(name: str) -> None:
    record, cells = read(name), rows()[name]
    assert f"{record.fs:g} Hz" in cells[5]
    assert f"{record.sig_len / record.fs:g} s" in cells[5]
    assert set(record.units) == {"mV"}
    assert set(record.adc_gain) == ({200.0} if "200 counts/mV" in cells[5] else {1000.0})
    assert np.isfinite(record.p_signal).all()


@pytest.mark.parametrize("name", sorted(J_POINT_S))
def test_st_is_as_measured(name: str) -> None:
    record = read(name)
    st_mv = st_j40_mv(limb_leads_mv(record), record.fs, J_POINT_S[name])
    np.testing.assert_allclose(st_mv, measured_st_mv()[name], atol=0.01)


def test_the_measured_leads_obey_einthoven() -> None:
    record = read("boundaries_ludb_152")
    names = [name.lower() for name in record.sig_name]
    measured = {name: record.p_signal[:, names.index(name)] for name in names}
    np.testing.assert_allclose(measured["i"] + measured["iii"], measured["ii"], atol=0.003)
    augmented = measured["avr"] + measured["avl"] + measured["avf"]
    np.testing.assert_allclose(augmented, 0, atol=0.003)


def test_the_injected_one_says_so_everywhere() -> None:
    assert "injected" in rows()["lateral_stemi_injected"][1]
    assert "INJECTED" in read("lateral_stemi_injected").comments[0]


def test_the_annotations_cover_their_records() -> None:
    beats = wfdb.rdann(str(RECORDINGS / "beats_mitdb_119"), "atr")
    assert {"N", "V"} <= set(beats.symbol)
    assert 60 <= sum(symbol in "NV" for symbol in beats.symbol) <= 80
    for lead in ("i", "ii", "iii", "avr", "avl", "avf"):
        waves = wfdb.rdann(str(RECORDINGS / "boundaries_ludb_152"), lead)
        assert waves.symbol.count("N") >= 7
        assert waves.symbol.count("(") == waves.symbol.count(")") == len(waves.symbol) / 3
