"""The account of coverage: each second once, over hours, restarts and a store that refuses."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import cast

import pytest

from ecgd.errors import StoreError
from ecgd.model.coverage import CoverageSum, Danger
from ecgd.service.coverage import CoverageBooks, CoverageLedger
from ecgd.store.writer import StoreWriter

HOUR = 1_699_999_200


def ledger_over(seconds: int, blind: dict[Danger, str], begin_unix_s: float) -> CoverageLedger:
    ledger = CoverageLedger()
    for k in range(seconds + 1):
        ledger.note("ann", blind, now_s=100.0 + k, unix_s=begin_unix_s + k)
    return ledger


def test_each_second_counts_once_and_hours_are_kept_apart() -> None:
    ledger = ledger_over(20, {Danger.STEMI: "the patient is moving"}, HOUR - 10.5)
    (_, before), (_, after) = ledger.take()
    assert (before.hour_unix_s, before.watched_s) == (HOUR - 3600, 10.0)
    assert (after.hour_unix_s, after.watched_s) == (HOUR, 10.0)
    assert after.unseen_s == {Danger.STEMI: {"the patient is moving": 10.0}}
    assert (after.seen_share(Danger.STEMI), after.seen_share(Danger.VENTRICULAR)) == (0.0, 1.0)
    assert ledger.take() == ()


def test_time_in_which_the_daemon_hung_is_not_watched() -> None:
    ledger = ledger_over(5, {}, HOUR + 1)
    ledger.note("ann", {}, now_s=205.0, unix_s=HOUR + 106.0)
    assert ledger.take()[0][1].watched_s == 8.0


def test_a_patient_who_comes_back_begins_anew() -> None:
    ledger = ledger_over(5, {}, HOUR + 1)
    ledger.forget("ann")
    ledger.note("ann", {}, now_s=107.0, unix_s=HOUR + 8.0)
    assert ledger.take()[0][1].watched_s == 5.0


def test_the_last_hour_leaves_older_time_out() -> None:
    ledger = ledger_over(3700, {}, HOUR)
    recent = ledger.last_hour("ann", 100.0 + 3700)
    assert recent is not None
    assert 3300.0 <= recent.watched_s <= 3600.0
    assert ledger.last_hour("nobody", 0.0) is None


class RefusingStore:
    """Answers only when told to."""

    def __init__(self) -> None:
        self.futures: list[Future[int]] = []

    def add_coverage(self, _patient_id: str, _added: CoverageSum) -> Future[int]:
        self.futures.append(Future())
        return self.futures[-1]


@pytest.mark.parametrize("refused", [True, False])
def test_what_the_store_refuses_is_not_lost(refused: bool) -> None:
    async def keep_once() -> tuple[CoverageSum, ...]:
        store = RefusingStore()
        books = CoverageBooks(cast(StoreWriter, store), asyncio.get_running_loop())
        for k in range(6):
            books.ledger.note("ann", {}, now_s=100.0 + k, unix_s=HOUR + 1.0 + k)
        books.keep()
        assert [each.watched_s for each in books.unsettled("ann")] == [5.0]
        if refused:
            store.futures[0].set_exception(StoreError("full", "wait"))
        else:
            store.futures[0].set_result(1)
        await asyncio.sleep(0.01)
        return books.unsettled("ann")

    left = asyncio.run(keep_once())
    assert [each.watched_s for each in left] == ([5.0] if refused else [])
