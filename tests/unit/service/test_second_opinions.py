"""The networks' turn: never in the way of the rules, whatever becomes of it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from model_examples import Clock, install
from test_worker import Slow, judged, settle, window

from ecgd.inference.scorer import NoModels, load_scorer
from ecgd.pipeline.analysis import Analysis, Assessed, Scored
from ecgd.pipeline.history import History
from ecgd.service.second_opinions import HANGING_S, SecondOpinions
from ecgd.service.worker import AnalysisWorker


class Opinionated(Slow):
    """Rules that answer at once, and networks that wait to be let go."""

    def __init__(self) -> None:
        super().__init__(has_networks=True)
        self.go.set()
        self.let_networks = threading.Event()
        self.fault: Exception | None = None
        self.asked: list[int] = []

    def score(self, assessed: Assessed) -> Scored:
        assert self.let_networks.wait(5)
        if self.fault is not None:
            raise self.fault
        self.asked.append(assessed.assessment.end_index)
        return cast(Scored, Taught(assessed))


class Taught:
    """A second opinion that leaves its mark on the history."""

    def __init__(self, assessed: Assessed) -> None:
        self.assessment = judged(window(assessed.assessment.end_index))

    def teach(self, history: History) -> History:
        return History(end_index=history.end_index, origin=history.origin + 1)


class Named(NoModels):
    """Networks that are there."""

    names = ("cnn",)

    def __init__(self) -> None:
        super().__init__("named")
        self.tended: list[str] = []

    def tend(self) -> None:
        self.tended.append(threading.current_thread().name)


class House:
    """A worker with networks, and what it delivered."""

    def __init__(self, *patients: str) -> None:
        self.rules = Opinionated()
        self.models = Named()
        self.clock = Clock()
        analysis = cast(Analysis, self.rules)
        self.opinions = SecondOpinions(analysis, cast(Any, self.models), self.clock)
        self.done: list[tuple[str, int]] = []
        self.worker = AnalysisWorker(
            analysis, lambda who, what: self.done.append((who, what.end_index)), self.opinions
        )
        for patient in patients:
            self.worker.add_patient(patient, History())

    def run(self, story: Callable[[], Any]) -> None:
        async def both() -> None:
            tasks = [asyncio.create_task(self.worker.run())]
            tasks.append(asyncio.create_task(self.opinions.run()))
            await story()
            self.rules.let_networks.set()
            for task in tasks:
                task.cancel()

        asyncio.run(both())


def test_the_rules_answer_while_the_networks_are_late() -> None:
    house = House("a")

    async def story() -> None:
        for count, end_index in enumerate((10, 20, 30), start=1):
            house.worker.submit("a", window(end_index))
            await settle(house.done, count)
        assert house.done == [("a", 10), ("a", 20), ("a", 30)]
        house.rules.let_networks.set()
        await settle(house.done, 4)
        assert house.done[3] == ("a", 30), "only the newest window's opinion is delivered"
        assert house.opinions.missed_count == 2
        assert house.rules.asked == [10, 30]
        assert house.worker.history("a").origin == 1, "and only it teaches"

    house.run(story)


def test_each_window_has_both_answers_when_there_is_time() -> None:
    house = House("a", "b")
    house.rules.let_networks.set()

    async def story() -> None:
        for count, end_index in enumerate((10, 20), start=1):
            for patient in ("a", "b"):
                house.worker.submit(patient, window(end_index))
            await settle(house.done, 4 * count)
        assert sorted(house.done) == sorted([("a", 10), ("a", 20), ("b", 10), ("b", 20)] * 2)
        assert house.opinions.missed_count == 0
        assert house.models.tended[0] == "networks"

    house.run(story)


def test_a_patient_who_is_gone_gets_no_opinion() -> None:
    house = House("a", "b")

    async def story() -> None:
        house.worker.submit("a", window(10))
        await settle(house.done, 1)
        house.worker.submit("b", window(10))
        await settle(house.done, 2)
        house.worker.remove_patient("a")
        house.worker.remove_patient("b")
        house.rules.let_networks.set()
        await asyncio.sleep(0.05)
        assert house.done == [("a", 10), ("b", 10)]
        assert house.rules.asked == [10], "what waited was dropped"

    house.run(story)


def test_a_failure_of_the_networks_is_a_trouble_until_they_answer_again() -> None:
    house = House("a")
    house.rules.let_networks.set()
    house.rules.fault = KeyError("bug")

    async def story() -> None:
        house.worker.submit("a", window(10))
        await settle(house.done, 1)
        await until(lambda: bool(house.opinions.troubles))
        assert house.opinions.troubles == ("cannot be asked (KeyError: 'bug')",)
        assert not house.opinions.health().healthy
        house.rules.fault = None
        house.worker.submit("a", window(20))
        await settle(house.done, 3)
        await until(lambda: not house.opinions.troubles)
        assert house.opinions.health().healthy

    house.run(story)


def test_a_runtime_that_never_comes_back_is_a_trouble_and_the_rules_go_on() -> None:
    house = House("a")

    async def story() -> None:
        house.worker.submit("a", window(10))
        await settle(house.done, 1)
        await until(lambda: house.opinions._asked_s is not None)
        await asyncio.sleep(0.02)
        assert not house.opinions.troubles
        house.clock.now_s += HANGING_S + 1.0
        assert [*house.opinions.troubles] == [f"no answer for {HANGING_S + 1:.0f} s"]
        assert house.opinions.scoring == f"no answer for {HANGING_S + 1:.0f} s; named: rules only"
        house.worker.submit("a", window(20))
        await settle(house.done, 2)

    house.run(story)


def test_without_networks_there_is_no_thread() -> None:
    async def story() -> None:
        opinions = SecondOpinions(cast(Any, None), NoModels("no model installed"))
        await asyncio.wait_for(opinions.run(), 5)
        assert opinions.health().healthy
        assert opinions.health().detail == "no model installed: rules only"
        assert opinions._thread._thread is None

    asyncio.run(story())


def test_real_networks_are_loaded_on_their_own_thread(tmp_path: Path) -> None:
    install(tmp_path)
    (tmp_path / "rnn.tflite").unlink()

    async def story() -> None:
        models = load_scorer(tmp_path)
        opinions = SecondOpinions(cast(Any, None), models)
        task = asyncio.create_task(opinions.run())
        await until(lambda: models.states[0].is_ready and bool(models.states[2].demoted))
        assert not opinions.health().healthy
        assert [state.is_ready for state in opinions.states] == [True, True, False]
        assert opinions.troubles[0].startswith("rnn: model file ")
        task.cancel()

    asyncio.run(story())


async def until(holds: Callable[[], bool]) -> None:
    give_up_s = time.monotonic() + 10.0
    while not holds():
        if time.monotonic() > give_up_s:
            pytest.fail("it never came to hold")
        await asyncio.sleep(0.01)
