"""Recordings that the ensemble learns from and is validated on, patient by patient.

PTB-XL is split by its own folds (1 to 8 teach, 9 validates; they keep patients together), every
other collection by a hash of the patient. No patient is on two sides.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import numpy as np

from ecgd.evaluation.anomaly_labels import (
    Truth,
    truth_of_alarm,
    truth_of_other,
    truth_of_ptbxl,
    truth_of_single_lead,
)
from ecgd.evaluation.challenge_study import recording_of
from ecgd.evaluation.databases import read_table
from ecgd.evaluation.stream import recording_of_uv
from ecgd.sources.recording import Recording, read_recording

FS_HZ: Final = 250.0
PAIR: Final = ("I", "II")

VALIDATION_FOLD: Final = 9
HASH_PARTS: Final = 5
"""One patient of five validates where a collection has no folds of its own."""

SHORT: Final = ("ptbxl", "other12lead", "cinc2017", "cinc2015")
LONG: Final = ("mitdb", "vfdb", "cudb", "qtdb")

ALARM_S: Final = 20.0
"""So much before a bedside monitor's alarm is looked at."""

PATIENTS_NAME: Final = "patients.csv"
"""Lies beside the models and says who taught them."""

RAW: Final = "raw"
FILTERED: Final = "filtered by its makers"


@dataclass(frozen=True, slots=True)
class Entry:
    """One recording. ``row`` is its place in the collection's array, -1: a WFDB record.

    ``patient`` is unique over all collections. ``truth`` is what holds at the recording's end;
    long recordings have their own marks.
    """

    collection: str
    name: str
    patient: str
    validates: bool
    processing: str
    truth: Truth
    row: int = -1

    @property
    def is_long(self) -> bool:
        return self.row < 0


def read_corpus(data: Path) -> list[Entry]:
    """Return every recording of the collections that are under ``data``, in a fixed order."""
    entries: list[Entry] = []
    for collection in SHORT:
        if (data / collection / "labels.csv").exists():
            rows = read_table(data / collection / "labels.csv")
            entries += (_ENTRIES[collection](row, number) for number, row in enumerate(rows))
    for collection in LONG:
        names = sorted(path.stem for path in (data / collection).glob("*.hea"))
        entries += (_long_entry(collection, name) for name in names)
    return entries


def read_entry(data: Path, entry: Entry) -> Recording:
    """Return an entry's recording as a device with leads I and II, or one of them, would send it.

    Leads of long recordings and of bedside monitors that are neither take the place of II first,
    then of I: what they show is rhythm, not territory.
    """
    folder = data / entry.collection
    if entry.is_long:
        recording = read_recording(folder / entry.name)
        return _renamed(replace(recording, path=str(folder / entry.name)))
    held = _array(folder)[entry.row]
    if entry.collection == "cinc2015":
        names = read_names(folder)[entry.row]
        whole = recording_of(np.asarray(held), names)
        first = max(0, whole.sample_count - round(ALARM_S * FS_HZ))
        cut = replace(whole, counts=whole.counts[:, first:], valid=whole.valid[first:])
        return _renamed(cut)
    leads = PAIR if held.shape[0] == len(PAIR) else PAIR[:1]
    return recording_of_uv(entry.name, leads, FS_HZ, np.asarray(held))


def held_hash(patient: str) -> bool:
    """Tell whether a patient of a collection without folds validates."""
    return crc32(patient.encode()) % HASH_PARTS == 0


def check_split(entries: list[Entry]) -> None:
    """Raise ValueError if a patient is on two sides."""
    sides: dict[str, bool] = {}
    for entry in entries:
        if sides.setdefault(entry.patient, entry.validates) != entry.validates:
            raise ValueError(f"{entry.patient} would teach and validate")


def _ptbxl(row: Mapping[str, str], number: int) -> Entry:
    return Entry(
        "ptbxl",
        row["ecg_id"],
        f"ptbxl {row['patient_id']}",
        float(row["strat_fold"]) == VALIDATION_FOLD,
        RAW if row["processing"] == RAW else FILTERED,
        truth_of_ptbxl(row),
        number,
    )


