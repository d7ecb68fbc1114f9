"""Beats that class networks learn from: their traits as the daemon measures them, and the truth."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.config.settings import Settings
from ecgd.evaluation.class_study import NO_BEAT, PACED, label_beats
from ecgd.evaluation.databases import read_beats, read_noise, records_of
from ecgd.evaluation.noise_study import add_noise
from ecgd.evaluation.stream import first_channel
from ecgd.features.usual_beats import TRAITS
from ecgd.inference.scorer import NoModels
from ecgd.model.signal import FloatArray, IntArray
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History
from ecgd.service.offline import windows_of
from ecgd.sources.recording import Recording, read_recording

LABELS: Final = ("N", "S", "V", NO_BEAT)
"""The truth behind each of the networks' answers; fused, paced and doubtful beats teach nothing."""

CLEAN: Final = "clean"
FIRST: Final = "first channel"
NOISY: Final = (("em", 6.0), ("em", 0.0))
NOISE_KIND: Final = "em"

NOISE_FROM_S: Final = 300.0

MITDB_IN_QTDB: Final = ("sel1", "sel2")
LEAST_ECTOPIC: Final = 4
"""QTDB holds pieces of MIT-BIH records, whose patients must not be on both sides: those with
numbers of three digits are left out, and so are records with hardly any ectopic beat."""


@dataclass(frozen=True, slots=True)
class Source:
    """One record as it is, with its first channel alone, or with noise at ``snr_db``."""

    record: Path
    kind: str = CLEAN
    snr_db: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """``traits`` (beat, trait) and ``answers`` (beat,), an index into ``LABELS``, -1 for none."""

    source: Source
    traits: FloatArray
    answers: IntArray
    missed: dict[str, int]


def sources_of(data: Path) -> list[Source]:
    """Return every source of the databases under ``data``."""
    records = [data / "mitdb" / name for name in records_of(data / "mitdb") if name not in PACED]
    pieces = [
        data / "qtdb" / name
        for name in records_of(data / "qtdb")
        if (data / "qtdb" / f"{name}.atr").exists() and _teaches(data / "qtdb" / name)
    ]
    return [
        *(Source(record) for record in (*records, *pieces)),
        *(Source(record, FIRST) for record in records),
        *(Source(record, NOISE_KIND, snr_db) for _, snr_db in NOISY for record in records),
    ]


def _teaches(record: Path) -> bool:
    if record.name.startswith(MITDB_IN_QTDB) and len(record.name) == len("sel100"):
        return False
    return sum(s in "AaJSVE" for s in read_beats(record).symbols) >= LEAST_ECTOPIC


def gather(source: Source) -> Examples:
    """Analyse a source as the daemon would, and return its beats with the truth."""
    recording = read_recording(source.record)
    reference = read_beats(source.record)
    if source.kind == FIRST:
        recording = first_channel(recording)
    from_s = 0.0
    if source.snr_db is not None:
        from_s = NOISE_FROM_S
        noise = read_noise(source.record.parent.parent / "nstdb", source.kind)
        recording = add_noise(recording, reference, noise, source.snr_db, NOISE_FROM_S)
    r_peaks, traits = _traits(recording)
    labels, missed = label_beats(reference, [at / recording.fs_hz for at in r_peaks])
    taken = np.array([at >= from_s * recording.fs_hz for at in r_peaks], dtype=np.bool_)
    answers = np.array(
        [LABELS.index(each) if each in LABELS else -1 for each in labels], dtype=np.int64
    )
    return Examples(source, traits[taken], answers[taken], dict(missed))


def _traits(recording: Recording) -> tuple[list[int], FloatArray]:
    """Return R peaks and traits of every beat that becomes final."""
    settings = Settings()
    analysis = Analysis(settings.analysis, settings.ensemble, NoModels("training"), time.monotonic)
    history, told = History(), None
    r_peaks: list[int] = []
    rows = [np.zeros((0, len(TRAITS)))]
    for window in windows_of(recording, settings):
        history = analysis.assess(window, history).history
        newest = history.usual_beats.told if history.usual_beats else None
        if newest is not None and newest is not told:
            r_peaks += newest.r_peaks
            rows.append(newest.traits)
        told = newest
    return r_peaks, np.concatenate(rows)
