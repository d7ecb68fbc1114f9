"""Every study, in the order of the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final

from ecgd.evaluation.beat_study import BeatRow, study_noise, study_record
from ecgd.evaluation.boundary_study import BoundaryTally, study_ludb, study_qtdb
from ecgd.evaluation.databases import read_noise, records_of
from ecgd.evaluation.figures import Figures
from ecgd.evaluation.quality_study import QualityRow, study_quality
from ecgd.evaluation.report import (
    beat_section,
    boundary_section,
    noise_section,
    quality_section,
    st_section,
)
from ecgd.evaluation.rhythm_report import rhythm_section
from ecgd.evaluation.rhythm_study import RhythmRow, study_rhythm
from ecgd.evaluation.st_study import StRow, study_st
from ecgd.evaluation.study import Job, Study

NOISES: Final = (("em", 12.0), ("em", 6.0), ("em", 0.0), ("ma", 6.0), ("bw", 6.0))
QUALITY_PARTS: Final = 16


def _beat_jobs(data: Path) -> Iterable[Job[list[BeatRow]]]:
    return [partial(study_record, data / "mitdb" / name) for name in records_of(data / "mitdb")]


def _beats(rows: Sequence[list[BeatRow]], figures: Figures) -> str:
    return beat_section(list(chain(*rows)))


def _noisy_beats(data: Path, kind: str, snr_db: float, name: str) -> tuple[str, BeatRow]:
    noise = read_noise(data / "nstdb", kind)
    return kind, study_noise(data / "mitdb" / name, noise, snr_db)


def _noise_jobs(data: Path) -> Iterable[Job[tuple[str, BeatRow]]]:
    return [
        partial(_noisy_beats, data, kind, snr_db, name)
        for kind, snr_db in NOISES
        for name in records_of(data / "mitdb")
    ]


def _noise(rows: Sequence[tuple[str, BeatRow]], figures: Figures) -> str:
    return noise_section(rows)


def _ludb_jobs(data: Path) -> Iterable[Job[BoundaryTally]]:
    return [partial(study_ludb, data / "ludb", name) for name in records_of(data / "ludb")]


def _ludb(rows: Sequence[BoundaryTally], figures: Figures) -> str:
    return boundary_section("LUDB, each limb lead", rows)


def _qtdb_jobs(data: Path) -> Iterable[Job[tuple[BoundaryTally, BoundaryTally]]]:
    return [partial(study_qtdb, data / "qtdb", name) for name in records_of(data / "qtdb")]


def _qtdb(rows: Sequence[tuple[BoundaryTally, BoundaryTally]], figures: Figures) -> str:
    whole, nearest = zip(*rows, strict=True)
    title = "QT Database, whole beats"
    by_lead = "QT Database, nearest lead"
    return "\n".join(
        (
            boundary_section(title, whole, every_beat_marked=False),
            boundary_section(by_lead, nearest, every_beat_marked=False, by_record=True),
        )
    )


def _st_jobs(data: Path) -> Iterable[Job[list[StRow]]]:
    return [partial(study_st, data / "ludb", name) for name in records_of(data / "ludb")]


def _st(rows: Sequence[list[StRow]], figures: Figures) -> str:
    return st_section(list(chain(*rows)))


def _rhythm(title: str, rows: Sequence[RhythmRow], figures: Figures) -> str:
    return rhythm_section(title, rows)


def _rhythm_jobs(folder: str, data: Path) -> Iterable[Job[RhythmRow]]:
    return [partial(study_rhythm, data / folder / name) for name in records_of(data / folder)]


def _rhythm_study(folder: str, title: str) -> Study[RhythmRow]:
    return Study(
        f"rhythm-{folder}",
        f"rhythm, {title}",
        (folder,),
        partial(_rhythm_jobs, folder),
        partial(_rhythm, title),
    )


def _quality_jobs(data: Path) -> Iterable[Job[list[QualityRow]]]:
    folder = data / "cinc2011"
    return [partial(study_quality, folder, k, QUALITY_PARTS) for k in range(QUALITY_PARTS)]


def _quality(rows: Sequence[list[QualityRow]], figures: Figures) -> str:
    return quality_section(list(chain(*rows)))


STUDIES: Final[tuple[Study[Any], ...]] = (
    Study("beats", "beats, MIT-BIH", ("mitdb",), _beat_jobs, _beats),
    Study("noise", "beats in noise", ("mitdb", "nstdb"), _noise_jobs, _noise),
    Study("ludb", "boundaries, LUDB", ("ludb",), _ludb_jobs, _ludb),
    Study("qtdb", "boundaries, QT Database", ("qtdb",), _qtdb_jobs, _qtdb),
    Study("st", "ST, LUDB", ("ludb",), _st_jobs, _st),
    _rhythm_study("cudb", "Creighton"),
    _rhythm_study("vfdb", "MIT-BIH Malignant Ventricular Arrhythmia"),
    _rhythm_study("mitdb", "MIT-BIH Arrhythmia"),
    Study("quality", "quality, Challenge 2011", ("cinc2011",), _quality_jobs, _quality),
)
