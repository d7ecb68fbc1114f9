from __future__ import annotations

from itertools import accumulate

import pytest

from ecgd.alerts.retry import CircuitBreaker, RetrySchedule
from ecgd.model.alarm import OutboxItem
from ecgd.model.finding import Severity

SCHEDULE = RetrySchedule()


def item(severity: Severity, attempts: int) -> OutboxItem:
    return OutboxItem("msg", "alert", "home", severity, b"{}", 0.0, attempts)


def test_delays_begin_in_seconds_and_end_at_the_cap() -> None:
    delays = [SCHEDULE.delay_s(n, 0.5, None) for n in range(1, 12)]
    assert delays == [1, 2, 4, 8, 15, 30, 60, 120, 240, 300, 300]
    assert list(accumulate(delays))[3] == 15, "five attempts within 15 s"


def test_a_year_of_failures_is_still_the_cap() -> None:
    assert SCHEDULE.delay_s(10**6, 0.5, None) == 300


@pytest.mark.parametrize(("unit_random", "delay_s"), [(0.0, 3.2), (0.5, 4.0), (1.0, 4.8)])
def test_jitter_spreads_to_both_sides(unit_random: float, delay_s: float) -> None:
    assert SCHEDULE.delay_s(3, unit_random, None) == pytest.approx(delay_s)


@pytest.mark.parametrize(("asked_s", "delay_s"), [(0.5, 4.0), (90.0, 90.0), (1e9, 3600.0)])
def test_retry_after_lengthens_up_to_a_limit(asked_s: float, delay_s: float) -> None:
    assert SCHEDULE.delay_s(3, 0.5, asked_s) == delay_s


@pytest.mark.parametrize(
    ("severity", "attempts", "urgent"),
    [
        (Severity.CRITICAL, 0, True),
        (Severity.HIGH, 0, True),
        (Severity.HIGH, 6, True),
        (Severity.HIGH, 7, False),
        (Severity.MEDIUM, 0, False),
    ],
)
def test_high_alarms_are_urgent_through_their_quick_retries(
    severity: Severity, attempts: int, urgent: bool
) -> None:
    assert SCHEDULE.is_urgent(item(severity, attempts)) is urgent


def test_breaker_opens_at_the_third_failure_and_closes_with_a_success() -> None:
    breaker = CircuitBreaker()
    breaker.failed(100.0, 0.0)
    breaker.failed(101.0, 0.0)
    assert breaker.held_until_s <= 101.0
    breaker.failed(102.0, 0.0)
    assert breaker.held_until_s == 117.0
    breaker.failed(117.0, 0.0)
    assert breaker.held_until_s == 147.0
    for n in range(10_000):
        breaker.failed(200.0 + n, 0.0)
    assert breaker.held_until_s == 200.0 + 9_999 + 300.0
    breaker.succeeded()
    breaker.failed(20_000.0, 0.0)
    assert breaker.held_until_s == 20_000.0


def test_breaker_holds_at_once_when_the_receiver_asks() -> None:
    breaker = CircuitBreaker()
    breaker.failed(100.0, 40.0)
    assert breaker.held_until_s == 140.0


def test_breaker_is_open_after_three_failures_in_a_row_alone() -> None:
    breaker = CircuitBreaker()
    for n, is_open in enumerate((False, False, True, True)):
        breaker.failed(100.0 + n, 0.0)
        assert breaker.is_open == is_open
    breaker.succeeded()
    assert not breaker.is_open