def _other(row: Mapping[str, str], number: int) -> Entry:
    dataset = row["dataset"]
    # The same persons are in PTB and in the Challenge's copy of it.
    patient = f"{'ptb' if dataset.startswith('ptbdb') else dataset} {row['patient']}"
    filtered = dataset == "chapman_denoised"
    name = f"{dataset} {row['record']} {row['segment']}"
    processing = FILTERED if filtered else RAW
    truth = truth_of_other(row)
    return Entry("other12lead", name, patient, held_hash(patient), processing, truth, number)


def _single_lead(row: Mapping[str, str], number: int) -> Entry:
    patient = f"cinc2017 {row['record']}"
    name = f"{row['record']} {row['segment']}"
    truth = truth_of_single_lead(row["rhythm"])
    return Entry("cinc2017", name, patient, held_hash(patient), RAW, truth, number)


def _alarm(row: Mapping[str, str], number: int) -> Entry:
    patient = f"cinc2015 {row['record']}"
    truth = truth_of_alarm(row["alarm"], true=row["alarm_true"] == "1")
    validates = held_hash(patient)
    return Entry("cinc2015", row["record"], patient, validates, FILTERED, truth, number)


_ENTRIES: Final = {
    "ptbxl": _ptbxl,
    "other12lead": _other,
    "cinc2017": _single_lead,
    "cinc2015": _alarm,
}


def _long_entry(collection: str, name: str) -> Entry:
    patient = patient_of_long(collection, name)
    return Entry(collection, name, patient, held_hash(patient), RAW, {})


def patient_of_long(collection: str, name: str) -> str:
    """Return the patient of a long recording.

    Records 201 and 202 of MIT-BIH are of one patient; QTDB holds pieces of MIT-BIH records (three
    digits from 100 to 234), and of the European ST-T Database, where those whose numbers begin
    alike may be of one.
    """
    number = name.removeprefix("sel")
    if collection == "qtdb" and number.startswith("e"):
        return f"edb {number[:3]}"
    is_mit = collection == "mitdb" or (len(number) == 3 and number[0] in "12")
    if is_mit:
        return f"mitdb {'201' if number == '202' else number}"
    return f"{collection} {name}"


def _renamed(recording: Recording) -> Recording:
    """Return the first two leads as I and II: each keeps its place if it is one of them."""
    kept = [k for k, lead in enumerate(recording.leads) if lead in PAIR]
    kept += [k for k in range(len(recording.leads)) if k not in kept]
    kept = kept[: len(PAIR)]
    free = [lead for lead in ("II", "I") if lead not in recording.leads]
    names = [recording.leads[k] if recording.leads[k] in PAIR else free.pop(0) for k in kept]
    order = np.argsort([PAIR.index(name) for name in names])
    leads = tuple(names[k] for k in order)
    counts = recording.counts[[kept[k] for k in order]]
    device = replace(recording.device, leads=leads)
    return replace(recording, leads=leads, counts=counts, device=device)


@lru_cache(maxsize=4)
def _array(folder: Path) -> Any:
    path = next(iter(sorted(folder.glob("*250_uV.npy"))))
    return np.load(path, mmap_mode="r")


@lru_cache(maxsize=1)
def read_names(folder: Path) -> list[tuple[str, str]]:
    """Return the leads' names of each record of Challenge 2015."""
    return [(row["lead0"], row["lead1"]) for row in read_table(folder / "labels.csv")]


def format_patients(patients: Mapping[str, bool]) -> str:
    """Return a CSV of patients and whether each validated, so that nobody judges who taught."""
    lines = [f"{name},{'validated' if held else 'taught'}" for name, held in patients.items()]
    return "\n".join(("patient,side", *sorted(lines), ""))


def read_patients(folder: Traversable) -> dict[str, bool]:
    """Return who was there when the models of a folder were trained, and who validated."""
    path = folder.joinpath(PATIENTS_NAME)
    if not path.is_file():
        return {}
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return {row["patient"]: row["side"] == "validated" for row in rows}
