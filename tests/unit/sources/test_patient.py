"""The synthetic patient, measured as a cardiologist would."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ecgd.model.leads import DERIVATION, LIMB_LEADS
from ecgd.model.signal import FloatArray
from ecgd.sources.dipole import J_POINT_S, PR_SEGMENT_S, StVector, project, territory_vector
from ecgd.sources.noise import NOISE_PRESETS, NoiseLevels
from ecgd.sources.patient import ElectrodeOff, Patient, PatientBlock, PatientSignal
from ecgd.sources.rhythm import Rhythm

FS_HZ = 250.0
CLEAN = NOISE_PRESETS["none"]


def _take(patient: Patient, seconds: float = 20.0, fs_hz: float = FS_HZ) -> PatientBlock:
    return PatientSignal(patient, fs_hz).take(round(seconds * fs_hz))


def _st_mv(block: PatientBlock, lead: str, fs_hz: float = FS_HZ) -> float:
    """Median of J+40 ms against the PR segment, as the clinical reference asks."""
    of_i, of_ii = DERIVATION[lead]
    row = of_i * block.signal_mv[0] + of_ii * block.signal_mv[1]
    levels = [
        row[round((beat.r_s + J_POINT_S + 0.04) * fs_hz)]
        - row[round((beat.r_s + PR_SEGMENT_S) * fs_hz)]
        for beat in block.beats
        if (beat.r_s + 0.2) * fs_hz < row.size
    ]
    return float(np.median(levels))


@pytest.mark.parametrize("territory", ["inferior", "lateral", "left-main"])
@pytest.mark.parametrize("rhythm", [Rhythm.SINUS, Rhythm.AF, Rhythm.BRADYCARDIA])
def test_the_st_vector_is_measured_in_every_lead(territory: str, rhythm: Rhythm) -> None:
    angle_deg, length_mv = territory_vector(territory, 0.25)
    patient = Patient(rhythm=rhythm, rate_bpm=70.0, st=StVector(angle_deg, length_mv), noise=CLEAN)
    block = _take(patient, 60.0)
    tolerance_mv = 0.06 if rhythm is Rhythm.AF else 0.012
    for lead in LIMB_LEADS:
        expected_mv = length_mv * project(angle_deg, lead)
        assert _st_mv(block, lead) == pytest.approx(expected_mv, abs=tolerance_mv), lead


def test_without_an_st_vector_st_is_isoelectric() -> None:
    block = _take(Patient(noise=CLEAN))
    assert all(abs(_st_mv(block, lead)) < 0.012 for lead in LIMB_LEADS)


def test_an_st_ramp_is_seen_growing() -> None:
    signal = PatientSignal(Patient(st=StVector(90.0, 0.4, 20.0, 60.0), noise=CLEAN), FS_HZ)
    levels = []
    for _ in range(4):
        block = signal.take(round(20 * FS_HZ))
        offset = block.start_index / FS_HZ
        row = block.signal_mv[1]
        beats = [beat.r_s - offset for beat in block.beats if 0.2 < beat.r_s - offset < 19.5]
        levels.append(
            np.median(
                [row[round((r + 0.085) * FS_HZ)] - row[round((r - 0.075) * FS_HZ)] for r in beats]
            )
        )
    seen_in_ii = project(90.0, "II")
    assert levels == pytest.approx(
        [0, 0.1 * seen_in_ii, 0.3 * seen_in_ii, 0.4 * seen_in_ii], abs=0.02
    )


@pytest.mark.parametrize("fs_hz", [125.0, 250.0, 360.0, 1000.0])
def test_r_peaks_are_where_they_are_said_to_be(fs_hz: float) -> None:
    block = _take(Patient(noise=CLEAN), 10.0, fs_hz)
    lead_ii: FloatArray = block.signal_mv[1]
    assert 10 <= len(block.beats) <= 13
    for beat in block.beats[1:-1]:
        centre = round(beat.r_s * fs_hz)
        reach = round(0.1 * fs_hz)
        found = centre - reach + int(np.argmax(lead_ii[centre - reach : centre + reach]))
        assert abs(found - centre) <= math.ceil(0.006 * fs_hz)


def test_asystole_is_flat_but_for_noise() -> None:
    patient = Patient(rhythm=Rhythm.ASYSTOLE, rate_bpm=0.0, noise=CLEAN)
    assert np.abs(_take(patient).signal_mv).max() == 0.0


@pytest.mark.parametrize(
    ("electrode", "rows"), [("LA", (0,)), ("LL", (1,)), ("RA", (0, 1)), ("RL", ())]
)
def test_a_loose_electrode_rails_its_leads_and_no_other(
    electrode: str, rows: tuple[int, ...]
) -> None:
    patient = Patient(noise=CLEAN, electrode_off=(ElectrodeOff(electrode, 5.0, 10.0),))
    block = _take(patient, 15.0)
    sound = _take(Patient(noise=CLEAN), 15.0).signal_mv
    during = slice(round(5 * FS_HZ), round(10 * FS_HZ))
    for row in range(2):
        outside = np.delete(block.signal_mv[row], np.r_[during]) - np.delete(
            sound[row], np.r_[during]
        )
        assert np.abs(outside).max() == 0.0
        railed = float(np.median(np.abs(block.signal_mv[row, during]))) > 4.5
        assert railed == (row in rows)
    changed = np.abs(block.signal_mv - sound)[:, during].max()
    assert changed > 0.5
    assert block.electrodes_off == {electrode}


def test_loose_electrodes_are_named_only_while_they_are_loose() -> None:
    off = (ElectrodeOff("LA", 1.0, 2.0), ElectrodeOff("RL", 1.5, math.inf))
    signal = PatientSignal(Patient(electrode_off=off), FS_HZ)
    seen = [signal.take(round(0.5 * FS_HZ)).electrodes_off for _ in range(6)]
    assert seen == [set(), set(), {"LA"}, {"LA", "RL"}, {"RL"}, {"RL"}]


def test_noise_has_the_level_asked_for() -> None:
    silent = Patient(rhythm=Rhythm.ASYSTOLE, rate_bpm=0.0, noise=CLEAN)
    for levels in (
        NoiseLevels(wander_mv=0.2),
        NoiseLevels(muscle_mv=0.05),
        NoiseLevels(mains_mv=0.1, mains_hz=60.0),
    ):
        noisy = Patient(rhythm=Rhythm.ASYSTOLE, rate_bpm=0.0, noise=levels, seed=4)
        noise = _take(noisy, 200.0).signal_mv - _take(silent, 200.0).signal_mv
        asked = levels.wander_mv + levels.muscle_mv + levels.mains_mv
        # Phases of two electrodes may add or cancel in one lead: their mean over seeds is right.
        assert 0.3 * asked < noise.std(axis=1).mean() < 1.7 * asked


def test_mains_noise_sits_at_the_mains_frequency() -> None:
    patient = Patient(
        rhythm=Rhythm.ASYSTOLE, rate_bpm=0.0, noise=NoiseLevels(mains_mv=0.1, mains_hz=60.0)
    )
    spectrum = np.abs(np.fft.rfft(_take(patient, 10.0).signal_mv[0]))
    assert int(np.argmax(spectrum)) / 10.0 == pytest.approx(60.0)


def test_memory_stays_bounded_and_time_does_not_run_away() -> None:
    signal = PatientSignal(Patient(rate_bpm=200.0), FS_HZ)
    beats = sum(len(signal.take(250).beats) for _ in range(600))
    assert beats == pytest.approx(2000, rel=0.02)
    assert len(signal._near) < 12, "beats pile up"


def test_another_seed_is_another_patient() -> None:
    first, second = (_take(Patient(seed=seed)).signal_mv for seed in (1, 2))
    assert np.abs(first - second).max() > 0.1
