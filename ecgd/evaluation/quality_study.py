"""Quality: a low-cost device's recordings, called acceptable or not by people (Challenge 2011)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.config.settings import Settings
from ecgd.evaluation.databases import read_table
from ecgd.evaluation.stream import analyse_stream
from ecgd.model.device import DeviceInfo
from ecgd.model.signal import CountArray
from ecgd.sources.recording import COUNTS_PER_MV, Recording

FS_HZ: Final = 250.0
LEADS: Final = ("I", "II")


@dataclass(frozen=True, slots=True)
class QualityRow:
    """One recording: what people said, and in which share of its windows both leads are usable."""

    record: str
    acceptable: bool
    usable_share: float

    @property
    def called_usable(self) -> bool:
        return self.usable_share >= 0.5


def study_quality(folder: Path, first: int, step: int) -> list[QualityRow]:
    """Judge every ``step``-th recording from ``first`` on."""
    labels = read_table(folder / "labels.csv")
    held = np.load(folder / "ecg250_uV.npy", mmap_mode="r")
    rows = []
    for number in range(first, len(labels), step):
        analysed = analyse_stream(_recording(np.asarray(held[number])), Settings())
        usable = [
            all(lead.usable for lead in each.quality if lead.lead in LEADS)
            for each in analysed.assessments
        ]
        label = labels[number]
        rows.append(
            QualityRow(label["record"], label["quality"] == "acceptable", float(np.mean(usable)))
        )
    return rows


def _recording(counts_uv: CountArray) -> Recording:
    device = DeviceInfo("challenge", FS_HZ, LEADS, COUNTS_PER_MV, adc_bits=32)
    counts = counts_uv.astype(np.int32)
    return Recording("challenge", LEADS, FS_HZ, counts, np.ones(counts.shape[1], np.bool_), device)
