"""What the networks tell, by name: the label that is fused, and those of each network's own eye."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ANOMALY: Final = "significant anomaly"
INFARCTION: Final = "infarction"
ISCHAEMIA: Final = "ischaemia"
ST_T: Final = "ST/T change"
CONDUCTION: Final = "conduction disorder"
FIBRILLATION: Final = "atrial fibrillation"
FLUTTER: Final = "atrial flutter"
ECTOPY: Final = "ectopy"
BRADYCARDIA: Final = "bradycardia"
TACHYCARDIA: Final = "tachycardia"
VENTRICULAR_TACHYCARDIA: Final = "ventricular tachycardia"
VENTRICULAR_FIBRILLATION: Final = "ventricular fibrillation"
RISING_ST: Final = "evolving ST elevation"
FALLING_ST: Final = "evolving ST depression"

MORPHOLOGY: Final = (INFARCTION, ISCHAEMIA, ST_T, CONDUCTION)
RHYTHM: Final = (
    *(FIBRILLATION, FLUTTER, ECTOPY, BRADYCARDIA, TACHYCARDIA),
    *(VENTRICULAR_TACHYCARDIA, VENTRICULAR_FIBRILLATION),
)
PROGRESSION: Final = (RISING_ST, FALLING_ST)

HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    "cnn": (ANOMALY, *MORPHOLOGY),
    "lstm": (ANOMALY, *RHYTHM),
    "rnn": (ANOMALY, *PROGRESSION),
}
"""The labels of each network, in the order of its outputs."""

LABELS: Final = (ANOMALY, *MORPHOLOGY, *RHYTHM, *PROGRESSION)
