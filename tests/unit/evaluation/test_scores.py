"""Ratios of the standards, and what they are where nothing was counted."""

from __future__ import annotations

from math import isnan

import pytest

from ecgd.evaluation.scores import Counts, average, gross, spread


def test_ratios_are_those_of_the_standard() -> None:
    counts = Counts(found=90, missed=10, extra=30)
    assert counts.sensitivity == pytest.approx(0.9)
    assert counts.predictivity == pytest.approx(0.75)
    assert counts.f1 == pytest.approx(2 * 0.9 * 0.75 / (0.9 + 0.75))


def test_gross_counts_events_and_average_counts_records() -> None:
    records = [Counts(found=98, missed=2), Counts(found=1, missed=1)]
    assert gross(records).sensitivity == pytest.approx(99 / 102)
    assert average(each.sensitivity for each in records) == pytest.approx((0.98 + 0.5) / 2)


def test_a_record_without_events_has_no_ratio_and_does_not_count_in_the_average() -> None:
    nothing = Counts()
    assert isnan(nothing.sensitivity)
    assert isnan(nothing.predictivity)
    assert isnan(nothing.f1)
    assert average([nothing.sensitivity, 0.5]) == pytest.approx(0.5)
    assert isnan(average([nothing.sensitivity]))


def test_the_spread_of_errors_is_their_mean_and_deviation() -> None:
    found = spread([1.0, 3.0])
    assert (found.mean, found.deviation, found.count) == (2.0, 1.0, 2)
    assert isnan(spread([]).mean)
