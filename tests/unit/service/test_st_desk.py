"""ST over store and sessions: what a window's episodes leave, and what the API is told."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sample_daemon import sample_assessment

from ecgd.config.settings import StoreSettings
from ecgd.model.st_episode import EpisodeEnd, StEpisode, StReference
from ecgd.service.session import PatientSession
from ecgd.service.st_desk import StDesk
from ecgd.service.st_episodes import keep_episodes
from ecgd.store.reader import StoreReader
from ecgd.store.st_reader import StReader
from ecgd.store.writer import StoreWriter
from ecgd.web.st_gateway import StCourse

NOW_UNIX_S = 1_750_000_000.0
EPISODE = StEpisode(
    *("inferior", StReference.BEFORE, 5.0, 36.0, 40.0, 0.21, ("II", "III"), (("II", 0.22),))
)
ENDED = replace(EPISODE, end_s=44.0, end=EpisodeEnd.BACK)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ecgd.sqlite3"
    writer = StoreWriter(path, StoreSettings(), boot_id="boot", gather_s=0.0)
    writer.start()
    writer.ensure_user("p1", "Ada")
    for episode in (EPISODE, ENDED):
        window = replace(sample_assessment(), st_episodes=(episode,))
        keep_episodes(writer, "p1", "Ada", window, NOW_UNIX_S)
    assert writer.close()
    return path


def course(path: Path, sessions: dict[str, Any], patient: str = "p1") -> StCourse | None:
    desk = StDesk(
        StReader(path), cast("dict[str, PatientSession]", sessions), lambda: NOW_UNIX_S + 60.0
    )
    return asyncio.run(desk.st_course(patient, 60, NOW_UNIX_S - 3600.0))


def test_an_episode_is_dated_by_the_window_that_told_it(path: Path) -> None:
    found = course(path, {})
    assert found is not None
    (episode,) = found.episodes
    # The sample window ends 45 s after sample 0.
    assert episode.started_unix_s == NOW_UNIX_S - 40.0
    assert episode.ended_unix_s == NOW_UNIX_S - 1.0
    assert (found.now, found.age_s, found.minutes) == ((), None, ())


def test_what_is_measured_now_comes_from_the_session(path: Path) -> None:
    found = course(path, {"p1": SimpleNamespace(assessment=sample_assessment())})
    assert found is not None
    assert [lead.lead for lead in found.now][:2] == ["I", "II"]
    assert found.age_s is not None


def test_nobody_is_nobody(path: Path) -> None:
    assert course(path, {}, "p9") is None


def test_beginning_and_end_are_health_events_and_logged(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    events = StoreReader(path).health_events("p1")
    assert {each.event_type for each in events} == {"st_episode_began", "st_episode_ended"}
    words = sorted(each.message for each in events)
    assert words[0].endswith("+0.21 mV against the minutes before, ended after 39 s")
    assert words[1].endswith("+0.21 mV against the minutes before, lasting")
    writer = StoreWriter(tmp_path / "other", StoreSettings(), boot_id="boot", gather_s=0.0)
    with caplog.at_level(logging.INFO):
        window = replace(sample_assessment(), st_episodes=(EPISODE,))
        keep_episodes(writer, "p1", "Ada", window, NOW_UNIX_S)
    assert any("ST elevation in inferior leads" in each.message for each in caplog.records)
