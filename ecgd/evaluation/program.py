"""Runs the studies whose databases are there, and writes docs/accuracy.md."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final

from rich.progress import track

from ecgd.errors import EcgdError
from ecgd.evaluation.alarm_report import alarm_section
from ecgd.evaluation.alarm_study import (
    ORDINARY_H,
    ORDINARY_PIECE_H,
    PIECE_H,
    AlarmRow,
    alarm_jobs,
)
from ecgd.evaluation.course_report import course_section
from ecgd.evaluation.course_study import CourseRecord, course_jobs
from ecgd.evaluation.ensemble_report import ensemble_section
from ecgd.evaluation.ensemble_study import EnsemblePart, ensemble_jobs
from ecgd.evaluation.fetch import SOURCES, fetch_source
from ecgd.evaluation.figures import Figures
from ecgd.evaluation.report import page
from ecgd.evaluation.studies import STUDIES
from ecgd.evaluation.study import Study

PAGE: Final = Path("docs/accuracy.md")

ENSEMBLE: Final = "ensemble"
COURSES: Final = "courses"
ALARMS: Final = "alarms"
MANY_H: Final = 100.0
"""From so many hours on, a piece is longer: there are no more patients."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate what ``--data`` holds; the exit status is 1 where nothing is there."""
    options = _parser().parse_args(arguments)
    try:
        if options.fetch:
            for source in SOURCES:
                fetch_source(source, options.data, _say)
        alarms = alarm_study(options.hours, options.state, options.models)
        return _evaluate((*STUDIES, *ensemble_studies(options.models), alarms), options)
    except EcgdError as error:
        print(f"{error.what}\n{error.remedy}", file=sys.stderr)  # noqa: T201
        return 1


def ensemble_studies(models: Path | None) -> tuple[Study[EnsemblePart], Study[CourseRecord]]:
    """Return the studies of the networks of a folder, None: of those that are installed."""
    return (
        Study(
            ENSEMBLE,
            "the ensemble",
            ("ptbxl",),
            partial(ensemble_jobs, models=models),
            ensemble_section,
        ),
        Study(
            COURSES,
            "courses of ST",
            ("qtdb",),
            partial(course_jobs, models=models),
            lambda rows, figures: course_section(rows),
        ),
    )


def alarm_study(hours: float, state: Path | None, models: Path | None) -> Study[AlarmRow]:
    """Return the study of false alarms over so many constructed hours."""
    return Study(
        ALARMS,
        f"false alarms, {hours:g} h",
        ("ptbxl", "nstdb"),
        partial(alarm_jobs, hours=hours, piece_h=_piece_h(hours), state=state, models=models),
        lambda rows, figures: alarm_section(rows),
    )


def _piece_h(hours: float) -> float:
    return PIECE_H if hours >= MANY_H else ORDINARY_PIECE_H


def _evaluate(studies: Sequence[Study[Any]], options: argparse.Namespace) -> int:
    data, out = options.data, options.out
    wanted = [study for study in studies if not options.only or study.name in options.only]
    possible = [study for study in wanted if study.is_possible(data)]
    for study in wanted:
        if study not in possible:
            _say(f"left out: {study.title}; needs {', '.join(study.needs)} in {data}")
    if not possible:
        print(f"{data} holds none of the databases; --fetch gets them", file=sys.stderr)  # noqa: T201
        return 1
    _make_place(out)
    is_continued = options.state is not None and options.state.exists()
    began_s = time.monotonic()
    figures = Figures(out.parent / "images" / out.stem, f"images/{out.stem}")
    sections = _run(possible, data, options.processes, figures)
    minutes = (time.monotonic() - began_s) / 60
    whole = page(sections, minutes, options.processes, is_continued=is_continued)
    out.write_text(whole, encoding="utf-8")
    _say(f"{out}: {minutes:.1f} minutes")
    return 0


def _make_place(out: Path) -> None:
    """See that the page can be written, before minutes are spent on it."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.open("a").close()
    except OSError as error:
        raise EcgdError(
            f"{out} cannot be written ({error.strerror})", "Give another place with --out"
        ) from error


def _run(studies: Sequence[Study[Any]], data: Path, processes: int, figures: Figures) -> list[str]:
    """Return every study's section; later ones are under way while earlier ones are awaited."""
    sections = []
    with ProcessPoolExecutor(processes) as pool:
        waiting = [(study, study.submit(data, pool)) for study in studies]
        for study, jobs in waiting:
            rows = [job.result() for job in track(jobs, study.title)]
            sections.append(study.section(rows, figures))
    return sections


_say: Callable[[str], None] = print


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/evaluate",
        description="Measure the daemon's own analysis on annotated databases.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the databases")
    parser.add_argument(
        "--fetch",
        action="store_true",
        help="first get what is missing from physionet.org: "
        + ", ".join(source.folder for source in SOURCES),
    )
    parser.add_argument("--out", type=Path, default=PAGE, help="where the page is written")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        choices=[*(study.name for study in STUDIES), ENSEMBLE, COURSES, ALARMS],
        help="this study alone (may be repeated)",
    )
    parser.add_argument(
        "--hours",
        type=float,
        default=ORDINARY_H,
        help="constructed hours that false alarms are counted in; 1000 take a day",
    )
    parser.add_argument(
        "--state", type=Path, help="file of the pieces that are done, so that such a run can go on"
    )
    parser.add_argument(
        "--models", type=Path, help="folder of the networks; those that are installed if absent"
    )
    parser.add_argument("--processes", type=int, default=2, help="how many work at once")
    return parser
