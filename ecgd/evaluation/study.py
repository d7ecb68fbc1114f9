"""A study: which databases it needs, the work on each record, and its part of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from ecgd.evaluation.figures import Figures

Row = TypeVar("Row")

Job = Callable[[], Row]
"""The work on one record, as a process of the pool takes it: a ``functools.partial``."""


@dataclass(frozen=True, slots=True)
class Study(Generic[Row]):
    """``needs`` names folders of the data. ``section`` makes Markdown of all jobs' rows."""

    name: str
    title: str
    needs: tuple[str, ...]
    jobs: Callable[[Path], Iterable[Job[Row]]]
    section: Callable[[Sequence[Row], Figures], str]

    def is_possible(self, data: Path) -> bool:
        return all((data / folder).is_dir() for folder in self.needs)

    def submit(self, data: Path, pool: Executor) -> list[Future[Row]]:
        """Give every job to the pool."""
        return [pool.submit(job) for job in self.jobs(data)]
