"""Baselines over restarts, with a real store and worker."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from ecgd.config.settings import StoreSettings
from ecgd.decision.baseline_record import baseline_to_dict
from ecgd.decision.score_watch import BINS, ScoreWatch
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


def scored(seconds: float) -> ScoreWatch:
    """Return a watch that has learned so many seconds of one score in this run."""
    usual_s = np.zeros(BINS)
    usual_s[30] = seconds
    return ScoreWatch(usual_s=usual_s, time_s=100.0)


def test_usual_scores_are_there_after_a_restart_with_or_without_a_baseline(house: House) -> None:
    for baseline in (None, LEARNED):
        baselines, parts = house.start(History(baseline=baseline, score_watch=scored(700.0)))
        baselines.begin()
        parts.worker.revise("anna", lambda known: replace(known, score_watch=scored(800.0)))
        baselines.keep()
        house.stop()
        again, parts = house.start()
        again.begin()
        known = parts.worker.history("anna").score_watch
        assert float(known.usual_s.sum()) == 800.0
        assert (parts.worker.baseline("anna") is None) == (baseline is None)
        again.keep()
        house.stop()
    record = StoreReader(house.path).baselines()["anna"]
    assert set(record) == {*baseline_to_dict(LEARNED), "scores"}


def test_usual_scores_are_kept_while_the_baseline_is_learned_anew(house: House) -> None:
    _, parts = house.start()
    parts.store.save_baseline("anna", baseline_to_dict(LEARNED)).result(10)
    house.stop()
    baselines, parts = house.start()
    baselines.begin()
    young = Baseline(BEAT, (), LEARNED_S / 2)
    history = History(baseline=young, score_watch=scored(700.0))
    parts.worker.remove_patient("anna")
    parts.worker.add_patient("anna", history)
    baselines.keep()
    baselines.keep()
    house.stop()
    record = StoreReader(house.path).baselines()["anna"]
    assert record["learned_s"] == LEARNED_S
    assert record["scores"]["usual_s"] == {"30": 700.0}


def test_damaged_scores_are_learned_anew_and_cost_no_baseline(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    _, parts = house.start()
    record = baseline_to_dict(LEARNED) | {"scores": {"version": 9}}
    parts.store.save_baseline("anna", record).result(10)
    house.stop()
    baselines, parts = house.start()
    baselines.begin()
    assert parts.worker.baseline("anna") is not None
    assert not parts.worker.history("anna").score_watch.usual_s.any()
    assert "usual scores of anna are learned anew" in caplog.text


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
