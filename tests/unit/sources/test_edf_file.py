"""Reading EDF and EDF+, whole and damaged."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import edfio
import numpy as np
import pytest

from ecgd.errors import RecordingError
from ecgd.model.signal import FloatArray
from ecgd.sources.patient import Patient, PatientSignal
from ecgd.sources.recording import read_recording
from ecgd.sources.source import open_source

FS_HZ = 256.0
ECG_MV: FloatArray = PatientSignal(Patient(), FS_HZ).take(2560).signal_mv
HEADER_BYTES = 256 * 4
RECORDS = 10


def _signal(data: Any, label: str, fs_hz: float = FS_HZ, **fields: Any) -> edfio.EdfSignal:
    dimension = fields.pop("dimension", "mV")
    return edfio.EdfSignal(data, fs_hz, label=label, physical_dimension=dimension, **fields)


def _limb(scale: float = 1.0, **fields: Any) -> list[edfio.EdfSignal]:
    span = (-5.0 * scale, 5.0 * scale)
    labels = fields.pop("labels", ("ECG I", "ECG II"))
    return [
        _signal(row * scale, label, physical_range=span, **fields)
        for row, label in zip(ECG_MV, labels, strict=True)
    ]


def _write(folder: Path, signals: list[edfio.EdfSignal], *, plus: bool = False) -> Path:
    path = folder / "holter.edf"
    annotations = [edfio.EdfAnnotation(1.0, None, "button")] if plus else None
    edfio.Edf(signals, annotations=annotations, data_record_duration=1).write(path)
    return path


def _interrupted(folder: Path, kept: list[int]) -> Path:
    """An EDF+D of the given records of ten: each carries its own time."""
    raw = _write(folder, _limb(), plus=True).read_bytes().replace(b"EDF+C", b"EDF+D")
    size = (len(raw) - HEADER_BYTES) // RECORDS
    records = [raw[HEADER_BYTES + size * n : HEADER_BYTES + size * (n + 1)] for n in kept]
    header = raw[:236] + f"{len(kept):<8}".encode() + raw[244:HEADER_BYTES]
    path = folder / "interrupted.edf"
    path.write_bytes(header + b"".join(records))
    return path


@pytest.mark.parametrize("plus", [False, True])
def test_a_holter_recording(tmp_path: Path, plus: bool) -> None:
    signals = _limb(prefiltering="HP:0.05Hz LP:100Hz N:50Hz")
    recording = read_recording(_write(tmp_path, signals, plus=plus))
    assert (recording.leads, recording.fs_hz) == (("I", "II"), FS_HZ)
    assert np.abs(recording.counts / 1000.0 - ECG_MV).max() <= 0.001
    assert recording.valid.all()
    assert (recording.device.highpass_hz, recording.device.lowpass_hz) == (0.05, 100.0)
    assert recording.notes == ()


@pytest.mark.parametrize(("dimension", "scale"), [("uV", 1000.0), ("mV", 1.0), ("V", 0.001)])
def test_every_dimension_of_volts(tmp_path: Path, dimension: str, scale: float) -> None:
    recording = read_recording(_write(tmp_path, _limb(scale, dimension=dimension)))
    assert np.abs(recording.counts / 1000.0 - ECG_MV).max() <= 0.001


def test_a_micro_sign_in_latin_1(tmp_path: Path) -> None:
    path = _write(tmp_path, _limb(1000.0, dimension="uV"))
    path.write_bytes(path.read_bytes().replace(b"uV", "µV".encode("latin-1")))
    assert np.abs(read_recording(path).counts / 1000.0 - ECG_MV).max() <= 0.001


@pytest.mark.parametrize(
    ("labels", "leads"),
    [
        (("EKG I", "EKG II"), ("I", "II")),
        (("I", "aVF"), ("I", "aVF")),
        (("ECG V1", "lead_ii"), ("V1", "II")),
        (("ECG LA-RA", "ECG LL-RA"), ("I", "II")),
        (("ECG", "ECG"), ("ECG", "ECG 2")),
        (("ECG II-Ref", "ECG1"), ("II", "ECG1")),
    ],
)
def test_leads_by_their_labels(
    tmp_path: Path, labels: tuple[str, str], leads: tuple[str, str]
) -> None:
    assert read_recording(_write(tmp_path, _limb(labels=labels))).leads == leads


def _polysomnography(folder: Path) -> Path:
    others = [
        _signal(ECG_MV[0], "EEG Fpz-Cz"),
        _signal(np.linspace(90, 99, 1280), "SpO2", 128.0, dimension="%"),
        _signal(ECG_MV[0, ::2], "ECG V1", 128.0),
    ]
    return _write(folder, [*others, *_limb()], plus=True)


def test_signals_of_one_rate_are_taken_and_the_others_said(tmp_path: Path) -> None:
    path = _polysomnography(tmp_path)
    recording = read_recording(path)
    assert recording.leads == ("I", "II")
    assert recording.notes == ("left out: EEG Fpz-Cz, SpO2, ECG V1",)
    chest = read_recording(path, leads=["v1"])
    assert (chest.leads, chest.fs_hz) == (("V1",), 128.0)
    assert read_recording(path, leads=["II"]).leads == ("II",)
    with pytest.raises(RecordingError, match="has the leads I,II, not aVF"):
        read_recording(path, leads=["aVF"])


def test_signals_without_lead_names_are_named(tmp_path: Path) -> None:
    path = _write(tmp_path, _limb(labels=("Ch 1", "Ch 2")))
    with pytest.raises(RecordingError, match=r"Ch 1 \[mV\], Ch 2 \[mV\].*--leads"):
        read_recording(path)
    assert read_recording(path, leads=["I", "II"]).leads == ("I", "II")


def test_a_missing_dimension_needs_a_unit(tmp_path: Path) -> None:
    path = _write(tmp_path, _limb(1000.0, dimension=""))
    with pytest.raises(RecordingError, match="--unit"):
        read_recording(path)
    recording = read_recording(path, unit="uV")
    assert np.abs(recording.counts / 1000.0 - ECG_MV).max() <= 0.001


@pytest.mark.parametrize(
    ("prefilters", "corners"),
    [
        (("HP:0.5Hz LP:40Hz", "HP:0.05Hz LP:100Hz"), (0.5, 40.0)),
        (("HP: 0,05 Hz; LP: 150 Hz", ""), (0.05, 150.0)),
        (("HP:DC LP:75Hz", "HP:DC"), (0.0, 75.0)),
        (("HP:50mHz", "N:50Hz"), (0.05, None)),
        (("None", ""), (None, None)),
    ],
)
def test_the_front_end_is_told_by_the_prefilter(
    tmp_path: Path, prefilters: tuple[str, str], corners: tuple[float | None, float | None]
) -> None:
    signals = _limb()
    for signal, prefilter in zip(signals, prefilters, strict=True):
        signal.prefiltering = prefilter
    device = read_recording(_write(tmp_path, signals)).device
    assert (device.highpass_hz, device.lowpass_hz) == corners


def test_gaps_of_an_interrupted_recording_are_invalid(tmp_path: Path) -> None:
    recording = read_recording(_interrupted(tmp_path, [0, 1, 2, 5, 6, 9]))
    assert recording.sample_count == 2560
    seconds = recording.valid.reshape(RECORDS, -1)
    assert seconds.all(axis=1).tolist() == [n in (0, 1, 2, 5, 6, 9) for n in range(RECORDS)]
    assert not seconds[[3, 4, 7, 8]].any()
    there = recording.valid
    assert np.abs(recording.counts[:, there] / 1000.0 - ECG_MV[:, there]).max() <= 0.001


def test_an_interrupted_recording_whose_times_make_no_sense(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="data record 2 begins before"):
        read_recording(_interrupted(tmp_path, [3, 2, 1]))
    path = _interrupted(tmp_path, list(range(RECORDS)))
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"+7\x14\x14", b"x7\x14\x14"))
    with pytest.raises(RecordingError, match=r"data record 8 .* has no time"):
        read_recording(path)
    path.write_bytes(whole.replace(b"+9\x14\x14\0\0\0\0", b"+99999\x14\x14"))
    with pytest.raises(RecordingError, match="holds several recordings"):
        read_recording(path)


@pytest.mark.parametrize("cut", [0, 7, 255, 256, 600, 1024, 1500, -1])
def test_a_file_that_is_cut_short(tmp_path: Path, cut: int) -> None:
    path = _write(tmp_path, _limb(), plus=True)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(RecordingError, match=r"no EDF file|damaged|cut short") as caught:
        read_recording(path)
    assert caught.value.remedy


def test_a_recorder_that_did_not_count_its_records(tmp_path: Path) -> None:
    path = _write(tmp_path, _limb())
    raw = path.read_bytes()
    path.write_bytes(raw[:236] + b"-1      " + raw[244:])
    assert read_recording(path).sample_count == 2560
    path.write_bytes(raw + raw[-1024:])
    assert read_recording(path).sample_count == 2560


@pytest.mark.parametrize(
    ("at", "text", "words"),
    [
        (0, b"BIOSEMI ", "is no EDF file"),
        (236, b"ten     ", "header is damaged"),
        (244, b"0       ", "no readable EDF"),
        (252, b"999 ", "damaged"),
        (252, b"-1  ", "damaged"),
        (256 + 2 * 104, b"5       5       ", "scale of 'ECG I'|has no scale"),
        (256 + 2 * 216, b"0       ", "damaged"),
    ],
)
def test_a_damaged_header(tmp_path: Path, at: int, text: bytes, words: str) -> None:
    path = _write(tmp_path, _limb())
    raw = bytearray(path.read_bytes())
    raw[at : at + len(text)] = text
    if at == 256 + 2 * 104:
        raw[at + 16 : at + 32] = text
    path.write_bytes(raw)
    with pytest.raises(RecordingError, match=words):
        read_recording(path)


def test_a_contradicting_rate_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path, _limb())
    assert read_recording(path, fs_hz=256.0).fs_hz == 256.0
    with pytest.raises(RecordingError, match="says 256 Hz, not 500 Hz"):
        read_recording(path, fs_hz=500.0)


def test_it_is_played_and_looped_whatever_the_case_of_its_suffix(tmp_path: Path) -> None:
    path = _write(tmp_path, _limb()).rename(tmp_path / "HOLTER.EDF")
    open_source(f"replay:{path}?loop=true&speed=2", clock=lambda: 0.0, rng=None)  # type: ignore[arg-type]


def test_without_edfio_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _write(tmp_path, _limb())
    monkeypatch.setitem(sys.modules, "edfio", None)
    with pytest.raises(RecordingError, match=r"ecgd\[records\]"):
        read_recording(path)
