"""ST in the database: episodes as they begin and end, and minutes from detail and trends."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from store_ages import minute_of, open_ages
from store_examples import NOW_UNIX_S

from ecgd.config.settings import StoreSettings
from ecgd.model.st_episode import EpisodeEnd, StEpisode, StReference
from ecgd.store.figures import StoreResult
from ecgd.store.rows import to_json
from ecgd.store.st_reader import StReader
from ecgd.store.trends import COMPACTIONS, CompactMinutes
from ecgd.store.writer import StoreWriter

T0 = minute_of(40.0)
BEGAN = StEpisode(
    *("inferior", StReference.BEFORE, 100.0, 131.0, 131.0, 0.15, ("II", "III"), (("II", 0.21),))
)
ENDED = replace(
    *(BEGAN,), extremum_s=150.0, change_mv=0.22, end_s=400.0, end=EpisodeEnd.BACK, start_s=100.3
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ecgd.sqlite3"


def run_once(path: Path, *episodes: StEpisode, interrupt: bool = False) -> None:
    writer = StoreWriter(path, StoreSettings(), boot_id="boot", gather_s=0.0)
    writer.start()
    writer.ensure_user("ann")
    futures = [writer.interrupt_st_episodes("ann")] if interrupt else []
    futures += [writer.store_st_episode("ann", each, T0) for each in episodes]
    assert writer.close()
    for future in futures:
        future.result(1)


def test_an_episode_is_one_row_from_its_beginning_to_its_end(path: Path) -> None:
    run_once(path, BEGAN)
    (going_on,) = StReader(path).st_episodes("ann")
    assert (going_on.ended_unix_s, going_on.end_reason) == (None, None)
    assert (going_on.started_unix_s, going_on.direction) == (T0 + 100.0, "elevation")
    run_once(path, ENDED)
    (ended,) = StReader(path).st_episodes("ann")
    assert (ended.episode_id, ended.started_unix_s) == (
        going_on.episode_id,
        going_on.started_unix_s,
    )
    assert (ended.change_mv, ended.extremum_unix_s) == (0.22, T0 + 150.0)
    assert (ended.ended_unix_s, ended.end_reason) == (T0 + 400.0, "back to usual")
    assert (ended.leads, ended.st_mv) == (("II", "III"), {"II": 0.21})


def test_a_later_episode_in_the_same_leads_is_another_one(path: Path) -> None:
    later = replace(BEGAN, start_s=500.0, confirmed_s=530.0)
    run_once(path, BEGAN, ENDED, later, replace(BEGAN, group="high lateral"))
    rows = StReader(path).st_episodes("ann")
    assert [row.started_unix_s - T0 for row in rows] == [500.0, 100.0, 100.0]
    assert {row.end_reason for row in rows} == {None, "back to usual"}
    assert len(StReader(path).st_episodes("ann", T0 + 300.0)) == 1
    assert StReader(path).st_episodes("bert") == ()


def test_what_a_stopped_monitor_did_not_see_to_the_end_says_so(path: Path) -> None:
    run_once(path, BEGAN, ENDED, replace(BEGAN, group="aVR"))
    run_once(path, interrupt=True)
    reasons = {row.group: row.end_reason for row in StReader(path).st_episodes("ann")}
    assert reasons == {"inferior": "back to usual", "aVR": "the monitor stopped"}


def result(second: float, st_mv: dict[str, float] | None, model: str = "rules") -> StoreResult:
    features = None if st_mv is None else to_json({"rhythm": "regular", "st_mv": st_mv})
    return StoreResult(
        *("ann", None, T0 + second, 0, 1250, "normal", "NORMAL", model, 0.05, 0.9, features)
    )


def fill(path: Path) -> sqlite3.Connection:
    connection = open_ages(path).connection
    rows = [
        result(0.0, {"I": 0.01, "II": 0.05}),
        result(5.0, {"I": 0.03, "II": 0.15}),
        result(10.0, {"I": 0.02}),
        result(12.0, {"I": 9.0}, model="ensemble"),
        result(15.0, None),
        result(70.0, {"II": -0.2}),
    ]
    for row in rows:
        row.apply(connection)
    return connection


def figures(path: Path) -> list[tuple[int, str, float, float, float]]:
    found = StReader(path).st_minutes("ann", T0 - 600, T0 + 600)
    return [
        (each.at_unix_s, each.lead, each.low_mv, round(each.median_mv, 6), each.high_mv)
        for each in found
    ]


def test_minutes_are_the_same_before_and_after_the_detail_is_thinned(path: Path) -> None:
    with closing(fill(path)) as connection:
        before = figures(path)
        minute = int(T0)
        assert before == [
            (minute, "I", 0.01, 0.02, 0.03),
            (minute, "II", 0.05, 0.1, 0.15),
            (minute + 60, "II", -0.2, -0.2, -0.2),
        ]
        compaction = next(each for each in COMPACTIONS if each.table == "analysis_results")
        assert CompactMinutes(compaction, 30.0, NOW_UNIX_S).apply(connection) > 0
        assert connection.execute("SELECT count(*) FROM trends").fetchone()[0] >= 2
    assert figures(path) == before


def test_damaged_figures_are_left_out(path: Path) -> None:
    with closing(fill(path)) as connection:
        connection.execute(
            "UPDATE analysis_results SET features = 'x' WHERE timestamp < ?", (T0 + 60,)
        )
        connection.execute(
            "INSERT INTO trends (user_id, timestamp, pass, st_mv) VALUES (1, ?, 0, '[3]')", (T0,)
        )
    assert [row[1] for row in figures(path)] == ["II"]
