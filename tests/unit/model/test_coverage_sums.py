"""Sums of coverage: they add up, and time that no sum covers was not seen."""

from __future__ import annotations

import pytest

from ecgd.model.coverage import NOT_RUNNING, CoverageSum, Danger, total_of, whole_hours

HOUR = 1_699_999_200


def part(hour: int, watched_s: float, **unseen_s: float) -> CoverageSum:
    return CoverageSum(hour, hour + 10.0, watched_s, {Danger.STEMI: unseen_s} if unseen_s else {})


def test_parts_of_an_hour_add_up_reason_by_reason() -> None:
    total = part(HOUR, 100.0, hum=10.0, motion=5.0) + part(HOUR, 50.0, hum=5.0)
    assert total.watched_s == 150.0
    assert total.unseen_s == {Danger.STEMI: {"hum": 15.0, "motion": 5.0}}
    assert total.seen_share(Danger.STEMI) == pytest.approx(130 / 150)
    assert total_of([]) is None


def test_nothing_watched_is_nothing_seen() -> None:
    assert part(HOUR, 0.0).seen_share(Danger.VENTRICULAR) == 0.0


def test_time_without_windows_counts_as_not_covered() -> None:
    hours = whole_hours(
        [part(HOUR, 1800.0), part(HOUR + 7200, 600.0, hum=60.0)],
        HOUR,
        began_unix_s=HOUR - 50_000.0,
        end_unix_s=HOUR + 7200 + 900.0,
    )
    assert [each.watched_s for each in hours] == [3600.0, 3600.0, 900.0]
    shares = [each.seen_share(Danger.VENTRICULAR) for each in hours]
    assert shares == pytest.approx([0.5, 0.0, 600 / 900])
    assert hours[2].unseen_s[Danger.STEMI] == {"hum": 60.0, NOT_RUNNING: 300.0}


def test_the_first_hour_begins_when_the_patient_came() -> None:
    (hour,) = whole_hours(
        [part(HOUR, 600.0)], HOUR - 7200, began_unix_s=HOUR + 3000.0, end_unix_s=HOUR + 3600.0
    )
    assert (hour.watched_s, hour.seen_share(Danger.STEMI)) == (600.0, 1.0)


def test_a_clock_that_was_put_back_never_gives_more_than_everything() -> None:
    (hour,) = whole_hours(
        [part(HOUR, 5000.0, hum=50.0)], HOUR, began_unix_s=HOUR, end_unix_s=HOUR + 3600.0
    )
    assert hour.seen_share(Danger.STEMI) == pytest.approx(0.99)
