"""Every study, in the order of the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeVar

from ecgd.evaluation.af_study import (
    PARTS as AF_PARTS,
)
from ecgd.evaluation.af_study import (
    AfRow,
    af_section,
    study_challenge_2017,
    study_ptbxl,
)
from ecgd.evaluation.af_time_study import af_time_section
from ecgd.evaluation.boundary_study import BoundaryTally, study_ludb, study_qtdb
from ecgd.evaluation.calibration_study import (
    CalibrationRow,
    calibration_section,
    kept_promises,
    study_calibration,
)
from ecgd.evaluation.challenge_study import PARTS as CHALLENGE_PARTS
from ecgd.evaluation.challenge_study import ChallengeRow, challenge_section, study_challenge
from ecgd.evaluation.class_study import class_section
from ecgd.evaluation.databases import records_of
from ecgd.evaluation.electrode_study import ElectrodeRow, electrode_section, study_electrodes
from ecgd.evaluation.figures import Figures
from ecgd.evaluation.injection_report import injection_section
from ecgd.evaluation.injection_study import InjectionRow, injection_jobs
from ecgd.evaluation.lag_study import LagRow, lag_section, study_lag
from ecgd.evaluation.long_study import LongRow, study_long
from ecgd.evaluation.mitdb_study import MitdbRow, study_mitdb
from ecgd.evaluation.noise_study import NoiseRow, study_noise
from ecgd.evaluation.quality_study import QualityRow, study_quality
from ecgd.evaluation.report import (
    beat_section,
    boundary_section,
    critical_section,
    noise_section,
    quality_section,
    st_section,
)
from ecgd.evaluation.rhythm_report import rhythm_section
from ecgd.evaluation.st_studies import ST_STUDIES
from ecgd.evaluation.st_study import StRow, study_st
from ecgd.evaluation.study import Job, Study

NOISES: Final = (
    *(("em", snr_db) for snr_db in (12.0, 6.0, 0.0, -6.0)),
    *(("ma", snr_db) for snr_db in (6.0, 0.0)),
    *(("bw", snr_db) for snr_db in (0.0, -6.0)),
)
QUALITY_PARTS: Final = 16
ELECTRODE_PARTS: Final = 44
CALIBRATION_EVERY: Final = 2
ALONE_EVERY: Final = 2
CHALLENGE_EVERY: Final = 2
"""Of so many records, or parts, one is taken, for a run to end within minutes."""

_T = TypeVar("_T")


def _records(data: Path, folder: str) -> list[Path]:
    return [data / folder / name for name in records_of(data / folder)]


def _joined(rows: Sequence[Sequence[_T]]) -> list[_T]:
    return list(chain(*rows))


def _mitdb_jobs(data: Path) -> Iterable[Job[MitdbRow]]:
    return [
        partial(study_mitdb, record, alone=number % ALONE_EVERY == 0, rivals=True)
        for number, record in enumerate(_records(data, "mitdb"))
    ]


def _mitdb(rows: Sequence[MitdbRow], figures: Figures) -> str:
    return "\n".join(
        (
            beat_section(_joined([row.beats for row in rows])),
            class_section(_joined([row.classes for row in rows])),
            rhythm_section("MIT-BIH Arrhythmia", [row.rhythm for row in rows]),
            af_time_section("MIT-BIH Arrhythmia", [row.atria for row in rows]),
            critical_section([(row.alarms, row.hours) for row in rows]),
        )
    )


def _noise_jobs(data: Path) -> Iterable[Job[list[NoiseRow]]]:
    return [
        partial(study_noise, record, data / "nstdb", kind, snr_db, rivals=kind == "em")
        for kind, snr_db in NOISES
        for record in _records(data, "mitdb")
    ]


def _noise(rows: Sequence[list[NoiseRow]], figures: Figures) -> str:
    return noise_section(_joined(rows), figures)


def _lag_jobs(data: Path) -> Iterable[Job[LagRow]]:
    return [partial(study_lag, record) for record in _records(data, "mitdb")]


def _lag(rows: Sequence[LagRow], figures: Figures) -> str:
    return lag_section(rows)


def _ludb_jobs(data: Path) -> Iterable[Job[BoundaryTally]]:
    return [partial(study_ludb, data / "ludb", name) for name in records_of(data / "ludb")]


def _ludb(rows: Sequence[BoundaryTally], figures: Figures) -> str:
    return boundary_section("LUDB, each limb lead", rows)


def _qtdb_jobs(data: Path) -> Iterable[Job[tuple[BoundaryTally, BoundaryTally]]]:
    return [partial(study_qtdb, data / "qtdb", name) for name in records_of(data / "qtdb")]


def _qtdb(rows: Sequence[tuple[BoundaryTally, BoundaryTally]], figures: Figures) -> str:
    whole, nearest = zip(*rows, strict=True)
    title, by_lead = "QT Database, whole beats", "QT Database, nearest lead"
    return "\n".join(
        (
            boundary_section(title, whole, every_beat_marked=False),
            boundary_section(by_lead, nearest, every_beat_marked=False, by_record=True),
        )
    )


def _st_jobs(data: Path) -> Iterable[Job[list[StRow]]]:
    return [partial(study_st, data / "ludb", name) for name in records_of(data / "ludb")]


def _st(rows: Sequence[list[StRow]], figures: Figures) -> str:
    return st_section(_joined(rows), figures)


def _injection(rows: Sequence[list[InjectionRow]], figures: Figures) -> str:
    return injection_section(_joined(rows))


def _cudb_jobs(data: Path) -> Iterable[Job[LongRow]]:
    return [partial(study_long, record) for record in _records(data, "cudb")]


def _cudb(rows: Sequence[LongRow], figures: Figures) -> str:
    return rhythm_section("Creighton", [row.rhythm for row in rows])


def _vfdb_jobs(data: Path) -> Iterable[Job[LongRow]]:
    return [partial(study_long, record) for record in _records(data, "vfdb")]


def _vfdb(rows: Sequence[LongRow], figures: Figures) -> str:
    title = "MIT-BIH Malignant Ventricular Arrhythmia"
    ventricles = rhythm_section(title, [row.rhythm for row in rows])
    return "\n".join((ventricles, af_time_section(title, [row.atria for row in rows])))


def _af_jobs(data: Path) -> Iterable[Job[list[AfRow]]]:
    return [
        *(partial(study_ptbxl, data / "ptbxl", part) for part in range(AF_PARTS)),
        *(partial(study_challenge_2017, data / "cinc2017", part) for part in range(AF_PARTS)),
    ]


def _af(rows: Sequence[list[AfRow]], figures: Figures) -> str:
    return af_section(_joined(rows))


def _challenge_jobs(data: Path) -> Iterable[Job[list[ChallengeRow]]]:
    parts = range(0, CHALLENGE_PARTS, CHALLENGE_EVERY)
    return [partial(study_challenge, data / "cinc2015", part) for part in parts]


def _challenge(rows: Sequence[list[ChallengeRow]], figures: Figures) -> str:
    return f"{challenge_section(_joined(rows))}\nEvery second alarm.\n"


def _calibration_jobs(data: Path) -> Iterable[Job[list[CalibrationRow]]]:
    chosen = _records(data, "mitdb")[::CALIBRATION_EVERY]
    return [
        partial(study_calibration, record, data / "nstdb", number)
        for number, record in enumerate(chosen)
    ]


def _calibration(rows: Sequence[list[CalibrationRow]], figures: Figures) -> str:
    held = _joined(rows)
    bins = kept_promises(held)
    curves = {name: [(each.told, each.held) for each in rows] for name, rows in bins.items()}
    plot = figures.curves("quality", curves, x="promised", y="share right", diagonal=True)
    return f"{calibration_section(held)}\nEvery second record.\n\n{plot}"


def _electrode_jobs(data: Path) -> Iterable[Job[list[ElectrodeRow]]]:
    step = ELECTRODE_PARTS
    return [partial(study_electrodes, data / "ptbxl", data / "nstdb", 0, step)]


def _electrode(rows: Sequence[list[ElectrodeRow]], figures: Figures) -> str:
    return electrode_section(_joined(rows))


def _quality_jobs(data: Path) -> Iterable[Job[list[QualityRow]]]:
    folder = data / "cinc2011"
    return [partial(study_quality, folder, k, QUALITY_PARTS) for k in range(QUALITY_PARTS)]


def _quality(rows: Sequence[list[QualityRow]], figures: Figures) -> str:
    return quality_section(_joined(rows))


STUDIES: Final[tuple[Study[Any], ...]] = (
    Study("mitdb", "beats, classes and rhythm, MIT-BIH", ("mitdb",), _mitdb_jobs, _mitdb),
    Study("noise", "beats in noise", ("mitdb", "nstdb"), _noise_jobs, _noise),
    Study("lag", "lag of beats", ("mitdb",), _lag_jobs, _lag),
    Study("ludb", "boundaries, LUDB", ("ludb",), _ludb_jobs, _ludb),
    Study("qtdb", "boundaries, QT Database", ("qtdb",), _qtdb_jobs, _qtdb),
    Study("st", "ST, LUDB", ("ludb",), _st_jobs, _st),
    *ST_STUDIES,
    Study("injection", "injected STEMI", ("ptbxl", "other12lead"), injection_jobs, _injection),
    Study("cudb", "rhythm, Creighton", ("cudb",), _cudb_jobs, _cudb),
    Study("vfdb", "rhythm, malignant ventricular", ("vfdb",), _vfdb_jobs, _vfdb),
    Study("af", "atrial fibrillation", ("ptbxl", "cinc2017"), _af_jobs, _af),
    Study("challenge", "bedside alarms, 2015", ("cinc2015",), _challenge_jobs, _challenge),
    Study(
        "calibration", "calibration of quality", ("mitdb", "nstdb"), _calibration_jobs, _calibration
    ),
    Study("electrodes", "bad electrodes", ("ptbxl", "nstdb"), _electrode_jobs, _electrode),
    Study("quality", "quality, Challenge 2011", ("cinc2011",), _quality_jobs, _quality),
)
"""The study of false alarms is beside these: its hours are the caller's choice."""
