"""The analysis worker: the newest window wins, and everybody has a turn."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pytest

from ecgd.decision.score_watch import BINS, ScoreWatch
from ecgd.model.assessment import Assessment
from ecgd.model.device import DeviceInfo
from ecgd.model.finding import Outcome, RhythmFinding
from ecgd.model.signal import Window
from ecgd.pipeline.analysis import Analysis, Assessed
from ecgd.pipeline.history import History
from ecgd.service.worker import AnalysisWorker

DEVICE = DeviceInfo("x", 250.0, ("I",), 1000.0)


def window(end_index: int) -> Window:
    signal = np.zeros((1, 10))
    return Window(end_index - 10, 250.0, ("I",), signal, np.ones(10, np.bool_), 0.0, DEVICE)


@dataclass
class Slow:
    """An analysis that waits to be let go, and fails when told to."""

    has_networks: bool = False
    fails: bool = False
    go: threading.Event = field(default_factory=threading.Event)
    threads: set[str] = field(default_factory=set)

    def assess(self, given: Window, history: History, *, last: bool = False) -> Assessed:
        self.threads.add(threading.current_thread().name)
        assert self.go.wait(5)
        if self.fails:
            raise ZeroDivisionError("poison")
        after = History(end_index=given.end_index)
        assert given.end_index > history.end_index
        return Assessed(judged(given), after, cast(Any, None))


def judged(given: Window) -> Assessment:
    rhythm = RhythmFinding("regular", 70.0)
    return Assessment(
        given.start_index, given.end_index, 250.0, 0.0, 0, Outcome.NORMAL, None, rhythm, ()
    )


async def settle(done: list[Any], count: int) -> None:
    for _ in range(500):
        if len(done) >= count:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{len(done)} of {count} answers came")


def run(slow: Slow, *patients: str) -> tuple[AnalysisWorker, list[tuple[str, int]]]:
    done: list[tuple[str, int]] = []
    analysis = cast(Analysis, slow)
    worker = AnalysisWorker(analysis, lambda who, answer: done.append((who, answer.end_index)))
    for patient in patients:
        worker.add_patient(patient, History())
    return worker, done


def test_the_newest_window_wins_and_the_replaced_are_counted() -> None:
    async def story() -> None:
        slow = Slow()
        worker, done = run(slow, "a")
        task = asyncio.create_task(worker.run())
        worker.submit("a", window(10))
        await asyncio.sleep(0.05)
        for end_index in (20, 30, 40):
            worker.submit("a", window(end_index))
        assert worker.waiting_count() == 1
        slow.go.set()
        await settle(done, 2)
        task.cancel()
        assert done == [("a", 10), ("a", 40)]
        assert worker.counts("a") == (2, 2)
        assert worker.history("a").end_index == 40
        assert len(slow.threads) == 1
        assert threading.current_thread().name not in slow.threads

    asyncio.run(story())


def test_a_flood_of_one_patient_does_not_starve_another() -> None:
    async def story() -> None:
        slow = Slow()
        worker, done = run(slow, "a", "b", "c")
        task = asyncio.create_task(worker.run())
        for patient in ("a", "b", "c"):
            worker.submit(patient, window(10))
        await asyncio.sleep(0.05)
        for end_index in range(20, 200, 10):
            worker.submit("a", window(end_index))
        slow.go.set()
        await settle(done, 4)
        task.cancel()
        assert [patient for patient, _ in done[:3]] == ["a", "b", "c"]
        assert done[3] == ("a", 190)

    asyncio.run(story())


@pytest.mark.parametrize("change", ["remove_patient", "restart_patient"])
def test_a_patient_who_is_gone_or_begins_anew_is_told_nothing_of_before(change: str) -> None:
    async def story() -> None:
        slow = Slow()
        worker, done = run(slow, "a", "b")
        task = asyncio.create_task(worker.run())
        worker.submit("a", window(50))
        await asyncio.sleep(0.05)
        worker.submit("a", window(60))
        worker.submit("b", window(10))
        getattr(worker, change)("a")
        if change == "remove_patient":
            worker.add_patient("a", History())
        worker.submit("a", window(20))
        slow.go.set()
        await settle(done, 2)
        task.cancel()
        assert sorted(done) == [("a", 20), ("b", 10)]
        assert worker.history("a").end_index == 20
        assert worker.waiting_count() == 0

    asyncio.run(story())


def test_a_patient_who_begins_anew_keeps_what_scores_are_usual() -> None:
    worker, _ = run(Slow())
    usual_s = np.ones(BINS)
    worker.add_patient("a", History(score_watch=ScoreWatch(usual_s=usual_s, time_s=50.0)))
    worker.restart_patient("a")
    watch = worker.history("a").score_watch
    assert watch.usual_s is usual_s
    assert watch.time_s == -np.inf


def test_each_judged_window_is_told_with_what_was_known_before_and_after() -> None:
    slow = Slow()
    slow.go.set()
    worker, done = run(slow, "ann")
    told: list[tuple[str, int, int, int]] = []

    def note(who: str, before: History, assessment: Assessment, after: History) -> None:
        assert len(done) == len(told), "before its answer is delivered"
        told.append((who, before.end_index, assessment.end_index, after.end_index))

    async def story() -> None:
        worker.judged = note
        task = asyncio.create_task(worker.run())
        assert worker.settled_history("ann") is not None
        for number, end_index in enumerate((100, 200), 1):
            worker.submit("ann", window(end_index))
            assert worker.settled_history("ann") is None
            await settle(done, number)
        settled = worker.settled_history("ann")
        assert settled is not None
        assert settled.end_index == 200
        assert worker.settled_history("nobody") is None
        task.cancel()

    asyncio.run(story())
    assert told == [("ann", 0, 100, 100), ("ann", 100, 200, 200)]


def test_a_patient_who_was_removed_leaves_nothing() -> None:
    worker, _ = run(Slow(), "a", "b")
    worker.submit("a", window(10))
    worker.remove_patient("a")
    assert worker.waiting_count() == 0
    assert worker._round == ["b"]
    assert list(worker._slots) == ["b"]


def test_a_failure_of_the_analysis_ends_the_worker() -> None:
    async def story() -> None:
        slow = Slow(fails=True)
        slow.go.set()
        worker, _ = run(slow, "a")
        worker.submit("a", window(10))
        with pytest.raises(ZeroDivisionError, match="poison"):
            await asyncio.wait_for(worker.run(), 5)

    asyncio.run(story())


@dataclass
class InOrder(Slow):
    """Remembers which windows it was given, in order."""

    given: list[int] = field(default_factory=list)

    def assess(self, given: Window, history: History, *, last: bool = False) -> Assessed:
        self.given.append(given.end_index)
        return super().assess(given, history, last=last)


def test_a_window_that_is_nobodys_waits_until_no_patients_does() -> None:
    async def story() -> None:
        slow = InOrder()
        worker, done = run(slow, "a")
        task = asyncio.create_task(worker.run())
        worker.submit("a", window(10))
        await asyncio.sleep(0.05)
        worker.submit("a", window(20))
        beside = asyncio.create_task(worker.assess_beside(window(5), History()))
        await asyncio.sleep(0.05)
        slow.go.set()
        assert (await beside).assessment.end_index == 5
        task.cancel()
        assert slow.given == [10, 20, 5], "a patient's window goes first"
        assert done == [("a", 10), ("a", 20)], "and nobody was told of it"
        assert worker.counts("a") == (2, 0)

    asyncio.run(story())
