"""The course of ST over restarts, with a real store and worker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ecgd.config.settings import StoreSettings
from ecgd.decision.evolution import HYPERACUTE, stage_of
from ecgd.errors import StoreError
from ecgd.model.evolution import Evolution, Moment, TerritoryCourse
from ecgd.pipeline.history import History
from ecgd.service.kept_evolutions import TRIES, KeptEvolutions
from ecgd.service.worker import AnalysisWorker
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter

FLAT = TerritoryCourse(0.0, 0.1, 0.0)
CALM = TerritoryCourse(0.0, 0.2, 0.0)
RISEN = TerritoryCourse(0.2, 0.5, 0.0)
BEGUN_UNIX_S = 1_700_000_000.0


def course(inferior: TerritoryCourse, count: int) -> Evolution:
    """Give so many moments of ten minutes, of which the newest has just begun."""
    moments = tuple(Moment(600.0 * k, inferior, FLAT, 600) for k in range(count))
    return Evolution(moments, 600.0 * (count - 1) + 1.0)


class House:
    """A store on the disk, a clock, and a worker with one patient, as often as it is started."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now_unix_s = BEGUN_UNIX_S
        self.writers: list[StoreWriter] = []

    def start(self) -> tuple[KeptEvolutions, AnalysisWorker]:
        writer = StoreWriter(self.path, StoreSettings(), boot_id="boot")
        writer.start()
        self.writers.append(writer)
        writer.ensure_user("anna").result(10)
        worker = AnalysisWorker(cast(Any, None), lambda _, __: None)
        worker.add_patient("anna", History())
        places = SimpleNamespace(database_path=self.path)
        parts = SimpleNamespace(store=writer, worker=worker, places=places, sessions={"anna": None})
        return KeptEvolutions(cast(Any, parts), lambda: self.now_unix_s), worker

    def stop(self, kept: KeptEvolutions | None = None) -> None:
        if kept is not None:
            kept.keep(is_last=True)
        assert self.writers.pop().close()


def see(worker: AnalysisWorker, evolution: Evolution) -> None:
    worker.revise("anna", lambda history: replace(history, evolution=evolution))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "ecgd.sqlite3")
    yield house
    while house.writers:
        house.stop()


def test_the_stage_is_told_after_a_restart(house: House) -> None:
    kept, worker = house.start()
    kept.begin()
    see(worker, course(CALM, 6))
    kept.keep()
    house.stop(kept)
    house.now_unix_s += 1800.0
    again, worker = house.start()
    again.begin()
    again.keep()
    assert worker.history("anna").evolution == Evolution()
    risen = course(RISEN, 1)
    see(worker, risen)
    again.keep()
    joined = worker.history("anna").evolution
    assert HYPERACUTE in stage_of(joined, None)
    assert joined.moments[5].time_s == pytest.approx(1.0 - 1800.0 - 1.0, abs=0.2)
    again.keep()
    assert worker.history("anna").evolution == joined
    house.stop(again)
    assert len(StoreReader(house.path).evolutions()["anna"]["moments"]) == 7


def test_each_moment_is_stored_once_and_the_growing_one_at_the_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, worker = house.start()
    kept.begin()
    saved: list[dict[str, Any]] = []
    monkeypatch.setattr(house.writers[0], "save_evolution", lambda _, record: saved.append(record))
    see(worker, course(CALM, 2))
    kept.keep()
    house.now_unix_s += 60.0
    see(worker, replace(course(CALM, 2), until_s=661.0))
    kept.keep()
    assert len(saved) == 1
    house.now_unix_s += 3600.0
    kept.keep(is_last=True)
    assert saved[1]["until_unix_s"] == BEGUN_UNIX_S + 60.0
    see(worker, course(CALM, 3))
    kept.keep()
    assert [len(record["moments"]) for record in saved] == [2, 2, 3]


def test_a_damaged_record_is_told_and_begins_anew(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.start()
    house.writers[0].save_evolution("anna", {"version": 99}).result(10)
    house.stop()
    kept, worker = house.start()
    kept.begin()
    see(worker, course(RISEN, 1))
    kept.keep()
    assert worker.history("anna").evolution == course(RISEN, 1)
    assert "begins anew" in caplog.text


def test_nothing_is_stored_before_the_last_run_s_are_known(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, worker = house.start()

    def locked(_: StoreReader) -> dict[str, Any]:
        raise StoreError("locked", "Wait.")

    with monkeypatch.context() as patch:
        patch.setattr(StoreReader, "evolutions", locked)
        for _ in range(TRIES - 1):
            kept.begin()
        see(worker, course(CALM, 2))
        kept.keep(is_last=True)
        house.writers[0].flush().result(10)
        kept.begin()
    assert StoreReader(house.path).evolutions() == {}
    kept.keep()
    house.stop()
    assert len(StoreReader(house.path).evolutions()["anna"]["moments"]) == 2


def test_a_count_that_begins_anew_keeps_the_course(house: House) -> None:
    _, worker = house.start()
    see(worker, course(CALM, 2))
    worker.restart_patient("anna")
    history = worker.history("anna")
    assert history.evolution == course(CALM, 2).moved(-601.0)
    assert history.evolution.until_s == 0.0
