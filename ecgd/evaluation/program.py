"""Runs the studies whose databases are there, and writes docs/accuracy.md."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

from rich.progress import track

from ecgd.errors import EcgdError
from ecgd.evaluation.fetch import SOURCES, fetch_source
from ecgd.evaluation.figures import Figures
from ecgd.evaluation.report import page
from ecgd.evaluation.studies import STUDIES
from ecgd.evaluation.study import Study

PAGE: Final = Path("docs/accuracy.md")


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate what ``--data`` holds; the exit status is 1 where nothing is there."""
    options = _parser().parse_args(arguments)
    try:
        if options.fetch:
            for source in SOURCES:
                fetch_source(source, options.data, _say)
        return _evaluate(options.data, options.out, options.only, options.processes)
    except EcgdError as error:
        print(f"{error.what}\n{error.remedy}", file=sys.stderr)  # noqa: T201
        return 1


def _evaluate(data: Path, out: Path, only: Sequence[str], processes: int) -> int:
    wanted = [study for study in STUDIES if not only or study.name in only]
    possible = [study for study in wanted if study.is_possible(data)]
    for study in wanted:
        if study not in possible:
            _say(f"left out: {study.title}; needs {', '.join(study.needs)} in {data}")
    if not possible:
        print(f"{data} holds none of the databases; --fetch gets them", file=sys.stderr)  # noqa: T201
        return 1
    began_s = time.monotonic()
    figures = Figures(out.parent / "images" / out.stem, f"images/{out.stem}")
    sections = _run(possible, data, processes, figures)
    minutes = (time.monotonic() - began_s) / 60
    out.write_text(page(sections, minutes, processes), encoding="utf-8")
    _say(f"{out}: {minutes:.1f} minutes")
    return 0


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
        choices=[study.name for study in STUDIES],
        help="this study alone (may be repeated)",
    )
    parser.add_argument("--processes", type=int, default=2, help="how many work at once")
    return parser
