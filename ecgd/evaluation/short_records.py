"""Ten-second records with diagnoses: PTB-XL and other 12-lead collections, their limb leads.

Only signals in the device's own millivolts are given: rebuilt and filtered ones judge no ST.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.evaluation.databases import read_table
from ecgd.evaluation.diagnoses import Diagnosis, Label, label_other, label_ptbxl
from ecgd.evaluation.stream import recording_of_uv
from ecgd.model.signal import FloatArray
from ecgd.sources.recording import COUNTS_PER_MV, Recording

FS_HZ: Final = 250.0
LEADS: Final = ("I", "II")


@dataclass(frozen=True, slots=True, eq=False)
class ShortRecord:
    """One record: ``signal_mv`` is (2, sample), leads I and II at 250 Hz.

    ``patient`` is unique over all collections.
    """

    name: str
    patient: str
    diagnoses: frozenset[Diagnosis]
    signal_mv: FloatArray


def read_short_records(data: Path) -> list[ShortRecord]:
    """Return the records of the collections that are there, each patient's first one alone."""
    found = (*_read(data / "ptbxl", label_ptbxl), *_read(data / "other12lead", label_other))
    first: dict[str, ShortRecord] = {}
    for record in found:
        first.setdefault(record.patient, record)
    return list(first.values())


def as_recording(name: str, signal_mv: FloatArray) -> Recording:
    """Return leads I and II (2, sample) as a device would have sent them."""
    return recording_of_uv(name, LEADS, FS_HZ, np.rint(signal_mv * COUNTS_PER_MV))


def _read(folder: Path, label_of: Callable[[Mapping[str, str]], Label | None]) -> list[ShortRecord]:
    if not (folder / "labels.csv").exists():
        return []
    held = np.load(folder / "limb250_uV.npy", mmap_mode="r")
    records = []
    for row, signal_uv in zip(read_table(folder / "labels.csv"), held, strict=True):
        label = label_of(row)
        if label is not None:
            signal_mv = np.asarray(signal_uv, dtype=np.float64) / 1000.0
            records.append(ShortRecord(label.name, label.patient, label.diagnoses, signal_mv))
    return records
