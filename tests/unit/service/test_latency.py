"""Latency by stage and by patient: the slow one is seen, and nobody hides it."""

from __future__ import annotations

import math

from ecgd.model.assessment import StageLatency
from ecgd.service.latency import KEPT, KEPT_A_PATIENT, LatencyBook


def test_every_patient_has_figures_of_its_own() -> None:
    book = LatencyBook()
    for _ in range(10):
        book.record_all([StageLatency("features", 0.004)], "fast")
        book.record_all([StageLatency("features", 0.040)], "slow")
    (fast,), (slow,) = book.of_patient("fast"), book.of_patient("slow")
    assert (fast.count, round(fast.p99_ms, 6)) == (10, 4.0)
    assert (slow.count, round(slow.p99_ms, 6)) == (10, 40.0)
    (both,) = book.summaries()
    assert (both.count, both.budget_ms, round(both.max_ms, 6)) == (20, 50.0, 40.0)
    assert book.of_patient("nobody") == ()


def test_what_belongs_to_nobody_is_in_the_whole_only() -> None:
    book = LatencyBook()
    book.record("delivery", 0.1)
    assert [summary.stage for summary in book.summaries()] == ["delivery"]
    assert book.of_patient("") == ()


def test_the_book_is_bounded() -> None:
    book = LatencyBook()
    for _ in range(KEPT + 10):
        book.record("rules", 0.001, "p")
    assert book.summaries()[0].count == KEPT
    assert book.of_patient("p")[0].count == KEPT_A_PATIENT


def test_the_delay_of_alarms_has_no_budget_and_stands_apart() -> None:
    book = LatencyBook()
    assert book.alarm_delay() is None
    book.record_alarm_delay(20.5)
    delay = book.alarm_delay()
    assert delay is not None
    assert (delay.count, delay.max_ms) == (1, 20_500.0)
    assert math.isnan(delay.budget_ms)
    assert book.summaries() == ()
