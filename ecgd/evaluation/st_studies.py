"""The studies of ST in noise, by place in the window, and of ST episodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final

from ecgd.evaluation.databases import NOISE_KINDS, records_of
from ecgd.evaluation.figures import Figures
from ecgd.evaluation.st_episode_study import EpisodeRow, study_as_it_is, study_ramps
from ecgd.evaluation.st_report import episode_section, noisy_st_section, place_section
from ecgd.evaluation.st_study import ALL_NOISES, StRow, study_place, study_st
from ecgd.evaluation.study import Job, Study

EUROPEAN: Final = "sele"
"""Records of the QT Database that come from the European ST-T Database begin so."""

NOISE_EVERY: Final = 2
PLACE_EVERY: Final = 5
EPISODE_EVERY: Final = 6
"""Of so many records one is taken, evenly: the whole would take too long."""


def _noise_jobs(data: Path) -> Iterable[Job[list[StRow]]]:
    names = records_of(data / "ludb")[::NOISE_EVERY]
    return [
        partial(study_st, data / "ludb", name, noise, data / "nstdb")
        for noise in (*NOISE_KINDS, ALL_NOISES)
        for name in names
    ]


def _noise(rows: Sequence[list[StRow]], figures: Figures) -> str:
    return f"{noisy_st_section(list(chain(*rows)))}\nEvery second record.\n"


def _place_jobs(data: Path) -> Iterable[Job[list[float]]]:
    names = records_of(data / "ludb")[::PLACE_EVERY]
    return [partial(study_place, data / "ludb", name) for name in names]


def _place(rows: Sequence[list[float]], figures: Figures) -> str:
    return f"{place_section(rows)}\nEvery fifth record.\n"


def _episode_jobs(data: Path) -> Iterable[Job[EpisodeRow]]:
    names = records_of(data / "qtdb")
    marked = [name for name in names if not name.startswith(EUROPEAN)][::EPISODE_EVERY]
    european = [name for name in names if name.startswith(EUROPEAN)][::EPISODE_EVERY]
    return [
        *(partial(study_ramps, data / "qtdb" / name) for name in marked),
        *(partial(study_as_it_is, data / "qtdb" / name) for name in european),
    ]


def _episodes(rows: Sequence[EpisodeRow], figures: Figures) -> str:
    ramps = [row for row in rows if row.put_in]
    as_they_are = [row for row in rows if not row.put_in]
    return f"{episode_section(ramps, as_they_are)}\nEvery sixth record of either kind.\n"


ST_STUDIES: Final[tuple[Study[Any], ...]] = (
    Study("st-noise", "ST in noise, LUDB", ("ludb", "nstdb"), _noise_jobs, _noise),
    Study("st-place", "ST by place in the window, LUDB", ("ludb",), _place_jobs, _place),
    Study("st-episodes", "ST episodes, QT Database", ("qtdb",), _episode_jobs, _episodes),
)
