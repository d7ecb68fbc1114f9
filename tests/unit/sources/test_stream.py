"""Samples on demand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecgd.errors import RecordingError
from ecgd.model.signal import CountArray
from ecgd.sources.noise import NOISE_PRESETS
from ecgd.sources.patient import Patient, PatientSignal
from ecgd.sources.recording import Recording, read_recording
from ecgd.sources.stream import (
    RecordingStream,
    SampleStream,
    SyntheticStream,
    open_stream,
    resampled,
)
from ecgd.sources.url import ReplayUrl, SyntheticUrl


def _recording(tmp_path: Path, fs_hz: float = 250.0, seconds: float = 10.0) -> Recording:
    patient = Patient(noise=NOISE_PRESETS["none"])
    signal_mv = PatientSignal(patient, fs_hz).take(round(seconds * fs_hz)).signal_mv
    np.save(tmp_path / "a.npy", signal_mv)
    return read_recording(tmp_path / "a.npy", fs_hz=fs_hz, leads=["I", "II"])


def _drain(stream: SampleStream, piece: int) -> CountArray:
    pieces: list[CountArray] = []
    while (block := stream.take(piece)) is not None:
        assert block.start_index == sum(p.shape[1] for p in pieces)
        pieces.append(block.counts)
    return np.concatenate(pieces, axis=1)


def test_a_recording_comes_whole_and_ends(tmp_path: Path) -> None:
    recording = _recording(tmp_path)
    stream = RecordingStream(recording, loop=False)
    assert (_drain(stream, 33) == recording.counts).all()
    assert stream.take(1) is None


def test_a_loop_goes_on_with_rising_indices(tmp_path: Path) -> None:
    recording = _recording(tmp_path)
    stream = RecordingStream(recording, loop=True)
    pieces = [stream.take(700) for _ in range(20)]
    assert [piece.start_index for piece in pieces if piece] == [700 * k for k in range(20)]
    played = np.concatenate([piece.counts for piece in pieces if piece], axis=1)
    assert played.shape[1] == 14000
    assert (played[:, :1500] == recording.counts[:, :1500]).all()
    assert np.ptp(played[1, 7000:]) == pytest.approx(np.ptp(recording.counts[1]), rel=0.05)


def test_validity_travels_with_the_samples(tmp_path: Path) -> None:
    patient = Patient(noise=NOISE_PRESETS["none"])
    signal_mv = PatientSignal(patient, 250.0).take(2500).signal_mv
    signal_mv[:, 1200:1210] = np.nan
    np.save(tmp_path / "gap.npy", signal_mv)
    stream = open_stream(
        ReplayUrl(str(tmp_path / "gap.npy"), fs_hz=250.0, leads=("I", "II"), loop=True)
    )
    first = stream.take(2000)
    assert first is not None
    assert np.flatnonzero(~first.valid).tolist() == list(range(1200, 1210))


@pytest.mark.parametrize("fs_hz", [360.0, 500.0, 128.0, 257.0])
def test_resampling_keeps_shape_and_time(tmp_path: Path, fs_hz: float) -> None:
    expected = PatientSignal(Patient(noise=NOISE_PRESETS["none"]), 250.0).take(2500).signal_mv
    converted = resampled(_recording(tmp_path, fs_hz), 250.0)
    assert converted.fs_hz == converted.device.fs_hz == 250.0
    assert abs(converted.sample_count - 2500) <= 1
    middle = slice(100, 2400)
    error_mv = converted.counts[:, middle] / 1000.0 - expected[:, middle]
    assert np.abs(error_mv).max() < (0.1 if fs_hz < 250 else 0.03)


def test_resampling_leaves_no_transient_at_the_ends(tmp_path: Path) -> None:
    patient = Patient(noise=NOISE_PRESETS["none"])
    np.save(tmp_path / "a.npy", PatientSignal(patient, 360.0).take(3600).signal_mv + 3.0)
    raised = read_recording(tmp_path / "a.npy", fs_hz=360.0, leads=["I", "II"])
    converted = resampled(raised, 250.0).counts / 1000.0
    assert np.abs(converted[:, :40] - 3.0).max() < 0.02


def test_resampling_marks_what_a_gap_reaches(tmp_path: Path) -> None:
    patient = Patient(noise=NOISE_PRESETS["none"])
    signal_mv = PatientSignal(patient, 500.0).take(5000).signal_mv
    signal_mv[:, 2000:2100] = np.nan
    np.save(tmp_path / "gap.npy", signal_mv)
    gap = read_recording(tmp_path / "gap.npy", fs_hz=500.0, leads=["I", "II"])
    converted = resampled(gap, 250.0)
    missing = np.flatnonzero(~converted.valid)
    assert missing[0] == pytest.approx(990, abs=1)
    assert missing[-1] == pytest.approx(1060, abs=1)
    whole = PatientSignal(patient, 250.0).take(2500).signal_mv
    error_mv = np.abs(converted.counts / 1000.0 - whole)[:, converted.valid]
    assert error_mv[:, 50:-50].max() < 0.03


def test_a_synthetic_patient_derives_exactly() -> None:
    stream = SyntheticStream(Patient(seed=3), 250.0)
    block = stream.take(1000)
    assert block is not None
    truth = PatientSignal(Patient(seed=3), 250.0).take(1000).signal_mv
    assert (block.counts == np.rint(truth * 1000.0)).all()
    assert block.electrodes_off == frozenset()
    assert stream.device.leads == ("I", "II")


def test_opening_by_url(tmp_path: Path) -> None:
    _recording(tmp_path, 500.0)
    url = ReplayUrl(str(tmp_path / "a.npy"), fs_hz=500.0, leads=("I", "II"))
    assert open_stream(url).device.fs_hz == 500.0
    assert open_stream(url, 250.0).device.fs_hz == 250.0
    assert open_stream(SyntheticUrl(Patient()), 125.0).device.fs_hz == 125.0


def test_a_recording_too_short_to_loop_is_named(tmp_path: Path) -> None:
    _recording(tmp_path, seconds=3.0)
    url = ReplayUrl(str(tmp_path / "a.npy"), loop=True, fs_hz=250.0, leads=("I", "II"))
    with pytest.raises(RecordingError, match=r"a\.npy: a recording of 3\.0 s is too short"):
        open_stream(url)
