"""Baselines over restarts, with a real store and worker."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from ecgd.config.settings import StoreSettings
from ecgd.decision.baseline_record import baseline_to_dict
from ecgd.errors import StoreError
from ecgd.model.baseline import BEAT_POINTS, LEARNED_S, Baseline, MedianBeat
from ecgd.pipeline.history import History
from ecgd.service.own_baselines import TRIES, OwnBaselines
from ecgd.service.worker import AnalysisWorker
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter

BEAT = MedianBeat(np.ones((2, BEAT_POINTS)), 70, 95, (9.0, 9.0), None, None, 0.8, 5)
LEARNED = Baseline(BEAT, (("II", 0.05),), LEARNED_S)


class House:
    """A store on the disk, and a worker with one patient, as often as it is started."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writers: list[StoreWriter] = []

    def start(self, history: History | None = None) -> tuple[OwnBaselines, Any]:
        writer = StoreWriter(self.path, StoreSettings(), boot_id="boot")
        writer.start()
        self.writers.append(writer)
        writer.ensure_user("anna").result(10)
        worker = AnalysisWorker(cast(Any, None), lambda _, __: None)
        worker.add_patient("anna", history or History())
        places = SimpleNamespace(database_path=self.path)
        parts = SimpleNamespace(store=writer, worker=worker, places=places, sessions={"anna": None})
        return OwnBaselines(cast(Any, parts)), parts

    def stop(self) -> None:
        assert self.writers.pop().close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "ecgd.sqlite3")
    yield house
    while house.writers:
        house.stop()


def test_what_was_learned_is_there_after_a_restart(house: House) -> None:
    baselines, parts = house.start(History(baseline=LEARNED))
    baselines.begin()
    baselines.keep()
    house.stop()
    again, parts = house.start()
    again.begin()
    assert parts.worker.baseline("anna").learned_s == LEARNED_S
    assert dict(parts.worker.baseline("anna").st_mv) == {"II": 0.05}
    again.keep()
    house.stop()
    assert StoreReader(house.path).baselines()["anna"] == baseline_to_dict(LEARNED)


def test_an_incomplete_one_is_not_kept_and_one_given_up_is_forgotten(house: House) -> None:
    young = Baseline(BEAT, (), LEARNED_S / 2)
    baselines, parts = house.start(History(baseline=young))
    baselines.begin()
    baselines.keep()
    parts.store.save_baseline("anna", baseline_to_dict(LEARNED)).result(10)
    assert StoreReader(house.path).baselines()["anna"]["learned_s"] == LEARNED_S
    house.stop()
    again, parts = house.start()
    again.begin()
    parts.worker.restart_patient("anna")
    assert parts.worker.baseline("anna") is not None
    parts.worker.remove_patient("anna")
    parts.worker.add_patient("anna", History())
    again.keep()
    house.stop()
    assert StoreReader(house.path).baselines()["anna"] == {}
    last, parts = house.start()
    last.begin()
    assert parts.worker.baseline("anna") is None


def test_a_damaged_record_is_told_and_learned_anew(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    _, parts = house.start()
    parts.store.save_baseline("anna", {"version": 99}).result(10)
    house.stop()
    baselines, parts = house.start()
    baselines.begin()
    assert parts.worker.baseline("anna") is None
    assert "learned anew" in caplog.text


def test_nothing_is_kept_before_the_last_run_s_are_known(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, parts = house.start()
    parts.store.save_baseline("anna", baseline_to_dict(LEARNED)).result(10)
    house.stop()
    other = Baseline(BEAT, (("II", 0.09),), 2 * LEARNED_S)
    baselines, parts = house.start(History(baseline=other))

    def locked(_: StoreReader) -> dict[str, Any]:
        raise StoreError("locked", "Wait.")

    with monkeypatch.context() as patch:
        patch.setattr(StoreReader, "baselines", locked)
        baselines.begin()
        baselines.keep()
    house.writers[-1].flush().result(10)
    parts.worker.remove_patient("anna")
    parts.worker.add_patient("anna", History())
    assert StoreReader(house.path).baselines()["anna"] == baseline_to_dict(LEARNED)
    monkeypatch.setattr("ecgd.service.own_baselines.KEEP_S", 0.01)

    async def a_while() -> None:
        running = asyncio.create_task(baselines.run())
        for _ in range(500):
            if parts.worker.baseline("anna") is not None:
                break
            await asyncio.sleep(0.01)
        running.cancel()

    asyncio.run(a_while())
    assert parts.worker.baseline("anna").learned_s == LEARNED_S


def test_a_database_that_stays_unreadable_does_not_stop_learning(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    baselines, _ = house.start(History(baseline=LEARNED))

    def broken(_: StoreReader) -> dict[str, Any]:
        raise StoreError("broken", "Restore it.")

    monkeypatch.setattr(StoreReader, "baselines", broken)
    for _ in range(TRIES):
        baselines.begin()
    monkeypatch.undo()
    baselines.keep()
    house.stop()
    assert StoreReader(house.path).baselines()["anna"] == baseline_to_dict(LEARNED)


def test_it_does_not_change_with_the_counting_of_samples(house: House) -> None:
    _, parts = house.start(History(baseline=LEARNED))
    parts.worker.restart_patient("anna")
    assert parts.worker.baseline("anna") is LEARNED
