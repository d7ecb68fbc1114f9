"""Reading recordings of others: WFDB and .npy, right and wrong ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wfdb

from ecgd.errors import RecordingError
from ecgd.model.signal import FloatArray
from ecgd.sources.noise import NOISE_PRESETS
from ecgd.sources.patient import Patient, PatientSignal
from ecgd.sources.recording import read_recording


def _ecg_mv(seconds: float = 10.0, fs_hz: float = 250.0) -> FloatArray:
    """Leads I and II of a clean patient, shape (2, sample)."""
    patient = Patient(noise=NOISE_PRESETS["none"])
    return PatientSignal(patient, fs_hz).take(round(seconds * fs_hz)).signal_mv


def _write(
    folder: Path, signal_mv: FloatArray, fs_hz: float = 250.0, name: str = "rec", **fields: Any
) -> Path:
    leads = len(signal_mv)
    wfdb.wrsamp(
        name,
        fs=fs_hz,
        units=fields.get("units", ["mV"] * leads),
        sig_name=fields.get("names", ["i", "ii", "v1", "v2"][:leads]),
        p_signal=signal_mv.T,
        fmt=[fields.get("fmt", "16")] * leads,
        adc_gain=[fields.get("gain", 1000.0)] * leads,
        baseline=[fields.get("baseline", 0)] * leads,
        write_dir=str(folder),
    )
    return folder / f"{name}.hea"


def test_a_wfdb_record_by_any_of_its_names(tmp_path: Path) -> None:
    signal_mv = _ecg_mv()
    header = _write(tmp_path, signal_mv)
    for path in (header, header.with_suffix(".dat"), header.with_suffix("")):
        recording = read_recording(path)
        assert recording.leads == ("I", "II")
        assert recording.fs_hz == 250.0
        assert recording.duration_s == 10.0
        assert recording.counts.dtype == np.int32
        assert np.abs(recording.counts / 1000.0 - signal_mv).max() <= 0.001
        assert recording.valid.all()
        assert recording.device.counts_per_mv == 1000.0
        assert recording.device.protocol == "recording"
        assert recording.device.highpass_hz is None


def test_the_form_of_the_arrhythmia_database(tmp_path: Path) -> None:
    signal_mv = _ecg_mv(fs_hz=360.0)
    header = _write(
        tmp_path,
        signal_mv,
        360.0,
        "100",
        fmt="212",
        gain=200.0,
        baseline=1024,
        names=["MLII", "V5"],
    )
    recording = read_recording(header)
    assert recording.leads == ("MLII", "V5")
    assert recording.fs_hz == 360.0
    assert np.abs(recording.counts / 1000.0 - signal_mv).max() <= 0.003


def test_unnamed_leads_stay_and_are_told_apart(tmp_path: Path) -> None:
    header = _write(tmp_path, _ecg_mv(), names=["ECG", "other"])
    header.write_text(header.read_text().replace("other", "ECG"))
    assert read_recording(header).leads == ("ECG", "ECG 2")
    assert read_recording(header, leads=["i", "ii"]).leads == ("I", "II")


def test_microvolts_in_the_header(tmp_path: Path) -> None:
    signal_mv = _ecg_mv()
    header = _write(tmp_path, signal_mv * 1000.0, units=["uV", "uV"], gain=1.0)
    assert np.abs(read_recording(header).counts / 1000.0 - signal_mv).max() <= 0.001


def test_a_wrong_gain_is_overridden_by_the_unit(tmp_path: Path) -> None:
    signal_mv = _ecg_mv()
    header = _write(tmp_path, signal_mv, gain=1000.0)
    text = header.read_text()
    header.write_text(text.replace("1000.0(0)/mV", "417.0(-9)/mV"))
    wrong = read_recording(header).counts / 1000.0
    right = read_recording(header, unit="uV").counts / 1000.0
    assert np.ptp(wrong[1]) == pytest.approx(np.ptp(signal_mv[1]) * 1000 / 417, rel=0.01)
    assert np.abs(right - signal_mv).max() <= 0.001


def test_missing_samples_are_marked_and_never_bridged(tmp_path: Path) -> None:
    signal_mv = _ecg_mv()
    signal_mv[0, 700:800] = np.nan
    signal_mv[1, 900] = np.nan
    header = _write(tmp_path, signal_mv)
    for recording in (read_recording(header), read_recording(header, unit="uV")):
        missing = np.flatnonzero(~recording.valid)
        assert missing.tolist() == [*range(700, 800), 900]
        assert (recording.counts[:, missing] == 0).all()


def test_a_lead_without_any_sample_is_left_out(tmp_path: Path) -> None:
    signal_mv = _ecg_mv()
    signal_mv[0] = np.nan
    recording = read_recording(_write(tmp_path, signal_mv))
    assert recording.leads == ("II",)
    assert recording.valid.all()


def test_leads_are_chosen_by_name(tmp_path: Path) -> None:
    signal_mv = np.vstack((_ecg_mv(), _ecg_mv() * 0.5))
    header = _write(tmp_path, signal_mv, names=["i", "ii", "v1", "v2"])
    recording = read_recording(header, leads=["II", "I"])
    assert recording.leads == ("II", "I")
    assert np.abs(recording.counts[0] / 1000.0 - signal_mv[1]).max() <= 0.001
    with pytest.raises(RecordingError, match="has the leads I,II,V1,V2, not aVF"):
        read_recording(header, leads=["aVF"])


def test_other_signals_than_voltages_are_left_out(tmp_path: Path) -> None:
    signal_mv = _ecg_mv()
    header = _write(tmp_path, signal_mv, units=["mV", "mmHg"], names=["II", "ABP"])
    assert read_recording(header).leads == ("II",)
    header = _write(tmp_path, signal_mv, units=["mmHg", "NU"], names=["ABP", "PLETH"])
    with pytest.raises(RecordingError, match=r"none of its signals is in volts.*--unit"):
        read_recording(header)


def test_several_segments_make_one_recording(tmp_path: Path) -> None:
    signal_mv = _ecg_mv()
    _write(tmp_path, signal_mv[:, :1000], name="s1")
    _write(tmp_path, signal_mv[:, 1000:], name="s2")
    (tmp_path / "all.hea").write_text("all/2 2 250 2500\ns1 1000\ns2 1500\n")
    recording = read_recording(tmp_path / "all")
    assert recording.sample_count == 2500
    assert np.abs(recording.counts / 1000.0 - signal_mv).max() <= 0.001


@pytest.mark.parametrize(
    ("dtype", "unit", "scale"),
    [
        ("f8", "mV", 1.0),
        ("f4", None, 1.0),
        ("f8", "uV", 1000.0),
        ("i2", "uV", 1000.0),
        ("i4", None, 1000.0),
    ],
)
def test_an_array(tmp_path: Path, dtype: str, unit: str | None, scale: float) -> None:
    signal_mv = _ecg_mv()
    path = tmp_path / "a.npy"
    np.save(path, (signal_mv * scale).astype(dtype))
    recording = read_recording(path, fs_hz=250.0, leads=["i", "ii"], unit=unit)
    assert recording.leads == ("I", "II")
    assert np.abs(recording.counts / 1000.0 - signal_mv).max() <= 0.0011


def test_one_lead_may_be_a_plain_row(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, _ecg_mv()[1])
    assert read_recording(path, fs_hz=250.0, leads=["II"]).counts.shape == (1, 2500)


def test_nan_and_infinity_in_an_array_are_invalid(tmp_path: Path) -> None:
    signal_mv = _ecg_mv()
    signal_mv[0, 5], signal_mv[1, 9] = np.nan, np.inf
    np.save(tmp_path / "a.npy", signal_mv)
    recording = read_recording(tmp_path / "a.npy", fs_hz=250.0, leads=["I", "II"])
    assert np.flatnonzero(~recording.valid).tolist() == [5, 9]


def _array(path: Path, array: Any, **how: Any) -> None:
    np.save(path, array, allow_pickle=True)
    options: dict[str, Any] = {"fs_hz": 250.0, "leads": ["I", "II"], "unit": "mV"}
    read_recording(path, **(options | how))


@pytest.mark.parametrize(
    ("make", "how", "words"),
    [
        (lambda ecg: ecg, {"fs_hz": None}, "no sampling rate.*--fs"),
        (lambda ecg: ecg, {"leads": None}, "no lead names.*--leads"),
        (lambda ecg: ecg, {"leads": []}, "no lead names.*--leads"),
        (lambda ecg: ecg, {"fs_hz": 99.0}, "outside 100 to 1000 Hz"),
        (lambda ecg: ecg, {"fs_hz": 5000.0}, "outside 100 to 1000 Hz"),
        (lambda ecg: ecg, {"unit": "V"}, "unit 'V' is unknown.*--unit"),
        (lambda ecg: ecg, {"unit": "uV"}, "no ECG does.*--unit"),
        (lambda ecg: ecg * 1000, {}, "no ECG does.*--unit"),
        (lambda ecg: ecg / 1000, {}, "no ECG does.*--unit"),
        (lambda ecg: ecg.T, {}, r"is \(sample, lead\).*array\.T"),
        (lambda ecg: ecg, {"leads": ["I"]}, "2 rows for 1 lead name"),
        (lambda ecg: ecg[None], {}, "holds many records.*one record a file"),
        (lambda ecg: ecg[0], {}, "not .lead, sample."),
        (lambda ecg: ecg[:, :0], {}, "has no samples"),
        (lambda ecg: ecg * np.nan, {}, "holds no valid sample"),
        (lambda ecg: ecg.astype(complex), {}, "does not hold an array of"),
        (lambda ecg: ecg.astype(object), {}, "no readable .npy"),
        (lambda ecg: ecg > 0, {}, "does not hold an array of"),
    ],
)
def test_a_senseless_array_is_refused(
    tmp_path: Path, make: Any, how: dict[str, Any], words: str
) -> None:
    with pytest.raises(RecordingError, match=words) as caught:
        _array(tmp_path / "a.npy", make(_ecg_mv()), **how)
    assert caught.value.remedy


def test_a_flat_line_is_no_wrong_unit(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((2, 2500)))
    assert read_recording(tmp_path / "a.npy", fs_hz=250.0, leads=["I", "II"]).valid.all()


def test_an_arrest_after_beats_is_no_wrong_unit(tmp_path: Path) -> None:
    signal_mv = _ecg_mv(60.0)
    signal_mv[:, 2500:] *= 0.001
    np.save(tmp_path / "a.npy", signal_mv)
    assert read_recording(tmp_path / "a.npy", fs_hz=250.0, leads=["I", "II"]).valid.all()


def test_a_few_huge_artefacts_are_no_wrong_unit(tmp_path: Path) -> None:
    signal_mv = _ecg_mv()
    signal_mv[:, 100:110] = 1e9
    np.save(tmp_path / "a.npy", signal_mv)
    assert read_recording(tmp_path / "a.npy", fs_hz=250.0, leads=["I", "II"]).counts.max() > 1e9


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"no array at all"])
def test_a_broken_array_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(RecordingError, match=r"no readable \.npy"):
        read_recording(tmp_path / "a.npy", fs_hz=250.0, leads=["I"])


@pytest.mark.parametrize("name", ["gone.npy", "gone.hea", "gone.dat", "gone", "gone.edf"])
def test_a_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RecordingError, match="gone"):
        read_recording(tmp_path / name, fs_hz=250.0, leads=["I"])


@pytest.mark.parametrize("cut", [0, 1, 400, 1000, 9999])
def test_a_signal_file_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    header = _write(tmp_path, _ecg_mv())
    data = header.with_suffix(".dat")
    data.write_bytes(data.read_bytes()[:cut])
    with pytest.raises(RecordingError, match="damaged, cut short or missing"):
        read_recording(header)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "rec 2 250\nrec.dat 16\n",
        "rec 1 250 100\n",
        "rec 1 250 99999999999\nrec.dat 16 200(0)/mV 16 0 0 0 0 I\n",
        "rec/2 1 250 100\na 50\nb 50\n",
        "rec 1 250 100\nrec.dat 999 200(0)/mV 16 0 0 0 0 I\n",
        "\xff\xfe\x00",
    ],
)
def test_a_malformed_header_is_refused(tmp_path: Path, text: str) -> None:
    header = _write(tmp_path, _ecg_mv())
    header.write_text(text, encoding="latin-1")
    with pytest.raises(RecordingError) as caught:
        read_recording(header)
    assert caught.value.remedy


def test_a_header_without_signals_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rec.hea").write_text("rec 0 250 0\n")
    with pytest.raises(RecordingError):
        read_recording(tmp_path / "rec.hea")


def test_a_contradicting_rate_is_refused(tmp_path: Path) -> None:
    header = _write(tmp_path, _ecg_mv())
    assert read_recording(header, fs_hz=250.0).fs_hz == 250.0
    with pytest.raises(RecordingError, match="says 250 Hz, not 500 Hz"):
        read_recording(header, fs_hz=500.0)


def test_without_wfdb_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = _write(tmp_path, _ecg_mv())
    monkeypatch.setitem(sys.modules, "wfdb", None)
    with pytest.raises(RecordingError, match=r"ecgd\[records\]"):
        read_recording(header)
