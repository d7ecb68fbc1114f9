"""Rhythms from the generator: they teach, and never validate."""

from __future__ import annotations

from typing import Final

import numpy as np

from ecgd.evaluation.anomaly_labels import Truth
from ecgd.evaluation.corpus import Entry
from ecgd.evaluation.stream import recording_of_uv
from ecgd.model.network_label import (
    ANOMALY,
    BRADYCARDIA,
    ECTOPY,
    FIBRILLATION,
    FLUTTER,
    MORPHOLOGY,
    TACHYCARDIA,
    VENTRICULAR_FIBRILLATION,
    VENTRICULAR_TACHYCARDIA,
)
from ecgd.sources.noise import NOISE_PRESETS
from ecgd.sources.patient import Patient, PatientSignal
from ecgd.sources.recording import Recording
from ecgd.sources.rhythm import Rhythm

SYNTHETIC: Final = "generator"
COUNT: Final = 160
FS_HZ: Final = 250.0
LENGTH_S: Final = 12.0
"""So many patients of so many seconds, longer than the strip: the first beats are not told."""

RATES_BPM: Final = {
    Rhythm.SINUS: (62.0, 98.0),
    Rhythm.AF: (60.0, 150.0),
    Rhythm.BRADYCARDIA: (32.0, 48.0),
    Rhythm.TACHYCARDIA: (115.0, 180.0),
}
ECTOPIC_SHARE: Final = (0.15, 0.4)
EXTREME_BPM: Final = (40.0, 140.0)
"""Rates beyond these are significant by themselves (the alarms' own limits)."""


def synthetic_entries(*, validating: bool = False) -> list[Entry]:
    """Return the generator's patients: each rhythm in turn, every third with ectopic beats.

    ``validating``: every other eight of them validate, for a run that only proves the path.
    """
    return [_entry(number, validating and number // 8 % 2 == 1) for number in range(COUNT)]


def _entry(number: int, validates: bool) -> Entry:
    patient = f"{SYNTHETIC} {number}"
    return Entry(SYNTHETIC, str(number), patient, validates, "generated", _truth(number), 0)


def synthetic_recording(entry: Entry) -> Recording:
    """Return one patient's leads I and II."""
    signal = PatientSignal(_patient(int(entry.name)), FS_HZ)
    block = signal.take(round(LENGTH_S * FS_HZ))
    return recording_of_uv(entry.name, ("I", "II"), FS_HZ, np.rint(1000.0 * block.signal_mv))


def _patient(number: int) -> Patient:
    rng = np.random.default_rng(number)
    rhythm = tuple(RATES_BPM)[number % len(RATES_BPM)]
    rate_bpm = float(rng.uniform(*RATES_BPM[rhythm]))
    share = float(rng.uniform(*ECTOPIC_SHARE)) if number % 3 == 0 else 0.0
    is_atrial = number % 2 == 0
    presets = tuple(NOISE_PRESETS.values())
    return Patient(
        rhythm=rhythm,
        rate_bpm=rate_bpm,
        noise=presets[int(rng.integers(len(presets)))],
        pvc_fraction=0.0 if is_atrial else share,
        pac_fraction=share if is_atrial else 0.0,
        seed=number,
    )


def _truth(number: int) -> Truth:
    patient = _patient(number)
    fibrillates = patient.rhythm is Rhythm.AF
    ectopic = patient.pvc_fraction + patient.pac_fraction > 0.0
    low_bpm, high_bpm = EXTREME_BPM
    extreme = not low_bpm <= patient.rate_bpm <= high_bpm
    return {
        ANOMALY: fibrillates or ectopic or extreme,
        **dict.fromkeys(MORPHOLOGY, False),
        FIBRILLATION: fibrillates,
        FLUTTER: False,
        ECTOPY: ectopic,
        BRADYCARDIA: patient.rhythm is Rhythm.BRADYCARDIA,
        TACHYCARDIA: patient.rhythm is Rhythm.TACHYCARDIA,
        VENTRICULAR_TACHYCARDIA: False,
        VENTRICULAR_FIBRILLATION: False,
    }
