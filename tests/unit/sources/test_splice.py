"""Loops: cut between heartbeats, a whole number of RR intervals, no seam."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.errors import RecordingError
from ecgd.model.signal import FloatArray
from ecgd.sources.noise import NOISE_PRESETS, NoiseLevels
from ecgd.sources.patient import Patient, PatientSignal
from ecgd.sources.rhythm import Rhythm
from ecgd.sources.splice import Splice, faded, find_splice

FS_HZ = 250.0


def _patient(seconds: float, **fields: object) -> tuple[FloatArray, list[int]]:
    """Signal (2, sample) in mV and the R peaks."""
    patient = Patient(**({"noise": NOISE_PRESETS["mild"]} | fields))  # type: ignore[arg-type]
    block = PatientSignal(patient, FS_HZ).take(round(seconds * FS_HZ))
    return block.signal_mv, [round(beat.r_s * FS_HZ) for beat in block.beats]


def _play(signal: FloatArray, splice: Splice, samples: int) -> FloatArray:
    played: FloatArray = faded(signal, splice)[:, splice.index(0, samples)]
    return played


@pytest.mark.parametrize("rate_bpm", [38.0, 72.0, 150.0])
@pytest.mark.parametrize("seconds", [6.0, 10.0, 30.0])
def test_the_loop_is_a_whole_number_of_beats(rate_bpm: float, seconds: float) -> None:
    signal, r_peaks = _patient(seconds, rate_bpm=rate_bpm)
    splice = find_splice(signal, np.ones(signal.shape[1], dtype=np.bool_), FS_HZ)
    played = splice.index(0, 60 * round(FS_HZ))
    is_peak = np.isin(played, r_peaks)
    rr_s = np.diff(np.flatnonzero(is_peak)) / FS_HZ
    assert np.abs(rr_s / (60.0 / rate_bpm) - 1.0).max() < 0.12


@pytest.mark.parametrize("rhythm", [Rhythm.SINUS, Rhythm.AF])
@pytest.mark.parametrize("seed", range(5))
def test_value_and_slope_are_continuous(rhythm: Rhythm, seed: int) -> None:
    noise = NoiseLevels(wander_mv=0.1)
    signal, _ = _patient(10.0, rhythm=rhythm, rate_bpm=80.0, seed=seed, noise=noise)
    splice = find_splice(signal, np.ones(signal.shape[1], dtype=np.bool_), FS_HZ)
    played = _play(signal, splice, splice.end + 500)
    around = slice(splice.end - splice.fade - 2, splice.end + 5)
    steps = np.abs(np.diff(played[:, around], axis=1))
    bends = np.abs(np.diff(played[:, around], n=2, axis=1))
    assert steps.max() < 0.035
    assert bends.max() < 0.03


def test_the_cut_lies_between_heartbeats() -> None:
    signal, r_peaks = _patient(10.0)
    splice = find_splice(signal, np.ones(signal.shape[1], dtype=np.bool_), FS_HZ)
    for cut in (splice.start, splice.end):
        distance = min(abs(cut - r_peak) for r_peak in r_peaks)
        assert distance > 0.1 * FS_HZ


def test_the_first_pass_is_the_recording_itself() -> None:
    signal, _ = _patient(10.0)
    splice = find_splice(signal, np.ones(signal.shape[1], dtype=np.bool_), FS_HZ)
    untouched = splice.end - splice.fade
    assert (_play(signal, splice, untouched) == signal[:, :untouched]).all()
    assert splice.index(splice.end, 1)[0] == splice.start
    assert splice.index(10**9, 5).max() < splice.end


def test_gaps_are_kept_away_from_the_cuts() -> None:
    signal, _ = _patient(12.0)
    valid = np.ones(signal.shape[1], dtype=np.bool_)
    valid[2600:2610] = False
    splice = find_splice(signal, valid, FS_HZ)
    for cut in (splice.start, splice.end):
        assert valid[cut - 125 : cut + 125].all()


def test_what_cannot_loop_is_refused() -> None:
    signal, _ = _patient(3.9)
    with pytest.raises(RecordingError, match="too short to loop"):
        find_splice(signal, np.ones(signal.shape[1], dtype=np.bool_), FS_HZ)
    signal, _ = _patient(10.0)
    valid = np.ones(signal.shape[1], dtype=np.bool_)
    valid[1800:] = False
    with pytest.raises(RecordingError, match="samples are missing"):
        find_splice(signal, valid, FS_HZ)
