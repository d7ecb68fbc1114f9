"""Quality: a low-cost device's recordings, called acceptable or not by people (Challenge 2011)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.config.settings import Settings
from ecgd.evaluation.databases import read_table
from ecgd.evaluation.stream import analyse_stream, recording_of_uv

FS_HZ: Final = 250.0
LEADS: Final = ("I", "II")

ACCEPTABLE_SQI: Final = 0.75
"""A recording is called acceptable from here on: the index was fitted on other databases, this
threshold alone on half of these recordings, and checked on the other half."""


@dataclass(frozen=True, slots=True)
class QualityRow:
    """One recording: what people said, and the index of the worse lead, meaned over the windows."""

    record: str
    acceptable: bool
    worse_sqi: float

    @property
    def called_usable(self) -> bool:
        return self.worse_sqi >= ACCEPTABLE_SQI


def study_quality(folder: Path, first: int, step: int) -> list[QualityRow]:
    """Judge every ``step``-th recording from ``first`` on."""
    labels = read_table(folder / "labels.csv")
    held = np.load(folder / "ecg250_uV.npy", mmap_mode="r")
    rows = []
    for number in range(first, len(labels), step):
        recording = recording_of_uv("challenge", LEADS, FS_HZ, np.asarray(held[number]))
        analysed = analyse_stream(recording, Settings())
        worse = [
            min(lead.sqi for lead in each.quality if lead.lead in LEADS)
            for each in analysed.assessments
        ]
        label = labels[number]
        rows.append(
            QualityRow(label["record"], label["quality"] == "acceptable", float(np.mean(worse)))
        )
    return rows
