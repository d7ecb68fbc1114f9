"""Own baselines that people change: in force at once, on the disk, and over when they expire."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from ecgd.config.settings import StoreSettings
from ecgd.decision.baseline_record import baseline_from_dict
from ecgd.decision.st_change import ChangeWatch, StBeat
from ecgd.model.baseline import BEAT_POINTS, LEARNED_S, Baseline, MedianBeat
from ecgd.model.signal import Window
from ecgd.model.st_change import StReference, StVector
from ecgd.pipeline.history import History
from ecgd.service.baseline_desk import BaselineDesk
from ecgd.service.own_baselines import OwnBaselines
from ecgd.service.worker import AnalysisWorker
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter
from ecgd.web.baseline_gateway import BaselineRefusedError

NOW_UNIX_S = 1_700_000_000.0
BEAT = MedianBeat(np.ones((2, BEAT_POINTS)), 70, 95, (9.0, 9.0), None, None, 0.8, 5)
BEATS = tuple(StBeat(float(k), 0.0, 0.2) for k in range(8))
WATCH = ChangeWatch(BEATS, reference=StReference(StVector(0.0, 0.02), 0.006, 600.0))
HISTORY = History(
    baseline=Baseline(BEAT, (("II", 0.05),), LEARNED_S), usual=BEAT, change_watch=WATCH
)


class House:
    """A store, a worker with one patient, and the desk over both."""

    def __init__(self, path: Path, history: History = HISTORY) -> None:
        self.now_unix_s = NOW_UNIX_S
        self.path = path
        self.writer = StoreWriter(path, StoreSettings(), boot_id="boot")
        self.writer.start()
        self.writer.ensure_user("anna").result(10)
        self.analysis = SlowAnalysis()
        self.worker = AnalysisWorker(cast(Any, self.analysis), lambda _, __: None)
        self.worker.add_patient("anna", history)
        self.desk = BaselineDesk(self.worker, self.writer, {"anna"}, lambda: self.now_unix_s)

    def keeper(self) -> OwnBaselines:
        places = SimpleNamespace(database_path=self.path)
        parts = SimpleNamespace(
            store=self.writer, worker=self.worker, places=places, sessions={"anna": None}
        )
        return OwnBaselines(cast(Any, parts), lambda: self.now_unix_s)

    def stored(self) -> dict[str, Any]:
        self.writer.flush().result(10)
        return StoreReader(self.path).baselines()["anna"]


class SlowAnalysis:
    """An analysis that learns something, and whose windows can be held up."""

    has_networks = False

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.hold: Any = None

    def assess(self, window: Window, history: History) -> Any:
        assert self.loop is not None
        self.loop.call_soon_threadsafe(self.begun.set)
        self.hold.result(10)
        return SimpleNamespace(assessment=None, history=replace(history, learned_index=7))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "db")
    yield house
    house.writer.close()


def test_a_reset_is_in_force_and_on_the_disk(house: House) -> None:
    entry = asyncio.run(house.desk.reset_baseline("anna", "Dr. Grey"))
    assert not entry.is_complete
    assert (entry.session, entry.change) == (None, None)
    assert house.stored() == {}
    (note,) = StoreReader(house.path).notes("anna", 0.0, 5)
    assert (note.author, note.text) == ("Dr. Grey", "own baseline reset: it is learned anew")


def test_a_confirmation_holds_the_level_of_now_and_expires(house: House) -> None:
    entry = asyncio.run(house.desk.confirm_baseline("anna", "Dr. Grey", 3600.0))
    assert entry.is_complete
    assert entry.confirmed is not None
    assert entry.confirmed.level == StVector(0.0, 0.2)
    assert baseline_from_dict(house.stored()).confirmed == entry.confirmed
    keeper = house.keeper()
    keeper.begin()
    house.now_unix_s += 3599.0
    keeper.keep()
    assert house.worker.baseline("anna") is not None
    house.now_unix_s += 2.0
    keeper.keep()
    assert house.worker.baseline("anna") is None
    assert house.stored() == {}
    (note,) = StoreReader(house.path).notes("anna", 0.0, 5)
    assert note.text.startswith("ST confirmed as chronic until 2023-11-14 23:13 UTC: I +0.00, II")


@pytest.mark.parametrize("later_s", [3601.0, -90_000.0])
def test_one_that_cannot_be_known_to_hold_is_not_taken_up(house: House, later_s: float) -> None:
    asyncio.run(house.desk.confirm_baseline("anna", "Dr. Grey", 3600.0))
    house.worker.remove_patient("anna")
    house.worker.add_patient("anna", History())
    house.now_unix_s += later_s
    house.keeper().begin()
    assert house.worker.baseline("anna") is None


def test_a_confirmation_can_be_revoked(house: House) -> None:
    asyncio.run(house.desk.confirm_baseline("anna", "Dr. Grey", 3600.0))
    entry = asyncio.run(house.desk.revoke_confirmation("anna", "Dr. Grey"))
    assert (entry.confirmed, entry.is_complete) == (None, False)
    assert house.stored() == {}
    again = asyncio.run(house.desk.revoke_confirmation("anna", "Dr. Grey"))
    assert again == entry


@pytest.mark.parametrize("history", [History(), replace(HISTORY, usual=None)])
def test_what_cannot_be_measured_cannot_be_confirmed(tmp_path: Path, history: History) -> None:
    house = House(tmp_path / "db", history)
    with pytest.raises(BaselineRefusedError, match="cannot be measured now"):
        asyncio.run(house.desk.confirm_baseline("anna", "Dr. Grey", 3600.0))
    house.writer.close()


def test_nobody_else_is_known(house: House) -> None:
    assert house.desk.baseline_of("bert") is None
    assert house.desk.baseline_of("anna") is not None


def test_a_reset_during_a_window_is_not_undone_by_it(house: House) -> None:
    async def play() -> None:
        house.analysis.loop = asyncio.get_running_loop()
        house.analysis.begun = asyncio.Event()
        future: Future[None] = Future()
        house.analysis.hold = release = future
        running = asyncio.create_task(house.worker.run())
        house.worker.submit("anna", cast(Window, object()))
        await house.analysis.begun.wait()
        house.worker.revise("anna", lambda history: replace(history, baseline=None))
        assert house.worker.baseline("anna") is None
        release.set_result(None)
        while house.worker.counts("anna")[0] == 0:
            await asyncio.sleep(0.01)
        running.cancel()
        assert house.worker.history("anna").learned_index == 7
        assert house.worker.baseline("anna") is None

    asyncio.run(play())
