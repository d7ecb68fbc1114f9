"""Runs every study over the databases that are there, and writes docs/accuracy.md."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from rich.progress import track

from ecgd.evaluation.beat_study import BeatRow, study_noise, study_record
from ecgd.evaluation.boundary_study import BoundaryTally, study_ludb, study_qtdb
from ecgd.evaluation.databases import read_noise, records_of
from ecgd.evaluation.quality_study import QualityRow, study_quality
from ecgd.evaluation.report import (
    beat_section,
    boundary_section,
    noise_section,
    page,
    quality_section,
    st_section,
)
from ecgd.evaluation.rhythm_report import rhythm_section
from ecgd.evaluation.rhythm_study import RhythmRow, study_rhythm
from ecgd.evaluation.st_study import StRow, study_st

NOISES: Final = (("em", 12.0), ("em", 6.0), ("em", 0.0), ("ma", 6.0), ("bw", 6.0))
QUALITY_PARTS: Final = 16

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Task:
    """One record of one study, as a process of the pool takes it."""

    data: Path
    name: str
    noise: str = ""
    snr_db: float = 0.0


def beats_of(task: Task) -> list[BeatRow]:
    return study_record(task.data / "mitdb" / task.name)


def noisy_beats_of(task: Task) -> BeatRow:
    noise = read_noise(task.data / "nstdb", task.noise)
    return study_noise(task.data / "mitdb" / task.name, noise, task.snr_db)


def ludb_of(task: Task) -> BoundaryTally:
    return study_ludb(task.data / "ludb", task.name)


def qtdb_of(task: Task) -> tuple[BoundaryTally, BoundaryTally]:
    return study_qtdb(task.data / "qtdb", task.name)


def st_of(task: Task) -> list[StRow]:
    return study_st(task.data / "ludb", task.name)


def cudb_of(task: Task) -> RhythmRow:
    return study_rhythm(task.data / "cudb" / task.name)


def vfdb_of(task: Task) -> RhythmRow:
    return study_rhythm(task.data / "vfdb" / task.name)


def mitdb_of(task: Task) -> RhythmRow:
    return study_rhythm(task.data / "mitdb" / task.name)


def quality_of(task: Task) -> list[QualityRow]:
    return study_quality(task.data / "cinc2011", int(task.name), QUALITY_PARTS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate what ``--data`` holds; the exit status is 1 where nothing was found."""
    options = _parser().parse_args(arguments)
    began_s = time.monotonic()
    with ProcessPoolExecutor(options.processes) as pool:
        sections = list(_sections(options.data, _Runner(pool)))
    if not sections:
        print(f"{options.data} holds none of the databases", file=sys.stderr)  # noqa: T201
        return 1
    minutes = (time.monotonic() - began_s) / 60
    options.out.write_text(page(sections, minutes), encoding="utf-8")
    print(f"{options.out}: {minutes:.1f} minutes")  # noqa: T201
    return 0


@dataclass(frozen=True, slots=True)
class _Runner:
    """Gives tasks to the pool and shows how far it is."""

    pool: ProcessPoolExecutor

    def run(self, what: str, study: Callable[[Task], _T], tasks: Iterable[Task]) -> list[_T]:
        waiting = [self.pool.submit(study, task) for task in tasks]
        return [each.result() for each in track(waiting, what)]


def _sections(data: Path, runner: _Runner) -> Iterator[str]:
    """Yield the sections of the databases that are there."""

    def tasks(database: str) -> list[Task]:
        return [Task(data, name) for name in records_of(data / database)]

    if (data / "mitdb").is_dir():
        rows = runner.run("beats, MIT-BIH", beats_of, tasks("mitdb"))
        yield beat_section([row for each in rows for row in each])
    if (data / "mitdb").is_dir() and (data / "nstdb").is_dir():
        noisy = [
            Task(data, name, kind, snr_db)
            for kind, snr_db in NOISES
            for name in records_of(data / "mitdb")
        ]
        noisy_rows = runner.run("beats in noise", noisy_beats_of, noisy)
        yield noise_section(
            [(each.noise, row) for each, row in zip(noisy, noisy_rows, strict=True)]
        )
    if (data / "ludb").is_dir():
        yield boundary_section("LUDB, each limb lead", runner.run("LUDB", ludb_of, tasks("ludb")))
    if (data / "qtdb").is_dir():
        marked = runner.run("QTDB", qtdb_of, tasks("qtdb"))
        whole, nearest = zip(*marked, strict=True)
        yield boundary_section("QT Database, whole beats", whole, every_beat_marked=False)
        yield boundary_section(
            "QT Database, nearest lead", nearest, every_beat_marked=False, by_record=True
        )
    if (data / "ludb").is_dir():
        st_rows = runner.run("ST, LUDB", st_of, tasks("ludb"))
        yield st_section([row for each in st_rows for row in each])
    for database, study, title in (
        ("cudb", cudb_of, "Creighton"),
        ("vfdb", vfdb_of, "MIT-BIH Malignant Ventricular Arrhythmia"),
        ("mitdb", mitdb_of, "MIT-BIH Arrhythmia"),
    ):
        if (data / database).is_dir():
            yield rhythm_section(title, runner.run(f"rhythm, {title}", study, tasks(database)))
    if (data / "cinc2011").is_dir():
        parts = [Task(data, str(number)) for number in range(QUALITY_PARTS)]
        judged = runner.run("quality, Challenge 2011", quality_of, parts)
        yield quality_section([row for each in judged for row in each])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/evaluate",
        description="Measure the daemon's own analysis on annotated databases.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the databases")
    parser.add_argument(
        "--out", type=Path, default=Path("docs/accuracy.md"), help="where the page is written"
    )
    parser.add_argument("--processes", type=int, default=2, help="how many work at once")
    return parser
